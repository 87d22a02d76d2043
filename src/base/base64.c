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

void base64_encode(struct buffer *out, const void *bytes, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned bits = (unsigned)in[i] << 16;
        if (left > 1) bits |= (unsigned)in[i + 1] << 8;
        if (left > 2) bits |= in[i + 2];
        char four[4] = {letters[bits >> 18], letters[bits >> 12 & 63], '=', '='};
        if (left > 1) four[2] = letters[bits >> 6 & 63];
        if (left > 2) four[3] = letters[bits & 63];
        buffer_append(out, four, sizeof four);
    }
}
