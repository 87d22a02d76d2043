/**
 * @file worker.h  The store thread: takes all that waits, writes it as one group, hands it back.
 *
 * Inside store/ only.
 * Thread: worker_start() and worker_join() by control; the rest of it is the store thread.
 */
#ifndef PARLEY_STORE_WORKER_H
#define PARLEY_STORE_WORKER_H

#include "base/list.h"
#include "base/ring.h"
#include "store/db.h"

struct worker;

struct worker_config {
    struct db *db;         /**< given: closed when the thread ends */
    struct ring *in, *out; /**< of struct job *; borrowed. out has room for whatever was put into in */
    int in_fd, out_fd;     /**< signalled after a push; borrowed */
    uint32_t retry_first_ms, retry_max_ms;
};

/** @return STATUS_OK, STATUS_NO_MEMORY (the database stays the caller's) */
MUST_CHECK status worker_start(struct worker **out, const struct worker_config *config);

/** After a JOB_STOP was pushed: waits for the end; jobs that did not go through the ring are appended to finished. */
void worker_join(struct worker *w, struct list *finished);

#endif
