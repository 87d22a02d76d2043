/**
 * @file lag.h  Finds by how many samples a signal must be moved to look most like itself: its pitch, or for a tone the
 * whole number of samples nearest to a multiple of its period.
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_MEDIA_LAG_H
#define PARLEY_MEDIA_LAG_H

#include <stddef.h>
#include <stdint.h>

struct lag {
    size_t samples; /**< the best distance */
    float likeness; /**< normalised cross-correlation there, -1 to 1; 1 also where both are all but silent */
};

/**
 * Compares `length` samples at `here` with as many at other + direction * d, for every d from least to most.
 *
 * @param direction  +1 or -1; all that is compared must be readable
 * @param step       above 1: looks at every step-th sample and distance first, then closely around the best; for rates
 *                   above 8000
 * @param bias       what the likeness of the greatest distance counts more than that of the least (may be below 0)
 */
struct lag lag_find(const int16_t *here, const int16_t *other, int direction, size_t length, size_t least, size_t most,
                    size_t step, float bias);

/** from * (1 - t) + to * t into out (which may be either), t from 0 to 1 along a half cosine. */
void lag_cross_fade(const int16_t *from, const int16_t *to, int16_t *out, size_t samples);

#endif
