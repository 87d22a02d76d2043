#include "record/recorder.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "media/pcm_frame.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"
#include "os/wake.h"
#include "record/steady_rate.h"
#include "record/wav_file.h"

enum {
    RING_FRAMES = 1024, /* what a disk may stall without a loss: 20 s of 8000 Hz, 3.4 s of 48000 */
    QUEUE = 4096,
    LOOK_MS = 200,
    SYNC_US = 1000000,
    QUALITY = 7,
    TICK_SAMPLES_MAX = 960,
};

struct recording {
    struct list link; /* in recorder.open, recorder thread */
    struct recorder *recorder;
    struct ring *frames; /* owned */
    struct recording_spec spec;
    struct wav_file *file; /* NULL once complete or failed */
    struct steady_rate *steady;
    int16_t tick[TICK_SAMPLES_MAX]; /* as far as its parts have come */
    uint32_t rate_hz;               /* of the ticks at present */
    uint64_t next_tick;
    uint64_t lost_ticks;
    bool started; /* next_tick holds */
    bool dirty;   /* the header is behind */
    bool ended;   /* reported; waits for its END */
    bool broken;  /* a write failed */
    int64_t synced_us;
    atomic_bool cancelled; /* by control */
};

enum message_type { MESSAGE_REPORT, MESSAGE_GONE };

/* Recorder to control. */
struct message {
    enum message_type type;
    struct recording *recording;
    struct recording_report report;
};

struct recorder {
    struct recorder_config config;
    char *dir;
    recorder_report_fn *report;
    void *arg;
    pthread_t thread;
    int wake_fd, report_fd;
    struct ring *opened;  /* struct recording *, control to recorder */
    struct ring *reports; /* struct message, recorder to control */
    struct list open;     /* recorder thread */
    atomic_bool stopping;
    atomic_uint_least32_t count;
    atomic_uint_least64_t frames, lost_ms, bytes, write_errors;
};

const char *recording_end_name(enum recording_end end)
{
    static const char *const names[] = {"ended", "length_max", "disk_full", "recovered", "failed"};
    return names[end];
}

/* ---- recorder thread ---- */

static void count_up(atomic_uint_least64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static void tell(struct recorder *r, const struct message *message)
{
    while (!ring_push(r->reports, message)) {
        if (atomic_load(&r->stopping)) return; /* nobody listens any more; recorder_destroy() frees */
        wake_signal(r->report_fd);
        poll(NULL, 0, 10);
    }
    wake_signal(r->report_fd);
}

static void complete(struct recording *g, enum recording_end end)
{
    struct recorder *r = g->recorder;
    struct message message = {.type = MESSAGE_REPORT, .recording = g};
    struct recording_report *report = &message.report;
    memcpy(report->id, g->spec.id, sizeof report->id);
    report->user = g->spec.user;
    report->rate_hz = r->config.rate_hz;
    report->end = end;
    report->lost_ms = g->lost_ticks * PCM_FRAME_MS;
    if (g->file) {
        report->samples = wav_file_samples(g->file);
        report->duration_ms = report->samples * 1000 / r->config.rate_hz;
        if (wav_file_finish(g->file, &report->bytes) != STATUS_OK) {
            log_event(LOG_ERROR, "recording_not_named", "recording=%s", g->spec.id);
            report->end = RECORDING_FAILED;
        }
        g->file = NULL;
    } else {
        report->end = RECORDING_FAILED;
    }
    g->ended = true;
    tell(r, &message);
}

static void write_failed(struct recording *g)
{
    if (!g->broken) log_event(LOG_ERROR, "recording_write_failed", "recording=%s", g->spec.id);
    g->broken = true;
    count_up(&g->recorder->write_errors, 1);
}

/* A resampler_sink_fn. */
static void write_samples(void *arg, const int16_t *pcm, size_t samples)
{
    struct recording *g = arg;
    if (g->broken) return;
    uint64_t limit = (uint64_t)g->recorder->config.length_max_s * g->recorder->config.rate_hz;
    uint64_t have = wav_file_samples(g->file);
    if (have + samples > limit) samples = (size_t)(limit - have);
    g->dirty = true;
    if (wav_file_write(g->file, pcm, samples) != STATUS_OK) write_failed(g);
    count_up(&g->recorder->bytes, samples * sizeof *pcm);
}

static bool at_limit(const struct recording *g)
{
    const struct recorder_config *config = &g->recorder->config;
    return wav_file_samples(g->file) >= (uint64_t)config->length_max_s * config->rate_hz;
}

static void put_tick(struct recording *g, const int16_t *pcm)
{
    if (steady_rate_put(g->steady, g->rate_hz, pcm, write_samples, g) != STATUS_OK) write_failed(g);
}

static void fill_gap(struct recording *g, uint64_t tick)
{
    static const int16_t silence[TICK_SAMPLES_MAX];
    for (; g->next_tick < tick && !at_limit(g) && !g->broken; g->next_tick++) {
        put_tick(g, silence);
        g->lost_ticks++;
        count_up(&g->recorder->lost_ms, PCM_FRAME_MS);
    }
    g->next_tick = tick;
}

static void take_frame(struct recording *g, const struct pcm_frame *frame)
{
    memcpy(g->tick + frame->part * PCM_FRAME_SAMPLES, frame->pcm, sizeof frame->pcm);
    if (frame->part + 1u < pcm_frame_parts(frame->rate_hz)) return;
    count_up(&g->recorder->frames, 1);
    if (g->started && frame->tick > g->next_tick) fill_gap(g, frame->tick);
    g->started = true;
    g->next_tick = frame->tick + 1;
    g->rate_hz = frame->rate_hz;
    put_tick(g, g->tick);
}

static bool room_on_disk(const struct recorder *r)
{
    return r->config.free_floor_bytes == 0 || r->config.io->free_bytes(r->dir) >= r->config.free_floor_bytes;
}

static void keep_up(struct recording *g, int64_t now_us)
{
    if (g->dirty && wav_file_update(g->file) != STATUS_OK) write_failed(g);
    g->dirty = false;
    if (now_us - g->synced_us < SYNC_US) return;
    g->synced_us = now_us;
    if (wav_file_sync(g->file) != STATUS_OK) count_up(&g->recorder->write_errors, 1);
    if (!room_on_disk(g->recorder)) {
        log_event(LOG_ERROR, "recording_disk_full", "recording=%s", g->spec.id);
        g->broken = true;
    }
}

/* True once END was popped. What stands in the ring is read where it lies, so a frame is copied once less. */
static bool drain(struct recording *g)
{
    const struct pcm_frame *frame;
    while ((frame = ring_peek(g->frames))) {
        bool last = frame->kind == PCM_FRAME_END;
        if (!g->ended && last) {
            if (g->started) fill_gap(g, frame->tick);
        } else if (!g->ended) {
            take_frame(g, frame);
        }
        ring_skip(g->frames);
        if (last) return true;
        if (!g->ended && (g->broken || at_limit(g))) return false;
    }
    return false;
}

static void release(struct recording *g)
{
    list_remove(&g->link);
    if (g->file) wav_file_discard(g->file);
    g->file = NULL;
    steady_rate_destroy(g->steady);
    g->steady = NULL;
    atomic_fetch_sub_explicit(&g->recorder->count, 1, memory_order_relaxed);
    struct message message = {.type = MESSAGE_GONE, .recording = g};
    tell(g->recorder, &message);
}

static void look(struct recording *g, int64_t now_us)
{
    if (atomic_load_explicit(&g->cancelled, memory_order_acquire)) {
        if (!g->ended) {
            if (g->file) wav_file_discard(g->file);
            g->file = NULL;
            complete(g, RECORDING_FAILED);
        }
        release(g);
        return;
    }
    bool last = drain(g);
    if (!g->ended) {
        if (last && !g->broken) steady_rate_finish(g->steady, write_samples, g);
        keep_up(g, now_us);
        if (g->broken)
            complete(g, RECORDING_DISK_FULL);
        else if (at_limit(g))
            complete(g, RECORDING_LENGTH_MAX);
        else if (last)
            complete(g, RECORDING_ENDED);
    }
    if (last) release(g);
}

static void begin(struct recorder *r, struct recording *g)
{
    list_push_back(&r->open, &g->link);
    g->synced_us = clock_now_us();
    if (!room_on_disk(r) ||
        wav_file_create(&g->file, r->dir, g->spec.id, r->config.rate_hz, r->config.io) != STATUS_OK) {
        log_event(LOG_ERROR, "recording_not_made", "recording=%s", g->spec.id);
        complete(g, RECORDING_FAILED);
    }
}

static void look_at_all(struct recorder *r)
{
    struct recording *g;
    while (ring_pop(r->opened, &g))
        begin(r, g);
    list_each_safe (link, &r->open) {
        look(list_object(link, struct recording, link), clock_now_us());
    }
}

static void run(void *arg)
{
    struct recorder *r = arg;
    while (!atomic_load(&r->stopping)) {
        struct pollfd wait = {.fd = r->wake_fd, .events = POLLIN};
        poll(&wait, 1, list_empty(&r->open) ? -1 : LOOK_MS);
        wake_drain(r->wake_fd);
        look_at_all(r);
    }
    look_at_all(r);
    list_each_safe (link, &r->open) {
        struct recording *g = list_object(link, struct recording, link);
        if (!g->ended) {
            steady_rate_finish(g->steady, write_samples, g);
            complete(g, RECORDING_ENDED);
        }
        release(g);
    }
}

/* ---- control ---- */

static void recording_free(struct recording *g)
{
    ring_destroy(g->frames);
    steady_rate_destroy(g->steady);
    free(g);
}

static void recorder_free(struct recorder *r)
{
    wake_close(r->wake_fd);
    wake_close(r->report_fd);
    ring_destroy(r->opened);
    ring_destroy(r->reports);
    free(r->dir);
    free(r);
}

static status start(struct recorder *r)
{
    if (!r->dir) return STATUS_NO_MEMORY;
    struct stat s;
    if (stat(r->dir, &s) < 0 || !S_ISDIR(s.st_mode)) return STATUS_IO;
    status result = wake_open(&r->wake_fd);
    if (result == STATUS_OK) result = wake_open(&r->report_fd);
    if (result == STATUS_OK) result = ring_create(&r->opened, sizeof(struct recording *), QUEUE);
    if (result == STATUS_OK) result = ring_create(&r->reports, sizeof(struct message), QUEUE);
    if (result == STATUS_OK) result = thread_start(&r->thread, "recorder", THREAD_RECORDER, run, r);
    return result;
}

status recorder_create(struct recorder **out, const struct recorder_config *config, recorder_report_fn *report,
                       void *arg)
{
    thread_assert(THREAD_CONTROL);
    struct recorder *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    r->config = *config;
    if (r->config.rate_hz == 0) r->config.rate_hz = 16000;
    if (r->config.length_max_s == 0) r->config.length_max_s = 4 * 3600;
    if (!r->config.io) r->config.io = &wav_file_disk;
    r->dir = strdup(config->dir);
    r->report = report;
    r->arg = arg;
    r->wake_fd = r->report_fd = -1;
    list_init(&r->open);
    bool rate_known = r->config.rate_hz >= 8000 && r->config.rate_hz <= 48000;
    status result = rate_known ? start(r) : STATUS_INVALID;
    if (result != STATUS_OK) {
        recorder_free(r);
        return result;
    }
    *out = r;
    return STATUS_OK;
}

void recorder_destroy(struct recorder *r)
{
    if (!r) return;
    thread_assert(THREAD_CONTROL);
    atomic_store(&r->stopping, true);
    wake_signal(r->wake_fd);
    thread_join(r->thread);
    struct message message;
    while (ring_pop(r->reports, &message)) {
        if (message.type == MESSAGE_GONE) recording_free(message.recording);
    }
    recorder_free(r);
}

int recorder_fd(const struct recorder *r)
{
    return r->report_fd;
}

void recorder_poll(struct recorder *r)
{
    thread_assert(THREAD_CONTROL);
    wake_drain(r->report_fd);
    struct message message;
    while (ring_pop(r->reports, &message)) {
        if (message.type == MESSAGE_REPORT)
            r->report(r->arg, &message.report);
        else
            recording_free(message.recording);
    }
}

status recorder_open(struct recorder *r, const struct recording_spec *spec, struct recording **out)
{
    thread_assert(THREAD_CONTROL);
    if (!spec->id[0]) return STATUS_INVALID;
    struct recording *g = calloc(1, sizeof *g);
    if (!g) return STATUS_NO_MEMORY;
    g->recorder = r;
    g->spec = *spec;
    status result = steady_rate_create(&g->steady, r->config.rate_hz, QUALITY);
    if (result == STATUS_OK) result = ring_create(&g->frames, sizeof(struct pcm_frame), RING_FRAMES);
    if (result == STATUS_OK && !ring_push(r->opened, &g)) result = STATUS_NO_MEMORY;
    if (result != STATUS_OK) {
        recording_free(g);
        return result;
    }
    atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
    wake_signal(r->wake_fd);
    *out = g;
    return STATUS_OK;
}

struct ring *recording_ring(struct recording *g)
{
    return g->frames;
}

void recording_cancel(struct recording *g)
{
    thread_assert(THREAD_CONTROL);
    atomic_store_explicit(&g->cancelled, true, memory_order_release);
    wake_signal(g->recorder->wake_fd);
}

static uint64_t counted(const atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void recorder_metrics(const struct recorder *r, struct recorder_metrics *out)
{
    out->open = atomic_load_explicit(&r->count, memory_order_relaxed);
    out->frames = counted(&r->frames);
    out->lost_ms = counted(&r->lost_ms);
    out->bytes = counted(&r->bytes);
    out->write_errors = counted(&r->write_errors);
}
