#include "engine/engine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "engine/udp.h"
#include "media/sound.h"
#include "os/log.h"
#include "os/thread.h"
#include "os/wake.h"

enum { OBJECTS_MAX = 100000 };

/* ---- reports ---- */

/* Most events mean a report; what an event gives back is freed after it. */
static bool to_report(const struct media_event *event, struct engine_report *report)
{
    static const enum engine_report_type types[] = {
        [MEDIA_BATCH_DONE] = ENGINE_DONE,       [MEDIA_LEG_ALIVE] = ENGINE_LEG_ALIVE,
        [MEDIA_LEG_DIGIT] = ENGINE_LEG_DIGIT,   [MEDIA_LEG_TIMEOUT] = ENGINE_LEG_TIMEOUT,
        [MEDIA_LEG_CLOSED] = ENGINE_LEG_CLOSED, [MEDIA_RECORD_LOST] = ENGINE_RECORD_LOST,
        [MEDIA_PLAYED] = ENGINE_PLAYED,         [MEDIA_CONFERENCE_CLOSED] = ENGINE_CONFERENCE_CLOSED,
        [MEDIA_LEG_PLAYED] = ENGINE_LEG_PLAYED, [MEDIA_LEG_DIGITS_SENT] = ENGINE_LEG_DIGITS_SENT,
        [MEDIA_LEG_SILENT] = ENGINE_LEG_SILENT, [MEDIA_LEG_TALKING] = ENGINE_LEG_TALKING,
    };
    *report = (struct engine_report){.token = event->token, .tick_us = event->tick_us};
    if (event->type == MEDIA_LEG_DETACHED || event->type == MEDIA_SOUND_BACK || event->type == MEDIA_GRAPH_BACK)
        return false;
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
    if (event->type == MEDIA_LEG_TALKING) engine_leg_note_talking(report->leg, report->talking = event->number != 0);
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
    if (event->type == MEDIA_LEG_DETACHED) engine_leg_let_go(event->leg->owner);
    bool wanted = to_report(event, &report);
    if (event->type == MEDIA_LEG_CLOSED) {
        leg_media_read_stats(event->leg, &stats);
        report.stats = &stats;
    }
    if (wanted) e->report(e->arg, &report);
    switch (event->type) {
    case MEDIA_BATCH_DONE: engine_batch_destroy(event->object); break;
    case MEDIA_LEG_CLOSED: engine_leg_destroy(event->leg->owner); break;
    case MEDIA_LEG_DIGITS_SENT: free(event->object); break;
    case MEDIA_PLAYED:
    case MEDIA_LEG_PLAYED:
    case MEDIA_SOUND_BACK: sound_unref(event->object); break;
    case MEDIA_GRAPH_BACK: conference_graph_destroy(event->object); break;
    case MEDIA_CONFERENCE_CLOSED: engine_conference_destroy(event->conference->owner); break;
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
        engine_flush(&e->workers[i]);
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
    if (result == STATUS_OK) result = srtp_library_start();
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
    if (!worker_goes_first(e->workers[0].worker))
        log_event(LOG_INFO, "media_not_first",
                  "why=\"CAP_SYS_NICE or a nice limit of -10 is not given: other programs can hold audio up\"");
    *out = e;
    return STATUS_OK;
}

static void drop_batches(struct list *batches)
{
    for (struct list *link; (link = list_pop_front(batches));)
        engine_batch_drop(list_object(link, struct core_batch, link));
}

static void destroy_batches(struct list *batches)
{
    for (struct list *link; (link = list_pop_front(batches));)
        engine_batch_destroy(list_object(link, struct core_batch, link));
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
        engine_batch_drop(batch);
    drop_batches(&w->outbox);
    if (w->filling) engine_batch_drop(w->filling);
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
        engine_leg_destroy(list_object(link, struct engine_leg, link));
    }
    list_each_safe (link, &e->conferences) {
        engine_conference_drop(list_object(link, struct engine_conference, link));
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
    out->packets_unauthentic += media_counted(&c->packets_unauthentic);
    out->packets_replayed += media_counted(&c->packets_replayed);
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
    out->talking = e->talking_count;
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
