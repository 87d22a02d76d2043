#include "media/playout.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "media/conceal.h"
#include "media/lag.h"

enum {
    SLOTS = 64, /* packets that can wait: 640 ms of the shortest */
    SEEN = 256, /* packets among which a duplicate is told from a late one */
    TICK_US = 20000,
    DEFAULT_GUARD_US = 4000,
    DEFAULT_MAX_DELAY_MS = 400,
    HISTORY_MS = 60,   /* decoded audio kept behind the reading position */
    QUEUE_MS = 300,    /* decoded audio in all */
    WARM_MS = 100,     /* packets kept behind the position of a leg that nobody hears */
    PAUSE_MS = 100,    /* made-up audio after which the stream counts as paused */
    MISSED_TICKS = 25, /* a thread that was away for longer starts anew */
    IDLE_TICKS = 100,  /* pause after which it counts as gone */
    BUCKET_TICKS = 5,  /* arrivals are summed up in buckets of 100 ms ... */
    BUCKETS = 25,      /* ... over 2.5 s */
    JUMP_EARLY_US = 200000,
    JUMP_LATE_US = 2000000,
    JUMP_SEQ = 3000,
    SPLICE_LEAST_US = 2500,
    SPLICE_MOST_MS = 20,
    SPLICE_FADE_MS = 5,
    TEMPLATE_MS = 10,
    PATIENCE_TICKS = 1500,
    SHRINK_LEAST_MS = 10, /* with less to choose from no whole number of periods may fit a tone */
};

struct stored {
    int64_t seq;   /* extended */
    int64_t media; /* first sample, on the sender's time line */
    uint32_t samples;
    int64_t arrival_us;
    uint16_t len;
    uint8_t place; /* of its payload */
    bool silent;   /* digital silence: there is no payload */
};

/*
 * What 100 ms of arrivals demanded. The offset of playout is the media position at a tick less the tick's number in
 * samples; a packet that first could be used at tick n, its guard included, allows an offset of at most
 * media - n * frame. So the delay the network needs is the least of these, in media samples, whatever the lengths of
 * packets and however they lie to the ticks; and packets that never came have no say in it.
 */
struct bucket {
    int64_t number; /* tick / BUCKET_TICKS it stands for */
    int64_t allowed;
    int64_t transit_min_us, transit_max_us;
};

/* What the last seconds demand. */
struct demand {
    bool known;
    int64_t least; /* offset that would have suited every packet */
    int64_t usual; /* offset that would have suited all but the worst 100 ms */
    int64_t early_us, late_us;
};

/* What every tick touches stands first, the large arrays last. */
struct playout {
    const struct codec *codec;
    uint32_t rate, frame, ms; /* samples in a second, a tick, a millisecond */
    int64_t guard_us;
    int64_t max_delay; /* samples */

    /* The sender's time line, from its last packet in sequence. */
    bool known;
    uint16_t top_wire_seq; /* top_seq as its packet had it; a jump sets them apart */
    uint32_t top_timestamp;
    int64_t top_seq, top_media, top_end;
    int64_t top_arrival_us;

    bool ticked;
    int64_t tick, tick_us;

    /* Where playing stands: the decoded queue, whose end is media_end on the time line. */
    bool playing;
    bool cold;  /* nobody heard it since: nothing is decoded, media_end is the position itself */
    bool blank; /* every sample of the queue's memory is 0 */
    int64_t media_end;
    int64_t taken_seq; /* last packet taken out of waiting */
    int64_t inserted;  /* made-up samples at the end of the queue that stand for no media time */
    int64_t paused_ticks;
    int64_t splice_tick; /* last one */
    int64_t need_tick;   /* since when a splice is wanted */
    size_t read, write, capacity;
    size_t made_up_end, voice_end; /* up to where the queue has made-up samples; any samples that are not silence */
    size_t loud_end;               /* up to where samples may be other than 0 */
    int16_t *queue;
    void *decoder;
    struct playout_stats stats;

    struct demand before; /* of the buckets before this one */
    int64_t before_number;

    /* Packets, the oldest first. */
    uint32_t waiting_count;
    uint32_t free_count;
    uint8_t free_places[SLOTS];
    struct stored waiting[SLOTS];
    struct conceal conceal;

    uint8_t *payloads;
    struct bucket buckets[BUCKETS];
    int64_t noted[SLOTS]; /* sequence numbers that were not audio, by their low bits */
    int64_t seen[SEEN];   /* sequence numbers of the last packets, by their low bits */
};

status playout_create(struct playout **out, const struct playout_config *config)
{
    const struct codec *codec = config->codec;
    uint32_t max_delay_ms = config->max_delay_ms ? config->max_delay_ms : DEFAULT_MAX_DELAY_MS;
    uint32_t guard_us = config->guard_us ? config->guard_us : DEFAULT_GUARD_US;
    if (!codec || max_delay_ms < 40 || max_delay_ms > 500 || guard_us > TICK_US) return STATUS_INVALID;

    struct playout *p = calloc(1, sizeof(*p));
    if (!p) return STATUS_NO_MEMORY;
    p->codec = codec;
    p->rate = codec->rate_hz;
    p->frame = frame_samples(p->rate);
    p->ms = p->rate / 1000;
    p->guard_us = guard_us;
    p->max_delay = (int64_t)max_delay_ms * p->ms;
    p->capacity = (size_t)QUEUE_MS * p->ms;
    p->queue = calloc(p->capacity, sizeof(*p->queue));
    p->payloads = calloc(SLOTS, codec->max_payload_bytes);
    p->decoder = codec->decoder_bytes ? calloc(1, codec->decoder_bytes()) : NULL;
    if (!p->queue || !p->payloads || (codec->decoder_bytes && !p->decoder)) {
        playout_destroy(p);
        return STATUS_NO_MEMORY;
    }
    conceal_init(&p->conceal, p->rate);
    playout_reset(p);
    *out = p;
    return STATUS_OK;
}

void playout_destroy(struct playout *p)
{
    if (!p) return;
    free(p->queue);
    free(p->payloads);
    free(p->decoder);
    free(p);
}

static void blank(struct playout *p)
{
    if (!p->blank) memset(p->queue, 0, p->capacity * sizeof(*p->queue));
    p->blank = true;
    p->loud_end = 0;
}

/* What was just written at the end of the queue may be other than 0. */
static void made_loud(struct playout *p)
{
    p->blank = false;
    p->loud_end = p->write;
}

/* The decoded queue becomes digital silence. */
static void queue_clear(struct playout *p)
{
    blank(p);
    p->read = p->write = (size_t)HISTORY_MS * p->ms;
    p->made_up_end = p->voice_end = 0;
    p->conceal.active = false;
    p->inserted = 0;
    if (p->codec->decoder_init) p->codec->decoder_init(p->decoder);
}

static void buckets_clear(struct playout *p)
{
    for (int i = 0; i < BUCKETS; i++)
        p->buckets[i].number = INT64_MIN;
    p->before_number = INT64_MIN;
}

void playout_reset(struct playout *p)
{
    p->waiting_count = 0;
    p->free_count = SLOTS;
    for (uint8_t i = 0; i < SLOTS; i++) {
        p->free_places[i] = i;
        p->noted[i] = INT64_MIN;
    }
    for (int i = 0; i < SEEN; i++)
        p->seen[i] = INT64_MIN;
    p->known = false;
    p->playing = false;
    p->cold = false;
    buckets_clear(p);
    queue_clear(p);
}

uint32_t playout_frame_samples(const struct playout *p)
{
    return p->frame;
}

static size_t ahead(const struct playout *p)
{
    return p->write - p->read;
}

/* Media position of the next sample to be played. */
static int64_t position(const struct playout *p)
{
    return p->media_end - (int64_t)ahead(p);
}

/* --- arrivals ---------------------------------------------------------------------------------------------- */

static int64_t to_us(const struct playout *p, int64_t samples)
{
    return samples * 1000000 / (int64_t)p->rate;
}

/* Number of the first tick that is a guard or more after that time. */
static int64_t tick_after(const struct playout *p, int64_t arrival_us)
{
    int64_t due_us = arrival_us + p->guard_us - p->tick_us;
    int64_t ticks = due_us / TICK_US;
    if (due_us % TICK_US > 0) ticks++;
    return p->tick + ticks;
}

static int64_t allowed_offset(const struct playout *p, int64_t media, int64_t arrival_us)
{
    return media - tick_after(p, arrival_us) * p->frame;
}

static void bucket_put(struct playout *p, const struct stored *s)
{
    if (!p->ticked) return;
    int64_t number = p->tick / BUCKET_TICKS;
    struct bucket *b = &p->buckets[number % BUCKETS];
    int64_t allowed = allowed_offset(p, s->media, s->arrival_us);
    int64_t transit_us = s->arrival_us - to_us(p, s->media);
    if (b->number != number) {
        *b = (struct bucket){number, allowed, transit_us, transit_us};
        return;
    }
    if (allowed < b->allowed) b->allowed = allowed;
    if (transit_us < b->transit_min_us) b->transit_min_us = transit_us;
    if (transit_us > b->transit_max_us) b->transit_max_us = transit_us;
}

static void demand_add(struct demand *d, const struct bucket *b)
{
    d->known = true;
    if (b->allowed < d->least) {
        d->usual = d->least;
        d->least = b->allowed;
    } else if (b->allowed < d->usual) {
        d->usual = b->allowed;
    }
    if (b->transit_min_us < d->early_us) d->early_us = b->transit_min_us;
    if (b->transit_max_us > d->late_us) d->late_us = b->transit_max_us;
}

/* The buckets before this one do not change any more: they are summed up once. */
static void sum_up_before(struct playout *p, int64_t number)
{
    p->before_number = number;
    p->before = (struct demand){.least = INT64_MAX, .usual = INT64_MAX, .early_us = INT64_MAX, .late_us = INT64_MIN};
    for (int i = 0; i < BUCKETS; i++) {
        const struct bucket *b = &p->buckets[i];
        if (b->number > number - BUCKETS && b->number < number) demand_add(&p->before, b);
    }
}

static struct demand demand_of(struct playout *p)
{
    int64_t number = p->tick / BUCKET_TICKS;
    if (p->before_number != number) sum_up_before(p, number);
    struct demand d = p->before;
    const struct bucket *now = &p->buckets[number % BUCKETS];
    if (now->number == number) demand_add(&d, now);
    return d;
}

/* --- packets ----------------------------------------------------------------------------------------------- */

static uint8_t *payload_at(const struct playout *p, uint8_t place)
{
    return p->payloads + (size_t)place * p->codec->max_payload_bytes;
}

/* Sequence numbers between the two that were neither played nor noted. */
static int64_t missing_between(const struct playout *p, int64_t before, int64_t after)
{
    int64_t missing = after - before - 1;
    int64_t from = missing > SLOTS ? after - SLOTS : before + 1;
    for (int64_t seq = from; seq < after; seq++)
        missing -= p->noted[seq & (SLOTS - 1)] == seq;
    return missing;
}

/* The oldest packet leaves the list; its payload may be read until the next playout_put(). */
static struct stored take_oldest(struct playout *p)
{
    struct stored s = p->waiting[0];
    p->waiting_count--;
    memmove(p->waiting, p->waiting + 1, p->waiting_count * sizeof(p->waiting[0]));
    p->free_places[p->free_count++] = s.place;
    int64_t missing = missing_between(p, p->taken_seq, s.seq);
    if (missing > 0) p->stats.lost += (uint64_t)missing;
    p->taken_seq = s.seq;
    return s;
}

/* Playing goes on with the oldest packet that waits: what is missing before it is lost, and silence. */
static void resume_at_oldest(struct playout *p)
{
    int64_t missing = missing_between(p, p->taken_seq, p->waiting[0].seq);
    if (missing > 0) p->stats.lost += (uint64_t)missing;
    p->taken_seq = p->waiting[0].seq - 1;
}

static void begin_time_line(struct playout *p, const struct playout_packet *packet)
{
    p->known = true;
    p->top_seq = packet->seq;
    p->top_wire_seq = packet->seq;
    p->top_media = 0;
    p->top_end = 0;
    p->top_timestamp = packet->timestamp;
    p->top_arrival_us = packet->arrival_us;
    p->taken_seq = p->top_seq - 1;
}

/*
 * Numbers or times have jumped: the packet is set where its arrival says, and what follows is counted from it. Nothing
 * of what waits is lost.
 */
static void take_up_anew(struct playout *p, const struct playout_packet *packet, struct stored *s)
{
    int64_t gap_us = packet->arrival_us - p->top_arrival_us - to_us(p, p->top_end - p->top_media);
    int64_t gap = gap_us > 0 ? gap_us * p->rate / 1000000 : 0;
    p->stats.jumps++;
    if (gap < (int64_t)p->frame) gap = 0;
    s->media = p->top_end + gap;
    s->seq = p->top_seq + 1;
}

/* Finds the packet's place on the time line. */
static void place_packet(struct playout *p, const struct playout_packet *packet, struct stored *s)
{
    if (!p->known) begin_time_line(p, packet);
    int64_t seq_step = (int16_t)(uint16_t)(packet->seq - p->top_wire_seq);
    int64_t step = (int64_t)(int32_t)(packet->timestamp - p->top_timestamp) * p->rate / p->codec->clock_hz;
    s->seq = p->top_seq + seq_step;
    s->media = p->top_media + step;

    int64_t drift_us = packet->arrival_us - p->top_arrival_us - to_us(p, step);
    bool jumped = seq_step > JUMP_SEQ || seq_step < -JUMP_SEQ || drift_us > JUMP_LATE_US;
    if (seq_step > 0) jumped = jumped || step <= 0 || drift_us < -JUMP_EARLY_US;
    if (seq_step < 0) jumped = jumped || step > 0 || step < -(int64_t)JUMP_LATE_US / 1000 * p->ms;
    if (jumped) take_up_anew(p, packet, s);
}

static void follow_top(struct playout *p, const struct playout_packet *packet, const struct stored *s)
{
    if (s->seq < p->top_seq) return;
    p->top_seq = s->seq;
    p->top_wire_seq = packet->seq;
    p->top_media = s->media;
    p->top_end = s->media + s->samples;
    p->top_timestamp = packet->timestamp;
    p->top_arrival_us = packet->arrival_us;
}

/* True where a packet of that number was here before, be it played or waiting. Remembers it. */
static bool is_duplicate(struct playout *p, int64_t seq)
{
    int64_t *seen = &p->seen[seq & (SEEN - 1)];
    bool duplicate = *seen == seq;
    *seen = seq;
    return duplicate;
}

/* Where it belongs in the list. */
static uint32_t find_place(const struct playout *p, int64_t seq)
{
    uint32_t at = p->waiting_count;
    while (at > 0 && p->waiting[at - 1].seq > seq)
        at--;
    return at;
}

/* A decoder that remembers must see every packet. */
static bool is_silent(const struct playout *p, const struct playout_packet *packet)
{
    return !p->decoder && p->codec->is_silence && p->codec->is_silence(packet->payload, packet->len);
}

bool playout_put(struct playout *p, const struct playout_packet *packet)
{
    size_t samples = p->codec->duration(packet->payload, packet->len);
    if (packet->len == 0 || packet->len > p->codec->max_payload_bytes || samples == 0 || samples > 60 * p->ms) {
        p->stats.invalid++;
        return false;
    }
    struct stored s = {.samples = (uint32_t)samples, .arrival_us = packet->arrival_us, .len = packet->len};
    place_packet(p, packet, &s);
    if (is_duplicate(p, s.seq)) {
        p->stats.duplicates++;
        return false;
    }
    bucket_put(p, &s);
    follow_top(p, packet, &s);
    p->stats.packets++;
    if (s.seq <= p->taken_seq || (p->playing && s.media + s.samples <= p->media_end)) {
        p->stats.late++;
        return false;
    }
    if (p->free_count == 0) {
        p->stats.overflows++;
        return false;
    }
    uint32_t at = find_place(p, s.seq);
    s.place = p->free_places[--p->free_count];
    s.silent = is_silent(p, packet);
    if (!s.silent) memcpy(payload_at(p, s.place), packet->payload, packet->len);
    memmove(p->waiting + at + 1, p->waiting + at, (p->waiting_count - at) * sizeof(p->waiting[0]));
    p->waiting[at] = s;
    p->waiting_count++;
    return true;
}

void playout_note(struct playout *p, uint16_t seq)
{
    if (!p->known) return;
    int64_t extended = p->top_seq + (int16_t)(uint16_t)(seq - p->top_wire_seq);
    p->noted[extended & (SLOTS - 1)] = extended;
}

/* --- the decoded queue ------------------------------------------------------------------------------------- */

/* Room for n more samples at the end; history beyond HISTORY_MS goes. */
static void queue_reserve(struct playout *p, size_t n)
{
    if (p->write + n <= p->capacity) return;
    size_t shift = p->read - (size_t)HISTORY_MS * p->ms;
    if (!p->blank) memmove(p->queue, p->queue + shift, (p->write - shift) * sizeof(*p->queue));
    p->read -= shift;
    p->write -= shift;
    p->made_up_end = p->made_up_end > shift ? p->made_up_end - shift : 0;
    p->voice_end = p->voice_end > shift ? p->voice_end - shift : 0;
    p->loud_end = p->loud_end > shift ? p->loud_end - shift : 0;
    assert(p->write + n <= p->capacity);
}

/* Makes up samples at the end of the queue; they stand for media time only where the caller says so. */
static void append_made_up(struct playout *p, size_t n)
{
    queue_reserve(p, n);
    if (!p->conceal.active) conceal_begin(&p->conceal, p->queue + p->write, 20, 40);
    if (!conceal_faded(&p->conceal)) p->stats.concealed_samples += n;
    if (p->codec->conceal)
        p->codec->conceal(p->decoder, NULL, 0, p->queue + p->write, n);
    else
        conceal_read(&p->conceal, p->queue + p->write, n);
    p->write += n;
    p->made_up_end = p->voice_end = p->write;
    made_loud(p);
}

/* Once all that can still be read is 0, so is the whole memory, and zeroes cost nothing. */
static void append_zeroes(struct playout *p, size_t n)
{
    queue_reserve(p, n);
    if (p->loud_end + (size_t)HISTORY_MS * p->ms <= p->read) blank(p);
    if (!p->blank) memset(p->queue + p->write, 0, n * sizeof(*p->queue));
    p->write += n;
}

/* The sender is silent: what was heard last fades within 5 ms. */
static void append_silence(struct playout *p, size_t n)
{
    queue_reserve(p, n);
    if (!p->conceal.active) conceal_begin(&p->conceal, p->queue + p->write, 0, SPLICE_FADE_MS);
    size_t tail = p->conceal.hold + p->conceal.fade;
    tail = tail > p->conceal.age ? tail - p->conceal.age : 0;
    if (tail > n) tail = n;
    if (tail > 0) {
        conceal_read(&p->conceal, p->queue + p->write, tail);
        p->write += tail;
        p->voice_end = p->write;
        made_loud(p);
    }
    append_zeroes(p, n - tail);
}

/*
 * Real audio again after made-up audio: fades from one to the other. Where time was inserted the real audio may start
 * a little later in itself, where it fits best. @return samples to leave out at its start
 */
static size_t join(struct playout *p, int16_t *pcm, size_t samples)
{
    int16_t made_up[TEMPLATE_MS * 48];
    size_t fade = (size_t)SPLICE_FADE_MS * p->ms, template = (size_t)TEMPLATE_MS * p->ms;
    size_t skip = 0;
    if (p->inserted > 0 && samples >= 2 * template) {
        struct conceal on = p->conceal;
        conceal_read(&on, made_up, template);
        size_t most = samples - template;
        if (most > template) most = template;
        if ((int64_t)most > p->inserted) most = (size_t)p->inserted;
        skip = lag_find(made_up, pcm, 1, template, 0, most, p->ms / 8, -0.002f).samples;
    }
    if (fade > samples - skip) fade = samples - skip;
    conceal_read(&p->conceal, made_up, fade);
    lag_cross_fade(made_up, pcm + skip, pcm + skip, fade);
    p->conceal.active = false;
    return skip;
}

static void note_delay(struct playout *p, const struct stored *s)
{
    int64_t ticks = (int64_t)(ahead(p) / p->frame);
    int64_t delay_us = p->tick_us + ticks * TICK_US - s->arrival_us;
    p->stats.delay_us = delay_us > 0 ? (uint32_t)delay_us : 0;
}

/* The packet's samples from `overlap` on; into the queue itself where nothing has to be joined. */
static status append_decoded(struct playout *p, const struct stored *s, size_t overlap, size_t *decoded)
{
    int16_t apart[60 * 48];
    bool as_it_is = overlap == 0 && !p->conceal.active;
    size_t samples = s->samples, skip = 0;
    queue_reserve(p, samples);
    int16_t *pcm = as_it_is ? p->queue + p->write : apart;
    status result = STATUS_OK;
    if (s->silent)
        memset(pcm, 0, samples * sizeof(*pcm));
    else
        result = p->codec->decode(p->decoder, payload_at(p, s->place), s->len, pcm, s->samples, &samples);
    if (result != STATUS_OK) return result;
    *decoded = samples;
    if (overlap >= samples) return STATUS_OK;
    if (p->conceal.active) skip = join(p, pcm + overlap, samples - overlap);
    size_t from = overlap + skip;
    if (!as_it_is) memcpy(p->queue + p->write, pcm + from, (samples - from) * sizeof(*pcm));
    p->write += samples - from;
    made_loud(p);
    return STATUS_OK;
}

static void append_packet(struct playout *p, const struct stored *s)
{
    size_t overlap = p->media_end > s->media ? (size_t)(p->media_end - s->media) : 0;
    size_t samples = s->samples;
    if (overlap >= samples && !p->decoder) return;
    note_delay(p, s);
    if (s->silent && !p->conceal.active) {
        append_zeroes(p, samples - overlap);
    } else if (append_decoded(p, s, overlap, &samples) != STATUS_OK) {
        p->stats.invalid++;
        return;
    }
    if (overlap >= samples) return;
    p->voice_end = p->write;
    p->media_end = s->media + (int64_t)samples;
    p->inserted = 0;
}

/*
 * Brings the queue up to `want` samples ahead of the reading position from what waits. A gap is filled only where
 * `hard`: it must be played now.
 */
static void produce(struct playout *p, size_t want, bool hard)
{
    while (ahead(p) < want && p->waiting_count > 0) {
        const struct stored *next = &p->waiting[0];
        int64_t gap = next->media - p->media_end;
        if (gap > 0 && p->inserted > 0) {
            /* What was made up while nobody knew better has filled this gap. */
            int64_t filled = gap < p->inserted ? gap : p->inserted;
            p->media_end += filled;
            p->inserted -= filled;
            gap -= filled;
        }
        if (gap <= 0) {
            struct stored s = take_oldest(p);
            append_packet(p, &s);
            continue;
        }
        if (!hard) return;
        size_t n = want - ahead(p);
        if ((int64_t)n > gap) n = (size_t)gap;
        if (missing_between(p, p->taken_seq, next->seq) > 0)
            append_made_up(p, n);
        else
            append_silence(p, n);
        p->media_end += (int64_t)n;
    }
}

/* --- time -------------------------------------------------------------------------------------------------- */

/* Sets the clock to this tick. @return whole ticks since the last one, at least 1 */
static int64_t advance(struct playout *p, int64_t tick_us)
{
    int64_t ticks = 1;
    if (p->ticked) ticks = (tick_us - p->tick_us + TICK_US / 2) / TICK_US;
    if (ticks < 1) ticks = 1;
    p->tick += ticks;
    p->tick_us = tick_us;
    p->ticked = true;
    if (ticks > MISSED_TICKS) p->playing = false;
    return ticks;
}

/* Offset at which the packets to come will be in time too, should they keep the beat of the last one. */
static int64_t expected_offset(const struct playout *p, int64_t offset)
{
    const struct stored *last = &p->waiting[p->waiting_count - 1];
    int64_t length_us = to_us(p, last->samples);
    for (int64_t k = 1; k * length_us <= 60000; k++) {
        int64_t allowed = allowed_offset(p, last->media + k * last->samples, last->arrival_us + k * length_us);
        if (allowed < offset) offset = allowed;
    }
    return offset;
}

/* A stream begins, or goes on after a pause. @return false where it is too early for that */
static bool start(struct playout *p)
{
    if (p->waiting_count == 0 || p->waiting[0].arrival_us + p->guard_us > p->tick_us) return false;
    struct demand demand = demand_of(p);
    int64_t base = p->tick * p->frame;
    int64_t offset = expected_offset(p, p->waiting[0].media - base);
    for (uint32_t i = 0; i < p->waiting_count; i++) {
        int64_t allowed = allowed_offset(p, p->waiting[i].media, p->waiting[i].arrival_us);
        if (allowed < offset) offset = allowed;
    }
    if (demand.known && demand.least < offset) offset = demand.least;

    const struct stored *last = &p->waiting[p->waiting_count - 1];
    int64_t latest = allowed_offset(p, last->media, last->arrival_us) - p->max_delay;
    if (offset < latest) offset = latest;
    queue_clear(p);
    p->media_end = base + offset;
    p->playing = true;
    p->cold = false;
    p->paused_ticks = 0;
    while (p->waiting_count > 0 && p->waiting[0].media + p->waiting[0].samples <= p->media_end)
        take_oldest(p);
    if (p->waiting_count > 0) resume_at_oldest(p);
    return true;
}

static enum playout_verdict wait_for_start(struct playout *p)
{
    p->paused_ticks++;
    return p->known && p->paused_ticks < IDLE_TICKS ? PLAYOUT_SILENCE : PLAYOUT_IDLE;
}

/* Cuts `lag` samples out (shrink) or puts them in again (not shrink) at the reading position, with a cross-fade. */
static void splice(struct playout *p, size_t lag, bool shrink)
{
    size_t fade = (size_t)SPLICE_FADE_MS * p->ms;
    size_t to = shrink ? p->read + lag : p->read - lag;
    int16_t mixed[SPLICE_FADE_MS * 48];
    lag_cross_fade(p->queue + p->read, p->queue + to, mixed, fade);
    memcpy(p->queue + to, mixed, fade * sizeof(*mixed));
    p->read = to;
    p->splice_tick = p->need_tick = p->tick;
    if (shrink)
        p->stats.shrinks++;
    else
        p->stats.stretches++;
}

/*
 * How like itself the signal must be for a splice now: less with every tick that has been waited for a better place.
 * With little to take out there is half a minute's time for a pause in speech, and few lags to choose from for a tone.
 */
static float likeness_to_shrink(const struct playout *p, int64_t amount)
{
    float waited = (float)(p->tick - p->need_tick);
    if (amount >= 60 * (int64_t)p->ms) return fmaxf(0.8f - 0.05f * waited, 0.3f);
    if (amount >= (int64_t)p->frame) return fmaxf(0.97f - 0.01f * waited, 0.6f);
    return waited < PATIENCE_TICKS ? 0.99f : 0.85f;
}

static float likeness_to_stretch(const struct playout *p)
{
    return fmaxf(0.97f - 0.02f * (float)(p->tick - p->need_tick), 0.4f);
}

static void shrink(struct playout *p, int64_t amount)
{
    int64_t wait = amount >= 60 * (int64_t)p->ms ? 2 : amount >= (int64_t)p->frame ? 5 : 10;
    size_t template = (size_t)TEMPLATE_MS * p->ms, least = p->rate / (1000000 / SPLICE_LEAST_US);
    size_t most = (size_t)SPLICE_MOST_MS * p->ms;
    if (p->tick - p->splice_tick < wait) return;
    if ((int64_t)most > amount) most = (size_t)amount;
    produce(p, p->frame + most, false);
    size_t margin = p->frame > template ? p->frame : template;
    if (p->conceal.active || ahead(p) < margin + least) return;
    if (most > ahead(p) - margin) most = ahead(p) - margin;
    const int16_t *here = p->queue + p->read;
    struct lag lag = lag_find(here, here, 1, template, least, most, p->ms / 8, 0.001f);
    if (lag.likeness >= likeness_to_shrink(p, amount)) splice(p, lag.samples, true);
}

static void stretch(struct playout *p)
{
    size_t template = (size_t)TEMPLATE_MS * p->ms, least = p->rate / (1000000 / SPLICE_LEAST_US);
    if (p->tick - p->splice_tick < 2) return;
    produce(p, template, false);
    if (p->conceal.active || ahead(p) < template) return;
    const int16_t *here = p->queue + p->read;
    struct lag lag = lag_find(here, here, -1, template, least, (size_t)SPLICE_MOST_MS * p->ms, p->ms / 8, 0.001f);
    if (lag.likeness >= likeness_to_stretch(p)) splice(p, lag.samples, false);
}

/* Brings the delay nearer to what the network needs. */
static void adapt(struct playout *p)
{
    struct demand demand = demand_of(p);
    if (!demand.known) return;
    int64_t offset = position(p) - p->tick * p->frame;
    int64_t spare = demand.least - offset;
    int64_t target_us = p->stats.delay_us - to_us(p, spare);
    p->stats.target_delay_us = target_us > 0 ? (uint32_t)target_us : 0;
    p->stats.jitter_us = (uint32_t)(demand.late_us - demand.early_us);
    if (spare >= SHRINK_LEAST_MS * (int64_t)p->ms)
        shrink(p, spare);
    else if (demand.usual < offset && offset - demand.usual <= p->max_delay)
        stretch(p);
    else
        p->need_tick = p->tick;
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
            p->media_end = aim;
            p->read = p->write;
            return;
        }
        p->read += step;
    }
}

/* A leg that was not heard: decodes what was kept, so that history and decoder are warm at the position. */
static void warm_up(struct playout *p)
{
    int64_t aim = p->media_end;
    int64_t from = aim - (int64_t)WARM_MS * p->ms;
    queue_clear(p);
    p->cold = false;
    while (p->waiting_count > 0 && p->waiting[0].media + p->waiting[0].samples <= from)
        take_oldest(p);
    if (p->waiting_count == 0) return;
    if (p->waiting[0].media > from) from = p->waiting[0].media;
    if (from >= aim) return;
    p->media_end = from;
    resume_at_oldest(p);
    skip_media(p, aim - from);
    p->made_up_end = 0;
}

static bool all_zero(const int16_t *pcm, size_t samples)
{
    return pcm[0] == 0 && memcmp(pcm, pcm + 1, (samples - 1) * sizeof(*pcm)) == 0;
}

static struct playout_frame emit(struct playout *p, int16_t *pcm)
{
    struct playout_frame f = {PLAYOUT_VOICE, false};
    size_t first = p->read;
    f.zero = p->loud_end <= first || all_zero(p->queue + first, p->frame);
    if (!f.zero) memcpy(pcm, p->queue + first, p->frame * sizeof(*pcm));
    p->read += p->frame;
    if (p->made_up_end > first)
        f.verdict = PLAYOUT_CONCEALED;
    else if (p->voice_end <= first)
        f.verdict = PLAYOUT_SILENCE;
    p->stats.played_samples += p->frame;
    return f;
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

    produce(p, p->frame, true);
    if (ahead(p) >= p->frame) adapt(p);
    produce(p, p->frame, true);
    if (ahead(p) < p->frame) {
        size_t n = p->frame - ahead(p);
        append_made_up(p, n);
        p->inserted += (int64_t)n;
    }
    struct playout_frame f = emit(p, pcm);
    if (p->inserted >= (int64_t)PAUSE_MS * p->ms) p->playing = false;
    return f;
}

struct playout_frame playout_get(struct playout *p, int64_t tick_us, int16_t *pcm)
{
    struct playout_frame f = playout_take(p, tick_us, pcm);
    if (f.zero) memset(pcm, 0, p->frame * sizeof(*pcm));
    return f;
}

void playout_prefetch(const struct playout *p)
{
    const char *at = (const char *)p;
    for (size_t i = 0; i < offsetof(struct playout, waiting) + 64; i += 64)
        __builtin_prefetch(at + i);
    __builtin_prefetch(&p->conceal);
    __builtin_prefetch(&p->seen[(p->top_seq + 1) & (SEEN - 1)]);
    __builtin_prefetch(&p->buckets[(uint64_t)p->tick / BUCKET_TICKS % BUCKETS]);
}

enum playout_verdict playout_skip(struct playout *p, int64_t tick_us)
{
    int64_t ticks = advance(p, tick_us);
    if (!p->playing && !start(p)) return wait_for_start(p);
    if (!p->cold) {
        p->media_end = position(p);
        p->cold = true;
        queue_clear(p);
    }
    /* Nobody hears it: the delay may step to where it should be. */
    struct demand demand = demand_of(p);
    int64_t here = p->media_end + (ticks - 1) * (int64_t)p->frame;
    if (demand.known) here = p->tick * p->frame + demand.least;
    p->media_end = here + p->frame;

    int64_t keep = here - (int64_t)WARM_MS * p->ms;
    while (p->waiting_count > 0 && p->waiting[0].media + p->waiting[0].samples <= keep)
        take_oldest(p);
    if (p->top_end + (int64_t)PAUSE_MS * p->ms < here) p->playing = false;
    return p->top_end > here ? PLAYOUT_VOICE : PLAYOUT_SILENCE;
}

struct playout_stats playout_get_stats(const struct playout *p)
{
    struct playout_stats stats = p->stats;
    int64_t buffered = p->playing ? p->top_end - position(p) : 0;
    stats.buffered_us = buffered > 0 ? (uint32_t)to_us(p, buffered) : 0;
    return stats;
}
