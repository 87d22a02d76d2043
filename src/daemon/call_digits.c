#include "daemon/call_digits.h"

#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* The number between braces; the text stands behind the closing one then. */
static uint32_t read_pause(const char **at)
{
    uint32_t halves = 0;
    for ((*at)++; **at && **at != '}'; (*at)++)
        halves = halves * 10 + (uint32_t)(**at - '0');
    if (**at) (*at)++;
    return halves * 500;
}

static size_t read_digits(const char *text, uint32_t pause_ms, struct engine_digit *out)
{
    size_t count = 0;
    uint32_t before_ms = 0;
    while (*text) {
        if (*text == '{') {
            before_ms = read_pause(&text);
            continue;
        }
        out[count++] = (struct engine_digit){*text++, (uint16_t)(before_ms > UINT16_MAX ? UINT16_MAX : before_ms)};
        before_ms = pause_ms;
    }
    return count;
}

bool call_digits_send(struct calls *cs, const char *call, const char *text, uint32_t pause_ms, uint64_t token)
{
    struct engine_leg *leg = calls_leg(cs, call);
    struct engine_digit *digits = leg ? calloc(strlen(text) + 1, sizeof *digits) : NULL;
    if (!digits) return false;
    size_t count = read_digits(text, pause_ms, digits);
    status s = engine_leg_send_digits(leg, digits, count, token);
    free(digits);
    return s == STATUS_OK;
}
