/**
 * @file crypto.h  SRTP keys in session descriptions (SDES): a=crypto lines read, chosen from, and written.
 *
 * A line says what its writer encrypts with: what we read is for receiving, what we write is for sending. Keys are
 * handed through and never made here: randomness is the caller's. No key may go into a log or onto a disk.
 *
 * Lines with several keys, a key derivation rate, or a session parameter that weakens or is unknown are passed over,
 * as are suites that we do not have. A lifetime is the promise of its writer, who changes the key in time; ours have
 * none, which is 2^48 packets.
 * Pure. Thread: any. RFC 4568 sections 4 to 6 and 9, RFC 7714 section 14.
 */
#ifndef PARLEY_SDP_CRYPTO_H
#define PARLEY_SDP_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

/** In our order of preference: AES in GCM is several times cheaper here than with HMAC-SHA1. */
enum sdp_suite {
    SDP_SUITE_AEAD_AES_128_GCM,
    SDP_SUITE_AEAD_AES_256_GCM,
    SDP_SUITE_AES_CM_128_HMAC_SHA1_80,
    SDP_SUITE_AES_CM_128_HMAC_SHA1_32,
    SDP_SUITES
};

enum { SDP_KEY_BYTES_MAX = 44, SDP_MKI_BYTES_MAX = 4, SDP_TAG_DIGITS_MAX = 9 };

/** Both directions of an encrypted stream, as agreed. All zero where it is not encrypted. */
struct sdp_srtp {
    bool on;
    enum sdp_suite suite;
    uint32_t tag;                           /**< of the offer's line */
    uint8_t send_key[SDP_KEY_BYTES_MAX];    /**< master key and then salt, sdp_suite_key_bytes() in all, then zeroes */
    uint8_t receive_key[SDP_KEY_BYTES_MAX]; /**< likewise */
    uint8_t mki_bytes;                      /**< length of the key identifier in each packet of the peer; 0: none */
    uint8_t mki[SDP_MKI_BYTES_MAX];
};

/** Random bytes for what we encrypt with, each suite its own: a key serves one suite only. */
struct sdp_keys {
    uint8_t of[SDP_SUITES][SDP_KEY_BYTES_MAX];
};

/** Of master key and salt together: 28, 44 or 30. */
size_t sdp_suite_key_bytes(enum sdp_suite suite);

/** What one a=crypto line offers. */
struct sdp_crypto {
    uint32_t tag;
    enum sdp_suite suite;
    uint8_t key[SDP_KEY_BYTES_MAX]; /**< its writer's; zeroes behind it */
    uint8_t mki_bytes;
    uint8_t mki[SDP_MKI_BYTES_MAX];
};

/**
 * Reads the value of an a=crypto line.
 * @return false (*out untouched) where it is malformed, or asks for what we do not have
 */
bool sdp_crypto_parse(struct sdp_crypto *out, struct slice value);

/** Appends an a=crypto line with our key for this suite. */
void sdp_crypto_put(struct buffer *b, uint32_t tag, enum sdp_suite suite, const uint8_t *key);

#endif
