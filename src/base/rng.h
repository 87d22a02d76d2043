/**
 * @file rng.h  Pseudo-random numbers from a seed: the same seed gives the same numbers (xoshiro256**, Blackman and
 * Vigna 2018, seeded by splitmix64).
 *
 * For SSRCs, sequence starts, back-off jitter and tests. Not for secrets or ids: those take bytes of os/random.h.
 * Thread: one at a time.
 */
#ifndef PARLEY_BASE_RNG_H
#define PARLEY_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint32_t rng_u32(struct rng *r);

/** Evenly spread over 0 to n - 1; n > 0. */
uint32_t rng_below(struct rng *r, uint32_t n);

/** Evenly spread over [0, 1). */
double rng_unit(struct rng *r);

#endif
