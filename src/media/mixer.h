/**
 * @file mixer.h  Sums the talkers of one conference once, and gives each listener that sum without its own voice.
 *
 * A tick is: mixer_begin(), a mixer_put() for each leg with a voice and mixer_put_source() for each beep or
 * announcement, mixer_tick(), then the reading. Legs that only listen cost nothing here: they all hear
 * mixer_common(). A talker whose frame is exactly zero adds nothing, and hears the common mix too.
 *
 * Audio is signed 16-bit mono at the conference rate. The bus is 32 bits wide and is narrowed last, after a
 * listener's own voice has been taken out, by a limiter for each distinct mix: the result does not depend on the
 * order of the puts, and nobody's own voice is left behind by somebody else's peak.
 *
 * Moving between the mixes makes no sound: whoever starts to talk starts with a copy of the common limiter, and whoever
 * falls silent keeps a mix of its own until that cannot be told from the common one (at least one tick).
 * All mixes are the limiter's look-ahead (2 ms) behind what was put.
 *
 * Pure: no clock, no I/O, no locks, no allocation after mixer_create().
 * Thread: one media thread owns a mixer. A slot that is not in the mix is the caller's bug and asserts.
 * RFC 3550 section 7 (mixers), section 5.1 (CSRC list).
 */
#ifndef PARLEY_MEDIA_MIXER_H
#define PARLEY_MEDIA_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct mixer;

/** A place for one leg that may talk. Valid until mixer_remove(); then it may be given out again. */
typedef uint16_t mixer_slot;

enum { MIXER_SLOTS_MAX = 65535 };

struct mixer_config {
    uint32_t rate_hz;   /**< 8000, 16000 or 48000 */
    uint16_t max_slots; /**< legs that may talk, 1 to MIXER_SLOTS_MAX; memory for all is taken at once */
};

/**
 * @param[out] out  the mixer, owned by the caller; unchanged on error
 * @return STATUS_OK, STATUS_INVALID (a field out of its range), STATUS_NO_MEMORY
 */
MUST_CHECK status mixer_create(struct mixer **out, const struct mixer_config *config);

/** NULL is allowed. */
void mixer_destroy(struct mixer *m);

/**
 * Takes over from a smaller mixer of the same rate, so that a conference can grow: every slot keeps its number and its
 * mix goes on without a sound. m is fresh; `from` is only good for mixer_destroy() then. Not inside a tick.
 */
void mixer_take_over(struct mixer *m, const struct mixer *from);

/**
 * Gives out the same slots as another mixer, of any rate and not larger, has given out; nobody has been heard yet. So a
 * conference can go on at another rate. m is fresh; `from` lives on. Not inside a tick.
 */
void mixer_take_places(struct mixer *m, const struct mixer *from);

/** Samples in one frame: frame_samples(rate_hz). */
uint32_t mixer_frame_samples(const struct mixer *m);

/** @return STATUS_OK; STATUS_FULL where max_slots are given out */
MUST_CHECK status mixer_add(struct mixer *m, mixer_slot *out);

/** True where this slot is given out. */
bool mixer_has(const struct mixer *m, mixer_slot slot);

/** Not between mixer_begin() and mixer_tick(). */
void mixer_remove(struct mixer *m, mixer_slot slot);

/** Starts a tick: nobody has put anything. */
void mixer_begin(struct mixer *m);

/**
 * One leg's voice in this tick; at most once a tick for a slot.
 *
 * @param pcm  mixer_frame_samples() samples, borrowed until mixer_tick() has returned
 */
void mixer_put(struct mixer *m, mixer_slot slot, const int16_t *pcm);

/** Something that everybody hears and nobody speaks (beep, announcement, music). @param pcm  as above, added at once */
void mixer_put_source(struct mixer *m, const int16_t *pcm);

/** Makes this tick's mixes: O(talkers * samples), whatever the number of listeners. */
void mixer_tick(struct mixer *m);

/** The mix of all voices and sources: listeners, and the recording. Borrowed until the next mixer_tick(). */
const int16_t *mixer_common(const struct mixer *m);

/** True where every sample of mixer_common() is exactly 0. */
bool mixer_common_is_zero(const struct mixer *m);

/** The least gain of the limiter of mixer_common() in the last tick: 1 where it changed nothing. */
float mixer_gain(const struct mixer *m);

/**
 * What one leg hears: its own mix, or the very pointer that mixer_common() gives where there is no difference (one
 * encode serves them all). Borrowed until the next mixer_tick().
 */
const int16_t *mixer_heard_by(const struct mixer *m, mixer_slot slot);

/** True where this leg's voice, not all zero, is in the last tick. */
bool mixer_talked(const struct mixer *m, mixer_slot slot);

/** How many legs' voices are in the last tick. */
uint32_t mixer_talkers(const struct mixer *m);

#endif
