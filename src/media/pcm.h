/**
 * @file pcm.h  What is done to samples in many places.
 *
 * Audio is signed 16-bit mono. Pure. Thread: any.
 */
#ifndef PARLEY_MEDIA_PCM_H
#define PARLEY_MEDIA_PCM_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A sample that does not fit is held at full scale. */
static inline int16_t pcm_hold(int32_t v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/** The nearest sample, held likewise. */
static inline int16_t pcm_round(float v)
{
    v = v < INT16_MAX ? v : INT16_MAX;
    return (int16_t)lrintf(v > INT16_MIN ? v : INT16_MIN);
}

/** The sum of two frames, held at full scale. @param out  may be either of them */
static inline void pcm_add(int16_t *out, const int16_t *a, const int16_t *b, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        out[i] = pcm_hold(a[i] + b[i]);
}

/** True where every sample is 0. @param samples  at least 1 */
static inline bool pcm_is_zero(const int16_t *pcm, size_t samples)
{
    return pcm[0] == 0 && memcmp(pcm, pcm + 1, (samples - 1) * sizeof *pcm) == 0;
}

/** The largest magnitude, 0 to 32768. */
static inline int32_t pcm_peak(const int16_t *pcm, size_t samples)
{
    int16_t low = 0, high = 0;
    for (size_t i = 0; i < samples; i++) {
        low = pcm[i] < low ? pcm[i] : low;
        high = pcm[i] > high ? pcm[i] : high;
    }
    return high > -low ? high : -low;
}

#endif
