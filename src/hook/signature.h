/**
 * @file signature.h  The FreeClimb-Signature header: which requests are ours, and that nobody has changed them.
 *
 *   t=UNIX_SECONDS,v1=HEX[,v1=HEX]     HEX = HMAC-SHA256(secret, "UNIX_SECONDS.BODY"), lower case
 *
 * One v1 for each active secret of the account, two at most, as an account has two while one replaces the other. The
 * form is exactly what verifiers read: no blanks, seconds, lower case. No clock is read and no secret kept here.
 *
 * Thread: any. RFC 2104 (HMAC).
 */
#ifndef PARLEY_HOOK_SIGNATURE_H
#define PARLEY_HOOK_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/** SIGNATURE_SIZE holds two of them and the longest time, with the NUL. */
enum { HOOK_SECRETS_MAX = 2, SIGNATURE_SIZE = 192 };

/** The active secrets of an account, any order. Texts borrowed until control returns to the loop. */
struct hook_secrets {
    const char *secret[HOOK_SECRETS_MAX];
    size_t count; /**< 0: requests are not signed */
};

/** Looks up the secrets of an account at the moment a request is sent; count stays 0 where there are none. */
typedef void hook_secrets_fn(void *arg, const char *account, struct hook_secrets *out);

/**
 * @param[out] out  the header's value; "" where there is no secret
 * @param unix_s    when the request is sent, seconds since 1970, not negative
 * @param body      the very bytes that are sent
 * @return false (and out is "") where there is no secret, or the cryptographic library fails
 */
bool signature_write(char out[SIGNATURE_SIZE], const struct hook_secrets *secrets, int64_t unix_s, struct slice body);

#endif
