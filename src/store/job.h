/**
 * @file job.h  What travels between the control thread and the store thread: a transaction or a question.
 *
 * A job belongs to the control thread, then (in the ring or after it) to the store thread, then to the control thread
 * again. Inside store/ only.
 */
#ifndef PARLEY_STORE_JOB_H
#define PARLEY_STORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/status.h"
#include "store/query.h"
#include "store/store.h"
#include "store/store_tx.h"

enum job_type { JOB_WRITE, JOB_READ, JOB_STOP };

struct job {
    struct list link;         /**< in whatever list its owner has it */
    struct list unsaved_link; /**< control: in store.unsaved */
    enum job_type type;
    struct store *store;
    bool unsaved;
    status outcome;       /**< store thread: of a transaction */
    uint64_t group_us;    /**< store thread: set in the last transaction of a group that is on disk */
    int64_t submitted_us; /**< control */
    struct list rest;     /**< JOB_STOP: jobs that never got into the ring */
};

struct store_listener {
    struct store_listener *next;
    store_done_fn *fn;
    void *arg;
};

struct store_tx {
    struct job job; /**< first, so that a job of type JOB_WRITE is one of these */
    struct list ops;
    bool failed; /**< memory ran out while it was put together */
    struct store_listener *listeners, **listeners_end;
    store_done_fn *fn;
    void *arg;
};

struct store_question {
    struct job job; /**< first */
    struct query query;
    struct answer answer;
    void (*deliver)(struct store_question *q); /**< calls fn, cast back to its type */
    void (*fn)(void);
    void *arg;
};

/** Hands a job over, or keeps it until there is room, or refuses it by its callback. Unsaved ones are never refused. */
void store_submit(struct store *s, struct job *job);

/** Whether a question would be refused for lack of room. */
bool store_is_full(const struct store *s);

/** Tells the listeners and the committer, and frees. */
void store_tx_finish(struct store_tx *tx, status outcome);

/** Whatever the answer was, it is STATUS_CLOSED now. */
void store_question_close(struct store_question *q);

/** Calls back, and frees. */
void store_question_finish(struct store_question *q);

#endif
