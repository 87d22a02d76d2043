/**
 * @file ramp.h  A gain that moves without a click: mutes, unmutes, fades, cross-fades.
 *
 * The gain goes along half a cosine from where it is to where it shall be, in a number of samples, across frames. At
 * rest at 1 or 0 samples pass unchanged or become 0. A new aim before the end of the way starts from the gain of that
 * moment.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_RAMP_H
#define PARLEY_MEDIA_RAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Lengths in use, in milliseconds. What half a cosine leaves of a tone beyond 200 Hz on either side of it, in any 5 ms:
 * -27 dB after 5 ms, -45 dB after 10 ms, -57 dB after 20 ms. G.722 and Opus add noise of their own where a level moves
 * fast: only at 20 ms that stays within 6 dB of what they have anyway. A mute is done within its tick.
 */
enum { RAMP_DIGIT_MS = 5, RAMP_LEAVE_MS = 10, RAMP_MUSIC_MS = 10, RAMP_MUTE_MS = 20, RAMP_CROSSFADE_MS = 200 };

struct ramp {
    float from, to;  /**< gains at the ends of the way */
    uint32_t at;     /**< samples done of it */
    uint32_t length; /**< samples of it; at == length: at rest at `to` */
};

/** At rest. @param gain  0 to 1 */
void ramp_init(struct ramp *r, float gain);

/** @param gain  aim, 0 to 1; @param samples  how long it takes; 0 = at once. The same aim again changes nothing. */
void ramp_to(struct ramp *r, float gain, uint32_t samples);

/** Samples in so many milliseconds. */
static inline uint32_t ramp_samples(uint32_t rate_hz, uint32_t ms)
{
    return rate_hz / 1000 * ms;
}

/** Gain at this moment. */
float ramp_gain(const struct ramp *r);

/** Multiplies samples in place and moves on. */
void ramp_apply(struct ramp *r, int16_t *pcm, size_t samples);

/** from * (1 - gain) + to * gain into out, which may be either of them, and moves on: gain 0 to 1 is a cross-fade. */
void ramp_cross(struct ramp *r, const int16_t *from, const int16_t *to, int16_t *out, size_t samples);

/** True where it is at rest. */
bool ramp_done(const struct ramp *r);

/** True where it is at rest at 0: what it is applied to need not be made. */
bool ramp_silent(const struct ramp *r);

/** True where it is at rest at 1: applying it changes nothing. */
bool ramp_open(const struct ramp *r);

#endif
