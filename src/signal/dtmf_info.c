#include "signal/dtmf_info.h"

#include <stddef.h>
#include <string.h>

enum { FLASH = 16 };

/* "5", "#", "a", or the number of an event: 0 to 15 are keys, 16 is a flash, as "!" is. */
static status read_signal(struct slice text, char *digit)
{
    static const char keys[] = "0123456789*#ABCD";
    uint32_t number;
    if (slice_to_u32(text, FLASH, &number)) {
        *digit = number == FLASH ? '\0' : keys[number];
        return STATUS_OK;
    }
    if (text.len != 1) return STATUS_INVALID;
    char c = text.at[0];
    if (c >= 'a' && c <= 'd') c = (char)(c - 'a' + 'A');
    *digit = c == '!' ? '\0' : c;
    return c == '!' || (c != '\0' && strchr(keys, c)) ? STATUS_OK : STATUS_INVALID;
}

static status read_duration(struct slice text, uint32_t *ms)
{
    if (!slice_to_u32(text, UINT32_MAX, ms)) return STATUS_INVALID;
    if (*ms < DTMF_INFO_LEAST_MS) *ms = DTMF_INFO_LEAST_MS;
    if (*ms > DTMF_INFO_MOST_MS) *ms = DTMF_INFO_MOST_MS;
    return STATUS_OK;
}

status dtmf_info_parse(struct dtmf_info *out, struct slice body)
{
    struct dtmf_info info = {.duration_ms = DTMF_INFO_MS};
    status seen = STATUS_INVALID;
    if (!memchr(body.at ? body.at : "", '=', body.len)) {
        seen = read_signal(slice_trim(body), &info.digit);
        body.len = 0;
    }
    while (body.len > 0) {
        struct slice value = slice_trim(slice_cut(&body, '\n'));
        struct slice name = slice_trim(slice_cut(&value, '='));
        value = slice_trim(value);
        if (slice_is_nocase(name, "Signal")) seen = read_signal(value, &info.digit);
        if (slice_is_nocase(name, "Duration") && read_duration(value, &info.duration_ms) != STATUS_OK)
            return STATUS_INVALID;
    }
    if (seen == STATUS_OK) *out = info;
    return seen;
}
