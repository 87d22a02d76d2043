/**
 * @file limiter.h  Narrows one wide mix to 16 bits: a look-ahead limiter that never wraps, clips or pumps.
 *
 * Everything is delayed by the look-ahead (2 ms at any rate), always, so that listeners can move between mixes. Below
 * the ceiling samples pass unchanged. Before a peak the gain goes down in a smooth ramp inside the look-ahead, so that
 * the peak just reaches the ceiling; after it the gain comes back by at most 1.5 dB in 20 ms. The ceiling is 31,000:
 * the highest code of mu-law is never sent, so that nothing of ours looks like clipping.
 *
 * The state is plain bytes: assigning one struct to another gives a limiter that goes on exactly as the first, which
 * is how a listener that starts to talk gets a mix of its own without a step.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_LIMITER_H
#define PARLEY_MEDIA_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMITER_LOOKAHEAD_MAX = 96, LIMITER_CEILING = 31000 };

struct limiter {
    uint32_t lookahead;                   /**< samples: 2 ms */
    float release;                        /**< factor a sample by which the gain comes back */
    float envelope;                       /**< gain that the newest sample allows, release included */
    float gain;                           /**< the least of the last frame */
    uint32_t busy;                        /**< samples until every part of the state is back at unity; 0: it is */
    int32_t line[LIMITER_LOOKAHEAD_MAX];  /**< the last input, oldest first, still to be put out */
    float allowed[LIMITER_LOOKAHEAD_MAX]; /**< envelope at each of these */
    float lowest[LIMITER_LOOKAHEAD_MAX];  /**< least envelope of the look-ahead up to each of these */
};

/** @param rate_hz  8000, 16000 or 48000 */
void limiter_init(struct limiter *l, uint32_t rate_hz);

/** Samples by which the output is behind the input: 2 ms. */
uint32_t limiter_delay_samples(const struct limiter *l);

/**
 * @param in       the wide sum
 * @param[out] out the same number of samples, limiter_delay_samples() later
 * @param samples  one frame: at least the look-ahead, at most 960
 */
void limiter_run(struct limiter *l, const int32_t *in, int16_t *out, size_t samples);

/** The least gain of the last frame; 1 where it passed unchanged. */
float limiter_gain(const struct limiter *l);

/** True where no part of the state holds a gain below 1. */
bool limiter_at_unity(const struct limiter *l);

/** True where both will give the same output for the same input from now on. */
bool limiter_same(const struct limiter *a, const struct limiter *b);

#endif
