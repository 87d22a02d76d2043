#include "base/base64.h"

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

bool base64_decode(struct slice text, char *out, size_t size, size_t *len)
{
    size_t n = 0;
    unsigned bits = 0, held = 0;
    while (text.len > 0 && text.at[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.at[i]);
        if (value < 0) return false;
        bits = (bits << 6) | (unsigned)value;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        if (n + 1 >= size) return false;
        out[n++] = (char)(bits >> held & 0xff);
    }
    if (n >= size) return false;
    out[n] = '\0';
    *len = n;
    return true;
}
