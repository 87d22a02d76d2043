/**
 * @file srtp_reference.h  SRTP by the letter of the RFCs, on OpenSSL's AES and HMAC: what the bridge sends is held to
 * it.
 *
 * It only protects, one packet at a time, and remembers nothing. RFC 3711 sections 3.1, 3.4, 4.1 and 4.3; RFC 7714
 * sections 8, 9 and 11. Thread: any.
 */
#ifndef PARLEY_TESTS_RTP_SRTP_REFERENCE_H
#define PARLEY_TESTS_RTP_SRTP_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "rtp/srtp_key.h"

/** What one direction of RTP, or of RTCP, is protected with. */
struct srtp_session_keys {
    uint8_t cipher[32], salt[14], auth[20];
};

/** RFC 3711 4.3. @param rtcp  SRTCP's */
struct srtp_session_keys srtp_reference_derive(const struct srtp_key *key, bool rtcp);

/** Writes count bytes of AES-CM's key stream. RFC 3711 4.1.1 */
void srtp_reference_stream(const struct srtp_session_keys *keys, uint32_t ssrc, uint64_t index, uint8_t *out,
                           size_t count);

/** Protects an RTP packet without CSRC and extension in place. @return its new length */
size_t srtp_reference_protect(const struct srtp_session_keys *keys, enum srtp_suite suite, uint32_t roc,
                              uint8_t *packet, size_t len);

/** The same for RTCP. */
size_t srtp_reference_protect_rtcp(const struct srtp_session_keys *keys, enum srtp_suite suite, uint32_t index,
                                   uint8_t *packet, size_t len);

#endif
