#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *b)
{
    *b = (struct buffer){0};
}

void buffer_clear(struct buffer *b)
{
    free(b->at);
    buffer_init(b);
}

static bool reserve(struct buffer *b, size_t more)
{
    if (b->failed) return false;
    if (more > SIZE_MAX / 4 - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + more + 1;
    if (need <= b->size) return true;
    size_t size = b->size ? b->size : 128;
    while (size < need)
        size *= 2;
    char *at = realloc(b->at, size);
    if (!at) {
        b->failed = true;
        return false;
    }
    b->at = at;
    b->size = size;
    return true;
}

void buffer_append(struct buffer *b, const void *bytes, size_t len)
{
    if (!reserve(b, len)) return;
    if (len > 0) memcpy(b->at + b->len, bytes, len);
    b->len += len;
    b->at[b->len] = '\0';
}

void buffer_append_slice(struct buffer *b, struct slice s)
{
    buffer_append(b, s.at, s.len);
}

void buffer_append_text(struct buffer *b, const char *text)
{
    buffer_append(b, text, strlen(text));
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0) {
        b->failed = true;
        return;
    }
    if (!reserve(b, (size_t)need)) return;
    va_start(args, format);
    vsnprintf(b->at + b->len, (size_t)need + 1, format, args);
    va_end(args);
    b->len += (size_t)need;
}

void buffer_consume(struct buffer *b, size_t n)
{
    if (n == 0) return;
    memmove(b->at, b->at + n, b->len - n + 1);
    b->len -= n;
}

bool buffer_ok(const struct buffer *b)
{
    return !b->failed;
}

const char *buffer_text(const struct buffer *b)
{
    return b->at ? b->at : "";
}

char *buffer_take(struct buffer *b)
{
    if (!b->at) buffer_append(b, "", 0);
    char *at = b->at;
    if (b->failed) {
        free(at);
        at = NULL;
    }
    buffer_init(b);
    return at;
}
