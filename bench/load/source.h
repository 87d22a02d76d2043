/**
 * @file source.h  What a caller says: nothing, tones, a WAV file, or marker bursts over tones. 8000 samples a second.
 *
 * Levels: 0 dBFS is a sine wave whose peak is full scale, here and in meter.h.
 * Thread: one at a time.
 */
#ifndef PARLEY_LOAD_SOURCE_H
#define PARLEY_LOAD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { SOURCE_TONES_MAX = 8, SOURCE_RATE_HZ = 8000 };

struct source_tone {
    double hz, amplitude;
    double phase; /**< radians; runs on when the level changes, so that a change makes no click of its own */
};

struct source {
    struct source_tone tones[SOURCE_TONES_MAX];
    unsigned tone_count;
    int16_t *wav; /**< owned; NULL without a file; loops */
    size_t wav_count, wav_at;
    uint32_t burst_every_samples, burst_samples, burst_at; /**< 0: no marker bursts */
    double burst_phase;
};

void source_init(struct source *source);
void source_clear(struct source *source);

/**
 * "HZ", "HZ@DBFS" (-20 where it is not said), several with commas, or "off".
 * @return STATUS_OK; STATUS_INVALID: then nothing has changed
 */
MUST_CHECK status source_set_tones(struct source *source, struct slice text);

/** Takes the file's samples over. */
void source_set_wav(struct source *source, int16_t *samples, size_t count);

/** Bursts of 1733 Hz at -9 dBFS over whatever else is said; both lengths whole packets, so that they begin with one. */
void source_set_bursts(struct source *source, uint32_t every_samples, uint32_t length_samples);

/** True where the next samples are silence, to be sent as coded silence without a computation. */
bool source_silent(const struct source *source);

/** @return true where a burst begins with the first of these samples */
bool source_read(struct source *source, int16_t *samples, size_t count);

#endif
