/**
 * @file some_keys.h  SRTP keys for tests: any, and different ones.
 *
 * Thread: any.
 */
#ifndef PARLEY_TESTS_SOME_KEYS_H
#define PARLEY_TESTS_SOME_KEYS_H

#include "engine/engine.h"
#include "rtp/srtp_key.h"

/** @param first  tells one key from another */
static inline struct srtp_key some_key(enum srtp_suite suite, uint8_t first)
{
    struct srtp_key key = {.suite = suite};
    for (size_t i = 0; i < srtp_suite_key_bytes(suite) + srtp_suite_salt_bytes(suite); i++)
        key.bytes[i] = (uint8_t)(first + 11 * i);
    return key;
}

/** Of both directions. @param first  that and the next */
static inline struct engine_leg_srtp some_keys(enum srtp_suite suite, uint8_t first)
{
    return (struct engine_leg_srtp){.send = some_key(suite, first), .receive = some_key(suite, (uint8_t)(first + 1))};
}

#endif
