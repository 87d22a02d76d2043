#include "net/http_target.h"

#include <stdlib.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Writes the decoded text and a NUL at *at, moving it behind; out has room for text.len + 1. */
static bool decode(struct slice text, bool plus_is_blank, char **at, struct slice *out)
{
    char *to = *at;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if ((unsigned char)c <= ' ' || c == 0x7f) return false; /* belongs into an escape */
        if (c == '%') {
            bool whole = text.len - i > 2;
            int high = whole ? hex_value(text.at[i + 1]) : -1;
            int low = whole ? hex_value(text.at[i + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        *to++ = c;
    }
    *out = (struct slice){*at, (size_t)(to - *at)};
    *to++ = '\0';
    *at = to;
    return true;
}

static size_t count_parameters(struct slice query)
{
    size_t n = 0;
    while (query.len > 0) {
        if (slice_cut(&query, '&').len > 0) n++;
    }
    return n;
}

static status decode_query(struct http_target *target)
{
    struct slice query = slice_of(target->raw_query);
    size_t count = count_parameters(query);
    if (count == 0) return STATUS_OK;
    target->parameters = calloc(count, sizeof *target->parameters);
    target->decoded = malloc(query.len + 2 * count);
    if (!target->parameters || !target->decoded) return STATUS_NO_MEMORY;
    char *at = target->decoded;
    while (query.len > 0) {
        struct slice value = slice_cut(&query, '&');
        if (value.len == 0) continue;
        struct slice key = slice_cut(&value, '=');
        struct http_parameter *p = &target->parameters[target->parameter_count];
        if (!decode(key, true, &at, &p->key) || !decode(value, true, &at, &p->value)) return STATUS_INVALID;
        target->parameter_count++;
    }
    return STATUS_OK;
}

static status decode_path(struct http_target *target)
{
    struct slice raw = slice_of(target->raw_path), decoded;
    if (raw.len == 0 || raw.at[0] != '/') return STATUS_INVALID;
    target->path = malloc(raw.len + 1);
    if (!target->path) return STATUS_NO_MEMORY;
    char *at = target->path;
    return decode(raw, false, &at, &decoded) ? STATUS_OK : STATUS_INVALID;
}

status http_target_init(struct http_target *out, const char *path, const char *query)
{
    struct http_target target = {.raw_path = strdup(path), .raw_query = strdup(query ? query : "")};
    status result = target.raw_path && target.raw_query ? decode_path(&target) : STATUS_NO_MEMORY;
    if (result == STATUS_OK) result = decode_query(&target);
    if (result == STATUS_OK)
        *out = target;
    else
        http_target_clear(&target);
    return result;
}

void http_target_clear(struct http_target *target)
{
    free(target->raw_path);
    free(target->path);
    free(target->raw_query);
    free(target->decoded);
    free(target->parameters);
    *target = (struct http_target){0};
}

bool http_target_query(const struct http_target *target, const char *key, size_t index, struct slice *out)
{
    for (size_t i = 0; i < target->parameter_count; i++) {
        if (!slice_is(target->parameters[i].key, key)) continue;
        if (index-- > 0) continue;
        *out = target->parameters[i].value;
        return true;
    }
    return false;
}
