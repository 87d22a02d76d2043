#include "media/conceal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "media/lag.h"
#include "media/pcm.h"

enum { BEFORE = CONCEAL_TAPS / 2 - 1 }; /* taps before the one at or just before the place that is read */

void conceal_init(struct conceal *c, uint32_t rate_hz)
{
    memset(c, 0, sizeof(*c));
    c->rate_hz = rate_hz;
    c->history_samples = rate_hz / 1000 * CONCEAL_HISTORY_MS;
    assert(c->history_samples <= CONCEAL_HISTORY_MAX);
}

/* Windowed sinc for a place `part` of a sample after a whole one. */
static void make_taps(float *taps, float part)
{
    float sum = 0.0f;
    for (int k = 0; k < CONCEAL_TAPS; k++) {
        float x = (float)(k - BEFORE) - part;
        float window = cosf((float)M_PI * x / (CONCEAL_TAPS + 1));
        float value = fabsf(x) < 1e-4f ? 1.0f : sinf((float)M_PI * x) / ((float)M_PI * x);
        taps[k] = value * window * window;
        sum += taps[k];
    }
    for (int k = 0; k < CONCEAL_TAPS; k++)
        taps[k] /= sum;
}

/* Sets taps and place for reading `distance` samples before the end of the history. */
static int32_t aim(float *taps, float distance)
{
    float whole = ceilf(distance);
    make_taps(taps, whole - distance);
    return -(int32_t)whole;
}

static float read_at(const struct conceal *c, const float *taps, int32_t place)
{
    const int16_t *first = c->history + c->history_samples + place - BEFORE;
    float sum = 0.0f;
    for (int k = 0; k < CONCEAL_TAPS; k++)
        sum += taps[k] * (float)first[k];
    return sum;
}

/* A new round of the period: `at` lies within its first sample. */
static void begin_round(struct conceal *c)
{
    c->last_place = aim(c->last_taps, c->length - c->at);
    c->before_place = aim(c->before_taps, 2.0f * c->length - c->at);
}

/* Where between two distances the signal is most like itself: the top of a parabola through three of them. */
static float refine(const int16_t *here, size_t length, size_t lag)
{
    float y[3];
    for (size_t i = 0; i < 3; i++)
        y[i] = lag_find(here, here, -1, length, lag - 1 + i, lag - 1 + i, 1, 0.0f).likeness;
    float bend = y[0] - 2.0f * y[1] + y[2];
    if (bend > -1e-6f) return (float)lag;
    float part = 0.5f * (y[0] - y[2]) / bend;
    return (float)lag + fminf(fmaxf(part, -0.5f), 0.5f);
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
    c->at = 0.0f;
    c->length = refine(here, template, lag.samples);
    memcpy(c->history, end - c->history_samples, c->history_samples * sizeof(c->history[0]));
    begin_round(c);
    c->step = (float)end[-1] - read_at(c, c->last_taps, c->last_place - 1);
}

static float gain_of(const struct conceal *c)
{
    if (c->age < c->hold) return 1.0f;
    uint32_t faded = c->age - c->hold;
    return faded < c->fade ? 1.0f - (float)faded / (float)c->fade : 0.0f;
}

/*
 * The period without gain. Its last quarter glides into what stood before its beginning, so that repetitions join; the
 * glide is over before the taps would reach beyond the end of the history.
 */
static float period_sample(const struct conceal *c)
{
    int32_t whole = (int32_t)c->at;
    float glide_end = c->length - CONCEAL_TAPS / 2, glide_begin = glide_end - c->length / 4.0f;
    if (c->at <= glide_begin) return read_at(c, c->last_taps, c->last_place + whole);
    float before = read_at(c, c->before_taps, c->before_place + whole);
    if (c->at >= glide_end) return before;
    float part = (c->at - glide_begin) / (glide_end - glide_begin);
    return read_at(c, c->last_taps, c->last_place + whole) * (1.0f - part) + before * part;
}

void conceal_read(struct conceal *c, int16_t *pcm, size_t samples)
{
    uint32_t soften = c->rate_hz / 500;
    for (size_t i = 0; i < samples; i++) {
        if (conceal_faded(c)) {
            memset(pcm + i, 0, (samples - i) * sizeof(*pcm));
            return;
        }
        float value = period_sample(c);
        if (c->age < soften) value += c->step * (1.0f - (float)(c->age + 1) / (float)soften);
        pcm[i] = pcm_round(value * gain_of(c));
        c->age++;
        c->at += 1.0f;
        if (c->at < c->length) continue;
        c->at -= c->length;
        begin_round(c);
    }
}

size_t conceal_left(const struct conceal *c)
{
    uint32_t whole = c->hold + c->fade;
    return c->age < whole ? whole - c->age : 0;
}

bool conceal_faded(const struct conceal *c)
{
    return conceal_left(c) == 0;
}
