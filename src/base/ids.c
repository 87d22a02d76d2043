#include "base/ids.h"

#include <string.h>

void hex_format(char *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void id_format(id_text out, const char prefix[2], const uint8_t random[ID_RANDOM_BYTES])
{
    out[0] = prefix[0];
    out[1] = prefix[1];
    hex_format(out + 2, random, ID_RANDOM_BYTES);
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool id_valid(struct slice text, const char *prefix)
{
    if (text.len != ID_LENGTH || memcmp(text.at, prefix, 2) != 0) return false;
    for (size_t i = 2; i < ID_LENGTH; i++) {
        if (!is_hex(text.at[i])) return false;
    }
    return true;
}
