#include "record/tracks.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"
#include "record/timeline.h"

enum { LOOKAHEAD_MS = 2 /* of the mix's limiter: media/limiter.h */, DIR_SIZE = 4096 };

struct entry {
    struct track *track; /* NULL: there is no file */
    id_text call;        /* "" for the bridge's; "" and no file: not known */
};

struct tracks {
    struct track_spec spec; /* of each, but for its name */
    uint64_t first_tick;
    char dir[DIR_SIZE];
    id_text id;
    struct timeline *timeline; /* NULL where it could not be made */
    struct entry *entries;     /* by number; owned */
    size_t count;
};

static void release(struct tracks *t)
{
    free(t->entries);
    free(t);
}

static void make_track(struct tracks *t, struct entry *entry, const char *name)
{
    t->spec.name = name;
    status s = track_create(&entry->track, &t->spec);
    if (s == STATUS_OK) {
        track_begin(entry->track, t->first_tick);
        return;
    }
    entry->track = NULL;
    log_event(LOG_ERROR, "track_not_made", "recording=%s track=%s why=%s", t->id, name, status_name(s));
}

status tracks_create(struct tracks **out, const struct track_spec *mix)
{
    struct tracks *t = calloc(1, sizeof *t);
    if (!t) return STATUS_NO_MEMORY;
    snprintf(t->dir, sizeof t->dir, "%s/%s%s", mix->dir, mix->name, TRACKS_SUFFIX);
    strncpy(t->id, mix->name, sizeof t->id - 1);
    t->spec = *mix;
    t->spec.dir = t->dir;
    t->spec.delay_ms = LOOKAHEAD_MS;
    t->count = PCM_TRACK_FIRST;
    t->entries = calloc(t->count, sizeof *t->entries);
    if (!t->entries || (mkdir(t->dir, 0700) < 0 && errno != EEXIST)) {
        status s = t->entries ? STATUS_IO : STATUS_NO_MEMORY;
        release(t);
        return s;
    }
    if (timeline_create(&t->timeline, t->dir) != STATUS_OK) {
        t->timeline = NULL;
        log_event(LOG_ERROR, "timeline_not_made", "recording=%s", t->id);
    }
    make_track(t, &t->entries[PCM_TRACK_BRIDGE], "bridge");
    *out = t;
    return STATUS_OK;
}

void tracks_begin(struct tracks *t, uint64_t tick)
{
    t->first_tick = tick;
    for (size_t i = 0; i < t->count; i++) {
        if (t->entries[i].track) track_begin(t->entries[i].track, tick);
    }
}

void tracks_name(struct tracks *t, uint16_t number, const char *call)
{
    assert(number >= PCM_TRACK_FIRST);
    if (number >= t->count) {
        struct entry *more = realloc(t->entries, (number + 1u) * sizeof *more);
        if (!more) {
            log_event(LOG_ERROR, "track_not_made", "recording=%s track=%s why=no_memory", t->id, call);
            return;
        }
        memset(more + t->count, 0, (number + 1u - t->count) * sizeof *more);
        t->entries = more;
        t->count = number + 1u;
    }
    struct entry *entry = &t->entries[number];
    if (entry->call[0]) return;
    strncpy(entry->call, call, sizeof entry->call - 1);
    make_track(t, entry, call);
}

bool tracks_know(const struct tracks *t, uint16_t number)
{
    return number < PCM_TRACK_FIRST || (number < t->count && t->entries[number].call[0]);
}

void tracks_put(struct tracks *t, const struct pcm_frame *frame)
{
    const struct entry *entry = frame->track < t->count ? &t->entries[frame->track] : NULL;
    if (frame->kind != PCM_FRAME_MARK) {
        if (entry && entry->track) track_put(entry->track, frame);
    } else if (t->timeline) {
        uint64_t ticks = frame->tick > t->first_tick ? frame->tick - t->first_tick : 0;
        const char *call = entry && entry->call[0] ? entry->call : NULL;
        timeline_note(t->timeline, ticks * PCM_FRAME_MS, &frame->mark, call);
    }
}

void tracks_update(struct tracks *t, uint64_t tick)
{
    for (size_t i = 0; i < t->count; i++) {
        struct track *track = t->entries[i].track;
        if (!track) continue;
        if (tick > 0) (void)track_fill(track, tick - 1);
        track_update(track);
    }
}

void tracks_sync(struct tracks *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->entries[i].track) track_sync(t->entries[i].track);
    }
}

void tracks_finish(struct tracks *t, uint64_t tick, uint64_t samples)
{
    for (size_t i = 0; i < t->count; i++) {
        struct track *track = t->entries[i].track;
        uint64_t bytes;
        if (!track) continue;
        track_match(track, tick, samples);
        if (track_finish(track, &bytes) != STATUS_OK)
            log_event(LOG_ERROR, "track_not_named", "recording=%s track=%s", t->id, t->entries[i].call);
    }
    if (t->timeline) timeline_finish(t->timeline);
    release(t);
}

void tracks_discard(struct tracks *t)
{
    for (size_t i = 0; i < t->count; i++) {
        if (t->entries[i].track) track_discard(t->entries[i].track);
    }
    if (t->timeline) timeline_discard(t->timeline);
    rmdir(t->dir);
    release(t);
}
