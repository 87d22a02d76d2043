/**
 * @file predict.h  Goes on with a piece of audio by linear prediction (Burg's method): a tone stays that tone.
 *
 * Thread: any.
 */
#ifndef PARLEY_RECORD_PREDICT_H
#define PARLEY_RECORD_PREDICT_H

#include <stddef.h>
#include <stdint.h>

enum { PREDICT_SAMPLES_MAX = 960 };

/**
 * @param pcm       what came before, 100 to PREDICT_SAMPLES_MAX samples
 * @param[out] next as many samples that would follow
 */
void predict_after(const int16_t *pcm, int16_t *next, size_t samples);

/** The same backwards: what would have come before pcm. */
void predict_before(const int16_t *pcm, int16_t *before, size_t samples);

#endif
