/**
 * @file binding.h  When to register, to refresh and to try again (RFC 3261 section 10.2).
 *
 * Refreshed when nine tenths of what was granted are over (half where that is under a minute); after a failure tried
 * again after 10 * T1, then twice as long each time up to 64 times that, each a quarter more or less by chance.
 * Pure: time and randomness are arguments. Thread: one at a time.
 */
#ifndef PARLEY_SIP_BINDING_H
#define PARLEY_SIP_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

struct binding {
    uint32_t wanted_s;  /**< 0: it is to be taken back */
    uint32_t granted_s; /**< 0: not registered */
    uint32_t asked_s;   /**< of the request that is open */
    bool open;          /**< a request is on its way */
    bool again;         /**< it has to be said anew when that has its answer */
    unsigned failures;  /**< in a row */
    int64_t due_us;     /**< when to send; INT64_MAX: not */
    uint32_t t1_ms;
};

void binding_init(struct binding *b, uint32_t t1_ms);

/** What is wanted from now on: it is due at once. Nothing is due where nothing is there to be taken back. */
void binding_want(struct binding *b, uint32_t expires_s, int64_t now_us);

/** The request goes out. @return its Expires */
uint32_t binding_send(struct binding *b);

/**
 * Its final answer.
 *
 * @param expires_s      what a 200 grants
 * @param min_expires_s  of a 423, else 0
 */
void binding_answer(struct binding *b, uint32_t code, uint32_t expires_s, uint32_t min_expires_s, int64_t now_us,
                    struct rng *rng);

/** Nothing is there, and nothing is wanted. */
bool binding_is_over(const struct binding *b);

#endif
