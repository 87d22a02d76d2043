/**
 * @file buffer.h  A growing run of bytes, always followed by a NUL that does not count.
 *
 * Running out of memory is remembered instead of returned: the appends turn into no-ops and buffer_ok() says so,
 * so that a long message is built without a check per line.
 * Thread: one at a time.
 */
#ifndef PARLEY_BASE_BUFFER_H
#define PARLEY_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buffer {
    char *at;   /**< owned; NULL until the first append */
    size_t len; /**< bytes in it */
    size_t size;
    bool failed;
};

void buffer_init(struct buffer *b);

/** Frees the bytes and leaves the buffer as buffer_init() does. */
void buffer_clear(struct buffer *b);

void buffer_append(struct buffer *b, const void *bytes, size_t len);
void buffer_append_slice(struct buffer *b, struct slice s);
void buffer_append_text(struct buffer *b, const char *text);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Drops the first n bytes (n <= len). */
void buffer_consume(struct buffer *b, size_t n);

/** False where an append failed for want of memory. */
bool buffer_ok(const struct buffer *b);

/** The text so far; "" where nothing was appended. Borrowed until the next change. */
const char *buffer_text(const struct buffer *b);

/** Hands the bytes to the caller, who frees them, and empties the buffer; NULL where an append failed. */
char *buffer_take(struct buffer *b);

#endif
