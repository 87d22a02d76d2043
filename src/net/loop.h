/**
 * @file loop.h  The control thread's event loop: timers, descriptors, signals, and an end of each turn.
 *
 * A turn is: wait until something is due, call everything that is due, then call what was deferred. The loop has no
 * periodic wake-up of its own, so a loop with nothing to do costs nothing. It is not a thread pool and takes no calls
 * from other threads: they signal an eventfd (os/wake.h) that a loop_watch reads.
 *
 * Every callback may create, change and destroy timers, watches and signals, its own included.
 *
 * Thread: control (the one that calls loop_run()).
 */
#ifndef PARLEY_NET_LOOP_H
#define PARLEY_NET_LOOP_H

#include <stdint.h>

#include "base/status.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

typedef void loop_fn(void *arg);

/**
 * Makes a loop on epoll with microsecond timers. SIGPIPE is ignored in the whole process from then on.
 *
 * @param[out] out  owned by the caller
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status loop_create(struct loop **out);

/** Runs what is still deferred, then frees. Timers, watches and signals are destroyed before. NULL is allowed. */
void loop_destroy(struct loop *loop);

/** Turns until loop_stop(). The turn in which loop_stop() was called is finished, its deferred calls included. */
void loop_run(struct loop *loop);

/** Ends loop_run() after this turn. Called while the loop does not run, it has no effect. */
void loop_stop(struct loop *loop);

/** Monotonic microseconds (os/clock.h), read at most once a turn. Outside loop_run() it is read at each call. */
int64_t loop_now_us(struct loop *loop);

/**
 * Calls fn(arg) at the end of this turn, after every other callback of it: the place to destroy an object whose
 * callback is running. Deferred from a deferred call, it still runs in this turn. In the order of the calls.
 * The process ends where there is no memory for the list, as nothing could be taken down in order then.
 */
void loop_defer(struct loop *loop, loop_fn *fn, void *arg);

/** Forgets every deferred call of fn with this arg. */
void loop_undefer(struct loop *loop, loop_fn *fn, void *arg);

/** A timer that fires once for each time it is set; made unset. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status loop_timer_create(struct loop_timer **out, struct loop *loop, loop_fn *fn, void *arg);

/** NULL is allowed. */
void loop_timer_destroy(struct loop_timer *timer);

/** Fires after this many microseconds from loop_now_us() (0 or less: in the next turn); replaces an earlier setting. */
void loop_timer_set(struct loop_timer *timer, int64_t delay_us);

/** Fires when loop_now_us() is at least this, never before; replaces an earlier setting. */
void loop_timer_set_at(struct loop_timer *timer, int64_t at_us);

/** An unset timer does not fire, not even later in the turn in which it was due. */
void loop_timer_cancel(struct loop_timer *timer);

enum loop_event {
    LOOP_READABLE = 1 << 0, /**< a read would not block; the other side's end and errors count */
    LOOP_WRITABLE = 1 << 1,
};

/** @param events  LOOP_* bits that are true now */
typedef void loop_watch_fn(void *arg, unsigned events);

/**
 * Calls fn in every turn in which one of the events is true (level-triggered).
 *
 * @param fd      borrowed: stays open until the watch is destroyed
 * @param events  LOOP_* bits, 0 for none yet
 * @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO (the kernel does not watch such a descriptor, a plain file say)
 */
MUST_CHECK status loop_watch_create(struct loop_watch **out, struct loop *loop, int fd, unsigned events,
                                    loop_watch_fn *fn, void *arg);

/** NULL is allowed. */
void loop_watch_destroy(struct loop_watch *watch);

/** From now on these events, and no others. @return STATUS_OK, STATUS_IO */
MUST_CHECK status loop_watch_set(struct loop_watch *watch, unsigned events);

/** Calls fn in the loop, not in a signal handler, for each arrival. @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO */
MUST_CHECK status loop_signal_create(struct loop_signal **out, struct loop *loop, int number, loop_fn *fn, void *arg);

/** Gives the signal its former action back. NULL is allowed. */
void loop_signal_destroy(struct loop_signal *signal);

#endif
