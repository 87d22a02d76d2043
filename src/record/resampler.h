/**
 * @file resampler.h  Mono rate conversion that keeps time: output sample 0 is input sample 0, and n samples in give
 * n * out / in samples out (rounded to nearest), the filter's delay being taken out at both ends.
 *
 * Thread: one at a time.
 */
#ifndef PARLEY_RECORD_RESAMPLER_H
#define PARLEY_RECORD_RESAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct resampler;

/** Called with converted samples, borrowed for the call. */
typedef void resampler_sink_fn(void *arg, const int16_t *pcm, size_t samples);

/** @param quality  0 to 10, as speexdsp has it. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status resampler_create(struct resampler **out, uint32_t in_hz, uint32_t out_hz, int quality);
void resampler_destroy(struct resampler *r);

void resampler_put(struct resampler *r, const int16_t *pcm, size_t samples, resampler_sink_fn *sink, void *arg);

/** Gives out what the filter still holds. Nothing may be put after it. */
void resampler_finish(struct resampler *r, resampler_sink_fn *sink, void *arg);

#endif
