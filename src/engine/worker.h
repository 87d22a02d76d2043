/**
 * @file worker.h  A media thread: a core, its sockets, and its sleep until the next tick or command.
 *
 * It wakes for occupied slots and for commands, and for nothing else.
 *
 * Thread: control, but for worker.c's own.
 */
#ifndef PARLEY_ENGINE_WORKER_H
#define PARLEY_ENGINE_WORKER_H

#include "base/list.h"
#include "engine/core.h"
#include "engine/media_io.h"

struct worker;

/** @param report_fd  signalled when events wait; borrowed. @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO */
MUST_CHECK status worker_create(struct worker **out, unsigned number, int report_fd, int64_t rtp_timeout_us);

/** Stops the thread. Events that wait can still be popped, then worker_destroy(). */
void worker_stop(struct worker *w);
void worker_destroy(struct worker *w);

/** @return false where its ring is full: an event tells when to try again */
MUST_CHECK bool worker_push(struct worker *w, struct core_batch *batch);

/** Takes a batch that was pushed and never carried out; only after worker_stop(). NULL: there is none. */
struct core_batch *worker_take_back(struct worker *w);

/** Appends the batches that were carried out and wait for a tick outside of conferences; only after worker_stop(). */
void worker_take_done(struct worker *w, struct list *out);

/** Lets it look for commands again that it held back while its events were not taken. */
void worker_wake(struct worker *w);

MUST_CHECK bool worker_pop(struct worker *w, struct media_event *out);

/** Whether it goes before threads of other programs: thread_start_first(). */
bool worker_goes_first(const struct worker *w);

const struct media_counters *worker_counters(const struct worker *w);

#endif
