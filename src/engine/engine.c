#include "engine/engine.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core.h"
#include "engine/udp.h"
#include "engine/worker.h"
#include "media/mixer.h"
#include "media/playout.h"
#include "media/sound.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"
#include "os/wake.h"
#include "rtp/dtmf_event.h"

enum { RATE_HZ = 8000, MIXER_SLOTS_FIRST = 4, COMMANDS_FIRST = 4, OBJECTS_MAX = 100000, RECENT_US = 1000000 };

struct engine_leg {
    struct list link; /* engine->legs */
    struct list in_conference;
    struct engine *engine;
    struct engine_conference *conference;
    struct engine_sockets sockets;
    void *user;
    char cname[ENGINE_CNAME_SIZE];
    unsigned worker;
    const struct codec *codec; /* once all commands so far have been carried out */
    bool has_place;            /* counted among its conference's talkers */
    bool passes_digits;        /* needs a place too: its digits are its voice */
    bool closing;
    struct list waits; /* struct detach_wait: batches on other threads that want it */
    struct leg_media media;
};

struct engine_conference {
    struct list link; /* engine->conferences */
    struct list legs;
    struct engine *engine;
    void *user;
    unsigned worker;
    uint8_t slot;
    uint16_t places; /* of its mixer */
    uint32_t talkers;
    bool closing;
    struct conference_media media;
};

/* A batch must not run before the leg has been let go of by its former thread. */
struct detach_wait {
    struct list link;
    struct core_batch *batch;
    unsigned worker; /* that the batch is for */
};

struct engine_worker {
    struct worker *worker;
    struct list outbox;         /* batches in order; the first may have to wait */
    struct core_batch *filling; /* between engine_batch_begin() and end */
    uint32_t legs, conferences; /* as control has placed them */
};

struct engine {
    struct engine_config config;
    engine_report_fn *report;
    void *arg;
    int report_fd;
    unsigned worker_count;
    struct engine_worker workers[ENGINE_THREADS_MAX];
    bool batching;
    unsigned last_worker; /* that got a command in this batch */
    struct list legs, conferences;
    uint32_t leg_count, conference_count;
    uint32_t port_pairs, next_pair;
    uint8_t next_slot;
    bool overloaded;
    int64_t recent_since_us;
    uint32_t recent_legs, recent_legs_before; /* let in during this second and the one before */
};

/* ---- batches ---- */

/* A command that gets lost half-way would let out what must not be heard: no memory is the end. */
static void *must_have(void *memory)
{
    if (!memory) {
        log_event(LOG_ERROR, "out_of_memory", "module=engine");
        abort();
    }
    return memory;
}

static struct core_batch *batch_create(void)
{
    struct core_batch *batch = must_have(calloc(1, sizeof *batch));
    list_init(&batch->link);
    return batch;
}

/* What a batch brought, or took in exchange. */
static void batch_destroy(struct core_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct core_command *command = &batch->commands[i];
        if (command->change) playout_destroy(command->change->playout);
        free(command->change);
        mixer_destroy(command->mixer);
    }
    free(batch->commands);
    free(batch);
}

static void flush(struct engine_worker *w)
{
    for (struct list *link; (link = list_pop_front(&w->outbox));) {
        struct core_batch *batch = list_object(link, struct core_batch, link);
        if (batch->awaits > 0 || !worker_push(w->worker, batch)) {
            list_push_front(&w->outbox, link);
            return;
        }
    }
}

static void post(struct engine *e, unsigned worker, struct core_batch *batch)
{
    list_push_back(&e->workers[worker].outbox, &batch->link);
    flush(&e->workers[worker]);
}

static struct core_batch *filling(struct engine *e, unsigned worker)
{
    struct engine_worker *w = &e->workers[worker];
    if (!w->filling) w->filling = batch_create();
    return w->filling;
}

/* Appends a command to the thread's batch; commit() follows. */
static void command(struct engine *e, unsigned worker, struct core_command c)
{
    struct core_batch *batch = filling(e, worker);
    if (batch->count == batch->size) {
        batch->size = batch->size ? batch->size * 2 : COMMANDS_FIRST;
        batch->commands = must_have(realloc(batch->commands, batch->size * sizeof c));
    }
    batch->commands[batch->count++] = c;
    e->last_worker = worker;
}

static void post_filled(struct engine *e, unsigned worker)
{
    struct core_batch *batch = e->workers[worker].filling;
    e->workers[worker].filling = NULL;
    if (batch) post(e, worker, batch);
}

static void post_all_filled(struct engine *e)
{
    for (unsigned i = 0; i < e->worker_count; i++)
        post_filled(e, i);
}

static void commit(struct engine *e)
{
    if (!e->batching) post_all_filled(e);
}

void engine_batch_begin(struct engine *e)
{
    thread_assert(THREAD_CONTROL);
    assert(!e->batching);
    e->batching = true;
    e->last_worker = 0;
}

void engine_batch_end(struct engine *e, uint64_t token)
{
    thread_assert(THREAD_CONTROL);
    assert(e->batching);
    e->batching = false;
    if (token != 0) filling(e, e->last_worker)->token = token; /* without a command too: the report comes at once */
    commit(e);
}

/* ---- legs ---- */

/* The thread with the fewest legs; of those, with the fewest conferences. */
static unsigned least_loaded(const struct engine *e)
{
    unsigned best = 0;
    for (unsigned i = 1; i < e->worker_count; i++) {
        const struct engine_worker *w = &e->workers[i], *b = &e->workers[best];
        if (w->legs < b->legs || (w->legs == b->legs && w->conferences < b->conferences)) best = i;
    }
    return best;
}

static uint8_t take_slot(struct engine *e)
{
    e->next_slot = (uint8_t)((e->next_slot + 7) % CORE_SLOTS); /* 7: neighbours in time get far apart */
    return e->next_slot;
}

static bool type_valid(uint8_t type)
{
    return type < 128 || type == ENGINE_NO_PAYLOAD_TYPE;
}

static status check_media(const struct engine_leg_media *m)
{
    if (!m->codec || m->send_ptime_ms < 10 || m->send_ptime_ms > 60 || m->send_ptime_ms % 10 != 0)
        return STATUS_INVALID;
    if (m->send_payload_type > 127 || m->receive_payload_type > 127 || !type_valid(m->send_event_type) ||
        !type_valid(m->receive_event_type))
        return STATUS_INVALID;
    /* Frames of a codec without state can be shared, joined and cut at will; others need encoders. */
    if (m->codec->encoder_bytes > 0 || m->codec->rate_hz != RATE_HZ) return STATUS_UNSUPPORTED;
    return STATUS_OK;
}

static status make_playout(const struct engine *e, const struct codec *codec, struct playout **out)
{
    struct playout_config config = {.codec = codec, .guard_us = e->config.guard_us};
    return playout_create(out, &config);
}

static void note_new_leg(struct engine *e, int64_t now_us)
{
    if (now_us - e->recent_since_us >= RECENT_US) {
        e->recent_legs_before = now_us - e->recent_since_us < 2 * RECENT_US ? e->recent_legs : 0;
        e->recent_legs = 0;
        e->recent_since_us = now_us;
    }
    e->recent_legs++;
}

static status open_checked(struct engine *e, const struct engine_leg_config *config, struct engine_leg **out)
{
    status result = check_media(&config->media);
    if (result != STATUS_OK) return result;
    if (!config->cname[0] || !memchr(config->cname, 0, sizeof config->cname)) return STATUS_INVALID;
    if (e->leg_count >= e->config.legs_max) return STATUS_FULL;
    struct playout *playout;
    result = make_playout(e, config->media.codec, &playout);
    if (result != STATUS_OK) return result;
    struct engine_leg *leg = calloc(1, sizeof *leg);
    if (!leg) {
        playout_destroy(playout);
        return STATUS_NO_MEMORY;
    }
    leg->engine = e;
    leg->sockets = config->sockets;
    leg->user = config->user;
    leg->codec = config->media.codec;
    memcpy(leg->cname, config->cname, sizeof leg->cname);
    list_init(&leg->in_conference);
    list_init(&leg->waits);
    leg_media_init(&leg->media, config, leg->cname, playout, leg, clock_now_us());
    *out = leg;
    return STATUS_OK;
}

status engine_leg_open(struct engine *e, const struct engine_leg_config *config, struct engine_leg **out)
{
    thread_assert(THREAD_CONTROL);
    struct engine_leg *leg;
    status result = open_checked(e, config, &leg);
    if (result != STATUS_OK) {
        struct engine_sockets sockets = config->sockets;
        udp_pair_close(&sockets);
        return result;
    }
    leg->worker = config->near ? config->near->worker : least_loaded(e);
    e->workers[leg->worker].legs++;
    e->leg_count++;
    list_push_back(&e->legs, &leg->link);
    note_new_leg(e, clock_now_us());
    command(e, leg->worker,
            (struct core_command){
                .type = CORE_LEG_OPEN, .leg = &leg->media, .slot = config->near ? config->near->slot : take_slot(e)});
    commit(e);
    *out = leg;
    return STATUS_OK;
}

status engine_leg_change(struct engine_leg *leg, const struct engine_leg_media *media)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    status result = check_media(media);
    if (result != STATUS_OK) return result;
    struct core_change *change = calloc(1, sizeof *change);
    if (!change) return STATUS_NO_MEMORY;
    change->media = *media;
    if (media->codec != leg->codec) result = make_playout(leg->engine, media->codec, &change->playout);
    if (result != STATUS_OK) {
        free(change);
        return result;
    }
    leg->codec = media->codec;
    command(leg->engine, leg->worker,
            (struct core_command){.type = CORE_LEG_CHANGE, .leg = &leg->media, .change = change});
    commit(leg->engine);
    return STATUS_OK;
}

static void out_of_conference(struct engine_leg *leg)
{
    if (!leg->conference) return;
    if (leg->has_place) leg->conference->talkers--;
    leg->has_place = false;
    leg->conference = NULL;
    list_remove(&leg->in_conference);
}

/* A talker needs a place in the mixer before it comes. */
static void make_place(struct engine_leg *leg)
{
    struct engine_conference *c = leg->conference;
    if (leg->has_place) return;
    leg->has_place = true;
    if (++c->talkers <= c->places) return;
    struct mixer *mixer = NULL;
    c->places = (uint16_t)(c->places > MIXER_SLOTS_MAX / 2 ? MIXER_SLOTS_MAX : c->places * 2);
    struct mixer_config config = {.rate_hz = RATE_HZ, .max_slots = c->places};
    if (mixer_create(&mixer, &config) != STATUS_OK) must_have(NULL);
    command(leg->engine, c->worker,
            (struct core_command){.type = CORE_CONFERENCE_MIXER, .conference = &c->media, .mixer = mixer});
}

/* From its thread to another: the new one's batch waits until the old one has let go. */
static void move(struct engine_leg *leg, unsigned to)
{
    struct engine *e = leg->engine;
    struct detach_wait *wait = must_have(calloc(1, sizeof *wait));
    /* Two batches must not wait for each other's end. What waits already goes first, so that all waiting is for what
     * was sent before. */
    const struct core_batch *before = e->workers[leg->worker].filling;
    if (before && before->awaits > 0) post_all_filled(e);
    command(e, leg->worker, (struct core_command){.type = CORE_LEG_DETACH, .leg = &leg->media});
    e->workers[leg->worker].legs--;
    e->workers[to].legs++;
    leg->worker = to;
    wait->batch = filling(e, to);
    wait->batch->awaits++;
    wait->worker = to;
    list_push_back(&leg->waits, &wait->link);
}

void engine_leg_join(struct engine_leg *leg, struct engine_conference *c, bool talk, bool listen)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing && !c->closing);
    if (leg->conference != c) {
        out_of_conference(leg);
        leg->conference = c;
        list_push_back(&c->legs, &leg->in_conference);
    }
    if (leg->worker != c->worker) move(leg, c->worker);
    if (talk || leg->passes_digits) make_place(leg);
    command(leg->engine, leg->worker,
            (struct core_command){
                .type = CORE_LEG_JOIN, .leg = &leg->media, .conference = &c->media, .talk = talk, .listen = listen});
    commit(leg->engine);
}

void engine_leg_roles(struct engine_leg *leg, bool talk, bool listen)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    if (!leg->conference) return;
    if (talk) make_place(leg);
    command(leg->engine, leg->worker,
            (struct core_command){.type = CORE_LEG_ROLES, .leg = &leg->media, .talk = talk, .listen = listen});
    commit(leg->engine);
}

void engine_leg_leave(struct engine_leg *leg)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    if (!leg->conference) return;
    out_of_conference(leg);
    command(leg->engine, leg->worker, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &leg->media});
    commit(leg->engine);
}

void engine_leg_close(struct engine_leg *leg)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    out_of_conference(leg);
    leg->closing = true;
    command(leg->engine, leg->worker, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &leg->media});
    commit(leg->engine);
}

static void leg_command(struct engine_leg *leg, struct core_command command_for_it)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    command_for_it.leg = &leg->media;
    command(leg->engine, leg->worker, command_for_it);
    commit(leg->engine);
}

void engine_leg_dtmf(struct engine_leg *leg, bool pass)
{
    leg->passes_digits = pass;
    if (pass && leg->conference) make_place(leg);
    leg_command(leg, (struct core_command){.type = CORE_LEG_DTMF, .on = pass});
}

void engine_leg_play(struct engine_leg *leg, struct sound *sound, uint32_t loops, uint64_t token)
{
    assert(sound->rate_hz == RATE_HZ);
    sound_ref(sound);
    leg_command(leg, (struct core_command){.type = CORE_LEG_PLAY, .sound = sound, .number = loops, .token = token});
}

void engine_leg_stop(struct engine_leg *leg)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_STOP});
}

status engine_leg_send_digits(struct engine_leg *leg, const struct engine_digit *digits, size_t count, uint64_t token)
{
    uint8_t code;
    if (count == 0) return STATUS_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (dtmf_event(digits[i].digit, &code) != STATUS_OK) return STATUS_INVALID;
    }
    struct leg_digits *list = malloc(sizeof *list + count * sizeof *digits);
    if (!list) return STATUS_NO_MEMORY;
    list->token = token;
    list->count = count;
    memcpy(list->list, digits, count * sizeof *digits);
    leg_command(leg, (struct core_command){.type = CORE_LEG_DIGITS, .digits = list});
    return STATUS_OK;
}

void engine_leg_record(struct engine_leg *leg, struct ring *frames, enum engine_leg_sides sides)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_RECORD, .frames = frames, .sides = sides});
}

void engine_leg_watch_silence(struct engine_leg *leg, uint32_t silence_ms, uint64_t token)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_WATCH, .number = silence_ms, .token = token});
}

void engine_leg_stats(const struct engine_leg *leg, struct engine_leg_stats *out)
{
    thread_assert(THREAD_CONTROL);
    leg_media_read_stats(&leg->media, out);
}

static void leg_destroy(struct engine_leg *leg)
{
    out_of_conference(leg);
    list_remove(&leg->link);
    for (struct list *link; (link = list_pop_front(&leg->waits));)
        free(list_object(link, struct detach_wait, link));
    leg->engine->leg_count--;
    leg->engine->workers[leg->worker].legs--;
    leg_own_drop(&leg->media.own);
    playout_destroy(leg->media.playout);
    udp_pair_close(&leg->sockets);
    free(leg);
}

/* ---- conferences ---- */

status engine_conference_open(struct engine *e, void *user, struct engine_conference **out)
{
    thread_assert(THREAD_CONTROL);
    if (e->conference_count >= e->config.conferences_max) return STATUS_FULL;
    struct mixer *mixer;
    struct mixer_config config = {.rate_hz = RATE_HZ, .max_slots = MIXER_SLOTS_FIRST};
    status result = mixer_create(&mixer, &config);
    if (result != STATUS_OK) return result;
    struct engine_conference *c = calloc(1, sizeof *c);
    if (!c) {
        mixer_destroy(mixer);
        return STATUS_NO_MEMORY;
    }
    c->engine = e;
    c->user = user;
    c->worker = least_loaded(e);
    c->slot = take_slot(e);
    c->places = MIXER_SLOTS_FIRST;
    list_init(&c->legs);
    conference_media_init(&c->media, mixer, RATE_HZ, c->slot, c);
    list_push_back(&e->conferences, &c->link);
    e->workers[c->worker].conferences++;
    e->conference_count++;
    command(e, c->worker, (struct core_command){.type = CORE_CONFERENCE_OPEN, .conference = &c->media});
    commit(e);
    *out = c;
    return STATUS_OK;
}

uint32_t engine_conference_rate_hz(const struct engine_conference *c)
{
    return c->media.rate_hz;
}

static void conference_command(struct engine_conference *c, struct core_command command_for_it)
{
    thread_assert(THREAD_CONTROL);
    assert(!c->closing);
    command_for_it.conference = &c->media;
    command(c->engine, c->worker, command_for_it);
    commit(c->engine);
}

void engine_conference_audio(struct engine_conference *c, enum engine_audio audio)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_AUDIO, .audio = audio});
}

void engine_conference_music(struct engine_conference *c, struct sound *sound)
{
    if (sound) sound_ref(sound);
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_MUSIC, .sound = sound});
}

void engine_conference_play(struct engine_conference *c, struct sound *sound, uint64_t token)
{
    sound_ref(sound);
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_PLAY, .sound = sound, .token = token});
}

void engine_conference_stop(struct engine_conference *c, uint64_t token)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_STOP, .token = token});
}

void engine_conference_record(struct engine_conference *c, struct ring *frames)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_RECORD, .frames = frames});
}

void engine_conference_close(struct engine_conference *c)
{
    list_each_safe (link, &c->legs) {
        out_of_conference(list_object(link, struct engine_leg, in_conference));
    }
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_CLOSE});
    c->closing = true;
}

static void conference_destroy(struct engine_conference *c)
{
    list_remove(&c->link);
    c->engine->conference_count--;
    c->engine->workers[c->worker].conferences--;
    mixer_destroy(c->media.mixer);
    free(c);
}

/* ---- reports ---- */

static void leg_let_go(struct engine *e, struct engine_leg *leg)
{
    struct list *link = list_pop_front(&leg->waits);
    assert(link);
    struct detach_wait *wait = list_object(link, struct detach_wait, link);
    wait->batch->awaits--;
    flush(&e->workers[wait->worker]);
    free(wait);
}

/* Most events mean a report; what an event gives back is freed after it. */
static bool to_report(const struct media_event *event, struct engine_report *report)
{
    static const enum engine_report_type types[] = {
        [MEDIA_BATCH_DONE] = ENGINE_DONE,       [MEDIA_LEG_ALIVE] = ENGINE_LEG_ALIVE,
        [MEDIA_LEG_DIGIT] = ENGINE_LEG_DIGIT,   [MEDIA_LEG_TIMEOUT] = ENGINE_LEG_TIMEOUT,
        [MEDIA_LEG_CLOSED] = ENGINE_LEG_CLOSED, [MEDIA_RECORD_LOST] = ENGINE_RECORD_LOST,
        [MEDIA_PLAYED] = ENGINE_PLAYED,         [MEDIA_CONFERENCE_CLOSED] = ENGINE_CONFERENCE_CLOSED,
        [MEDIA_LEG_PLAYED] = ENGINE_LEG_PLAYED, [MEDIA_LEG_DIGITS_SENT] = ENGINE_LEG_DIGITS_SENT,
        [MEDIA_LEG_SILENT] = ENGINE_LEG_SILENT,
    };
    *report = (struct engine_report){.token = event->token, .tick_us = event->tick_us};
    if (event->type == MEDIA_LEG_DETACHED || event->type == MEDIA_SOUND_BACK) return false;
    if (event->type == MEDIA_BATCH_DONE && event->token == 0) return false;
    report->type = types[event->type];
    if (event->leg) {
        report->leg = event->leg->owner;
        report->user = report->leg->user;
        if (report->leg->closing && event->type != MEDIA_LEG_CLOSED) return false;
    }
    if (event->conference) {
        report->conference = event->conference->owner;
        report->user = report->conference->user;
    }
    if (event->type == MEDIA_LEG_DIGIT) report->digit = (char)event->number;
    if (event->type == MEDIA_RECORD_LOST) report->frames = event->number;
    report->completed =
        (event->type == MEDIA_PLAYED || event->type == MEDIA_LEG_PLAYED || event->type == MEDIA_LEG_DIGITS_SENT) &&
        event->number != 0;
    return true;
}

static void take_event(struct engine *e, const struct media_event *event)
{
    struct engine_report report;
    struct engine_leg_stats stats;
    if (event->type == MEDIA_LEG_DETACHED) leg_let_go(e, event->leg->owner);
    bool wanted = to_report(event, &report);
    if (event->type == MEDIA_LEG_CLOSED) {
        leg_media_read_stats(event->leg, &stats);
        report.stats = &stats;
    }
    if (wanted) e->report(e->arg, &report);
    switch (event->type) {
    case MEDIA_BATCH_DONE: batch_destroy(event->object); break;
    case MEDIA_LEG_CLOSED: leg_destroy(event->leg->owner); break;
    case MEDIA_LEG_DIGITS_SENT: free(event->object); break;
    case MEDIA_PLAYED:
    case MEDIA_LEG_PLAYED:
    case MEDIA_SOUND_BACK: sound_unref(event->object); break;
    case MEDIA_CONFERENCE_CLOSED: conference_destroy(event->conference->owner); break;
    default: break;
    }
}

int engine_report_fd(const struct engine *e)
{
    return e->report_fd;
}

void engine_poll(struct engine *e)
{
    thread_assert(THREAD_CONTROL);
    wake_drain(e->report_fd);
    struct media_event event;
    for (unsigned i = 0; i < e->worker_count; i++) {
        unsigned taken = 0;
        for (; worker_pop(e->workers[i].worker, &event); taken++)
            take_event(e, &event);
        flush(&e->workers[i]);
        if (taken > 1000) worker_wake(e->workers[i].worker);
    }
}

/* ---- sockets ---- */

status engine_socket_open(struct engine *e, const struct sockaddr *local, struct engine_sockets *out)
{
    thread_assert(THREAD_CONTROL);
    status result = STATUS_EXISTS;
    if (e->port_pairs == 0) result = udp_pair_open(local, 0, out);
    for (uint32_t i = 0; i < e->port_pairs && result == STATUS_EXISTS; i++) {
        uint32_t low = (uint32_t)(e->config.rtp_port_low + 1) & ~1u;
        uint32_t port = low + 2 * e->next_pair;
        e->next_pair = (e->next_pair + 1) % e->port_pairs;
        result = udp_pair_open(local, (uint16_t)port, out);
    }
    return result == STATUS_EXISTS ? STATUS_FULL : result;
}

void engine_socket_close(struct engine_sockets *sockets)
{
    udp_pair_close(sockets);
}

/* ---- life ---- */

static unsigned cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static status set_defaults(struct engine *e)
{
    struct engine_config *c = &e->config;
    if (c->threads == 0) c->threads = (uint16_t)cores();
    if (c->threads > ENGINE_THREADS_MAX) c->threads = ENGINE_THREADS_MAX;
    if (c->guard_us == 0) c->guard_us = 4000;
    if (c->rtp_timeout_s == 0) c->rtp_timeout_s = 60;
    if (c->legs_max == 0) c->legs_max = OBJECTS_MAX;
    if (c->conferences_max == 0) c->conferences_max = OBJECTS_MAX;
    if (c->busy_max_percent == 0) c->busy_max_percent = 75;
    if (c->guard_us > 20000 || c->busy_max_percent > 100) return STATUS_INVALID;
    if ((c->rtp_port_low == 0) != (c->rtp_port_high == 0)) return STATUS_INVALID;
    if (c->rtp_port_low == 0) return STATUS_OK;
    uint32_t low = (uint32_t)(c->rtp_port_low + 1) & ~1u;
    if (c->rtp_port_high < low + 1) return STATUS_INVALID;
    e->port_pairs = (c->rtp_port_high - low + 1) / 2;
    return STATUS_OK;
}

status engine_create(struct engine **out, const struct engine_config *config, engine_report_fn *report, void *arg)
{
    thread_assert(THREAD_CONTROL);
    struct engine *e = calloc(1, sizeof *e);
    if (!e) return STATUS_NO_MEMORY;
    e->config = *config;
    e->report = report;
    e->arg = arg;
    e->report_fd = -1;
    list_init(&e->legs);
    list_init(&e->conferences);
    status result = set_defaults(e);
    if (result == STATUS_OK) result = wake_open(&e->report_fd);
    for (unsigned i = 0; i < e->config.threads && result == STATUS_OK; i++) {
        list_init(&e->workers[i].outbox);
        result = worker_create(&e->workers[i].worker, i, e->report_fd, (int64_t)e->config.rtp_timeout_s * 1000000);
        if (result == STATUS_OK) e->worker_count++;
    }
    if (result != STATUS_OK) {
        engine_destroy(e);
        return result;
    }
    *out = e;
    return STATUS_OK;
}

/* A batch that was never carried out still holds references to its sounds, and a recording that wants its END. */
static void drop_batch(struct core_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct core_command *c = &batch->commands[i];
        if (c->sound) sound_unref(c->sound);
        free(c->digits);
        if (!c->frames) continue;
        struct pcm_frame end = {.kind = PCM_FRAME_END};
        if (!ring_push(c->frames, &end)) log_event(LOG_ERROR, "recording_ring_full", "conference=unknown");
    }
    batch_destroy(batch);
}

static void drop_batches(struct list *batches)
{
    for (struct list *link; (link = list_pop_front(batches));)
        drop_batch(list_object(link, struct core_batch, link));
}

static void destroy_batches(struct list *batches)
{
    for (struct list *link; (link = list_pop_front(batches));)
        batch_destroy(list_object(link, struct core_batch, link));
}

static void drop_conference(struct engine_conference *c)
{
    struct conference_media *m = &c->media;
    destroy_batches(&m->done);
    if (m->music) sound_unref(m->music);
    if (m->music_before) sound_unref(m->music_before);
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        if (m->plays[i].sound) sound_unref(m->plays[i].sound);
    }
    conference_media_record(m, NULL); /* its reader gets an END */
    conference_destroy(c);
}

static void quiet(void *arg, const struct engine_report *report)
{
    (void)arg;
    (void)report;
}

/* The threads have stopped: what they said is taken. */
static void take_last_events(struct engine *e)
{
    struct media_event event;
    for (unsigned i = 0; i < e->worker_count; i++) {
        while (worker_pop(e->workers[i].worker, &event))
            take_event(e, &event);
    }
}

/* What they were told and did not do is dropped. */
static void drop_commands(struct engine_worker *w)
{
    struct core_batch *batch;
    struct list done;
    while ((batch = worker_take_back(w->worker)))
        drop_batch(batch);
    drop_batches(&w->outbox);
    if (w->filling) drop_batch(w->filling);
    list_init(&done);
    worker_take_done(w->worker, &done);
    destroy_batches(&done);
}

void engine_destroy(struct engine *e)
{
    if (!e) return;
    thread_assert(THREAD_CONTROL);
    e->report = quiet;
    for (unsigned i = 0; i < e->worker_count; i++)
        worker_stop(e->workers[i].worker);
    take_last_events(e);
    for (unsigned i = 0; i < e->worker_count; i++)
        drop_commands(&e->workers[i]);
    list_each_safe (link, &e->legs) {
        leg_destroy(list_object(link, struct engine_leg, link));
    }
    list_each_safe (link, &e->conferences) {
        drop_conference(list_object(link, struct engine_conference, link));
    }
    for (unsigned i = 0; i < e->worker_count; i++)
        worker_destroy(e->workers[i].worker);
    wake_close(e->report_fd);
    free(e);
}

/* ---- figures ---- */

static void add_worker(struct engine_metrics *out, const struct media_counters *c)
{
    out->packets_in += media_counted(&c->packets_in);
    out->packets_out += media_counted(&c->packets_out);
    out->bytes_in += media_counted(&c->bytes_in);
    out->bytes_out += media_counted(&c->bytes_out);
    out->packets_foreign += media_counted(&c->packets_foreign);
    out->packets_bad += media_counted(&c->packets_bad);
    out->packets_late += media_counted(&c->packets_late);
    out->packets_lost += media_counted(&c->packets_lost);
    out->socket_drops += media_counted(&c->socket_drops);
    out->send_errors += media_counted(&c->send_errors);
    out->encodes_shared += media_counted(&c->encodes_shared);
    out->encodes_own += media_counted(&c->encodes_own);
    out->decodes += media_counted(&c->decodes);
    out->record_frames_lost += media_counted(&c->record_frames_lost);
}

void engine_metrics(const struct engine *e, struct engine_metrics *out)
{
    thread_assert(THREAD_CONTROL);
    memset(out, 0, sizeof *out);
    out->threads = e->worker_count;
    out->legs = e->leg_count;
    out->conferences = e->conference_count;
    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct media_counters *c = worker_counters(e->workers[i].worker);
        struct engine_thread_metrics *t = &out->thread[i];
        t->busy_permille = atomic_load_explicit(&c->busy_permille, memory_order_relaxed);
        t->legs = atomic_load_explicit(&c->legs, memory_order_relaxed);
        t->conferences = atomic_load_explicit(&c->conferences, memory_order_relaxed);
        t->ticks = media_counted(&c->ticks);
        t->ticks_late = media_counted(&c->ticks_late);
        t->late_max_us = media_counted(&c->late_max_us);
        t->wakeups = media_counted(&c->wakeups);
        add_worker(out, c);
    }
}

bool engine_overloaded(struct engine *e)
{
    thread_assert(THREAD_CONTROL);
    uint32_t busiest = 0, legs = 0;
    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct media_counters *c = worker_counters(e->workers[i].worker);
        uint32_t busy = atomic_load_explicit(&c->busy_permille, memory_order_relaxed);
        if (busy >= busiest) {
            busiest = busy;
            legs = e->workers[i].legs;
        }
    }
    /* Who has just come is not in the smoothed figure yet; each will cost what the others do. */
    uint32_t recent = e->recent_legs + e->recent_legs_before;
    if (clock_now_us() - e->recent_since_us > 2 * RECENT_US) recent = 0;
    if (legs > 0) busiest += recent / e->worker_count * busiest / legs;
    uint32_t limit = e->config.busy_max_percent * 10u;
    e->overloaded = busiest > (e->overloaded ? limit - limit / 10 : limit);
    return e->overloaded;
}
