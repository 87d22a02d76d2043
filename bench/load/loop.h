/**
 * @file loop.h  The caller's one loop: sockets by epoll, timers on a heap, woken by one timerfd.
 *
 * Not the bridge's loop: this one is made for thousands of timers on a grid of one millisecond.
 * Thread: one.
 */
#ifndef PARLEY_LOAD_LOOP_H
#define PARLEY_LOAD_LOOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct loop;

/** The descriptor is readable; now_us is monotonic. */
typedef void (*loop_fd_fn)(void *context, int64_t now_us);
typedef void (*loop_timer_fn)(void *context, int64_t now_us);

/** Lives in its user's struct; loop_timer_init() before anything else. */
struct loop_timer {
    int64_t due_us;
    loop_timer_fn fn;
    void *context;
    size_t place; /**< in the heap, from 1; 0 where it is not set */
};

/** A descriptor that is watched; lives in its user's struct. */
struct loop_watch {
    int fd;
    loop_fd_fn fn;
    void *context;
};

/** @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO */
MUST_CHECK status loop_create(struct loop **out);
void loop_destroy(struct loop *loop);

/** The watch is borrowed until loop_unwatch(). @return STATUS_OK, STATUS_IO */
MUST_CHECK status loop_watch_fd(struct loop *loop, struct loop_watch *watch);
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

void loop_timer_init(struct loop_timer *timer, loop_timer_fn fn, void *context);

/** Sets or moves the timer; it is due once. Borrowed until due or cancelled. Aborts where memory is used up. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_us);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/** Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
