#include "base/slice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

bool slice_is(struct slice s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || memcmp(s.at, text, s.len) == 0);
}

bool slice_is_nocase(struct slice s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || strncasecmp(s.at, text, s.len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice head = *rest;
    const char *hit = rest->len > 0 ? memchr(rest->at, separator, rest->len) : NULL;
    if (!hit) {
        rest->at += rest->len;
        rest->len = 0;
        return head;
    }
    head.len = (size_t)(hit - rest->at);
    rest->at = hit + 1;
    rest->len -= head.len + 1;
    return head;
}

bool slice_to_u64(struct slice s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        uint64_t digit = (uint64_t)(s.at[i] - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *out = value;
    return true;
}

bool slice_to_u32(struct slice s, uint32_t max, uint32_t *out)
{
    uint64_t value;
    if (s.len > 10 || !slice_to_u64(s, &value) || value > max) return false;
    *out = (uint32_t)value;
    return true;
}

char *slice_dup(struct slice s)
{
    char *copy = malloc(s.len + 1);
    if (!copy) return NULL;
    if (s.len > 0) memcpy(copy, s.at, s.len);
    copy[s.len] = '\0';
    return copy;
}

bool slice_copy(struct slice s, char *out, size_t size)
{
    out[0] = '\0';
    if (s.len >= size) return false;
    if (s.len > 0) memcpy(out, s.at, s.len);
    out[s.len] = '\0';
    return true;
}
