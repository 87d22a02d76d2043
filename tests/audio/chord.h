/**
 * @file chord.h  A sound that is like itself at no other time: sines of frequencies that have nothing to do with each
 * other, between 300 and 3300 Hz. To find out by how much one stream is behind another.
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_AUDIO_CHORD_H
#define PARLEY_TESTS_AUDIO_CHORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "media/tone.h"

enum { CHORD_TONES = 24, CHORD_RATE_HZ = 8000 };

struct chord {
    struct tone tones[CHORD_TONES];
};

void chord_init(struct chord *c, uint32_t rate_hz, struct rng *rng);
void chord_read(struct chord *c, int16_t *pcm, uint32_t samples);

/**
 * By how many samples of CHORD_RATE_HZ what was heard is behind what was said, each from its first sample on.
 *
 * @param said_count   0.3 s at least more than max_lag
 * @param max_lag      at most this, in samples of CHORD_RATE_HZ, and not less than nothing
 * @param[out] likeness  of both at that lag: 1 for the same, 0 for nothing in common
 */
uint32_t chord_lag(const int16_t *said, size_t said_count, uint32_t said_hz, const int16_t *heard, size_t heard_count,
                   uint32_t heard_hz, uint32_t max_lag, double *likeness);

#endif
