#include "net/loop.h"

#include <assert.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "net/loop_base.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"

struct deferred {
    loop_fn *fn; /* NULL: forgotten */
    void *arg;
};

struct loop {
    struct event_base *base;
    struct deferred *deferred;
    size_t deferred_count, deferred_size;
    int64_t now_us; /* of this turn; 0 until somebody asks */
    bool running;   /* inside loop_run() */
    bool stopping;
};

struct loop_timer {
    struct loop *loop;
    struct event *event;
    loop_fn *fn;
    void *arg;
    int64_t at_us;
};

struct loop_watch {
    struct event *event;
    struct loop *loop;
    loop_watch_fn *fn;
    void *arg;
};

struct loop_signal {
    struct event *event;
    loop_fn *fn;
    void *arg;
};

static void log_libevent(int severity, const char *message)
{
    char text[200];
    log_event(severity >= EVENT_LOG_ERR ? LOG_ERROR : LOG_DEBUG, "libevent", "message=%s",
              log_value(text, sizeof text, slice_of(message)));
}

/*
 * The default clock of libevent is coarse (4 ms); ours is not. What an HTTP connection watches for changes six times a
 * request, to and fro: the kernel is told once a turn. (No descriptor that is watched is a duplicate of another.)
 */
static struct event_base *base_create(void)
{
    struct event_config *config = event_config_new();
    if (!config) return NULL;
    struct event_base *base = NULL;
    int flags = EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST;
    if (event_config_set_flag(config, flags) == 0) base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

status loop_create(struct loop **out)
{
    signal(SIGPIPE, SIG_IGN);
    event_set_log_callback(log_libevent);
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop) return STATUS_NO_MEMORY;
    loop->base = base_create();
    if (!loop->base) {
        free(loop);
        return STATUS_NO_MEMORY;
    }
    *out = loop;
    return STATUS_OK;
}

/* Calls may defer further ones, so the array can grow and move under the walk. */
static void run_deferred(struct loop *loop)
{
    for (size_t i = 0; i < loop->deferred_count; i++) {
        struct deferred call = loop->deferred[i];
        if (call.fn) call.fn(call.arg);
    }
    loop->deferred_count = 0;
}

void loop_destroy(struct loop *loop)
{
    if (!loop) return;
    run_deferred(loop);
    event_base_free(loop->base);
    free(loop->deferred);
    free(loop);
}

void loop_run(struct loop *loop)
{
    thread_assert(THREAD_CONTROL);
    loop->running = true;
    loop->stopping = false;
    run_deferred(loop); /* what was deferred before the first turn */
    while (!loop->stopping) {
        loop->now_us = 0;
        event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
        run_deferred(loop);
    }
    loop->running = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}

int64_t loop_now_us(struct loop *loop)
{
    if (!loop->running) return clock_now_us();
    if (loop->now_us == 0) loop->now_us = clock_now_us();
    return loop->now_us;
}

void loop_defer(struct loop *loop, loop_fn *fn, void *arg)
{
    if (loop->deferred_count == loop->deferred_size) {
        size_t size = loop->deferred_size ? 2 * loop->deferred_size : 64;
        struct deferred *grown = realloc(loop->deferred, size * sizeof *grown);
        if (!grown) {
            log_event(LOG_ERROR, "loop_out_of_memory", "bytes=%zu", size * sizeof *grown);
            abort();
        }
        loop->deferred = grown;
        loop->deferred_size = size;
    }
    loop->deferred[loop->deferred_count++] = (struct deferred){fn, arg};
}

void loop_undefer(struct loop *loop, loop_fn *fn, void *arg)
{
    for (size_t i = 0; i < loop->deferred_count; i++) {
        if (loop->deferred[i].fn == fn && loop->deferred[i].arg == arg) loop->deferred[i].fn = NULL;
    }
}

struct event_base *loop_event_base(struct loop *loop)
{
    return loop->base;
}

/* libevent counts from the time it cached at the start of the turn, which is a little before now. */
static void arm(struct loop_timer *timer)
{
    int64_t delay_us = timer->at_us - loop_now_us(timer->loop);
    if (delay_us < 0) delay_us = 0;
    struct timeval delay = {.tv_sec = delay_us / 1000000, .tv_usec = delay_us % 1000000};
    event_add(timer->event, &delay);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop_timer *timer = arg;
    if (loop_now_us(timer->loop) < timer->at_us)
        arm(timer);
    else
        timer->fn(timer->arg);
}

status loop_timer_create(struct loop_timer **out, struct loop *loop, loop_fn *fn, void *arg)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    if (!timer) return STATUS_NO_MEMORY;
    *timer = (struct loop_timer){.loop = loop, .fn = fn, .arg = arg};
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    if (!timer->event) {
        free(timer);
        return STATUS_NO_MEMORY;
    }
    *out = timer;
    return STATUS_OK;
}

void loop_timer_destroy(struct loop_timer *timer)
{
    if (!timer) return;
    event_free(timer->event);
    free(timer);
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_us)
{
    loop_timer_set_at(timer, loop_now_us(timer->loop) + (delay_us > 0 ? delay_us : 0));
}

void loop_timer_set_at(struct loop_timer *timer, int64_t at_us)
{
    timer->at_us = at_us;
    arm(timer);
}

void loop_timer_cancel(struct loop_timer *timer)
{
    event_del(timer->event);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    struct loop_watch *watch = arg;
    unsigned events = 0;
    if (what & EV_READ) events |= LOOP_READABLE;
    if (what & EV_WRITE) events |= LOOP_WRITABLE;
    watch->fn(watch->arg, events);
}

static short watch_flags(unsigned events)
{
    int flags = EV_PERSIST;
    if (events & LOOP_READABLE) flags |= EV_READ;
    if (events & LOOP_WRITABLE) flags |= EV_WRITE;
    return (short)flags;
}

status loop_watch_create(struct loop_watch **out, struct loop *loop, int fd, unsigned events, loop_watch_fn *fn,
                         void *arg)
{
    struct loop_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return STATUS_NO_MEMORY;
    *watch = (struct loop_watch){.loop = loop, .fn = fn, .arg = arg};
    watch->event = event_new(loop->base, fd, watch_flags(events), on_watch, watch);
    if (!watch->event) {
        free(watch);
        return STATUS_NO_MEMORY;
    }
    if (events && event_add(watch->event, NULL) != 0) {
        loop_watch_destroy(watch);
        return STATUS_IO;
    }
    *out = watch;
    return STATUS_OK;
}

void loop_watch_destroy(struct loop_watch *watch)
{
    if (!watch) return;
    event_free(watch->event);
    free(watch);
}

status loop_watch_set(struct loop_watch *watch, unsigned events)
{
    short flags = watch_flags(events);
    bool pending = event_pending(watch->event, EV_READ | EV_WRITE, NULL);
    if (flags == event_get_events(watch->event) && pending == (events != 0)) return STATUS_OK;
    event_del(watch->event);
    event_assign(watch->event, watch->loop->base, event_get_fd(watch->event), flags, on_watch, watch);
    if (events && event_add(watch->event, NULL) != 0) return STATUS_IO;
    return STATUS_OK;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    struct loop_signal *s = arg;
    s->fn(s->arg);
}

status loop_signal_create(struct loop_signal **out, struct loop *loop, int number, loop_fn *fn, void *arg)
{
    struct loop_signal *s = calloc(1, sizeof *s);
    if (!s) return STATUS_NO_MEMORY;
    *s = (struct loop_signal){.fn = fn, .arg = arg};
    s->event = evsignal_new(loop->base, number, on_signal, s);
    if (!s->event) {
        free(s);
        return STATUS_NO_MEMORY;
    }
    if (evsignal_add(s->event, NULL) != 0) {
        loop_signal_destroy(s);
        return STATUS_IO;
    }
    *out = s;
    return STATUS_OK;
}

void loop_signal_destroy(struct loop_signal *s)
{
    if (!s) return;
    event_free(s->event);
    free(s);
}
