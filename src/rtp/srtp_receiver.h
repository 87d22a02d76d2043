/**
 * @file srtp_receiver.h  Checks and decrypts what is received: SRTP to RTP, SRTCP to RTCP, with one key.
 *
 * Takes any SSRC that has the key, each with a roll-over counter and a replay window (128 packets) of its own; a peer
 * that goes on with another SSRC starts afresh. SSRCs are counted, so that no peer fills our memory with them.
 *
 * Our code allocates nothing after creation; the library makes a cipher context a packet where it is built on NSS, and
 * a stream at the first authentic packet of an SSRC, or at a try of srtp_receiver_follow().
 *
 * Pure. Thread: one at a time. RFC 3711, RFC 7714.
 */
#ifndef PARLEY_RTP_SRTP_RECEIVER_H
#define PARLEY_RTP_SRTP_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "rtp/srtp_key.h"

enum { SRTP_SOURCES_MAX = 32 };

struct srtp_receiver;

/**
 * srtp_library_start() must have been called.
 * @param key  copied
 * @return STATUS_OK; STATUS_INVALID (suite, length of the MKI); STATUS_NO_MEMORY
 */
MUST_CHECK status srtp_receiver_create(struct srtp_receiver **out, const struct srtp_key *key);

/** NULL is allowed. */
void srtp_receiver_destroy(struct srtp_receiver *r);

/**
 * Decrypts in place and takes the tag off.
 *
 * @param packet       on a boundary of 4 bytes; what stands there afterwards means nothing but on STATUS_OK
 * @param[in,out] len  shrinks; unchanged on error
 * @return STATUS_OK; STATUS_REFUSED (not authentic: another key, or changed on the way); STATUS_EXISTS (authentic or
 *         not, its number was taken before, or is too old to tell); STATUS_INVALID (no such packet, or not our MKI);
 *         STATUS_FULL (one SSRC more than SRTP_SOURCES_MAX, or the key is used up); STATUS_NO_MEMORY
 */
MUST_CHECK status srtp_receiver_unprotect(struct srtp_receiver *r, uint8_t *packet, size_t *len);

/** The same for RTCP. */
MUST_CHECK status srtp_receiver_unprotect_rtcp(struct srtp_receiver *r, uint8_t *packet, size_t *len);

/**
 * Says that the peer has changed its key from that of `before`. Some then begin their roll-over counter anew, as most
 * phones do, and some go on with it (RFC 3711 3.3.1): for a source whose counter was not 0 both are tried in turn
 * until one of its packets is authentic, or 100 tries have failed.
 */
void srtp_receiver_follow(struct srtp_receiver *r, const struct srtp_receiver *before);

/** True while both ways are tried: an RTP packet that was refused may be let in when it is tried again. */
bool srtp_receiver_follows(const struct srtp_receiver *r);

#endif
