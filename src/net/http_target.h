/**
 * @file http_target.h  The path and query of a request, decoded.
 *
 * Strict: a '%' without two hex digits, and any escape that makes a NUL, is refused; so a decoded text never hides one.
 * Thread: any; pure.
 */
#ifndef PARLEY_NET_HTTP_TARGET_H
#define PARLEY_NET_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"

struct http_parameter {
    struct slice key, value;
};

struct http_target {
    char *raw_path; /**< as sent */
    char *path;     /**< decoded */
    char *raw_query;
    char *decoded; /**< what the parameters point into */
    struct http_parameter *parameters;
    size_t parameter_count;
};

/**
 * @param path   as sent, starts with '/'
 * @param query  as sent, without '?'; NULL where there is none
 * @return STATUS_OK (the target is released with http_target_clear()), STATUS_INVALID, STATUS_NO_MEMORY
 */
MUST_CHECK status http_target_init(struct http_target *out, const char *path, const char *query);
void http_target_clear(struct http_target *target);

/** The value of this key's appearance number index. @return false where there is none */
bool http_target_query(const struct http_target *target, const char *key, size_t index, struct slice *out);

#endif
