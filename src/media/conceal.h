/**
 * @file conceal.h  Goes on with a signal that has broken off: repeats its last pitch period, fading to silence.
 *
 * For codecs without a concealment of their own. Starts without a click, has no seam between repetitions, holds its
 * level as long as it is told and then fades. After the principle of ITU-T G.711 Appendix I, without its delay.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_CONCEAL_H
#define PARLEY_MEDIA_CONCEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONCEAL_HISTORY_MS = 40, CONCEAL_LAG_MS = 15, CONCEAL_HISTORY_MAX = 48 * CONCEAL_HISTORY_MS, CONCEAL_TAPS = 8 };

struct conceal {
    bool active;
    uint32_t rate_hz;
    uint32_t hold, fade; /**< samples at full level, then samples down to silence */
    uint32_t age;        /**< samples made up so far */
    float length;        /**< of the period in samples: parts of one count, or a tone would lose its phase */
    float at;            /**< how far into the period the next sample is */
    float step;          /**< height of the step between the signal and the period, taken out in the first 2 ms */
    float last_taps[CONCEAL_TAPS];    /**< for reading between the samples of the last period, from `at` on ... */
    float before_taps[CONCEAL_TAPS];  /**< ... and of the one before it */
    int32_t last_place, before_place; /**< where these are read at a whole `at` of 0, counted from the history's end */
    size_t history_samples;
    int16_t history[CONCEAL_HISTORY_MAX];
};

void conceal_init(struct conceal *c, uint32_t rate_hz);

/**
 * Begins where the signal ends.
 *
 * @param end      one past its last sample; CONCEAL_HISTORY_MS before it must be readable
 * @param hold_ms  at full level; @param fade_ms  after that down to silence
 */
void conceal_begin(struct conceal *c, const int16_t *end, uint32_t hold_ms, uint32_t fade_ms);

/** The next samples. */
void conceal_read(struct conceal *c, int16_t *pcm, size_t samples);

/** Samples to come that are more than zeroes. */
size_t conceal_left(const struct conceal *c);

/** True where only zeroes will come. */
bool conceal_faded(const struct conceal *c);

#endif
