/**
 * @file steady_rate.h  Ticks of audio whose rate changes on the way become one stream of a fixed rate.
 *
 * Sample 0 in is sample 0 out, or one that stands later by a delay that is asked for; n ticks in give n * rate / 50
 * samples out and the delay (rounded to nearest). Where the rate
 * changes there is neither a gap nor a step: a filter that has lost its input goes on with what would have come, the
 * one that takes over begins with what would have been before, and 2 ms are cross-faded. Whoever knows what that would
 * have been says so, and then streams that add up before are converted to streams that add up; else linear prediction
 * does.
 *
 * It is not for live audio (media/resample.h): its filters are longer, and what they delay is taken out.
 * Thread: one at a time; allocates where the rate changes.
 */
#ifndef PARLEY_RECORD_STEADY_RATE_H
#define PARLEY_RECORD_STEADY_RATE_H

#include <stdint.h>

#include "base/status.h"
#include "record/resampler.h"

struct steady_rate;

/**
 * @param out_hz    8000 to 48000; one that a delay of whole samples fits, where there is a delay
 * @param quality   0 to 10, as speexdsp has it
 * @param delay_ms  of silence before all else, at most 2
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status steady_rate_create(struct steady_rate **out, uint32_t out_hz, int quality, uint32_t delay_ms);
void steady_rate_destroy(struct steady_rate *s);

/**
 * The next 20 ms.
 * @param rate_hz  a multiple of 8000, at most 48000
 * @param pcm      rate_hz / 50 samples
 * @return STATUS_OK; STATUS_NO_MEMORY: nothing was taken
 */
MUST_CHECK status steady_rate_put(struct steady_rate *s, uint32_t rate_hz, const int16_t *pcm, resampler_sink_fn *sink,
                                  void *arg);

/**
 * The same where rate_hz is another than before, and what is beyond the change need not be predicted.
 * @param before  the 20 ms before, at rate_hz; NULL: silence
 * @param after   these 20 ms, at the rate before; NULL: silence
 */
MUST_CHECK status steady_rate_change(struct steady_rate *s, uint32_t rate_hz, const int16_t *pcm, const int16_t *before,
                                     const int16_t *after, resampler_sink_fn *sink, void *arg);

/**
 * Silence of so many ticks, for as little work as can be: what is not given out in its course, because nothing is left
 * in the filter, the caller makes up for.
 * @return how many samples of silence follow what was given out
 */
uint64_t steady_rate_put_silence(struct steady_rate *s, uint64_t ticks, resampler_sink_fn *sink, void *arg);

/** Gives out what the filter still holds. Nothing may be put after it. */
void steady_rate_finish(struct steady_rate *s, resampler_sink_fn *sink, void *arg);

#endif
