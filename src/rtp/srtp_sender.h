/**
 * @file srtp_sender.h  Protects what is sent: RTP to SRTP, RTCP to SRTCP, with one key.
 *
 * The roll-over counter and the SRTCP index live here: a key that is used again after a renegotiation must go on in the
 * very same sender, or packets would be encrypted with a key stream that was used before.
 *
 * Our code allocates nothing after creation; the library makes a cipher context a packet where it is built on NSS, and
 * a stream at the first packet of an SSRC.
 *
 * Pure. Thread: one at a time. RFC 3711, RFC 7714.
 */
#ifndef PARLEY_RTP_SRTP_SENDER_H
#define PARLEY_RTP_SRTP_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "rtp/srtp_key.h"

struct srtp_sender;

/**
 * srtp_library_start() must have been called.
 * @param key  copied
 * @return STATUS_OK; STATUS_INVALID (suite); STATUS_UNSUPPORTED (a key with an MKI: ours have none);
 *         STATUS_NO_MEMORY
 */
MUST_CHECK status srtp_sender_create(struct srtp_sender **out, const struct srtp_key *key);

/** NULL is allowed. */
void srtp_sender_destroy(struct srtp_sender *s);

/**
 * Encrypts the payload in place and appends the tag.
 *
 * Sequence numbers go up: up to 128 back is allowed once each, and wraps are counted here.
 * @param packet     header and payload; on a boundary of 4 bytes
 * @param[in,out] len  grows by at most SRTP_TRAILER_MAX
 * @param size       room at packet
 * @return STATUS_OK; STATUS_INVALID (no RTP header, no room for SRTP_TRAILER_MAX); STATUS_CONFLICT (this sequence
 *         number was sent before); STATUS_FULL (the key is used up); STATUS_NO_MEMORY. Nothing may be sent but on
 *         STATUS_OK.
 */
MUST_CHECK status srtp_sender_protect(struct srtp_sender *s, uint8_t *packet, size_t *len, size_t size);

/** The same for a compound RTCP packet; its first 8 bytes stay readable. */
MUST_CHECK status srtp_sender_protect_rtcp(struct srtp_sender *s, uint8_t *packet, size_t *len, size_t size);

/** True where the sequence numbers of this SSRC have wrapped under this key. */
bool srtp_sender_has_wrapped(const struct srtp_sender *s, uint32_t ssrc);

#endif
