#include "record/track.h"

#include <stdlib.h>
#include <string.h>

#include "os/log.h"
#include "record/steady_rate.h"
#include "record/wav_file.h"

enum { QUALITY = 7, TICK_SAMPLES_MAX = PCM_FRAME_PARTS_MAX * PCM_FRAME_SAMPLES, HELD_MAX = 3 };

/* A tick that has come and is not written yet: it may turn out to lie behind the end. */
struct held {
    uint64_t tick;
    uint32_t rate_hz, other_hz; /* other_hz 0: there is no other */
    int16_t pcm[TICK_SAMPLES_MAX];
    int16_t other[TICK_SAMPLES_MAX]; /* the same tick at the rate before or after a change */
};

struct track {
    struct wav_file *file;
    struct steady_rate *steady;
    struct track_counts *counts;
    uint64_t samples_max;
    uint32_t delay_ms;
    uint64_t next_tick; /* to be written */
    struct held held[HELD_MAX];
    struct held written;      /* the last one */
    struct held coming_other; /* of it only tick, other_hz and other */
    uint32_t held_count;      /* the newest last; behind them the one whose parts are coming */
    bool dirty;               /* the header is behind */
    bool unsynced;            /* the disk is */
    bool broken;
    char name[ID_SIZE];
};

status track_create(struct track **out, const struct track_spec *spec)
{
    struct track *t = calloc(1, sizeof *t);
    if (!t) return STATUS_NO_MEMORY;
    t->counts = spec->counts;
    t->samples_max = spec->samples_max;
    t->delay_ms = spec->delay_ms;
    strncpy(t->name, spec->name, sizeof t->name - 1);
    status s = steady_rate_create(&t->steady, spec->rate_hz, QUALITY, spec->delay_ms);
    if (s == STATUS_OK)
        s = wav_file_create(&t->file, spec->dir, spec->name, spec->rate_hz, spec->samples_max, spec->io);
    if (s != STATUS_OK) {
        steady_rate_destroy(t->steady);
        free(t);
        return s;
    }
    *out = t;
    return STATUS_OK;
}

static void fail(struct track *t)
{
    if (!t->broken) log_event(LOG_ERROR, "recording_write_failed", "recording=%s", t->name);
    t->broken = true;
    track_count(&t->counts->write_errors, 1);
}

static uint64_t room(const struct track *t)
{
    return t->samples_max - wav_file_samples(t->file);
}

/* A resampler_sink_fn. */
static void write_samples(void *arg, const int16_t *pcm, size_t samples)
{
    struct track *t = arg;
    if (t->broken) return;
    if (samples > room(t)) samples = (size_t)room(t);
    if (samples == 0) return;
    t->dirty = true;
    if (wav_file_write(t->file, pcm, samples) != STATUS_OK) fail(t);
    track_count(&t->counts->bytes, samples * sizeof *pcm);
}

static void skip(struct track *t, uint64_t samples)
{
    if (t->broken || samples == 0) return;
    wav_file_skip(t->file, samples < room(t) ? samples : room(t));
    t->dirty = true;
}

void track_begin(struct track *t, uint64_t tick)
{
    t->next_tick = tick;
}

uint64_t track_tick(const struct track *t)
{
    return t->held_count > 0 ? t->held[t->held_count - 1].tick + 1 : t->next_tick;
}

static uint64_t put_silence(struct track *t, uint64_t tick)
{
    uint64_t ticks = tick > t->next_tick ? tick - t->next_tick : 0;
    if (ticks == 0 || t->broken) return ticks;
    t->next_tick = tick;
    skip(t, steady_rate_put_silence(t->steady, ticks, write_samples, t));
    return ticks;
}

/* Beside a change of rate both ticks know how they would be at the other one. */
static status convert(struct track *t, const struct held *h)
{
    const struct held *w = &t->written;
    bool follows = w->tick + 1 == h->tick;
    const int16_t *before = follows && w->other_hz == h->rate_hz ? w->other : NULL;
    const int16_t *after = h->other_hz != 0 && w->rate_hz == h->other_hz ? h->other : NULL;
    if (h->rate_hz != w->rate_hz && (before || after))
        return steady_rate_change(t->steady, h->rate_hz, h->pcm, before, after, write_samples, t);
    return steady_rate_put(t->steady, h->rate_hz, h->pcm, write_samples, t);
}

/* Writes the oldest. @return how many ticks were missing before it */
static uint64_t put_held(struct track *t)
{
    struct held *oldest = &t->held[0];
    uint64_t missing = put_silence(t, oldest->tick);
    t->next_tick = oldest->tick + 1;
    track_count(&t->counts->frames, 1);
    if (!t->broken && convert(t, oldest) != STATUS_OK) fail(t);
    t->written = *oldest;
    memmove(oldest, oldest + 1, t->held_count-- * sizeof *oldest); /* with the one whose parts are coming */
    return missing;
}

uint64_t track_fill(struct track *t, uint64_t tick)
{
    uint64_t missing = 0;
    while (t->held_count > 0 && t->held[0].tick < tick)
        missing += put_held(t);
    return missing + (t->held_count > 0 ? 0 : put_silence(t, tick));
}

/* @return true where the frame was the tick's last */
static bool take_part(int16_t *pcm, const struct pcm_frame *frame)
{
    memcpy(pcm + frame->part * PCM_FRAME_SAMPLES, frame->pcm, sizeof frame->pcm);
    return frame->part + 1u == pcm_frame_parts(frame->rate_hz);
}

static void take_other(struct held *h, const struct held *other)
{
    h->other_hz = other->other_hz;
    memcpy(h->other, other->other, sizeof h->other);
}

/* It may come before the tick itself, or after. */
static void put_other(struct track *t, const struct pcm_frame *frame)
{
    struct held *other = &t->coming_other;
    if (!take_part(other->other, frame)) return;
    other->tick = frame->tick;
    other->other_hz = frame->rate_hz;
    struct held *newest = t->held_count > 0 ? &t->held[t->held_count - 1] : &t->written;
    if (newest->tick == frame->tick) take_other(newest, other);
}

void track_put(struct track *t, const struct pcm_frame *frame)
{
    if (frame->kind == PCM_FRAME_OTHER) {
        put_other(t, frame);
        return;
    }
    if (t->held_count == HELD_MAX - 1) (void)put_held(t);
    struct held *coming = &t->held[t->held_count];
    if (!take_part(coming->pcm, frame) || frame->tick < track_tick(t)) return;
    coming->tick = frame->tick;
    coming->rate_hz = frame->rate_hz;
    coming->other_hz = 0;
    if (t->coming_other.other_hz != 0 && t->coming_other.tick == frame->tick) take_other(coming, &t->coming_other);
    t->held_count++;
}

bool track_full(const struct track *t)
{
    return room(t) == 0;
}

bool track_broken(const struct track *t)
{
    return t->broken;
}

uint64_t track_samples(const struct track *t)
{
    return wav_file_samples(t->file);
}

void track_update(struct track *t)
{
    if (t->dirty && !t->broken && wav_file_update(t->file) != STATUS_OK) fail(t);
    t->unsynced = t->unsynced || t->dirty;
    t->dirty = false;
}

void track_sync(struct track *t)
{
    if (t->unsynced && wav_file_sync(t->file) != STATUS_OK) track_count(&t->counts->write_errors, 1);
    t->unsynced = false;
}

void track_run_out(struct track *t)
{
    if (!t->broken) steady_rate_finish(t->steady, write_samples, t);
}

/*
 * What would stand behind the end of the mix has no part in its last samples: there the filter of the mix saw nothing.
 */
static void end_held(struct track *t, uint64_t tick)
{
    while (t->held_count > 0 && t->held[0].tick < tick) {
        struct held *h = &t->held[0];
        uint32_t delay = h->rate_hz * t->delay_ms / 1000, samples = h->rate_hz * PCM_FRAME_MS / 1000;
        if (h->tick + 1 == tick) memset(h->pcm + samples - delay, 0, delay * sizeof h->pcm[0]);
        if (h->tick + 1 == tick) h->other_hz = 0;
        (void)put_held(t);
    }
    t->held_count = 0;
}

void track_match(struct track *t, uint64_t tick, uint64_t samples)
{
    end_held(t, tick);
    if (wav_file_samples(t->file) < samples) {
        t->samples_max = samples;
        track_run_out(t);
        skip(t, room(t));
    }
    if (t->broken || wav_file_samples(t->file) > samples) wav_file_end_at(t->file, samples);
}

static void release(struct track *t)
{
    steady_rate_destroy(t->steady);
    free(t);
}

status track_finish(struct track *t, uint64_t *bytes)
{
    status s = wav_file_finish(t->file, bytes);
    release(t);
    return s;
}

void track_discard(struct track *t)
{
    wav_file_discard(t->file);
    release(t);
}
