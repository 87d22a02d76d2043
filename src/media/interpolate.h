/**
 * @file interpolate.h  Reads a signal between its samples, at a pace of its own: a windowed sinc of 24 taps.
 *
 * For the small corrections of a playout buffer (some parts in a thousand), not for conversion between rates: there is
 * no filter against aliases. Flat within 0.03 dB and images below -57 dB up to 85 % of the Nyquist frequency. A place
 * that is a whole sample is read as it is, bit for bit.
 *
 * Pure. Thread: a table is constant once made.
 */
#ifndef PARLEY_MEDIA_INTERPOLATE_H
#define PARLEY_MEDIA_INTERPOLATE_H

#include <stddef.h>
#include <stdint.h>

enum {
    INTERPOLATE_TAPS = 24,
    INTERPOLATE_BEFORE = INTERPOLATE_TAPS / 2 - 1, /**< samples that are read before the one at or before a place */
    INTERPOLATE_AFTER = INTERPOLATE_TAPS / 2,      /**< and after it */
    INTERPOLATE_PHASES = 64,
};

struct interpolate {
    float taps[INTERPOLATE_PHASES + 1][INTERPOLATE_TAPS];
};

void interpolate_init(struct interpolate *table);

/**
 * out[i] = the signal at the place fraction + i * step, counted from `pcm`.
 *
 * @param pcm       INTERPOLATE_BEFORE samples before it, and INTERPOLATE_AFTER after the last place, must be readable
 * @param fraction  in 2^-32 samples
 * @param step      in 2^-32 samples: 2^32 is the signal's own pace; less than twice that
 */
void interpolate_read(const struct interpolate *table, const int16_t *pcm, uint32_t fraction, uint64_t step,
                      int16_t *out, size_t samples);

#endif
