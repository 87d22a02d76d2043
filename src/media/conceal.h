/**
 * @file conceal.h  Goes on with a signal that has broken off: repeats its last pitch period, fading to silence.
 *
 * For codecs without a concealment of their own. Starts without a click, has no seam between repetitions, holds its
 * level for 20 ms and is silent after 60. After the principle of ITU-T G.711 Appendix I, without its delay.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_CONCEAL_H
#define PARLEY_MEDIA_CONCEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CONCEAL_HISTORY_MS = 40, CONCEAL_LAG_MS = 15, CONCEAL_LAG_MAX = 720 };

struct conceal {
    bool active;
    uint32_t rate_hz;
    uint32_t hold, fade; /**< samples at full level, then samples down to silence */
    uint32_t age;        /**< samples made up so far */
    size_t length, at;   /**< of the period, and the next sample in it */
    float step;          /**< height of the step between the signal and the period, taken out in the first 2 ms */
    int16_t period[CONCEAL_LAG_MAX];
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

/** True where only zeroes will come. */
bool conceal_faded(const struct conceal *c);

#endif
