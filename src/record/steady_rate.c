#include "record/steady_rate.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "record/predict.h"

enum {
    TICKS_PER_S = 50,
    TICK_MS = 20,
    TICK_SAMPLES_MAX = 960,
    FADE_MS = 2,
    FADE_MAX = 96,
    DELAY_MAX_MS = 2,
    DRY_TICKS = 2, /* of silence, after which no filter holds anything */
};

struct steady_rate {
    uint32_t out_hz;
    int quality;
    uint32_t delay_ms;
    uint32_t in_hz; /* 0: nothing has come yet */
    struct resampler *resampler;
    int16_t last[TICK_SAMPLES_MAX]; /* the last tick, at in_hz */
    uint64_t ticks, given;          /* in, and samples out */
    uint64_t silent_ticks;          /* in a row, up to now */
    uint64_t limit;                 /* of given; what the resampler makes beyond it goes into the tail */
    int16_t tail[FADE_MAX];         /* how the resampler before would have gone on */
    uint32_t tail_count, faded;     /* samples in it, and how many of them are behind us */
    uint32_t skip;                  /* samples to come out that lie before the present resampler's time */
    resampler_sink_fn *sink;        /* of the call that is under way */
    void *arg;
};

status steady_rate_create(struct steady_rate **out, uint32_t out_hz, int quality, uint32_t delay_ms)
{
    struct steady_rate *s = calloc(1, sizeof *s);
    if (!s) return STATUS_NO_MEMORY;
    s->out_hz = out_hz;
    s->quality = quality;
    s->delay_ms = delay_ms;
    assert(delay_ms <= DELAY_MAX_MS);
    s->limit = UINT64_MAX;
    *out = s;
    return STATUS_OK;
}

void steady_rate_destroy(struct steady_rate *s)
{
    if (!s) return;
    resampler_destroy(s->resampler);
    free(s);
}

static uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

static void give(struct steady_rate *s, const int16_t *pcm, uint32_t samples)
{
    int16_t faded[FADE_MAX];
    uint32_t fading = least(samples, s->tail_count - s->faded);
    for (uint32_t i = 0; i < fading; i++) {
        uint32_t at = s->faded + i;
        float share = ((float)at + 0.5f) / (float)s->tail_count;
        faded[i] = (int16_t)((float)pcm[i] * share + (float)s->tail[at] * (1.0f - share));
    }
    s->faded += fading;
    if (fading > 0) s->sink(s->arg, faded, fading);
    if (samples > fading) s->sink(s->arg, pcm + fading, samples - fading);
    s->given += samples;
}

/* A resampler_sink_fn. */
static void take(void *arg, const int16_t *pcm, size_t count)
{
    struct steady_rate *s = arg;
    uint32_t skipped = least(s->skip, count);
    s->skip -= skipped;
    pcm += skipped;
    count -= skipped;
    uint32_t now = least(count, s->limit - s->given);
    if (now > 0) give(s, pcm, now);
    uint32_t room = s->out_hz * FADE_MS / 1000 - s->tail_count;
    uint32_t more = s->limit == UINT64_MAX ? 0 : least(count - now, room);
    memcpy(s->tail + s->tail_count, pcm + now, more * sizeof *pcm);
    s->tail_count += more;
}

static uint64_t at_ms(const struct steady_rate *s, uint64_t ms)
{
    return (ms * s->out_hz + 500) / 1000;
}

/* How long all is that has come. */
static uint64_t due(const struct steady_rate *s)
{
    return at_ms(s, s->ticks * TICK_MS + s->delay_ms);
}

/* The resampler goes on until the fade begins, and its way through that goes into the tail. */
static void run_out(struct steady_rate *s, const int16_t *after, uint64_t fade_at)
{
    s->limit = fade_at;
    s->tail_count = s->faded = 0; /* a fade before is over: less than a tick is in the filter */
    resampler_put(s->resampler, after, s->in_hz / TICKS_PER_S, take, s);
    s->limit = UINT64_MAX;
}

static status begin(struct steady_rate *s, uint32_t rate_hz)
{
    static const int16_t silence[TICK_SAMPLES_MAX];
    status result = resampler_create(&s->resampler, rate_hz, s->out_hz, s->quality);
    if (result != STATUS_OK) return result;
    s->in_hz = rate_hz;
    resampler_put(s->resampler, silence, (size_t)rate_hz * s->delay_ms / 1000, take, s);
    return STATUS_OK;
}

/* @param fade_ms  from the end of what came so far, when the one begins to take over from the other */
static status change_rate(struct steady_rate *s, uint32_t rate_hz, const int16_t *before, const int16_t *after,
                          uint32_t fade_ms)
{
    struct resampler *resampler;
    status result = resampler_create(&resampler, rate_hz, s->out_hz, s->quality);
    if (result != STATUS_OK) return result;
    run_out(s, after, at_ms(s, s->ticks * TICK_MS + fade_ms));
    resampler_destroy(s->resampler);
    s->resampler = resampler;
    s->in_hz = rate_hz;
    s->skip = (uint32_t)at_ms(s, TICK_MS - s->delay_ms + fade_ms);
    resampler_put(s->resampler, before, rate_hz / TICKS_PER_S, take, s);
    return STATUS_OK;
}

static void take_tick(struct steady_rate *s, const int16_t *pcm)
{
    uint32_t samples = s->in_hz / TICKS_PER_S;
    memcpy(s->last, pcm, samples * sizeof *pcm);
    s->ticks++;
    s->silent_ticks = 0;
    resampler_put(s->resampler, pcm, samples, take, s);
}

status steady_rate_change(struct steady_rate *s, uint32_t rate_hz, const int16_t *pcm, const int16_t *before,
                          const int16_t *after, resampler_sink_fn *sink, void *arg)
{
    static const int16_t silence[TICK_SAMPLES_MAX];
    if (s->in_hz == 0 || s->in_hz == rate_hz) return steady_rate_put(s, rate_hz, pcm, sink, arg);
    s->sink = sink;
    s->arg = arg;
    /* The fade is at the same place in streams of any delay. */
    status result = change_rate(s, rate_hz, before ? before : silence, after ? after : silence, DELAY_MAX_MS);
    if (result == STATUS_OK) take_tick(s, pcm);
    return result;
}

static status predict_change(struct steady_rate *s, uint32_t rate_hz, const int16_t *pcm)
{
    int16_t before[TICK_SAMPLES_MAX] = {0}, after[TICK_SAMPLES_MAX];
    predict_after(s->last, after, s->in_hz / TICKS_PER_S);
    if (s->silent_ticks == 0) predict_before(pcm, before, rate_hz / TICKS_PER_S); /* else silence was before */
    return change_rate(s, rate_hz, before, after, s->delay_ms);
}

status steady_rate_put(struct steady_rate *s, uint32_t rate_hz, const int16_t *pcm, resampler_sink_fn *sink, void *arg)
{
    assert(rate_hz > 0 && rate_hz / TICKS_PER_S <= TICK_SAMPLES_MAX);
    status result = STATUS_OK;
    s->sink = sink;
    s->arg = arg;
    if (s->in_hz == 0)
        result = begin(s, rate_hz);
    else if (rate_hz != s->in_hz)
        result = predict_change(s, rate_hz, pcm);
    if (result == STATUS_OK) take_tick(s, pcm);
    return result;
}

uint64_t steady_rate_put_silence(struct steady_rate *s, uint64_t ticks, resampler_sink_fn *sink, void *arg)
{
    static const int16_t silence[TICK_SAMPLES_MAX];
    bool whole = s->out_hz % TICKS_PER_S == 0; /* else a filter's phase is not the same from tick to tick */
    bool idle = s->in_hz == 0;
    s->sink = sink;
    s->arg = arg;
    while (ticks > 0 && !idle && (s->silent_ticks < DRY_TICKS || !whole)) {
        memset(s->last, 0, sizeof s->last);
        resampler_put(s->resampler, silence, s->in_hz / TICKS_PER_S, take, s);
        s->silent_ticks++;
        s->ticks++;
        ticks--;
    }
    uint64_t skipped = ticks * s->out_hz / TICKS_PER_S;
    s->ticks += ticks;
    s->given += skipped;
    return skipped;
}

void steady_rate_finish(struct steady_rate *s, resampler_sink_fn *sink, void *arg)
{
    static const int16_t silence[TICK_SAMPLES_MAX];
    if (s->in_hz == 0) return;
    s->sink = sink;
    s->arg = arg;
    s->limit = due(s);
    s->tail_count = s->faded = 0;
    while (s->given < s->limit)
        resampler_put(s->resampler, silence, s->in_hz / TICKS_PER_S, take, s);
}
