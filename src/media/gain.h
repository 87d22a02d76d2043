/**
 * @file gain.h  Makes a voice louder or softer, without a click and without ever clipping it.
 *
 * A new gain is reached within a frame, in a smooth ramp. Above 1 a frame that would not fit goes down to the ceiling
 * of the limiter, in a ramp that is over before its first sample that would not; afterwards the gain comes back by 1.5
 * dB a frame. A gain of 1 changes nothing, bit for bit.
 *
 * Not a limiter for sums (limiter.h): it has no delay, and looks no further than a frame of 20 ms.
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_GAIN_H
#define PARLEY_MEDIA_GAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gain {
    float aim;   /**< as asked */
    float asked; /**< reached at the end of the last frame, were it not for what follows */
    float share; /**< 0 to 1: what was left of it by what would not fit */
};

/** Of 1. */
void gain_init(struct gain *g);

/** From the next frame on. @param factor  0 to 10 */
void gain_to(struct gain *g, float factor);

/** True where it changes nothing. */
static inline bool gain_open(const struct gain *g)
{
    return g->aim >= 1 && g->aim <= 1 && g->asked >= 1 && g->asked <= 1 && g->share >= 1;
}

/** One frame of 20 ms, in place. */
void gain_apply(struct gain *g, int16_t *pcm, size_t samples);

/** A frame of silence: the same without samples. */
void gain_skip(struct gain *g);

#endif
