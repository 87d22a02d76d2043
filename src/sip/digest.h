/**
 * @file digest.h  Digest credentials for our own requests (RFC 2617, RFC 3261 section 22): MD5, with and without
 * qop=auth.
 *
 * What was asked for once is answered in every later request of the same call without being asked again, with the nonce
 * counted up. Challenges of other schemes, algorithms or protections are passed over: where a peer offers several, the
 * one that we can answer is.
 *
 * No clock, no I/O; randomness is an argument. Thread: one at a time.
 */
#ifndef PARLEY_SIP_DIGEST_H
#define PARLEY_SIP_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { DIGEST_CHALLENGES_MAX = 4, DIGEST_TRIES_MAX = 3 };

struct digest_challenge {
    bool proxy;                   /**< asked by a proxy (407) */
    char *realm, *nonce, *opaque; /**< owned; opaque may be NULL */
    bool qop;
    uint32_t count; /**< requests answered with this nonce */
};

struct digest {
    struct digest_challenge at[DIGEST_CHALLENGES_MAX];
    unsigned count;
};

enum digest_outcome {
    DIGEST_UNSUPPORTED, /**< nothing there that we can answer */
    DIGEST_REPEATED, /**< asked already: what we said was wrong, or the nonce is too old and the peer does not say so */
    DIGEST_NEW,      /**< not asked before, or only the nonce was too old */
};

void digest_init(struct digest *d);
void digest_clear(struct digest *d);

/**
 * Takes a challenge in.
 *
 * @param scheme  "Digest"
 * @param params  "name=value" each, quotes as on the wire; NULL after the last; NULL for none
 */
enum digest_outcome digest_learn(struct digest *d, bool proxy, const char *scheme, const char *const *params);

/**
 * Appends an Authorization or Proxy-Authorization line, with its end, for each challenge.
 *
 * @param uri     the request URI as sent
 * @param cnonce  random hex digits
 */
void digest_append(struct digest *d, struct buffer *out, const char *user, const char *password, const char *method,
                   const char *uri, const char *cnonce);

#endif
