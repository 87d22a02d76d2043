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
#include "record/converter.h"
#include "record/tracks.h"
#include "record/wav_file.h"

enum {
    RING_FRAMES = 1024,        /* what a disk may stall without a loss: 20 s of 8000 Hz, 3.4 s of 48000 */
    RING_FRAMES_TRACKS = 8192, /* the same with the bridge and six who speak at a time */
    QUEUE = 4096,
    LOOK_MS = 200,
    SYNC_US = 1000000,
};

/* Where there is no limit: a thousand years, which no sum overflows. */
#define SAMPLES_MAX (UINT64_C(1) << 50)

struct recording {
    struct list link; /* in recorder.open, recorder thread */
    struct recorder *recorder;
    struct ring *frames; /* owned */
    struct recording_spec spec;
    struct track *mix;     /* NULL once complete or failed */
    struct tracks *tracks; /* NULL where there are none, or with it */
    uint64_t lost_ticks;
    bool started; /* the first frame has come */
    bool full_disk;
    bool ended; /* reported; waits for its END */
    int64_t synced_us;
    atomic_bool cancelled; /* by control */

    id_text *calls; /* control: of the tracks, from PCM_TRACK_FIRST on; owned */
    uint16_t call_count;
};

/* Control to recorder. */
struct request {
    struct recording *recording;
    uint16_t track; /* 0: begin the recording; else this track is named */
    id_text call;
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
    struct ring *requests; /* struct request, control to recorder */
    struct ring *reports;  /* struct message, recorder to control */
    struct list open;      /* recorder thread */
    atomic_bool stopping;
    atomic_uint_least32_t count;
    atomic_uint_least64_t lost_ms;
    struct track_counts counts;
    struct converter *converter; /* control; NULL where all stay WAV */
};

const char *recording_end_name(enum recording_end end)
{
    static const char *const names[] = {"ended", "length_max", "disk_full", "recovered", "failed"};
    return names[end];
}

static void recording_free(struct recording *g)
{
    ring_destroy(g->frames);
    free(g->calls);
    free(g);
}

/* ---- recorder thread ---- */

/* @return false where there is no room, and nobody listens any more */
static bool tell(struct recorder *r, const struct message *message)
{
    while (!ring_push(r->reports, message)) {
        if (atomic_load(&r->stopping)) return false;
        wake_signal(r->report_fd);
        poll(NULL, 0, 10);
    }
    wake_signal(r->report_fd);
    return true;
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
    if (g->mix) {
        report->samples = track_samples(g->mix);
        report->duration_ms = report->samples * 1000 / r->config.rate_hz;
        if (g->tracks) tracks_finish(g->tracks, track_tick(g->mix), report->samples);
        if (track_finish(g->mix, &report->bytes) != STATUS_OK) {
            log_event(LOG_ERROR, "recording_not_named", "recording=%s", g->spec.id);
            report->end = RECORDING_FAILED;
        }
        g->mix = NULL;
        g->tracks = NULL;
    } else {
        report->end = RECORDING_FAILED;
    }
    g->ended = true;
    (void)tell(r, &message);
}

static void discard(struct recording *g)
{
    if (g->tracks) tracks_discard(g->tracks);
    if (g->mix) track_discard(g->mix);
    g->tracks = NULL;
    g->mix = NULL;
}

static bool is_over(const struct recording *g)
{
    return g->full_disk || track_broken(g->mix) || track_full(g->mix);
}

static void fill_gap(struct recording *g, uint64_t tick)
{
    uint64_t ticks = track_fill(g->mix, tick);
    g->lost_ticks += ticks;
    track_count(&g->recorder->lost_ms, ticks * PCM_FRAME_MS);
}

/* Ticks of tracks that found no room in the ring: silence there. */
static void note_lost(struct recording *g, uint32_t ticks)
{
    track_count(&g->recorder->lost_ms, (uint64_t)ticks * PCM_FRAME_MS);
    log_event(LOG_WARN, "tracks_lost", "recording=%s lost_ms=%u", g->spec.id, ticks * PCM_FRAME_MS);
}

static void take_requests(struct recorder *r);

static void take_frame(struct recording *g, const struct pcm_frame *frame)
{
    if (!g->started) {
        track_begin(g->mix, frame->tick);
        if (g->tracks) tracks_begin(g->tracks, frame->tick);
        g->started = true;
    }
    if (frame->kind == PCM_FRAME_AUDIO && frame->track == PCM_TRACK_MIX) {
        fill_gap(g, frame->tick);
        track_put(g->mix, frame);
    } else if (frame->kind == PCM_FRAME_OTHER && frame->track == PCM_TRACK_MIX) {
        track_put(g->mix, frame);
    } else if (g->tracks) {
        if (frame->kind == PCM_FRAME_MARK && frame->mark.type == PCM_MARK_LOST) note_lost(g, frame->mark.count);
        /* Its name was sent before its first frame, but maybe after we looked. */
        if (!tracks_know(g->tracks, frame->track)) take_requests(g->recorder);
        tracks_put(g->tracks, frame);
    }
}

static bool room_on_disk(const struct recorder *r)
{
    return r->config.free_floor_bytes == 0 || r->config.io->free_bytes(r->dir) >= r->config.free_floor_bytes;
}

static void keep_up(struct recording *g, int64_t now_us)
{
    track_update(g->mix);
    if (g->tracks && g->started) tracks_update(g->tracks, track_tick(g->mix));
    if (now_us - g->synced_us < SYNC_US) return;
    g->synced_us = now_us;
    track_sync(g->mix);
    if (g->tracks) tracks_sync(g->tracks);
    if (!room_on_disk(g->recorder)) {
        log_event(LOG_ERROR, "recording_disk_full", "recording=%s", g->spec.id);
        g->full_disk = true;
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
        if (!g->ended && is_over(g)) return false;
    }
    return false;
}

static void release(struct recording *g)
{
    list_remove(&g->link);
    discard(g);
    atomic_fetch_sub_explicit(&g->recorder->count, 1, memory_order_relaxed);
    struct message message = {.type = MESSAGE_GONE, .recording = g};
    if (!tell(g->recorder, &message)) recording_free(g);
}

static void look(struct recording *g, int64_t now_us)
{
    if (atomic_load_explicit(&g->cancelled, memory_order_acquire)) {
        discard(g);
        if (!g->ended) complete(g, RECORDING_FAILED);
        release(g);
        return;
    }
    bool last = drain(g);
    if (!g->ended) {
        if (last) track_run_out(g->mix);
        keep_up(g, now_us);
        if (g->full_disk || track_broken(g->mix))
            complete(g, RECORDING_DISK_FULL);
        else if (track_full(g->mix))
            complete(g, RECORDING_LENGTH_MAX);
        else if (last)
            complete(g, RECORDING_ENDED);
    }
    if (last) release(g);
}

static void begin(struct recorder *r, struct recording *g)
{
    struct track_spec spec = {.dir = r->dir,
                              .name = g->spec.id,
                              .rate_hz = r->config.rate_hz,
                              .samples_max = (uint64_t)r->config.length_max_s * r->config.rate_hz,
                              .io = r->config.io,
                              .counts = &r->counts};
    if (spec.samples_max == 0) spec.samples_max = SAMPLES_MAX;
    list_push_back(&r->open, &g->link);
    g->synced_us = clock_now_us();
    if (!room_on_disk(r) || track_create(&g->mix, &spec) != STATUS_OK) {
        log_event(LOG_ERROR, "recording_not_made", "recording=%s", g->spec.id);
        complete(g, RECORDING_FAILED);
    } else if (g->spec.tracks && tracks_create(&g->tracks, &spec) != STATUS_OK) {
        log_event(LOG_ERROR, "tracks_not_made", "recording=%s", g->spec.id);
        g->tracks = NULL;
    }
}

static void take_requests(struct recorder *r)
{
    struct request request;
    while (ring_pop(r->requests, &request)) {
        struct recording *g = request.recording;
        if (request.track == 0)
            begin(r, g);
        else if (g->tracks)
            tracks_name(g->tracks, request.track, request.call);
    }
}

static void look_at_all(struct recorder *r)
{
    take_requests(r);
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
            (void)track_fill(g->mix, track_tick(g->mix));
            track_run_out(g->mix);
            complete(g, RECORDING_ENDED);
        }
        release(g);
    }
}

/* ---- control ---- */

static void recorder_free(struct recorder *r)
{
    converter_destroy(r->converter);
    wake_close(r->wake_fd);
    wake_close(r->report_fd);
    ring_destroy(r->requests);
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
    if (result == STATUS_OK) result = ring_create(&r->requests, sizeof(struct request), QUEUE);
    if (result == STATUS_OK) result = ring_create(&r->reports, sizeof(struct message), QUEUE);
    if (result == STATUS_OK && r->config.format != RECORDING_WAV)
        result = converter_create(&r->converter, r->dir, r->config.format, r->config.io, r->config.free_floor_bytes,
                                  r->report_fd);
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

/* The recording is still there: it goes with a message of its own. */
static bool converts(const struct recorder *r, const struct message *message)
{
    return r->converter && message->recording->spec.convert && message->report.end != RECORDING_FAILED;
}

void recorder_poll(struct recorder *r)
{
    thread_assert(THREAD_CONTROL);
    wake_drain(r->report_fd);
    struct message message;
    while (ring_pop(r->reports, &message)) {
        if (message.type == MESSAGE_GONE) {
            recording_free(message.recording);
        } else {
            message.report.converting = converts(r, &message) && converter_put(r->converter, &message.report);
            r->report(r->arg, &message.report);
        }
    }
    struct recording_report report;
    while (r->converter && converter_done(r->converter, &report))
        r->report(r->arg, &report);
}

status recorder_open(struct recorder *r, const struct recording_spec *spec, struct recording **out)
{
    thread_assert(THREAD_CONTROL);
    if (!spec->id[0]) return STATUS_INVALID;
    struct recording *g = calloc(1, sizeof *g);
    if (!g) return STATUS_NO_MEMORY;
    g->recorder = r;
    g->spec = *spec;
    struct request request = {.recording = g};
    status result = ring_create(&g->frames, sizeof(struct pcm_frame), spec->tracks ? RING_FRAMES_TRACKS : RING_FRAMES);
    if (result == STATUS_OK && !ring_push(r->requests, &request)) result = STATUS_NO_MEMORY;
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

status recording_track(struct recording *g, const char *call, uint16_t *number)
{
    thread_assert(THREAD_CONTROL);
    for (uint16_t i = 0; i < g->call_count; i++) {
        if (strcmp(g->calls[i], call) != 0) continue;
        *number = (uint16_t)(PCM_TRACK_FIRST + i);
        return STATUS_OK;
    }
    if (g->call_count == UINT16_MAX - PCM_TRACK_FIRST) return STATUS_FULL;
    struct request request = {.recording = g, .track = (uint16_t)(PCM_TRACK_FIRST + g->call_count)};
    id_text *calls = realloc(g->calls, (g->call_count + 1u) * sizeof *calls);
    if (!calls) return STATUS_NO_MEMORY;
    g->calls = calls;
    strncpy(request.call, call, sizeof request.call - 1);
    if (!ring_push(g->recorder->requests, &request)) return STATUS_FULL;
    memcpy(g->calls[g->call_count++], request.call, sizeof request.call);
    wake_signal(g->recorder->wake_fd);
    *number = request.track;
    return STATUS_OK;
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
    out->frames = counted(&r->counts.frames);
    out->lost_ms = counted(&r->lost_ms);
    out->bytes = counted(&r->counts.bytes);
    out->write_errors = counted(&r->counts.write_errors);
}
