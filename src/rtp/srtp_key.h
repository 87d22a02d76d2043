/**
 * @file srtp_key.h  What one direction of an SRTP session is protected with: the crypto suite, master key, master salt.
 *
 * Keys come from signalling (sdp/ for SDES). Session parameters that take protection away (UNENCRYPTED_SRTP and the
 * like) do not exist here: what is on the wire is encrypted and authenticated, RTP and RTCP alike.
 *
 * Pure. Thread: any; srtp_library_start() alone control. RFC 3711 section 8.2, RFC 4568 section 6.2, RFC 7714.
 */
#ifndef PARLEY_RTP_SRTP_KEY_H
#define PARLEY_RTP_SRTP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum srtp_suite {
    SRTP_AES_CM_128_HMAC_SHA1_80,
    SRTP_AES_CM_128_HMAC_SHA1_32, /**< RTCP has the tag of 80 bits all the same, RFC 4568 6.2.2 */
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_SUITES,
};

enum {
    SRTP_KEY_BYTES_MAX = 44,   /**< master key and master salt together */
    SRTP_MKI_BYTES_MAX = 16,   /**< RFC 4568 allows 128; nobody needs them */
    SRTP_TRAILER_MAX = 16 + 4, /**< what protection adds to a packet of ours: tag and SRTCP's index */
};

struct srtp_key {
    enum srtp_suite suite;
    uint8_t bytes[SRTP_KEY_BYTES_MAX]; /**< master key, then master salt; the rest zero */
    uint8_t mki_bytes;                 /**< 0: packets carry no master key identifier; for receiving only */
    uint8_t mki[SRTP_MKI_BYTES_MAX];
};

/** As in a=crypto: "AES_CM_128_HMAC_SHA1_80". */
const char *srtp_suite_name(enum srtp_suite suite);

/** Without regard to case. @return STATUS_OK; STATUS_UNSUPPORTED (none of ours) */
MUST_CHECK status srtp_suite_named(struct slice name, enum srtp_suite *out);

/** Bytes of the master key: 16 or 32. */
size_t srtp_suite_key_bytes(enum srtp_suite suite);

/** Bytes of the master salt: 14 or 12. */
size_t srtp_suite_salt_bytes(enum srtp_suite suite);

/** True where both protect alike: a context made with one goes on under the other. */
bool srtp_key_same(const struct srtp_key *a, const struct srtp_key *b);

/** Overwrites it; an optimiser does not leave this out. */
void srtp_key_forget(struct srtp_key *key);

/**
 * Starts the library behind all of this; calls after the first do nothing. A process that has called it must not fork
 * and go on in the child (NSS refuses to work there); posix_spawn is well.
 * @return STATUS_OK; STATUS_IO (it does not pass its own tests)
 */
MUST_CHECK status srtp_library_start(void);

#endif
