/**
 * @file preprocess.h  Noise suppression and automatic gain for one voice, on libspeexdsp.
 *
 * Noise that stays goes down by 15 dB; a tone that never pauses is such a noise after a second. Automatic gain brings
 * speech to -23 dBFS (as a sine has it: -26 dBov, the nominal level of ITU-T P.56), up or down, by at most 24 dB, and
 * never clips it. Both look at 10 ms at a time and delay by so much: libspeexdsp joins windows that overlap by half.
 *
 * With both off samples pass unchanged and undelayed. Going over is a cross-fade inside a frame.
 *
 * Memory is taken at create; nothing after. Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_PREPROCESS_H
#define PARLEY_MEDIA_PREPROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct preprocess;

enum { PREPROCESS_DELAY_MS = 10 };

/**
 * Makes one that does nothing yet.
 * @param[out] out  owned by the caller; unchanged on error
 * @param rate_hz   8000, 16000 or 48000
 * @return STATUS_OK, STATUS_INVALID (rate), STATUS_NO_MEMORY
 */
MUST_CHECK status preprocess_create(struct preprocess **out, uint32_t rate_hz);

/** NULL is allowed. */
void preprocess_destroy(struct preprocess *p);

uint32_t preprocess_rate_hz(const struct preprocess *p);

/** What it does from the next frame on. */
void preprocess_set(struct preprocess *p, bool noise_suppression, bool automatic_gain);

/**
 * One frame of 20 ms, in place.
 * @param zero  the frame is silence, whatever pcm holds
 * @return false where what comes out is silence too; pcm is not written then
 */
bool preprocess_run(struct preprocess *p, int16_t *pcm, bool zero);

/** A frame was left out, and what comes next does not join on to what was before. */
void preprocess_rest(struct preprocess *p);

#endif
