#include "record/loader.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/ring.h"
#include "os/thread.h"
#include "os/wake.h"
#include "record/decode.h"

enum { QUEUE = 1024, SECONDS_MAX = 600, RATE_MIN_HZ = 8000, RATE_MAX_HZ = 48000 };

static const uint64_t bytes_max = 100 * 1000 * 1000;

struct job {
    struct list link; /* in loader->waiting, before there is room in the ring */
    char *path;       /* owned; NULL: the block */
    void *bytes;      /* owned */
    size_t len;
    uint32_t rate_hz;
    loader_done_fn *done;
    void *arg;
    status result;
    struct sound *sound;
    const char *what;
};

struct loader {
    pthread_t thread;
    struct decode_limits limits;
    struct ring *jobs, *finished; /* struct job *: to the thread, and back */
    struct list waiting;
    uint32_t under_way; /* in the rings or with the thread: never more than a ring holds */
    int wake_fd, done_fd;
    atomic_bool stopping;
};

static void job_destroy(struct job *job)
{
    sound_destroy(job->sound);
    free(job->path);
    free(job->bytes);
    free(job);
}

/* ---- loader thread ---- */

static void work(struct loader *l, struct job *job)
{
    job->what = "";
    if (job->path)
        job->result = decode_file(&job->sound, job->path, job->rate_hz, &l->limits, &job->what);
    else
        job->result = decode_memory(&job->sound, job->bytes, job->len, job->rate_hz, &l->limits, &job->what);
    if (!ring_push(l->finished, &job)) abort(); /* no more jobs are under way than fit */
    wake_signal(l->done_fd);
}

static void run(void *arg)
{
    struct loader *l = arg;
    struct job *job;
    while (!atomic_load(&l->stopping)) {
        if (ring_pop(l->jobs, &job)) {
            work(l, job);
            continue;
        }
        struct pollfd wait = {.fd = l->wake_fd, .events = POLLIN};
        poll(&wait, 1, -1);
        wake_drain(l->wake_fd);
    }
}

/* ---- control ---- */

status loader_create(struct loader **out, const struct loader_config *config)
{
    thread_assert(THREAD_CONTROL);
    struct loader *l = calloc(1, sizeof *l);
    if (!l) return STATUS_NO_MEMORY;
    l->wake_fd = l->done_fd = -1;
    list_init(&l->waiting);
    l->limits = (struct decode_limits){.bytes_max = config->bytes_max ? config->bytes_max : bytes_max,
                                       .seconds_max = config->seconds_max ? config->seconds_max : SECONDS_MAX,
                                       .stop = &l->stopping};
    status result = wake_open(&l->wake_fd);
    if (result == STATUS_OK) result = wake_open(&l->done_fd);
    if (result == STATUS_OK) result = ring_create(&l->jobs, sizeof(struct job *), QUEUE);
    if (result == STATUS_OK) result = ring_create(&l->finished, sizeof(struct job *), QUEUE);
    if (result == STATUS_OK) result = thread_start(&l->thread, "loader", THREAD_LOADER, run, l);
    if (result != STATUS_OK) {
        wake_close(l->wake_fd);
        wake_close(l->done_fd);
        ring_destroy(l->jobs);
        ring_destroy(l->finished);
        free(l);
        return result;
    }
    *out = l;
    return STATUS_OK;
}

void loader_destroy(struct loader *l)
{
    if (!l) return;
    thread_assert(THREAD_CONTROL);
    atomic_store(&l->stopping, true);
    wake_signal(l->wake_fd);
    thread_join(l->thread);
    struct job *job;
    while (ring_pop(l->jobs, &job))
        job_destroy(job);
    while (ring_pop(l->finished, &job))
        job_destroy(job);
    for (struct list *link; (link = list_pop_front(&l->waiting));)
        job_destroy(list_object(link, struct job, link));
    ring_destroy(l->jobs);
    ring_destroy(l->finished);
    wake_close(l->wake_fd);
    wake_close(l->done_fd);
    free(l);
}

int loader_fd(const struct loader *l)
{
    return l->done_fd;
}

static void hand_over(struct loader *l)
{
    while (l->under_way < QUEUE && !list_empty(&l->waiting)) {
        struct list *link = list_pop_front(&l->waiting);
        struct job *job = list_object(link, struct job, link);
        if (!ring_push(l->jobs, &job)) {
            list_push_front(&l->waiting, link);
            break;
        }
        l->under_way++;
    }
    wake_signal(l->wake_fd);
}

void loader_poll(struct loader *l)
{
    thread_assert(THREAD_CONTROL);
    struct job *job;
    wake_drain(l->done_fd);
    while (ring_pop(l->finished, &job)) {
        struct sound *sound = job->sound;
        l->under_way--;
        job->sound = NULL; /* given */
        job->done(job->arg, job->result, sound, job->what);
        job_destroy(job);
    }
    if (!list_empty(&l->waiting)) hand_over(l);
}

static status queue(struct loader *l, char *path, void *bytes, size_t len, uint32_t rate_hz, loader_done_fn *done,
                    void *arg)
{
    struct job *job = calloc(1, sizeof *job);
    bool rate_known = rate_hz >= RATE_MIN_HZ && rate_hz <= RATE_MAX_HZ;
    if (!job || !rate_known || (!path && !bytes)) {
        free(job);
        free(path);
        free(bytes);
        return rate_known ? STATUS_NO_MEMORY : STATUS_INVALID;
    }
    job->path = path;
    job->bytes = bytes;
    job->len = len;
    job->rate_hz = rate_hz;
    job->done = done;
    job->arg = arg;
    list_push_back(&l->waiting, &job->link);
    hand_over(l);
    return STATUS_OK;
}

status loader_load_file(struct loader *l, const char *path, uint32_t rate_hz, loader_done_fn *done, void *arg)
{
    thread_assert(THREAD_CONTROL);
    return queue(l, strdup(path), NULL, 0, rate_hz, done, arg);
}

status loader_load_memory(struct loader *l, void *bytes, size_t len, uint32_t rate_hz, loader_done_fn *done, void *arg)
{
    thread_assert(THREAD_CONTROL);
    return queue(l, NULL, bytes, len, rate_hz, done, arg);
}
