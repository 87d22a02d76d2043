#include "engine/worker.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/ring.h"
#include "engine/udp.h"
#include "os/clock.h"
#include "os/thread.h"
#include "os/wake.h"

enum {
    COMMANDS = 4096,
    EVENTS = 65536,
    EVENTS_KEPT = 16384,   /* places that only events which give something back may use */
    EVENTS_A_COMMAND = 16, /* at most: the last leg closes, and its sounds and those of its conference end */
    TIMER_SLACK_NS = 1,
    LOAD_WINDOW_US = 200000,
};

struct worker {
    pthread_t thread;
    struct core *core;
    struct ring *commands; /* struct core_batch * */
    struct ring *events;   /* struct media_event */
    int wake_fd, report_fd;
    atomic_bool stopping;
    atomic_bool starved; /* control found the ring full */
    bool first;          /* goes before other programs */
    bool told;           /* events were pushed since the last signal */
    struct media_io io;
    struct media_counters counters;
    struct udp_batch *batch;
    int64_t now_us, offset_us;
    int64_t load_since_us, busy_us;
};

/* ---- the world as the core sees it ---- */

static size_t io_receive(void *arg, struct leg_media *leg, bool rtcp, struct media_packet *packets, size_t max)
{
    struct worker *w = arg;
    uint32_t drops = rtcp ? 0 : leg->drops_seen;
    size_t got;
    if (max == 1 && !rtcp && leg->filtered)
        got = udp_receive_one(w->batch, leg->rtp_fd, packets, &leg->source.source, w->offset_us, w->now_us, &drops);
    else
        got = udp_receive(w->batch, rtcp ? leg->rtcp_fd : leg->rtp_fd, packets, max, w->offset_us, w->now_us, &drops);
    if (!rtcp && drops != leg->drops_seen) {
        media_count(&w->counters.socket_drops, drops - leg->drops_seen);
        leg->drops_seen = drops;
    }
    return got;
}

static bool send_rtcp(const struct leg_media *leg, const uint8_t *bytes, size_t len)
{
    const struct sockaddr_storage *rtp = source_lock_destination(&leg->source);
    struct sockaddr_storage to = leg->rtcp_source;
    if (to.ss_family == AF_UNSPEC && !leg->source.locked) to = leg->media.remote_rtcp;
    if (to.ss_family == AF_UNSPEC || !source_lock_same_host(&to, rtp)) {
        to = *rtp;
        udp_set_port(&to, (uint16_t)(udp_port(rtp) + 1));
        /* The port of the SDP holds where only the host was translated. */
        if (source_lock_same_host(&leg->media.remote_rtcp, rtp)) to = leg->media.remote_rtcp;
    }
    return rtp->ss_family != AF_UNSPEC && udp_send(leg->rtcp_fd, bytes, len, &to);
}

static bool io_send(void *arg, struct leg_media *leg, bool rtcp, const uint8_t *bytes, size_t len)
{
    (void)arg;
    if (rtcp && !leg->media.rtcp_mux) return send_rtcp(leg, bytes, len);
    if (leg->connected) return udp_send(leg->rtp_fd, bytes, len, NULL);
    const struct sockaddr_storage *to = source_lock_destination(&leg->source);
    return to->ss_family != AF_UNSPEC && udp_send(leg->rtp_fd, bytes, len, to);
}

static void io_lock(void *arg, struct leg_media *leg)
{
    (void)arg;
    static const struct sockaddr_storage nobody = {.ss_family = AF_UNSPEC};
    bool good = udp_connect(leg->rtp_fd, leg->source.locked ? &leg->source.source : &nobody);
    leg->connected = leg->source.locked && good;
    leg->filtered = false;
}

static int64_t io_unix_us(void *arg)
{
    const struct worker *w = arg;
    return w->now_us - w->offset_us;
}

static bool gives_back(enum media_event_type type)
{
    return type == MEDIA_BATCH_DONE || type == MEDIA_LEG_DETACHED || type == MEDIA_LEG_CLOSED || type == MEDIA_PLAYED ||
           type == MEDIA_SOUND_BACK || type == MEDIA_GRAPH_BACK || type == MEDIA_CONFERENCE_CLOSED ||
           type == MEDIA_LEG_PLAYED || type == MEDIA_LEG_DIGITS_SENT;
}

static void io_tell(void *arg, const struct media_event *event)
{
    struct worker *w = arg;
    if (!gives_back(event->type) && ring_space(w->events) < EVENTS_KEPT) return;
    w->told = true;
    if (!ring_push(w->events, event)) abort(); /* EVENTS_KEPT was too small: our own promise */
}

/* ---- the thread ---- */

/* Thousands of commands in one batch make by far less than that each: they must not wait for room that never is. */
static size_t events_of(const struct core_batch *batch)
{
    size_t most = EVENTS_KEPT / 2 + (size_t)batch->count * EVENTS_A_COMMAND;
    return most < EVENTS - EVENTS_KEPT ? most : EVENTS - EVENTS_KEPT;
}

static void run_commands(struct worker *w)
{
    struct core_batch *const *next;
    while ((next = ring_peek(w->commands))) {
        struct core_batch *batch = *next;
        if (ring_space(w->events) < events_of(batch)) break;
        ring_skip(w->commands);
        core_execute(w->core, batch, w->now_us);
    }
    if (atomic_exchange_explicit(&w->starved, false, memory_order_acq_rel)) w->told = true;
}

static void measure_load(struct worker *w, int64_t now_us, bool idle)
{
    int64_t past_us = now_us - w->load_since_us;
    if (past_us < LOAD_WINDOW_US && !idle) return;
    uint32_t latest = past_us > 0 ? (uint32_t)(w->busy_us * 1000 / past_us) : 0;
    uint32_t before = atomic_load_explicit(&w->counters.busy_permille, memory_order_relaxed);
    uint32_t smooth = idle ? 0 : (before * 3 + latest) / 4;
    atomic_store_explicit(&w->counters.busy_permille, smooth, memory_order_relaxed);
    w->load_since_us = now_us;
    w->busy_us = 0;
}

static void sleep_until(struct worker *w, int64_t deadline_us, int64_t now_us)
{
    struct pollfd wait = {.fd = w->wake_fd, .events = POLLIN};
    int64_t left_us = deadline_us - now_us;
    struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    media_count(&w->counters.wakeups, 1); /* before it sleeps: who sees the count knows that the round is over */
    if (ppoll(&wait, 1, deadline_us == INT64_MAX ? NULL : &left, NULL) > 0) wake_drain(w->wake_fd);
}

static void run(void *arg)
{
    struct worker *w = arg;
    prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
    w->load_since_us = clock_now_us();
    while (!atomic_load_explicit(&w->stopping, memory_order_acquire)) {
        w->now_us = clock_now_us();
        w->offset_us = clock_real_to_monotonic_us();
        run_commands(w);
        core_run(w->core, w->now_us);
        if (w->told) wake_signal(w->report_fd);
        w->told = false;
        int64_t deadline_us = core_deadline(w->core);
        int64_t after_us = clock_now_us();
        w->busy_us += after_us - w->now_us;
        measure_load(w, after_us, deadline_us == INT64_MAX);
        if (deadline_us > after_us) sleep_until(w, deadline_us, after_us);
    }
}

/* ---- control ---- */

static status start(struct worker *w, unsigned number, int64_t rtp_timeout_us)
{
    char name[16];
    snprintf(name, sizeof name, "media-%u", number);
    status result = wake_open(&w->wake_fd);
    if (result == STATUS_OK) result = ring_create(&w->commands, sizeof(struct core_batch *), COMMANDS);
    if (result == STATUS_OK) result = ring_create(&w->events, sizeof(struct media_event), EVENTS);
    if (result == STATUS_OK) result = core_create(&w->core, &w->io, &w->counters, rtp_timeout_us);
    if (result == STATUS_OK) result = thread_start_first(&w->thread, name, THREAD_MEDIA, run, w, &w->first);
    return result;
}

status worker_create(struct worker **out, unsigned number, int report_fd, int64_t rtp_timeout_us)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w) return STATUS_NO_MEMORY;
    w->wake_fd = -1;
    w->report_fd = report_fd;
    w->io = (struct media_io){
        .receive = io_receive, .send = io_send, .lock = io_lock, .unix_us = io_unix_us, .tell = io_tell, .arg = w};
    w->batch = malloc(sizeof *w->batch);
    status result = w->batch ? STATUS_OK : STATUS_NO_MEMORY;
    if (w->batch) udp_batch_init(w->batch);
    if (result == STATUS_OK) result = start(w, number, rtp_timeout_us);
    if (result != STATUS_OK) {
        worker_destroy(w);
        return result;
    }
    *out = w;
    return STATUS_OK;
}

void worker_stop(struct worker *w)
{
    atomic_store_explicit(&w->stopping, true, memory_order_release);
    wake_signal(w->wake_fd);
    thread_join(w->thread);
}

void worker_destroy(struct worker *w)
{
    if (!w) return;
    core_destroy(w->core);
    ring_destroy(w->commands);
    ring_destroy(w->events);
    wake_close(w->wake_fd);
    free(w->batch);
    free(w);
}

bool worker_push(struct worker *w, struct core_batch *batch)
{
    bool fits = ring_push(w->commands, &batch);
    if (!fits) {
        atomic_store_explicit(&w->starved, true, memory_order_release);
        fits = ring_push(w->commands, &batch);
    }
    wake_signal(w->wake_fd);
    return fits;
}

void worker_wake(struct worker *w)
{
    wake_signal(w->wake_fd);
}

struct core_batch *worker_take_back(struct worker *w)
{
    struct core_batch *batch = NULL;
    return ring_pop(w->commands, &batch) ? batch : NULL;
}

void worker_take_done(struct worker *w, struct list *out)
{
    core_take_done(w->core, out);
}

bool worker_pop(struct worker *w, struct media_event *out)
{
    return ring_pop(w->events, out);
}

bool worker_goes_first(const struct worker *w)
{
    return w->first;
}

const struct media_counters *worker_counters(const struct worker *w)
{
    return &w->counters;
}
