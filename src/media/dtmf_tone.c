#include "media/dtmf_tone.h"

#include <assert.h>

static const double level_dbfs = -8.0 - 3.17;

void dtmf_tone_start(struct dtmf_tone *t, uint32_t rate_hz, uint8_t event)
{
    static const double rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
    /* Where each event stands on the keypad: 0-9 * # A-D, row and column. */
    static const uint8_t places[16][2] = {{3, 1}, {0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {2, 0},
                                          {2, 1}, {2, 2}, {3, 0}, {3, 2}, {0, 3}, {1, 3}, {2, 3}, {3, 3}};
    assert(event < 16);
    t->rate_hz = rate_hz;
    tone_init(&t->low, rate_hz, rows[places[event][0]], level_dbfs);
    tone_init(&t->high, rate_hz, columns[places[event][1]], level_dbfs);
    ramp_init(&t->ramp, 0);
    ramp_to(&t->ramp, 1, ramp_samples(rate_hz, RAMP_DIGIT_MS));
}

static void read(struct dtmf_tone *t, int16_t *pcm, uint32_t samples)
{
    tone_read(&t->low, pcm, samples);
    tone_add(&t->high, pcm, samples);
    if (!ramp_open(&t->ramp)) ramp_apply(&t->ramp, pcm, samples);
}

void dtmf_tone_frame(struct dtmf_tone *t, int16_t *pcm, uint32_t samples, bool last)
{
    uint32_t fade = ramp_samples(t->rate_hz, RAMP_DIGIT_MS);
    uint32_t steady = last ? samples - 2 * fade : samples;
    read(t, pcm, steady);
    if (!last) return;
    ramp_to(&t->ramp, 0, fade);
    read(t, pcm + steady, samples - steady);
}
