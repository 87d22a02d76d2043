#include "daemon/recordings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/list.h"
#include "daemon/conference_row.h"
#include "daemon/conferences.h"
#include "daemon/recording_files.h"
#include "daemon/store_wait.h"
#include "hook/hook.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "store/store_read.h"

/* A recording that is not over, from its row to its announcement. */
struct running {
    struct list link;
    struct recordings *recordings;
    struct store_recording row;  /* owned copy */
    struct recording *recording; /* NULL: not begun, or all of it is in its file */
    bool tracks;
    int64_t begun_us;
    bool reported;            /* the recorder is through with it */
    recordings_done_fn *done; /* of a call's; NULL for none */
    void *arg;
};

struct recordings {
    struct bridge *bridge;
    char dir[4000];
    char base_url[256];
    struct list running;
};

status recordings_create(struct recordings **out, struct bridge *bridge)
{
    struct recordings *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    r->bridge = bridge;
    list_init(&r->running);
    snprintf(r->dir, sizeof r->dir, "%s/recordings", bridge->config->data);
    if (mkdir(r->dir, 0700) != 0 && errno != EEXIST) {
        log_event(LOG_ERROR, "recordings_dir_failed", "path=%s why=\"%s\"", r->dir, strerror(errno));
        free(r);
        return STATUS_IO;
    }
    *out = r;
    return STATUS_OK;
}

static void running_destroy(struct running *running)
{
    list_remove(&running->link);
    store_recording_clear(&running->row);
    free(running);
}

void recordings_destroy(struct recordings *r)
{
    if (!r) return;
    list_each_safe (link, &r->running)
        running_destroy(list_object(link, struct running, link));
    free(r);
}

const char *recordings_dir(const struct recordings *r)
{
    return r->dir;
}

void recordings_set_base_url(struct recordings *r, const char *url)
{
    snprintf(r->base_url, sizeof r->base_url, "%s", url);
}

char *recordings_url(const struct recordings *r, const struct store_recording *row)
{
    struct buffer url;
    buffer_init(&url);
    buffer_printf(&url, "%s/recordings/%s/%s", r->base_url, row->token, row->file);
    return buffer_take(&url);
}

/* The id is of as many random bits as the token, and named to nobody who was not told the token: it is enough. */
bool recordings_local(const struct recordings *r, const char *url, char *path, size_t path_size)
{
    size_t base = strlen(r->base_url);
    if (base == 0 || strncmp(url, r->base_url, base) != 0) return false;
    struct slice rest = slice_of(url + base);
    slice_cut(&rest, '/');
    struct slice folder = slice_cut(&rest, '/');
    struct slice token = slice_cut(&rest, '/');
    struct slice id = slice_cut(&rest, '.');
    if (!slice_is(folder, "recordings") || token.len != STORE_TOKEN_SIZE - 1 || !id_valid(id, "RE")) return false;
    id_text name;
    char found[RECORDING_PATH_SIZE];
    if (!recording_files_ending(rest) || !slice_copy(id, name, sizeof name)) return false;
    if (!recording_files_find(r->dir, name, found)) return false;
    return snprintf(path, path_size, "%s", found) < (int)path_size;
}

static struct running *find(const struct recordings *r, const char *id)
{
    list_each (link, &r->running) {
        struct running *running = list_object(link, struct running, link);
        if (strcmp(running->row.id, id) == 0) return running;
    }
    return NULL;
}

/* A new recording, of a conference or of a call; its row goes into the transaction. */
static status make_running(struct recordings *r, struct store_tx *tx, const char *account, const char *conference,
                           const char *call, struct running **out)
{
    char file[64];
    uint8_t random[ID_RANDOM_BYTES];
    struct running *running = calloc(1, sizeof *running);
    if (!running) return STATUS_NO_MEMORY;
    list_init(&running->link);
    running->recordings = r;
    struct store_recording row = {.state = "recording", .revision = 1};
    random_id(row.id, "RE");
    strcpy(row.account, account);
    strcpy(row.conference, conference);
    strcpy(row.call, call);
    snprintf(file, sizeof file, "%s.wav", row.id);
    row.file = file;
    random_bytes(random, sizeof random);
    hex_format(row.token, random, sizeof random);
    row.created_unix_ms = row.updated_unix_ms = clock_unix_ms();
    status s = store_recording_copy(&running->row, &row);
    if (s != STATUS_OK) {
        free(running);
        return s;
    }
    list_push_back(&r->running, &running->link);
    store_put_recording(tx, &row);
    *out = running;
    return STATUS_OK;
}

status recordings_prepare(struct recordings *r, struct store_tx *tx, const struct conference *c, id_text id)
{
    struct running *running;
    status s = make_running(r, tx, c->account, c->id, "", &running);
    if (s != STATUS_OK) return s;
    running->tracks = c->record_tracks;
    strcpy(id, running->row.id);
    return STATUS_OK;
}

struct ring *recordings_begin_call(struct recordings *r, const char *account, const char *call, id_text id,
                                   recordings_done_fn *done, void *arg)
{
    struct running *running;
    struct store_tx *tx;
    if (store_begin(r->bridge->store, &tx) != STATUS_OK) return NULL;
    if (make_running(r, tx, account, "", call, &running) != STATUS_OK) {
        store_discard(tx);
        return NULL;
    }
    store_commit_unsaved(tx, NULL, NULL);
    running->done = done;
    running->arg = arg;
    strcpy(id, running->row.id);
    return recordings_begin(r, id);
}

void recordings_forget(struct recordings *r, const char *id)
{
    struct running *running = find(r, id);
    if (running) running->done = NULL;
}

enum { WHOSE_SIZE = 64 };

/* For the log: what it is a recording of. @return out */
static const char *whose(const struct store_recording *row, char out[WHOSE_SIZE])
{
    bool of_call = row->call[0] != '\0';
    snprintf(out, WHOSE_SIZE, "%s=%s", of_call ? "call" : "conf", of_call ? row->call : row->conference);
    return out;
}

struct ring *recordings_begin(struct recordings *r, const char *id)
{
    struct running *running = find(r, id);
    struct recording_spec spec = {.user = running};
    char of[WHOSE_SIZE];
    if (!running) return NULL;
    spec.tracks = running->tracks;
    spec.convert = running->row.call[0] == '\0'; /* a script may wait for that of a call */
    conferences_hold(r->bridge->conferences, running->row.conference);
    strcpy(spec.id, id);
    status s = recorder_open(r->bridge->recorder, &spec, &running->recording);
    if (s != STATUS_OK) {
        struct recording_report lost = {.user = running, .end = RECORDING_FAILED};
        strcpy(lost.id, id);
        recordings_report(r, &lost);
        return NULL;
    }
    running->begun_us = clock_now_us();
    log_event(LOG_INFO, "recording_began", "%s recording=%s", whose(&running->row, of), id);
    return recording_ring(running->recording);
}

bool recordings_has_tracks(const struct recordings *r, const char *id)
{
    const struct running *running = find(r, id);
    return running && running->tracks;
}

uint16_t recordings_track(struct recordings *r, const char *id, const char *call)
{
    struct running *running = find(r, id);
    uint16_t number;
    if (!running || !running->tracks || !running->recording) return 0;
    status s = recording_track(running->recording, call, &number);
    if (s == STATUS_OK) return number;
    log_event(LOG_ERROR, "track_not_made", "recording=%s call=%s why=%s", id, call, status_name(s));
    return 0;
}

bool recordings_running(const struct recordings *r, const char *id)
{
    return find(r, id) != NULL;
}

bool recordings_idle(const struct recordings *r)
{
    return list_empty(&r->running);
}

uint64_t recordings_running_ms(const struct recordings *r, const char *id)
{
    const struct running *running = find(r, id);
    if (!running) return 0;
    if (!running->recording) return running->row.duration_ms;
    return (uint64_t)(clock_now_us() - running->begun_us) / 1000;
}

/* The row as complete, and the callback that says so. */
static void add_complete(void *arg, struct store_tx *tx, const struct conference *c)
{
    struct running *running = arg;
    struct recordings *r = running->recordings;
    bool lost = strcmp(running->row.state, "lost") == 0;
    store_put_recording(tx, &running->row);
    if (!c->status_callback_url) return;
    char *url = lost ? NULL : recordings_url(r, &running->row);
    struct recording_facts facts = {.url = url, .duration_ms = running->row.duration_ms};
    strcpy(facts.id, running->row.id);
    char *body = conference_status_body("conferenceRecordingStatus", c, c->status, &facts);
    struct hook_event event = {
        .account = c->account, .lane = c->id, .n = c->events, .url = c->status_callback_url, .body = body};
    if (!body || hook_post(r->bridge->hook, tx, &event) != STATUS_OK)
        log_event(LOG_ERROR, "callback_lost", "conf=%s event=%u why=no_memory", c->id, c->events);
    free(body);
    free(url);
}

static void finish(struct running *running)
{
    struct recordings *r = running->recordings;
    id_text conference;
    strcpy(conference, running->row.conference);
    running_destroy(running);
    conferences_release(r->bridge->conferences, conference);
}

static status announce_archived(struct running *running, const struct store_conference *row)
{
    struct recordings *r = running->recordings;
    struct conference_event event = {.type = CONFERENCE_RECORDED, .recording = running->row.id};
    struct conference_effects effects = {0};
    struct conference *c;
    struct store_tx *tx;
    status s = conference_from_row(&c, row);
    if (s != STATUS_OK) return s;
    s = conference_apply(c, &event, clock_unix_ms(), &effects);
    if (s == STATUS_OK) s = store_begin(r->bridge->store, &tx);
    if (s == STATUS_OK) {
        struct store_conference changed = conference_row(c);
        store_put_conference(tx, &changed);
        add_complete(running, tx, c);
        store_commit_unsaved(tx, NULL, NULL);
    }
    conference_effects_clear(&effects);
    conference_destroy(c);
    return s;
}

static void on_archived(void *arg, status s, const struct store_conference *rows, size_t count,
                        const struct store_page *page)
{
    struct running *running = arg;
    (void)page;
    if (running->recordings->bridge->stopping) return;
    if (s == STATUS_OK && count == 1) s = announce_archived(running, &rows[0]);
    if (s != STATUS_OK)
        log_event(LOG_ERROR, "recording_not_announced", "recording=%s why=%s", running->row.id, status_name(s));
    finish(running);
}

/* A conference that was terminated before a crash is in memory no more: its row has the number of the next callback. */
static void on_announced(void *arg, status s, const struct conference *c)
{
    struct running *running = arg;
    struct store *store = running->recordings->bridge->store;
    (void)c;
    if (running->recordings->bridge->stopping) return; /* the next start announces it */
    if (s == STATUS_NOT_FOUND &&
        store_get_conference(store, running->row.account, running->row.conference, on_archived, running) == STATUS_OK)
        return;
    if (s != STATUS_OK)
        log_event(LOG_ERROR, "recording_not_announced", "recording=%s why=%s", running->row.id, status_name(s));
    finish(running);
}

/* The name without the directory, of a file that may have been converted. @return false where memory is short */
static bool set_file(struct store_recording *row, const char *dir)
{
    char path[RECORDING_PATH_SIZE];
    if (!recording_files_find(dir, row->id, path)) return true;
    char *file = strdup(strrchr(path, '/') + 1);
    if (!file) return false;
    free((char *)(uintptr_t)row->file);
    row->file = file;
    return true;
}

static void set_outcome(struct store_recording *row, const struct recording_report *report, const char *dir)
{
    if (!set_file(row, dir)) log_event(LOG_ERROR, "recording_file_unknown", "recording=%s why=no_memory", row->id);
    free((char *)(uintptr_t)row->state);
    row->state = strdup(report->end == RECORDING_FAILED ? "lost" : "complete");
    row->bytes = report->bytes;
    row->duration_ms = report->duration_ms;
    row->lost_ms = report->lost_ms;
    row->revision++;
    row->updated_unix_ms = clock_unix_ms();
}

/* Nobody but the call's script waits for it. */
static void complete_call(struct running *running)
{
    struct store_tx *tx;
    if (store_begin(running->recordings->bridge->store, &tx) == STATUS_OK) {
        store_put_recording(tx, &running->row);
        store_commit_unsaved(tx, NULL, NULL);
    } else {
        log_event(LOG_ERROR, "recording_not_stored", "recording=%s why=no_memory", running->row.id);
    }
    if (running->done) running->done(running->arg, &running->row);
    running_destroy(running);
}

static void announce(struct running *running)
{
    if (running->row.call[0]) {
        complete_call(running);
        return;
    }
    struct conference_event event = {.type = CONFERENCE_RECORDED, .recording = running->row.id};
    conferences_happen(running->recordings->bridge->conferences, running->row.conference, &event, add_complete,
                       on_announced, running);
}

void recordings_report(void *arg, const struct recording_report *report)
{
    struct recordings *r = arg;
    struct running *running = find(r, report->id);
    char of[WHOSE_SIZE];
    if (!running || running->reported) return;
    running->recording = NULL;
    if (report->converting) {
        running->row.duration_ms = report->duration_ms;
        return;
    }
    running->reported = true;
    set_outcome(&running->row, report, r->dir);
    log_event(report->end == RECORDING_ENDED ? LOG_INFO : LOG_WARN, "recording_ended",
              "%s recording=%s end=%s duration_ms=%llu lost_ms=%llu", whose(&running->row, of), report->id,
              recording_end_name(report->end), (unsigned long long)report->duration_ms,
              (unsigned long long)report->lost_ms);
    if (running->row.state) announce(running);
}

/* ---- start ---- */

static void on_rows(void *arg, status s, const struct store_recording *rows, size_t count,
                    const struct store_page *page)
{
    struct recordings *r = arg;
    (void)page;
    if (s != STATUS_OK) log_event(LOG_ERROR, "recordings_not_loaded", "why=%s", status_name(s));
    for (size_t i = 0; i < count; i++) {
        struct running *running = calloc(1, sizeof *running);
        if (!running) return;
        list_init(&running->link);
        running->recordings = r;
        if (store_recording_copy(&running->row, &rows[i]) != STATUS_OK) {
            free(running);
            return;
        }
        list_push_back(&r->running, &running->link);
        conferences_hold(r->bridge->conferences, rows[i].conference);
    }
}

/* A file that was complete and renamed, whose row had not been written yet. */
static void take_finished(struct running *running)
{
    char path[RECORDING_PATH_SIZE];
    struct recording_report report = {.end = RECORDING_FAILED};
    if (recording_files_find(running->recordings->dir, running->row.id, path) &&
        recorder_examine(path, &report) == STATUS_OK)
        report.end = RECORDING_RECOVERED;
    strcpy(report.id, running->row.id);
    recordings_report(running->recordings, &report);
}

/* One whose row the crash kept from the disk belongs to nobody that we know: a person may still want its audio. */
static void on_recovered(void *arg, const struct recording_report *report)
{
    struct recordings *r = arg;
    if (find(r, report->id))
        recordings_report(r, report);
    else
        log_event(LOG_ERROR, "recording_without_row", "file=%s/%s.wav duration_ms=%llu", r->dir, report->id,
                  (unsigned long long)report->duration_ms);
}

status recordings_recover(struct recordings *r)
{
    status s = store_load_recordings(r->bridge->store, on_rows, r);
    if (s == STATUS_OK) s = store_wait(r->bridge->store);
    if (s == STATUS_OK) s = recorder_recover(r->dir, on_recovered, r);
    list_each_safe (link, &r->running)
        take_finished(list_object(link, struct running, link));
    return s;
}
