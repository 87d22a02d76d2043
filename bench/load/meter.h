/**
 * @file meter.h  Levels of what a caller hears: single frequencies by the Goertzel algorithm with a Hann window, and
 * all.
 *
 * 0 dBFS is a sine wave whose peak is full scale; nothing at all is METER_FLOOR_DBFS. With the window a second sine
 * is out of the reading when it is further away than 2/length: 200 Hz for 10 ms, 2 Hz for a second.
 * Thread: one at a time.
 */
#ifndef PARLEY_LOAD_METER_H
#define PARLEY_LOAD_METER_H

#include <stddef.h>
#include <stdint.h>

enum { METER_FLOOR_DBFS = -120, METER_RING_SAMPLES = 8000 };

/** Level of one frequency; count up to METER_RING_SAMPLES, at 8000 samples a second. */
double meter_tone_dbfs(const int16_t *samples, size_t count, double hz);

/** Level of everything, without a window: the level of the sine that carries the same power. */
double meter_rms_dbfs(const int16_t *samples, size_t count);

/** The last second of what was heard. */
struct meter_ring {
    int16_t samples[METER_RING_SAMPLES];
    size_t next, filled;
};

void meter_ring_put(struct meter_ring *ring, const int16_t *samples, size_t count);

/** Copies the newest samples, at most count of them, oldest first. @return how many */
size_t meter_ring_newest(const struct meter_ring *ring, int16_t *samples, size_t count);

#endif
