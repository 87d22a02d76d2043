#include "media/conceal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "media/lag.h"

void conceal_init(struct conceal *c, uint32_t rate_hz)
{
    memset(c, 0, sizeof(*c));
    c->rate_hz = rate_hz;
    assert(rate_hz / 1000 * CONCEAL_LAG_MS <= CONCEAL_LAG_MAX);
}

void conceal_begin(struct conceal *c, const int16_t *end, uint32_t hold_ms, uint32_t fade_ms)
{
    uint32_t ms = c->rate_hz / 1000;
    size_t template = 10 * ms;
    const int16_t *here = end - template;
    struct lag lag = lag_find(here, here, -1, template, ms * 5 / 2, CONCEAL_LAG_MS * ms, ms / 8, 0.0f);

    c->active = true;
    c->hold = hold_ms * ms;
    c->fade = fade_ms * ms;
    c->age = 0;
    c->at = 0;
    c->length = lag.samples;
    c->step = (float)(end[-1] - end[-1 - (ptrdiff_t)lag.samples]);
    memcpy(c->period, end - lag.samples, lag.samples * sizeof(c->period[0]));

    /* The end of the period glides into what stood before its beginning, so that repetitions join. */
    size_t overlap = lag.samples / 4;
    lag_cross_fade(end - overlap, end - lag.samples - overlap, c->period + lag.samples - overlap, overlap);
}

static float gain_of(const struct conceal *c)
{
    if (c->age < c->hold) return 1.0f;
    uint32_t faded = c->age - c->hold;
    return faded < c->fade ? 1.0f - (float)faded / (float)c->fade : 0.0f;
}

static int16_t to_int16(float value)
{
    return (int16_t)lrintf(fminf(fmaxf(value, -32768.0f), 32767.0f));
}

void conceal_read(struct conceal *c, int16_t *pcm, size_t samples)
{
    uint32_t soften = c->rate_hz / 500;
    for (size_t i = 0; i < samples; i++) {
        float value = c->period[c->at];
        if (c->age < soften) value += c->step * (1.0f - (float)(c->age + 1) / (float)soften);
        pcm[i] = to_int16(value * gain_of(c));
        c->age++;
        c->at = c->at + 1 < c->length ? c->at + 1 : 0;
    }
}

bool conceal_faded(const struct conceal *c)
{
    return c->age >= c->hold + c->fade;
}
