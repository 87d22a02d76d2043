#include "record/converter.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/ring.h"
#include "os/thread.h"
#include "os/wake.h"
#include "record/convert.h"

enum { QUEUE = 4096 };

struct converter {
    const char *dir;
    enum recording_format format;
    const struct recorder_io *io;
    uint64_t free_floor_bytes;
    int wake_fd, own_fd;
    pthread_t thread;
    struct ring *jobs, *done; /* struct recording_report */
    size_t under_way;         /* control: put and not yet done: done has room for all of them */
    atomic_bool stopping;
};

static void convert(struct converter *c, struct recording_report *report)
{
    /* It takes as much again until the WAV goes, and must not end the recordings that grow. */
    if (c->io->free_bytes(c->dir) < c->free_floor_bytes + report->bytes) return;
    if (convert_file(c->dir, report->id, c->format, &c->stopping, &report->bytes) != STATUS_OK) return;
    convert_tracks(c->dir, report->id, c->format, &c->stopping);
}

static void run(void *arg)
{
    struct converter *c = arg;
    struct recording_report report;
    while (!atomic_load(&c->stopping)) {
        struct pollfd wait = {.fd = c->own_fd, .events = POLLIN};
        poll(&wait, 1, -1);
        wake_drain(c->own_fd);
        while (!atomic_load(&c->stopping) && ring_pop(c->jobs, &report)) {
            convert(c, &report);
            if (ring_push(c->done, &report)) wake_signal(c->wake_fd);
        }
    }
}

static void converter_free(struct converter *c)
{
    wake_close(c->own_fd);
    ring_destroy(c->jobs);
    ring_destroy(c->done);
    free(c);
}

status converter_create(struct converter **out, const char *dir, enum recording_format format,
                        const struct recorder_io *io, uint64_t free_floor_bytes, int wake_fd)
{
    struct converter *c = calloc(1, sizeof *c);
    if (!c) return STATUS_NO_MEMORY;
    *c = (struct converter){
        .dir = dir, .format = format, .io = io, .free_floor_bytes = free_floor_bytes, .wake_fd = wake_fd, .own_fd = -1};
    status s = wake_open(&c->own_fd);
    if (s == STATUS_OK) s = ring_create(&c->jobs, sizeof(struct recording_report), QUEUE);
    if (s == STATUS_OK) s = ring_create(&c->done, sizeof(struct recording_report), QUEUE);
    if (s == STATUS_OK) s = thread_start(&c->thread, "converter", THREAD_LOADER, run, c);
    if (s != STATUS_OK) {
        converter_free(c);
        return s;
    }
    *out = c;
    return STATUS_OK;
}

void converter_destroy(struct converter *c)
{
    if (!c) return;
    atomic_store(&c->stopping, true);
    wake_signal(c->own_fd);
    thread_join(c->thread);
    converter_free(c);
}

bool converter_put(struct converter *c, const struct recording_report *report)
{
    if (c->under_way == QUEUE || !ring_push(c->jobs, report)) return false;
    c->under_way++;
    wake_signal(c->own_fd);
    return true;
}

bool converter_done(struct converter *c, struct recording_report *report)
{
    if (!ring_pop(c->done, report)) return false;
    c->under_way--;
    return true;
}
