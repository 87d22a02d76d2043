#include "media/playout.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "media/lag.h"
#include "media/playout_arrivals.h"
#include "media/playout_drift.h"
#include "media/playout_line.h"
#include "media/playout_maker.h"
#include "media/playout_pace.h"
#include "media/playout_queue.h"
#include "media/playout_store.h"

enum {
    DEFAULT_GUARD_US = 4000,
    DEFAULT_MAX_DELAY_MS = 400,
    PACKET_MAX_MS = 120,
    WARM_MS = 100,       /* packets kept behind the position of a leg that nobody hears: history for concealment, ... */
    WARM_STATE_MS = 400, /* ... and where a decoder has to find its state as well (Opus: the levels of its bands) */
    WARM_PACKETS = 40,   /* but no more than these, which leaves room for those to come */
    PAUSE_MS = 120,      /* made-up audio after which the stream counts as paused */
    MISSED_TICKS = 25,   /* a thread that was away for longer starts anew */
    IDLE_TICKS = 100,    /* pause after which it counts as gone */
    COPY_TICKS = 50,     /* copies of lost packets that came no longer ago are worth waiting for */
    LOSS_PACKETS = 256,  /* packets over which losses are averaged */
    SPLICE_LEAST_US = 2500,
    SPLICE_MOST_MS = 20,
    TEMPLATE_MS = 10,
};

/* What every tick touches stands first, the large arrays last. */
struct playout {
    const struct codec *codec;
    uint32_t rate, frame, ms; /* samples in a second, a tick, a millisecond */
    int64_t guard_us;
    int64_t max_delay; /* samples */
    int64_t warm;      /* samples kept of a leg that nobody hears */

    /* Where playing stands: the decoded queue, whose end is media_end on the time line. */
    bool playing;
    bool cold; /* nobody heard it since: nothing is decoded, media_end is the position itself */
    int64_t media_end;
    int64_t taken_seq; /* last packet taken out of waiting */
    int64_t inserted;  /* made-up samples at the end of the queue that stand for no media time */
    int64_t paused_ticks;
    int64_t copy_tick; /* when a packet last carried a copy of the one before it (in-band FEC) */
    float loss;        /* share of the last packets */
    struct playout_pace pace;
    struct playout_queue queue;
    struct playout_stats stats;

    struct playout_arrivals arrivals;
    struct playout_line line;
    struct playout_store store;
    struct playout_drift drift;
    struct playout_maker maker;
};

static status playout_init(struct playout *p)
{
    status result = playout_queue_init(&p->queue, p->rate);
    if (result == STATUS_OK) result = playout_store_init(&p->store, p->codec->max_payload_bytes);
    if (result == STATUS_OK) result = playout_maker_init(&p->maker, p->codec);
    return result;
}

status playout_create(struct playout **out, const struct playout_config *config)
{
    const struct codec *codec = config->codec;
    uint32_t max_delay_ms = config->max_delay_ms ? config->max_delay_ms : DEFAULT_MAX_DELAY_MS;
    uint32_t guard_us = config->guard_us ? config->guard_us : DEFAULT_GUARD_US;
    if (!codec || max_delay_ms < 40 || max_delay_ms > 500 || guard_us > PLAYOUT_TICK_US) return STATUS_INVALID;

    struct playout *p = calloc(1, sizeof(*p));
    if (!p) return STATUS_NO_MEMORY;
    p->codec = codec;
    p->rate = codec->rate_hz;
    p->frame = frame_samples(p->rate);
    p->ms = p->rate / 1000;
    p->guard_us = guard_us;
    p->max_delay = (int64_t)max_delay_ms * p->ms;
    p->warm = (int64_t)(codec_decoder_bytes(codec) > 0 ? WARM_STATE_MS : WARM_MS) * p->ms;
    if (playout_init(p) != STATUS_OK) {
        playout_destroy(p);
        return STATUS_NO_MEMORY;
    }
    playout_arrivals_init(&p->arrivals, p->frame, guard_us);
    playout_pace_init(&p->pace, p->rate, max_delay_ms);
    playout_line_init(&p->line, p->rate, codec->clock_hz);
    playout_drift_reset(&p->drift);
    *out = p;
    return STATUS_OK;
}

void playout_destroy(struct playout *p)
{
    if (!p) return;
    playout_queue_clear(&p->queue);
    playout_store_clear(&p->store);
    playout_maker_clear(&p->maker);
    free(p);
}

/* The decoded queue becomes digital silence; the decoder keeps what it knows. */
static void forget_audio(struct playout *p)
{
    playout_queue_reset(&p->queue);
    playout_maker_rest(&p->maker);
    p->inserted = 0;
}

void playout_reset(struct playout *p)
{
    playout_store_reset(&p->store);
    playout_line_reset(&p->line);
    playout_arrivals_reset(&p->arrivals);
    playout_drift_reset(&p->drift);
    p->playing = false;
    p->cold = false;
    p->loss = 0.0f;
    forget_audio(p);
    playout_maker_reset(&p->maker);
}

uint32_t playout_frame_samples(const struct playout *p)
{
    return p->frame;
}

static size_t ahead(const struct playout *p)
{
    return playout_queue_ahead(&p->queue);
}

/* Media position of the next sample to be played. */
static int64_t position(const struct playout *p)
{
    return p->media_end - (int64_t)ahead(p);
}

/* --- packets ----------------------------------------------------------------------------------------------- */

static void count_missing(struct playout *p, int64_t before_seq)
{
    int64_t missing = playout_line_missing(&p->line, p->taken_seq, before_seq);
    if (missing <= 0) return;
    p->stats.lost += (uint64_t)missing;
    p->loss = fminf(p->loss + (float)missing / LOSS_PACKETS, 1.0f);
}

/* The oldest packet leaves the store; its payload may be read until the next playout_put(). */
static void take_oldest(struct playout *p, struct playout_stored *s)
{
    playout_store_take(&p->store, s);
    count_missing(p, s->seq);
    p->taken_seq = s->seq;
    p->loss -= p->loss / LOSS_PACKETS;
}

static struct playout_payload payload_of(const struct playout *p, const struct playout_stored *s)
{
    return (struct playout_payload){playout_store_payload(&p->store, s), s->len};
}

/* What is not played says all the same whether the sender is silent, and how that sounds. @return whether it is voice
 */
static bool drop_oldest(struct playout *p)
{
    struct playout_stored s;
    take_oldest(p, &s);
    if (s.noise)
        playout_maker_note_noise(&p->maker, payload_of(p, &s));
    else
        playout_maker_note_voice(&p->maker);
    return !s.noise;
}

/* @return how many of them were voice */
static uint32_t drop_until(struct playout *p, int64_t media)
{
    uint32_t voices = 0;
    while (p->store.count > 0 && p->store.waiting[0].media + p->store.waiting[0].samples <= media)
        voices += drop_oldest(p);
    return voices;
}

/* Playing goes on with the oldest packet that waits: what is missing before it is lost, and silence. */
static void resume_at_oldest(struct playout *p)
{
    count_missing(p, p->store.waiting[0].seq);
    p->taken_seq = p->store.waiting[0].seq - 1;
}

/* Packets are lost, and the others carry copies of them: the delay should hold one packet more. */
static void note_copy(struct playout *p, const struct playout_packet *packet, size_t samples)
{
    if (p->codec->has_fec && !packet->noise && p->codec->has_fec(packet->payload, packet->len)) {
        p->copy_tick = p->arrivals.tick;
        p->pace.packet = (int64_t)samples;
    }
}

static bool is_late(const struct playout *p, const struct playout_stored *s)
{
    if (s->seq <= p->taken_seq) return true;
    return !s->noise && p->playing && !p->maker.noise && s->media + (int64_t)s->samples <= p->media_end;
}

static bool acceptable(const struct playout *p, const struct playout_packet *packet, size_t samples)
{
    if (packet->len == 0 || packet->len > p->codec->max_payload_bytes) return false;
    return packet->noise || (samples > 0 && samples <= (size_t)PACKET_MAX_MS * p->ms);
}

/* When and where a packet came says what delay the network needs. Comfort noise is in no hurry, nor sent on a beat. */
static void take_bearings(struct playout *p, const struct playout_packet *packet, const struct playout_place *place)
{
    if (packet->noise) return;
    int64_t transit_us = packet->arrival_us - playout_line_us(&p->line, place->media);
    if (place->jumped) playout_drift_reset(&p->drift);
    playout_arrivals_put(&p->arrivals, place->media, packet->arrival_us, transit_us);
    playout_drift_put(&p->drift, packet->arrival_us, transit_us);
}

bool playout_put(struct playout *p, const struct playout_packet *packet)
{
    size_t samples = packet->noise ? 0 : p->codec->duration(packet->payload, packet->len);
    if (!acceptable(p, packet, samples)) {
        p->stats.invalid++;
        return false;
    }
    struct playout_place place;
    playout_line_place(&p->line, packet, &place);
    if (place.first) p->taken_seq = place.seq - 1;
    if (playout_line_seen(&p->line, place.seq)) {
        p->stats.duplicates++;
        return false;
    }
    take_bearings(p, packet, &place);
    playout_line_follow(&p->line, packet, &place, (uint32_t)samples);
    note_copy(p, packet, samples);
    p->stats.packets++;
    struct playout_stored s = {
        .seq = place.seq,
        .media = place.media,
        .samples = (uint32_t)samples,
        .arrival_us = packet->arrival_us,
        .len = packet->len,
        .silent = !packet->noise && p->codec->is_silence && p->codec->is_silence(packet->payload, packet->len),
        .noise = packet->noise,
    };
    if (is_late(p, &s)) {
        p->stats.late++;
        return false;
    }
    if (playout_store_put(&p->store, &s, packet->payload)) return true;
    p->stats.overflows++;
    return false;
}

void playout_note(struct playout *p, uint16_t seq)
{
    playout_line_note(&p->line, seq);
}

/* --- the decoded queue ------------------------------------------------------------------------------------- */

static void note_delay(struct playout *p, const struct playout_stored *s)
{
    int64_t delay_us = p->arrivals.tick_us + playout_line_us(&p->line, (int64_t)ahead(p)) - s->arrival_us;
    p->stats.delay_us = delay_us > 0 ? (uint32_t)delay_us : 0;
}

/* A decoder that remembers sees every packet, be it too late to be heard. */
static void append_packet(struct playout *p, const struct playout_stored *s)
{
    size_t overlap = p->media_end > s->media ? (size_t)(p->media_end - s->media) : 0;
    struct playout_payload payload = payload_of(p, s);
    size_t samples = s->samples;
    if (s->noise) {
        playout_maker_note_noise(&p->maker, payload);
        return;
    }
    if (overlap >= samples && !p->maker.decoder) return;
    note_delay(p, s);
    if (playout_maker_decode(&p->maker, &p->queue, s, payload, overlap, (size_t)p->inserted, &samples) != STATUS_OK)
        return;
    if (overlap >= samples) return;
    p->media_end = s->media + (int64_t)samples;
    p->inserted = 0;
}

/* Why nothing came: it was lost, or is late; or, where times leave a gap and numbers none, the sender was silent. */
static void learn(struct playout *p, const struct playout_stored *next, int64_t gap)
{
    if (p->maker.guessed_samples == 0) return;
    playout_maker_learn(&p->maker, gap <= 0 || playout_line_missing(&p->line, p->taken_seq, next->seq) > 0);
}

/* What was made up while nobody knew better has filled part of this gap. @return what is left of it */
static int64_t settle_gap(struct playout *p, int64_t gap)
{
    int64_t filled = gap < p->inserted ? gap : p->inserted;
    p->media_end += filled;
    p->inserted -= filled;
    return gap - filled;
}

/*
 * Part of what is missing before `next` is filled, in media time. A copy of what was lost stands for the end of the
 * gap, so all of it is filled at once then.
 */
static void fill_gap(struct playout *p, size_t n, size_t gap, const struct playout_stored *next)
{
    struct playout_payload payload = payload_of(p, next), none = {NULL, 0};
    bool copy = !next->noise && p->codec->has_fec && gap <= (size_t)PACKET_MAX_MS * p->ms &&
                p->codec->has_fec(payload.bytes, payload.len);
    if (n > gap || copy) n = gap;
    if (playout_line_missing(&p->line, p->taken_seq, next->seq) > 0)
        playout_maker_lose(&p->maker, &p->queue, n, copy ? payload : none);
    else
        playout_maker_pause(&p->maker, &p->queue, n);
    p->media_end += (int64_t)n;
}

/*
 * Brings the queue up to `want` samples ahead of the reading position from what waits. A gap is filled only where
 * `hard`: it must be played now.
 */
static void produce(struct playout *p, size_t want, bool hard)
{
    while (ahead(p) < want && p->store.count > 0) {
        const struct playout_stored *next = &p->store.waiting[0];
        int64_t gap = next->media - p->media_end;
        learn(p, next, gap);
        if (gap > 0) gap = settle_gap(p, gap);
        if (gap <= 0) {
            struct playout_stored s;
            take_oldest(p, &s);
            append_packet(p, &s);
            continue;
        }
        if (!hard) return;
        fill_gap(p, want - ahead(p), (size_t)gap, next);
    }
}

/* --- time -------------------------------------------------------------------------------------------------- */

static int64_t advance(struct playout *p, int64_t tick_us)
{
    int64_t ticks = playout_arrivals_advance(&p->arrivals, tick_us);
    if (ticks > MISSED_TICKS) p->playing = false;
    playout_pace_set_drift(&p->pace, playout_drift_ppm(&p->drift));
    if (p->codec->has_fec) playout_pace_set_lossy(&p->pace, p->loss, p->arrivals.tick - p->copy_tick <= COPY_TICKS);
    return ticks;
}

/* Offset at which the packets to come will be in time too, should they keep the beat of the last one. */
static int64_t expected_offset(const struct playout *p, int64_t offset)
{
    const struct playout_stored *last = &p->store.waiting[p->store.count - 1];
    int64_t length_us = playout_line_us(&p->line, last->samples);
    for (int64_t k = 1; length_us > 0 && k * length_us <= 60000; k++) {
        int64_t allowed =
            playout_arrivals_allowed(&p->arrivals, last->media + k * last->samples, last->arrival_us + k * length_us);
        if (allowed < offset) offset = allowed;
    }
    return offset;
}

/* Offset at which all that waits will be in time, and what is to come too as far as anybody knows. */
static int64_t offset_of_waiting(struct playout *p)
{
    const struct playout_stored *waiting = p->store.waiting;
    const struct playout_demand *demand = playout_arrivals_demand(&p->arrivals);
    int64_t offset = expected_offset(p, waiting[0].media - p->arrivals.tick * p->frame);
    for (uint32_t i = 0; i < p->store.count; i++) {
        int64_t allowed = playout_arrivals_allowed(&p->arrivals, waiting[i].media, waiting[i].arrival_us);
        if (allowed < offset) offset = allowed;
    }
    if (demand->known && playout_pace_limit(&p->pace, demand) < offset) offset = playout_pace_limit(&p->pace, demand);

    const struct playout_stored *last = &waiting[p->store.count - 1];
    int64_t latest = playout_arrivals_allowed(&p->arrivals, last->media, last->arrival_us) - p->max_delay;
    return offset < latest ? latest : offset;
}

/* A stream begins, or goes on after a pause. @return false where it is too early for that */
static bool start(struct playout *p)
{
    const struct playout_stored *first = &p->store.waiting[0];
    if (p->store.count == 0 || first->arrival_us + p->guard_us > p->arrivals.tick_us) return false;
    int64_t offset = offset_of_waiting(p);
    learn(p, first, first->media - p->media_end);
    forget_audio(p);
    p->media_end = p->arrivals.tick * p->frame + offset;
    p->playing = true;
    p->cold = false;
    p->paused_ticks = 0;
    drop_until(p, p->media_end);
    if (p->store.count > 0) resume_at_oldest(p);
    return true;
}

/*
 * A pause that was announced lasts until the sender speaks again: where that is later than its times say (the way has
 * become longer, or its clock is slow), only what no delay could wait for is late.
 */
static void prolong_pause(struct playout *p)
{
    const struct playout_stored *first = &p->store.waiting[0];
    while (p->store.count > 0 && first->noise && first->media <= p->media_end)
        (void)drop_oldest(p); /* there may be voice behind it */
    if (p->store.count == 0 || first->noise || first->media >= p->media_end) return;
    int64_t end = p->arrivals.tick * p->frame + offset_of_waiting(p) + (int64_t)ahead(p);
    if (end < p->media_end) p->media_end = end;
    p->stats.late += drop_until(p, p->media_end);
}

static enum playout_verdict wait_for_start(struct playout *p)
{
    p->paused_ticks++;
    return p->line.known && p->paused_ticks < IDLE_TICKS ? PLAYOUT_SILENCE : PLAYOUT_IDLE;
}

static void splice(struct playout *p, size_t lag, bool shrink)
{
    playout_queue_splice(&p->queue, lag, shrink);
    playout_pace_spliced(&p->pace, p->arrivals.tick);
    if (shrink)
        p->stats.shrinks++;
    else
        p->stats.stretches++;
}

static void shrink(struct playout *p, int64_t amount)
{
    int64_t wait = amount >= 60 * (int64_t)p->ms ? 2 : 5;
    size_t template = (size_t)TEMPLATE_MS * p->ms, least = p->rate / (1000000 / SPLICE_LEAST_US);
    size_t most = (size_t)SPLICE_MOST_MS * p->ms;
    if (playout_pace_rested(&p->pace, p->arrivals.tick) < wait) return;
    if ((int64_t)most > amount) most = (size_t)amount;
    size_t margin = playout_queue_need(&p->queue);
    if (margin < template) margin = template;
    produce(p, margin + most, false);
    if (playout_maker_fills(&p->maker) || ahead(p) < margin + least) return;
    if (most > ahead(p) - margin) most = ahead(p) - margin;
    const int16_t *here = playout_queue_here(&p->queue);
    struct lag lag = lag_find(here, here, 1, template, least, most, p->ms / 8, 0.001f);
    if (lag.likeness >= playout_pace_likeness_to_shrink(&p->pace, p->arrivals.tick, amount))
        splice(p, lag.samples, true);
}

static void stretch(struct playout *p)
{
    size_t template = (size_t)TEMPLATE_MS * p->ms, least = p->rate / (1000000 / SPLICE_LEAST_US);
    if (playout_pace_rested(&p->pace, p->arrivals.tick) < 2) return;
    produce(p, template, false);
    if (playout_maker_fills(&p->maker) || ahead(p) < template) return;
    const int16_t *here = playout_queue_here(&p->queue);
    struct lag lag = lag_find(here, here, -1, template, least, (size_t)SPLICE_MOST_MS * p->ms, p->ms / 8, 0.001f);
    if (lag.likeness >= playout_pace_likeness_to_stretch(&p->pace, p->arrivals.tick)) splice(p, lag.samples, false);
}

/* Brings the delay nearer to what the network needs. */
static void adapt(struct playout *p)
{
    const struct playout_demand *demand = playout_arrivals_demand(&p->arrivals);
    if (!demand->known) return;
    int64_t offset = position(p) - p->arrivals.tick * p->frame;
    struct playout_plan plan = playout_pace_plan(&p->pace, demand, p->arrivals.tick, offset);
    int64_t spare = playout_pace_limit(&p->pace, demand) - offset;
    int64_t target_us = p->stats.delay_us - playout_line_us(&p->line, spare);
    p->stats.target_delay_us = target_us > 0 ? (uint32_t)target_us : 0;
    p->stats.jitter_us = (uint32_t)(demand->late_us - demand->early_us);
    playout_queue_set_pace(&p->queue, plan.ppm);
    if (plan.shrink > 0)
        shrink(p, plan.shrink);
    else if (plan.stretch)
        stretch(p);
}

/* --- a tick ------------------------------------------------------------------------------------------------ */

/* Media time that a thread which missed ticks has no use for. */
static void skip_media(struct playout *p, int64_t samples)
{
    int64_t aim = position(p) + samples;
    while (position(p) < aim) {
        size_t step = (size_t)(aim - position(p));
        if (step > p->frame) step = p->frame;
        produce(p, step, true);
        if (ahead(p) < step) {
            playout_queue_pass(&p->queue, ahead(p));
            p->media_end = aim;
            return;
        }
        playout_queue_pass(&p->queue, step);
    }
}

/*
 * A leg that was not heard: decodes what was kept, so that history and decoder are warm at the position. The decoder
 * goes on from where it stood, which after a short time is no gap at all; G.722 finds into step far sooner from there
 * than from its beginning.
 */
static void warm_up(struct playout *p)
{
    int64_t aim = p->media_end;
    int64_t from = aim - p->warm;
    forget_audio(p);
    p->cold = false;
    drop_until(p, from);
    if (p->store.count == 0) return;
    if (p->store.waiting[0].media > from) from = p->store.waiting[0].media;
    if (from >= aim) return;
    p->media_end = from;
    resume_at_oldest(p);
    skip_media(p, aim - from);
    p->queue.made_up_end = 0;
}

/* Nothing is there. What is made up while nobody knows better stands for no time; a pause that was announced does. */
static void fill_up(struct playout *p, size_t n)
{
    if (p->maker.noise) {
        playout_maker_pause(&p->maker, &p->queue, n);
        p->media_end += (int64_t)n;
    } else {
        playout_maker_guess(&p->maker, &p->queue, n);
        p->inserted += (int64_t)n;
    }
}

struct playout_frame playout_take(struct playout *p, int64_t tick_us, int16_t *pcm)
{
    int64_t ticks = advance(p, tick_us);
    if (p->playing && p->cold) {
        p->media_end += (ticks - 1) * (int64_t)p->frame;
        warm_up(p);
    } else if (p->playing && ticks > 1) {
        skip_media(p, (ticks - 1) * (int64_t)p->frame);
    }
    if (!p->playing && !start(p)) return (struct playout_frame){wait_for_start(p), true};
    if (p->maker.noise) prolong_pause(p);

    produce(p, playout_queue_need(&p->queue), true);
    if (ahead(p) >= p->frame) adapt(p);
    produce(p, playout_queue_need(&p->queue), true);
    /* What is not there yet is no reason to make something up only because reading was to be faster. */
    if (ahead(p) < playout_queue_need(&p->queue) && p->pace.ppm > 0.0f) playout_queue_set_pace(&p->queue, 0.0f);
    size_t need = playout_queue_need(&p->queue);
    if (ahead(p) < need) fill_up(p, need - ahead(p));
    p->stats.played_samples += p->frame;
    struct playout_frame f = playout_queue_read(&p->queue, pcm);
    if (p->inserted >= (int64_t)PAUSE_MS * p->ms) p->playing = false;
    return f;
}

struct playout_frame playout_get(struct playout *p, int64_t tick_us, int16_t *pcm)
{
    struct playout_frame f = playout_take(p, tick_us, pcm);
    if (f.zero) memset(pcm, 0, p->frame * sizeof(*pcm));
    return f;
}

static void prefetch(const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const char *)from + i);
}

void playout_prefetch(const struct playout *p)
{
    prefetch(p, offsetof(struct playout, arrivals) + offsetof(struct playout_arrivals, buckets));
    prefetch(&p->line, offsetof(struct playout_line, noted));
    prefetch(&p->store, offsetof(struct playout_store, waiting) + 64);
    prefetch(&p->drift, offsetof(struct playout_drift, points));
    prefetch(&p->maker, offsetof(struct playout_maker, conceal) + 64);
    __builtin_prefetch(&p->line.seen[(p->line.top_seq + 1) & (PLAYOUT_LINE_SEEN - 1)]);
    __builtin_prefetch(&p->arrivals.buckets[(uint64_t)p->arrivals.tick / PLAYOUT_BUCKET_TICKS % PLAYOUT_BUCKETS]);
}

enum playout_verdict playout_skip(struct playout *p, int64_t tick_us)
{
    int64_t ticks = advance(p, tick_us);
    if (!p->playing && !start(p)) return wait_for_start(p);
    if (!p->cold) {
        p->media_end = position(p);
        p->cold = true;
        forget_audio(p);
    }
    /* Nobody hears it: the delay may step to where it should be. */
    const struct playout_demand *demand = playout_arrivals_demand(&p->arrivals);
    int64_t here = p->media_end + (ticks - 1) * (int64_t)p->frame;
    if (demand->known) here = p->arrivals.tick * p->frame + playout_pace_limit(&p->pace, demand);
    p->media_end = here + p->frame;

    drop_until(p, here - p->warm);
    while (p->store.count > WARM_PACKETS)
        drop_oldest(p);
    if (p->line.top_end + (int64_t)PAUSE_MS * p->ms < here) {
        drop_until(p, p->line.top_end); /* else the next word would begin with the old one */
        p->playing = p->maker.noise;
    }
    return p->line.top_end > here ? PLAYOUT_VOICE : PLAYOUT_SILENCE;
}

struct playout_stats playout_get_stats(const struct playout *p)
{
    struct playout_stats stats = p->stats;
    int64_t buffered = p->playing ? p->line.top_end - position(p) : 0;
    stats.buffered_us = buffered > 0 ? (uint32_t)playout_line_us(&p->line, buffered) : 0;
    stats.invalid += p->maker.invalid;
    stats.concealed_samples = p->maker.concealed_samples;
    stats.jumps = p->line.jumps;
    return stats;
}
