#include "load/loop.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "os/clock.h"

enum { BATCH_EVENTS = 64 };

struct loop {
    int epoll_fd, timer_fd;
    struct loop_timer **heap; /* from 1 */
    size_t count, size;
    int64_t armed_us; /* what timer_fd is set to */
    bool stopped;
    struct epoll_event *events; /* the batch being served; NULL outside of it */
    int event_count;
};

status loop_create(struct loop **out)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop) return STATUS_NO_MEMORY;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (loop->epoll_fd < 0 || loop->timer_fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event)) {
        loop_destroy(loop);
        return STATUS_IO;
    }
    *out = loop;
    return STATUS_OK;
}

void loop_destroy(struct loop *loop)
{
    if (!loop) return;
    if (loop->epoll_fd >= 0) close(loop->epoll_fd);
    if (loop->timer_fd >= 0) close(loop->timer_fd);
    free(loop->heap);
    free(loop);
}

status loop_watch_fd(struct loop *loop, struct loop_watch *watch)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) ? STATUS_IO : STATUS_OK;
}

void loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    for (int i = 0; i < loop->event_count; i++) {
        if (loop->events[i].data.ptr == watch) loop->events[i].events = 0;
    }
}

void loop_timer_init(struct loop_timer *timer, loop_timer_fn fn, void *context)
{
    *timer = (struct loop_timer){.fn = fn, .context = context};
}

static void heap_put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static void heap_settle(struct loop *loop, size_t place, struct loop_timer *timer)
{
    while (place > 1 && loop->heap[place / 2]->due_us > timer->due_us) {
        heap_put(loop, place, loop->heap[place / 2]);
        place /= 2;
    }
    for (;;) {
        size_t child = place * 2;
        if (child > loop->count) break;
        if (child < loop->count && loop->heap[child + 1]->due_us < loop->heap[child]->due_us) child++;
        if (loop->heap[child]->due_us >= timer->due_us) break;
        heap_put(loop, place, loop->heap[child]);
        place = child;
    }
    heap_put(loop, place, timer);
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t due_us)
{
    timer->due_us = due_us;
    if (timer->place) {
        heap_settle(loop, timer->place, timer);
        return;
    }
    if (loop->count + 2 > loop->size) {
        size_t size = loop->size ? loop->size * 2 : 64;
        struct loop_timer **heap = realloc(loop->heap, size * sizeof *heap);
        if (!heap) abort();
        loop->heap = heap;
        loop->size = size;
    }
    loop->count++;
    heap_settle(loop, loop->count, timer);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    size_t place = timer->place;
    if (!place) return;
    timer->place = 0;
    struct loop_timer *last = loop->heap[loop->count--];
    if (last != timer) heap_settle(loop, place, last);
}

static void timers_run(struct loop *loop)
{
    int64_t now_us = clock_now_us();
    while (loop->count && loop->heap[1]->due_us <= now_us && !loop->stopped) {
        struct loop_timer *timer = loop->heap[1];
        loop_timer_cancel(loop, timer);
        timer->fn(timer->context, now_us);
        now_us = clock_now_us();
    }
}

static void timer_arm(struct loop *loop)
{
    int64_t due_us = loop->count ? loop->heap[1]->due_us : 0;
    if (due_us == loop->armed_us) return;
    loop->armed_us = due_us;
    struct itimerspec spec = {.it_value = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000}};
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

void loop_run(struct loop *loop)
{
    struct epoll_event events[BATCH_EVENTS];
    while (!loop->stopped) {
        timers_run(loop);
        if (loop->stopped) break;
        timer_arm(loop);
        int count = epoll_wait(loop->epoll_fd, events, BATCH_EVENTS, -1);
        loop->events = events;
        loop->event_count = count > 0 ? count : 0;
        int64_t now_us = clock_now_us();
        for (int i = 0; i < loop->event_count; i++) {
            if (!events[i].events) continue;
            struct loop_watch *watch = events[i].data.ptr;
            if (watch) {
                watch->fn(watch->context, now_us);
            } else {
                uint64_t expirations;
                loop->armed_us = -1;
                if (read(loop->timer_fd, &expirations, sizeof expirations) < 0) continue;
            }
        }
        loop->event_count = 0;
    }
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
