#include "store/worker.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>

#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"
#include "os/wake.h"
#include "store/job.h"

struct worker {
    struct worker_config config;
    struct db *db;
    pthread_t thread;
    struct list batch;   /* what was taken out of the ring, in order */
    struct list backlog; /* unsaved transactions that the disk refused, in order */
    struct list finished;
    bool stopping;
    int64_t retry_at_us; /* meaningful while the backlog holds any */
    uint32_t retry_ms;
    uint64_t failures; /* groups in a row that the disk refused */
};

static void give_back(struct worker *w, struct job *job)
{
    list_remove(&job->link);
    if (w->stopping) {
        list_push_back(&w->finished, &job->link);
        return;
    }
    bool pushed = ring_push(w->config.out, &job);
    assert(pushed); /* control has no more under way than the ring holds */
    (void)pushed;
}

static void move_all(struct list *to, struct list *from)
{
    struct list *link;
    while ((link = list_pop_front(from)))
        list_push_back(to, link);
}

static int wait_ms(const struct worker *w)
{
    if (list_empty(&w->backlog)) return -1;
    int64_t left_us = w->retry_at_us - clock_now_us();
    return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

/* Waits for jobs or for the next retry, then takes all there is. */
static void take(struct worker *w)
{
    struct pollfd fd = {.fd = w->config.in_fd, .events = POLLIN};
    poll(&fd, 1, wait_ms(w));
    wake_drain(w->config.in_fd);
    struct job *job;
    while (ring_pop(w->config.in, &job)) {
        if (job->type == JOB_STOP) {
            w->stopping = true;
            move_all(&w->batch, &job->rest);
            free(job);
        } else {
            list_push_back(&w->batch, &job->link);
        }
    }
}

static void answer(struct worker *w, struct job *job)
{
    struct store_question *q = (struct store_question *)job;
    db_read(w->db, &q->query, &q->answer);
    if (q->answer.status == STATUS_IO) log_event(LOG_ERROR, "store_read_failed", "reason=\"%s\"", db_error(w->db));
}

/* Questions that came before any transaction need not wait for its sync. */
static void answer_first(struct worker *w)
{
    bool any = false;
    while (!list_empty(&w->batch)) {
        struct job *job = list_object(w->batch.next, struct job, link);
        if (job->type != JOB_READ) break;
        answer(w, job);
        give_back(w, job);
        any = true;
    }
    if (any) wake_signal(w->config.out_fd);
}

static status apply_all(struct worker *w, struct list *jobs)
{
    list_each (link, jobs) {
        struct job *job = list_object(link, struct job, link);
        if (job->type != JOB_WRITE) continue;
        job->group_us = 0;
        job->outcome = db_apply(w->db, &((struct store_tx *)job)->ops);
        if (job->outcome == STATUS_IO) return STATUS_IO;
        if (job->outcome == STATUS_INVALID)
            log_event(LOG_ERROR, "store_transaction_broken", "status=%s reason=\"%s\"", status_name(job->outcome),
                      db_error(w->db));
    }
    return STATUS_OK;
}

static status write_group(struct worker *w)
{
    status s = db_begin(w->db);
    if (s == STATUS_OK) s = apply_all(w, &w->backlog);
    if (s == STATUS_OK) s = apply_all(w, &w->batch);
    if (s == STATUS_OK) s = db_commit(w->db);
    if (s == STATUS_OK) return s;
    if (w->failures++ == 0) log_event(LOG_ERROR, "store_disk_refuses", "reason=\"%s\"", db_error(w->db));
    db_rollback(w->db);
    return s;
}

/* Of the batch: what a client asked for fails, what has happened is kept for the next try. */
static void refuse_group(struct worker *w)
{
    list_each_safe (link, &w->batch) {
        struct job *job = list_object(link, struct job, link);
        if (job->type != JOB_WRITE) continue;
        job->outcome = STATUS_IO;
        if (!job->unsaved) continue;
        list_remove(&job->link);
        list_push_back(&w->backlog, &job->link);
    }
}

static void plan_retry(struct worker *w)
{
    w->retry_at_us = clock_now_us() + (int64_t)w->retry_ms * 1000;
    w->retry_ms = w->retry_ms > w->config.retry_max_ms / 2 ? w->config.retry_max_ms : w->retry_ms * 2;
}

static void disk_is_back(struct worker *w)
{
    if (w->failures) log_event(LOG_INFO, "store_disk_is_back", "failures=%llu", (unsigned long long)w->failures);
    w->failures = 0;
    w->retry_ms = w->config.retry_first_ms;
}

static struct job *last_write(struct worker *w)
{
    struct list *const lists[] = {&w->batch, &w->backlog};
    for (size_t i = 0; i < 2; i++) {
        for (struct list *link = lists[i]->prev; link != lists[i]; link = link->prev) {
            struct job *job = list_object(link, struct job, link);
            if (job->type == JOB_WRITE) return job;
        }
    }
    return NULL;
}

static void write_all(struct worker *w)
{
    struct job *last = last_write(w);
    if (!last) return;
    bool waiting = !list_empty(&w->backlog) && !w->stopping && clock_now_us() < w->retry_at_us;
    if (waiting) {
        refuse_group(w);
        return;
    }
    int64_t began_us = clock_now_us();
    if (write_group(w) != STATUS_OK) {
        refuse_group(w);
        plan_retry(w);
        return;
    }
    last->group_us = (uint64_t)(clock_now_us() - began_us) + 1;
    disk_is_back(w);
    list_each_safe (link, &w->backlog)
        give_back(w, list_object(link, struct job, link));
}

static void work(struct worker *w)
{
    answer_first(w);
    write_all(w);
    list_each_safe (link, &w->batch) {
        struct job *job = list_object(link, struct job, link);
        if (job->type == JOB_READ) answer(w, job);
        give_back(w, job);
    }
    wake_signal(w->config.out_fd);
}

static void run(void *arg)
{
    struct worker *w = arg;
    while (!w->stopping) {
        take(w);
        work(w);
        if (ring_count(w->config.in) == 0) db_checkpoint(w->db);
    }
    list_each_safe (link, &w->backlog) {
        struct job *job = list_object(link, struct job, link);
        job->outcome = STATUS_CLOSED;
        give_back(w, job);
    }
    db_close(w->db);
}

status worker_start(struct worker **out, const struct worker_config *config)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w) return STATUS_NO_MEMORY;
    w->config = *config;
    w->db = config->db;
    w->retry_ms = config->retry_first_ms;
    list_init(&w->batch);
    list_init(&w->backlog);
    list_init(&w->finished);
    status s = thread_start(&w->thread, "store", THREAD_STORE, run, w);
    if (s != STATUS_OK) {
        free(w);
        return s;
    }
    *out = w;
    return STATUS_OK;
}

void worker_join(struct worker *w, struct list *finished)
{
    thread_join(w->thread);
    move_all(finished, &w->finished);
    free(w);
}
