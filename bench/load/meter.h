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

/**
 * As meter_tone_dbfs(), of all that lies within 2 / length of the frequency (8 Hz for a quarter second): a tone whose
 * clock is a little off is read whole. Other tones have to be 5 / length away.
 */
double meter_band_dbfs(const int16_t *samples, size_t count, double hz);

/**
 * Level of everything but these tones, as meter_rms_dbfs() says it: of the windowed samples without what lies within
 * 4 / length of each tone (16 Hz for a quarter second). Of a single tone about -46 dB is left.
 * @param hz_count  tones, further apart than 8 / length
 */
double meter_rest_dbfs(const int16_t *samples, size_t count, const double *hz, unsigned hz_count);

/** The last second of what was heard. */
struct meter_ring {
    int16_t samples[METER_RING_SAMPLES];
    size_t next, filled;
};

void meter_ring_put(struct meter_ring *ring, const int16_t *samples, size_t count);

/** Copies the newest samples, at most count of them, oldest first. @return how many */
size_t meter_ring_newest(const struct meter_ring *ring, int16_t *samples, size_t count);

#endif
