/**
 * @file base64.h  Base64 (RFC 4648 section 4) as HTTP's Basic credentials and SDP's keys use it.
 *
 * Thread: any.
 */
#ifndef PARLEY_BASE_BASE64_H
#define PARLEY_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

/**
 * Decodes into out, with a NUL behind. Padding may be missing; anything else outside of the alphabet is refused.
 * @param size  of out: at least 3 bytes for each 4 characters, and one
 * @return false where the text is no base64 or does not fit
 */
bool base64_decode(struct slice text, char *out, size_t size, size_t *len);

/** Appends the text of these bytes, with padding, without line breaks. */
void base64_encode(struct buffer *out, const void *bytes, size_t len);

#endif
