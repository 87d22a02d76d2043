#include "store/store.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/ring.h"
#include "os/clock.h"
#include "os/thread.h"
#include "os/wake.h"
#include "store/db.h"
#include "store/job.h"
#include "store/store_lock.h"
#include "store/worker.h"

struct store {
    struct ring *in, *out;
    int in_fd, out_fd, lock_fd;
    struct worker *worker;
    uint32_t queue_jobs;        /* under way at most */
    uint32_t under_way;         /* in the rings or in the worker's hands */
    uint32_t unsaved_under_way; /* of those; at most half, so that a broken disk leaves room for questions */
    struct list overflow;       /* unsaved transactions that wait for room, in order */
    struct list refused;        /* transactions that are to be told STATUS_FULL or STATUS_NO_MEMORY */
    struct list unsaved;        /* by unsaved_link, oldest first */
    uint32_t waiting;           /* all that is owed a callback */
    bool closing;               /* nothing new is carried out any more */
    struct store_stats stats;
};

static uint32_t or_default(uint32_t value, uint32_t usual)
{
    return value ? value : usual;
}

static status make_queues(struct store *s, const struct store_config *config)
{
    s->queue_jobs = or_default(config->queue_jobs, 4096);
    status r = ring_create(&s->in, sizeof(struct job *), (size_t)s->queue_jobs + 1); /* and JOB_STOP */
    if (r == STATUS_OK) r = ring_create(&s->out, sizeof(struct job *), (size_t)s->queue_jobs + 1);
    if (r == STATUS_OK) r = wake_open(&s->in_fd);
    if (r == STATUS_OK) r = wake_open(&s->out_fd);
    return r;
}

static status start(struct store *s, const struct store_config *config, struct db *db)
{
    const struct worker_config worker = {
        .db = db,
        .in = s->in,
        .out = s->out,
        .in_fd = s->in_fd,
        .out_fd = s->out_fd,
        .retry_first_ms = or_default(config->retry_first_ms, 50),
        .retry_max_ms = or_default(config->retry_max_ms, 1000),
    };
    return worker_start(&s->worker, &worker);
}

static status open_parts(struct store *s, const struct store_config *config, char why[STORE_WHY_SIZE])
{
    char path[STORE_PATH_SIZE];
    struct db *db = NULL;
    struct db_config db_config = {.path = path, .vfs = config->vfs, .relaxed_sync = config->relaxed_sync};
    status r = store_lock_take(&s->lock_fd, config->data_dir, why);
    if (r != STATUS_OK) return r;
    snprintf(path, sizeof path, "%s/parley.db", config->data_dir);
    r = store_file_make(config->data_dir, path, why);
    if (r == STATUS_OK) r = db_open(&db, &db_config, why);
    if (r != STATUS_OK) return r;
    r = make_queues(s, config);
    if (r == STATUS_OK) r = start(s, config, db);
    if (r == STATUS_OK) return r;
    snprintf(why, STORE_WHY_SIZE, "cannot start the store thread for %s: no memory, threads or descriptors", path);
    db_close(db);
    return r;
}

static void release(struct store *s)
{
    wake_close(s->in_fd);
    wake_close(s->out_fd);
    wake_close(s->lock_fd);
    ring_destroy(s->in);
    ring_destroy(s->out);
    free(s);
}

status store_open(struct store **out, const struct store_config *config, char why[STORE_WHY_SIZE])
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, STORE_WHY_SIZE, "cannot open the store in %s: no memory", config->data_dir);
        return STATUS_NO_MEMORY;
    }
    s->in_fd = s->out_fd = s->lock_fd = -1;
    list_init(&s->overflow);
    list_init(&s->refused);
    list_init(&s->unsaved);
    status r = open_parts(s, config, why);
    if (r != STATUS_OK) {
        release(s);
        return r;
    }
    *out = s;
    return STATUS_OK;
}

bool store_is_closing(const struct store *s)
{
    return s->closing;
}

int store_fd(const struct store *s)
{
    return s->out_fd;
}

static void hand_over(struct store *s, struct job *job)
{
    s->under_way++;
    if (job->unsaved) s->unsaved_under_way++;
    if (!ring_push(s->in, &job)) abort(); /* sized for queue_jobs */
    wake_signal(s->in_fd);
}

static bool has_room(const struct store *s, bool unsaved)
{
    if (s->under_way >= s->queue_jobs) return false;
    return !unsaved || s->unsaved_under_way < (s->queue_jobs + 1) / 2;
}

bool store_is_full(const struct store *s)
{
    return !has_room(s, false);
}

void store_submit(struct store *s, struct job *job)
{
    thread_assert(THREAD_CONTROL);
    bool broken = job->type == JOB_WRITE && ((struct store_tx *)job)->failed;
    s->waiting++;
    job->submitted_us = clock_now_us();
    if (job->unsaved) list_push_back(&s->unsaved, &job->unsaved_link);
    if (s->closing || broken || (!job->unsaved && !has_room(s, false))) {
        job->outcome = s->closing ? STATUS_CLOSED : broken ? STATUS_NO_MEMORY : STATUS_FULL;
        list_push_back(&s->refused, &job->link);
        wake_signal(s->out_fd);
    } else if (job->unsaved && (!list_empty(&s->overflow) || !has_room(s, true))) {
        list_push_back(&s->overflow, &job->link);
    } else {
        hand_over(s, job);
    }
}

static void finish(struct store *s, struct job *job)
{
    s->waiting--;
    if (job->type == JOB_READ) {
        s->stats.reads++;
        if (s->closing) store_question_close((struct store_question *)job);
        store_question_finish((struct store_question *)job);
        return;
    }
    list_remove(&job->unsaved_link);
    if (job->outcome == STATUS_OK) {
        s->stats.transactions++;
    } else {
        s->stats.refused++;
    }
    if (job->group_us) {
        s->stats.groups++;
        s->stats.group_last_us = job->group_us;
        if (job->group_us > s->stats.group_max_us) s->stats.group_max_us = job->group_us;
    }
    store_tx_finish((struct store_tx *)job, job->outcome);
}

static void hand_over_overflow(struct store *s)
{
    while (!list_empty(&s->overflow) && has_room(s, true))
        hand_over(s, list_object(list_pop_front(&s->overflow), struct job, link));
}

static void finish_all(struct store *s, struct list *jobs)
{
    struct list *link;
    while ((link = list_pop_front(jobs)))
        finish(s, list_object(link, struct job, link));
}

/* No more than was there at the start, so that callbacks which commit again do not keep the loop. */
static void finish_returned(struct store *s)
{
    struct job *job;
    for (size_t left = ring_count(s->out); left > 0 && ring_pop(s->out, &job); left--) {
        s->under_way--;
        if (job->unsaved) s->unsaved_under_way--;
        list_init(&job->link);
        finish(s, job);
    }
    if (ring_count(s->out) > 0) wake_signal(s->out_fd);
}

void store_poll(struct store *s)
{
    thread_assert(THREAD_CONTROL);
    wake_drain(s->out_fd);
    finish_returned(s);
    struct list refused;
    list_init(&refused);
    struct list *link;
    while ((link = list_pop_front(&s->refused)))
        list_push_back(&refused, link);
    finish_all(s, &refused);
    hand_over_overflow(s);
}

status store_drain(struct store *s, uint32_t timeout_ms)
{
    int64_t end_us = clock_now_us() + (int64_t)timeout_ms * 1000;
    while (s->waiting > 0) {
        int64_t left_us = end_us - clock_now_us();
        if (left_us < 0) return STATUS_TIMEOUT;
        struct pollfd fd = {.fd = s->out_fd, .events = POLLIN};
        poll(&fd, 1, (int)(left_us / 1000) + 1);
        store_poll(s);
    }
    return STATUS_OK;
}

static struct job *make_stop(void)
{
    struct job *stop = calloc(1, sizeof *stop);
    if (!stop) abort(); /* nothing could be closed in order */
    stop->type = JOB_STOP;
    list_init(&stop->link);
    list_init(&stop->rest);
    return stop;
}

void store_close(struct store *s)
{
    if (!s) return;
    s->closing = true;
    struct job *stop = make_stop();
    struct list *link;
    while ((link = list_pop_front(&s->overflow)))
        list_push_back(&stop->rest, link);
    if (!ring_push(s->in, &stop)) abort();
    wake_signal(s->in_fd);
    struct list finished;
    list_init(&finished);
    worker_join(s->worker, &finished);
    while (ring_count(s->out) > 0)
        finish_returned(s);
    finish_all(s, &finished);
    finish_all(s, &s->refused);
    release(s);
}

struct store_stats store_stats(const struct store *s)
{
    struct store_stats stats = s->stats;
    stats.waiting = s->waiting;
    stats.unsaved = (uint32_t)list_count(&s->unsaved);
    if (!list_empty(&s->unsaved)) {
        const struct job *oldest = list_object(s->unsaved.next, struct job, unsaved_link);
        stats.unsaved_oldest_age_us = (uint64_t)(clock_now_us() - oldest->submitted_us);
    }
    return stats;
}
