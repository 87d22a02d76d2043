#include "daemon/api_backend.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/accounts.h"
#include "daemon/api_media.h"
#include "daemon/call_quality.h"
#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "daemon/metrics.h"
#include "daemon/recording_files.h"
#include "daemon/recordings.h"
#include "engine/engine.h"
#include "os/clock.h"
#include "store/store_tx.h"

static enum rest_access authenticate(void *arg, const char *account, const char *key)
{
    const struct bridge *bridge = arg;
    return accounts_key_fits(bridge->accounts, account, key) ? REST_ACCESS_WRITE : REST_ACCESS_NONE;
}

static const struct conference *conference_find(void *arg, const char *id)
{
    const struct bridge *bridge = arg;
    return conferences_find(bridge->conferences, id);
}

static void conference_make(void *arg, const char *account, const struct conference_options *options,
                            rest_conference_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    conferences_make(bridge->conferences, account, options, done, done_arg);
}

static void apply_events(void *arg, const char *id, const struct conference_event *events, size_t count,
                         rest_conference_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    conferences_apply(bridge->conferences, id, events, count, done, done_arg);
}

static bool participant_talks(void *arg, const char *call)
{
    const struct bridge *bridge = arg;
    const struct engine_leg *leg = calls_leg(bridge->calls, call);
    return leg && engine_leg_talks(leg);
}

static bool participant_quality(void *arg, const char *call, struct rest_quality *out)
{
    const struct bridge *bridge = arg;
    const struct engine_leg *leg = calls_leg(bridge->calls, call);
    struct engine_leg_stats stats;
    if (!leg) return false;
    engine_leg_stats(leg, &stats);
    call_quality_of(&stats, engine_leg_talks(leg), out);
    out->srtp = calls_srtp(bridge->calls, call);
    return true;
}

static status check_url(void *arg, const char *url, char why[FETCH_WHY_SIZE])
{
    const struct bridge *bridge = arg;
    return fetch_guard_url(&bridge->guard, slice_of(url), why);
}

static status recording_open(void *arg, const struct store_recording *row, const char *track, struct rest_audio *out)
{
    const struct bridge *bridge = arg;
    return recording_files_open(recordings_dir(bridge->recordings), row->id, track, out);
}

static status recording_timeline(void *arg, const struct store_recording *row, struct rest_audio *out)
{
    const struct bridge *bridge = arg;
    return recording_files_open_timeline(recordings_dir(bridge->recordings), row->id, out);
}

static void recording_tracks(void *arg, const struct store_recording *row, rest_track_fn *each, void *each_arg)
{
    const struct bridge *bridge = arg;
    recording_files_tracks(recordings_dir(bridge->recordings), row->id, each, each_arg);
}

struct deletion {
    const struct bridge *bridge;
    id_text id;
    rest_done_fn *done;
    void *arg;
};

/* The row first: audio without a row can be cleaned up, a row without audio would be a promise. */
static void on_deleted(void *arg, status s)
{
    struct deletion *deletion = arg;
    if (s == STATUS_OK) recording_files_remove(recordings_dir(deletion->bridge->recordings), deletion->id);
    deletion->done(deletion->arg, s);
    free(deletion);
}

static void recording_delete(void *arg, const struct store_recording *row, rest_done_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    struct store_tx *tx;
    if (recordings_running(bridge->recordings, row->id)) {
        done(done_arg, STATUS_CONFLICT);
        return;
    }
    struct deletion *deletion = calloc(1, sizeof *deletion);
    if (!deletion || store_begin(bridge->store, &tx) != STATUS_OK) {
        free(deletion);
        done(done_arg, STATUS_NO_MEMORY);
        return;
    }
    deletion->bridge = bridge;
    memcpy(deletion->id, row->id, sizeof deletion->id);
    deletion->done = done;
    deletion->arg = done_arg;
    store_delete_recording(tx, row->id);
    store_commit(tx, on_deleted, deletion);
}

static uint64_t recording_duration_ms(void *arg, const char *id)
{
    const struct bridge *bridge = arg;
    return recordings_running_ms(bridge->recordings, id);
}

static enum rest_health health(void *arg)
{
    const struct bridge *bridge = arg;
    if (bridge->draining) return REST_DRAINING;
    return engine_overloaded(bridge->engine) ? REST_OVERLOADED : REST_HEALTHY;
}

static int64_t uptime_s(void *arg)
{
    const struct bridge *bridge = arg;
    return (clock_now_us() - bridge->started_us) / 1000000;
}

static void metrics(void *arg, struct buffer *out)
{
    metrics_write(arg, out);
}

struct rest_backend api_backend(struct bridge *bridge)
{
    struct rest_backend backend = {
        .arg = bridge,
        .authenticate = authenticate,
        .conference_find = conference_find,
        .conference_make = conference_make,
        .conference_apply = apply_events,
        .participant_talks = participant_talks,
        .participant_quality = participant_quality,
        .check_url = check_url,
        .recording_open = recording_open,
        .recording_timeline = recording_timeline,
        .recording_tracks = recording_tracks,
        .recording_delete = recording_delete,
        .recording_duration_ms = recording_duration_ms,
        .health = health,
        .uptime_s = uptime_s,
        .metrics = metrics,
    };
    api_media_fill(&backend);
    return backend;
}
