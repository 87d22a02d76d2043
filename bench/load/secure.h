/**
 * @file secure.h  A phone's SRTP, on libsrtp as it is: packets sealed and opened.
 *
 * Keys that stay the same go on; the former key of the other side is tried, too, as its packets may still be under way.
 * Thread: the loop's. RFC 3711.
 */
#ifndef PARLEY_LOAD_SECURE_H
#define PARLEY_LOAD_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <srtp2/srtp.h>

#include "base/status.h"
#include "load/sdes.h"

enum { SECURE_TRAILER = 20 }; /**< most bytes that a packet grows by */

struct secure {
    bool on;
    struct sdes_line ours, theirs;
    srtp_t out, in, in_before; /**< owned; NULL without */
};

/** Encrypts with ours and opens what theirs encrypted, from now on. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status secure_set(struct secure *s, const struct sdes_line *ours, const struct sdes_line *theirs);

/** Encrypts with this instead, without telling anybody. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status secure_set_out(struct secure *s, const struct sdes_line *ours);

/** From now on plain; frees all. */
void secure_clear(struct secure *s);

/** @param size  room; at least SECURE_TRAILER more than *len. @return false where it cannot be sent */
bool secure_seal(struct secure *s, uint8_t *packet, size_t *len, size_t size);

/** @return false where it is plain, or of another key */
bool secure_open(struct secure *s, bool rtcp, uint8_t *packet, size_t *len);

#endif
