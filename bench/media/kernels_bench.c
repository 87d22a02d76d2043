/** What is done to single frames of 20 ms: limiter, ramp, gain, level, tone, concealment, lag, reading between samples.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/conceal.h"
#include "media/gain.h"
#include "media/interpolate.h"
#include "media/lag.h"
#include "media/level.h"
#include "media/limiter.h"
#include "media/ramp.h"
#include "media/talker.h"
#include "media/tone.h"
#include "timing.h"

enum { FRAMES = 200, PAST_MS = 60 };

struct work {
    uint32_t rate_hz, samples;
    int16_t signal[48 * PAST_MS + FRAME_SAMPLES_MAX + INTERPOLATE_AFTER + 1]; /* 60 ms of past, then a frame */
    int16_t pcm[FRAME_SAMPLES_MAX];
    int32_t wide[FRAME_SAMPLES_MAX];
    struct limiter limiter;
    struct ramp ramp;
    struct gain gain;
    struct talker talker;
    struct tone tone;
    struct conceal conceal;
    struct interpolate table;
    double sum;
};

static int16_t *frame_of(struct work *w)
{
    return w->signal + w->rate_hz / 1000 * PAST_MS;
}

static void limit(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++)
        limiter_run(&w->limiter, w->wide, w->pcm, w->samples);
}

static void fade(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        ramp_init(&w->ramp, 0);
        ramp_to(&w->ramp, 1, w->samples);
        ramp_apply(&w->ramp, w->pcm, w->samples);
    }
}

static void pass(void *state)
{
    struct work *w = state;
    ramp_init(&w->ramp, 1);
    for (int i = 0; i < FRAMES; i++)
        ramp_apply(&w->ramp, w->pcm, w->samples);
}

static void louder(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        memcpy(w->pcm, frame_of(w), w->samples * sizeof *w->pcm);
        gain_apply(&w->gain, w->pcm, w->samples);
    }
}

static void measure_level(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++)
        w->sum += (double)level_measure(frame_of(w), w->samples).power;
}

/* The same, and whether it is speech. */
static void judge(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        struct level level = level_measure(frame_of(w), w->samples);
        w->sum += talker_step(&w->talker, level_power_dbfs(level.power), level.peak);
    }
}

static void make_tone(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++)
        tone_read(&w->tone, w->pcm, w->samples);
}

static void make_up(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        conceal_begin(&w->conceal, frame_of(w), 20, 40);
        conceal_read(&w->conceal, w->pcm, w->samples);
    }
}

/* As concealment looks for a pitch: 2.5 to 15 ms back, 10 ms compared. */
static void find_lag(void *state)
{
    struct work *w = state;
    size_t ms = w->rate_hz / 1000, step = ms / 8;
    const int16_t *here = frame_of(w) - 10 * ms;
    for (int i = 0; i < FRAMES; i++)
        w->sum += (double)lag_find(here, here, -1, 10 * ms, 5 * ms / 2, 15 * ms, step, 0).likeness;
}

static void read_between(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++)
        interpolate_read(&w->table, frame_of(w) - INTERPOLATE_AFTER - 1, 77u << 20, (1ull << 32) + (1u << 20), w->pcm,
                         w->samples);
}

static void set_up(struct work *w, uint32_t rate_hz)
{
    *w = (struct work){.rate_hz = rate_hz, .samples = frame_samples(rate_hz)};
    struct tone low, high;
    tone_init(&low, rate_hz, 200, -12);
    tone_init(&high, rate_hz, 1613, -18);
    tone_read(&low, w->signal, sizeof w->signal / sizeof *w->signal);
    tone_add(&high, w->signal, sizeof w->signal / sizeof *w->signal);
    interpolate_init(&w->table);
    conceal_init(&w->conceal, rate_hz);
    gain_init(&w->gain);
    gain_to(&w->gain, 2);
    talker_init(&w->talker);
    tone_init(&w->tone, rate_hz, 1013, -12);
}

/* @param times  what the wide sum is made of: voices at once */
static void set_up_limiter(struct work *w, int times)
{
    limiter_init(&w->limiter, w->rate_hz);
    for (uint32_t i = 0; i < w->samples; i++)
        w->wide[i] = frame_of(w)[i] * times;
}

static void run(const struct timing *t, const char *what, void (*kernel)(void *state), struct work *w)
{
    char label[48];
    snprintf(label, sizeof label, "%s rate=%u", what, w->rate_hz);
    timing_run(t, label, "ns per frame", FRAMES, kernel, w);
}

int main(int argc, char **argv)
{
    static const uint32_t rates[] = {8000, 16000, 48000};
    static struct work w;
    struct timing t;
    timing_init(&t, "kernels", argc, argv);
    for (int r = 0; r < 3; r++) {
        set_up(&w, rates[r]);
        set_up_limiter(&w, 1);
        run(&t, "limiter at unity", limit, &w);
        set_up_limiter(&w, 8);
        run(&t, "limiter limiting", limit, &w);
        run(&t, "ramp open", pass, &w);
        run(&t, "ramp over the frame", fade, &w);
        run(&t, "gain of 2", louder, &w);
        run(&t, "level", measure_level, &w);
        run(&t, "level and talker", judge, &w);
        run(&t, "tone", make_tone, &w);
        run(&t, "conceal, beginning", make_up, &w);
        run(&t, "lag of a pitch", find_lag, &w);
        run(&t, "read between samples", read_between, &w);
    }
    return 0;
}
