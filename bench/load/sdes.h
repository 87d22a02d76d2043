/**
 * @file sdes.h  A phone's SRTP keys in its SDP: a=crypto lines written and read.
 *
 * Thread: any. RFC 4568 section 4, RFC 7714 section 14.
 */
#ifndef PARLEY_LOAD_SDES_H
#define PARLEY_LOAD_SDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

enum sdes_suite { SDES_CM_80, SDES_CM_32, SDES_GCM_128, SDES_GCM_256, SDES_SUITES };
enum { SDES_KEY_MAX = 44 };

/** One line: what its writer encrypts with. */
struct sdes_line {
    uint32_t tag;
    enum sdes_suite suite;
    uint8_t key[SDES_KEY_MAX]; /**< master key and salt; the rest zero */
};

/** "AES_CM_128_HMAC_SHA1_80" ... */
const char *sdes_suite_name(enum sdes_suite suite);

/** @return false where the name is none of them */
bool sdes_suite_named(struct slice name, enum sdes_suite *out);

/** A line with a random key. */
struct sdes_line sdes_make(uint32_t tag, enum sdes_suite suite);

void sdes_write(struct buffer *out, const struct sdes_line *line);

/** Reads the value of a=crypto. @return false where it is not of these suites, or malformed */
bool sdes_read(struct slice value, struct sdes_line *out);

#endif
