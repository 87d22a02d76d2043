#include "record/timeline.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "os/log.h"

static const char head[] = "{\"events\":[", tail[] = "\n]}\n", part[] = "timeline.json.part", whole[] = "timeline.json";

struct timeline {
    int fd, dir_fd;
    off_t end; /* where the next event goes, over the tail */
    bool any, failed;
};

static bool put(struct timeline *t, const char *text, size_t len)
{
    return pwrite(t->fd, text, len, t->end) == (ssize_t)len;
}

static void release(struct timeline *t)
{
    if (t->fd >= 0) close(t->fd);
    if (t->dir_fd >= 0) close(t->dir_fd);
    free(t);
}

status timeline_create(struct timeline **out, const char *dir)
{
    struct timeline *t = calloc(1, sizeof *t);
    if (!t) return STATUS_NO_MEMORY;
    t->fd = -1;
    t->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->dir_fd >= 0) t->fd = openat(t->dir_fd, part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    char empty[sizeof head + sizeof tail];
    int len = snprintf(empty, sizeof empty, "%s%s", head, tail);
    if (t->fd < 0 || !put(t, empty, (size_t)len)) {
        release(t);
        return STATUS_IO;
    }
    t->end = sizeof head - 1;
    *out = t;
    return STATUS_OK;
}

static const char *name_of(const struct pcm_mark *mark)
{
    switch (mark->type) {
    case PCM_MARK_IN: return mark->on ? "join" : "leave";
    case PCM_MARK_TALKS: return mark->on ? "unmute" : "mute";
    case PCM_MARK_SPEAKS: return mark->on ? "talkStart" : "talkEnd";
    case PCM_MARK_DIGIT: return "dtmf";
    case PCM_MARK_SOUND:
        if (mark->token == 0) return mark->on ? "beepStart" : "beepEnd";
        return mark->on ? "announcementStart" : "announcementEnd";
    case PCM_MARK_GAIN: return "limiter";
    default: return "lost";
    }
}

static void add_facts(struct buffer *b, const struct pcm_mark *mark)
{
    if (mark->type == PCM_MARK_DIGIT && mark->code) buffer_printf(b, ",\"digit\":\"%c\"", mark->code);
    if (mark->type == PCM_MARK_SOUND && mark->token)
        buffer_printf(b, ",\"announcement\":%llu", (unsigned long long)mark->token);
    if (mark->type == PCM_MARK_GAIN) buffer_printf(b, ",\"gainDb\":%.2f", 20 * log10((double)mark->gain));
    if (mark->type == PCM_MARK_LOST) buffer_printf(b, ",\"lostMs\":%u", mark->count * PCM_FRAME_MS);
}

/* An event that was cut off goes again, and the tail returns to where its room already is. */
static void mend(struct timeline *t, uint64_t at_ms)
{
    bool mended = ftruncate(t->fd, t->end) == 0 && put(t, tail, sizeof tail - 1);
    log_event(LOG_ERROR, "timeline_write_failed", "at_ms=%llu mended=%d", (unsigned long long)at_ms, mended);
    t->failed = true;
}

/* The event and the tail go in one write: between two writes the file is whole. */
void timeline_note(struct timeline *t, uint64_t at_ms, const struct pcm_mark *mark, const char *call_id)
{
    struct buffer b;
    if (t->failed) return;
    buffer_init(&b);
    int64_t shifted = (int64_t)at_ms + mark->shift_ms;
    uint64_t ms = shifted > 0 ? (uint64_t)shifted : 0;
    buffer_printf(&b, "%s\n{\"atMs\":%llu,\"event\":\"%s\"", t->any ? "," : "", (unsigned long long)ms, name_of(mark));
    if (call_id) buffer_printf(&b, ",\"callId\":\"%s\"", call_id);
    add_facts(&b, mark);
    buffer_printf(&b, "}");
    size_t len = b.len;
    buffer_printf(&b, "%s", tail);
    char *text = buffer_take(&b);
    if (text && put(t, text, strlen(text))) {
        t->end += (off_t)len;
        t->any = true;
    } else {
        mend(t, ms);
    }
    free(text);
}

void timeline_finish(struct timeline *t)
{
    if (fdatasync(t->fd) < 0 || renameat(t->dir_fd, part, t->dir_fd, whole) < 0 || fsync(t->dir_fd) < 0)
        log_event(LOG_ERROR, "timeline_not_named", "file=%s", whole);
    release(t);
}

enum { TAIL = sizeof tail - 1, LOOKS_MAX = 1000 };

/* How long it is without its tail: up to there nothing changes any more. @return -1 where it never has one */
static off_t length_of_events(int growing)
{
    struct stat s;
    char last[TAIL];
    for (int i = 0; i < LOOKS_MAX; i++) { /* an event may be on its way in: then the tail is not where it was */
        if (fstat(growing, &s) < 0 || s.st_size < TAIL) return -1;
        off_t len = s.st_size - TAIL;
        if (pread(growing, last, TAIL, len) == TAIL && memcmp(last, tail, TAIL) == 0) return len;
    }
    return -1;
}

status timeline_snapshot(int growing, int *copy, uint64_t *bytes)
{
    off_t len = length_of_events(growing), at = 0;
    int fd = len < 0 ? -1 : memfd_create("timeline", MFD_CLOEXEC);
    ssize_t got = 1;
    if (fd < 0) return STATUS_IO;
    while (at < len && got > 0)
        got = sendfile(fd, growing, &at, (size_t)(len - at));
    if (at < len || write(fd, tail, TAIL) != TAIL) {
        close(fd);
        return STATUS_IO;
    }
    *copy = fd;
    *bytes = (uint64_t)len + TAIL;
    return STATUS_OK;
}

void timeline_discard(struct timeline *t)
{
    unlinkat(t->dir_fd, part, 0);
    release(t);
}
