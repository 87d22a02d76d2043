#include "store/cursor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

void cursor_format(char out[CURSOR_SIZE], const struct cursor *cursor)
{
    snprintf(out, CURSOR_SIZE, "c%016" PRIx64 "%016" PRIx64 "%08" PRIx32, (uint64_t)cursor->created_unix_ms,
             (uint64_t)cursor->seq, cursor->start);
}

static bool hex_read(const char *at, size_t len, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        char c = at[i];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint64_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        } else {
            return false;
        }
    }
    *out = value;
    return true;
}

status cursor_parse(struct cursor *out, struct slice token)
{
    uint64_t created, seq, start;
    if (token.len != CURSOR_LENGTH || token.at[0] != 'c') return STATUS_INVALID;
    if (!hex_read(token.at + 1, 16, &created)) return STATUS_INVALID;
    if (!hex_read(token.at + 17, 16, &seq)) return STATUS_INVALID;
    if (!hex_read(token.at + 33, 8, &start)) return STATUS_INVALID;
    out->created_unix_ms = (int64_t)created;
    out->seq = (int64_t)seq;
    out->start = (uint32_t)start;
    return STATUS_OK;
}
