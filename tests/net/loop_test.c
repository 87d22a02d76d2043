#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/loop.h"
#include "os/clock.h"

struct bench {
    struct loop *loop;
    struct loop_timer *timer, *other;
    struct loop_watch *watch;
    struct loop_signal *signal;
    int fds[2];
    int calls;
    int order[8];
    int64_t at_us;
};

static int set_up(void **state)
{
    static struct bench b;
    b = (struct bench){0};
    assert_int_equal(loop_create(&b.loop), STATUS_OK);
    assert_int_equal(pipe(b.fds), 0);
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    loop_destroy(b->loop);
    close(b->fds[0]);
    close(b->fds[1]);
    return 0;
}

static void stop(void *arg)
{
    struct bench *b = arg;
    b->calls++;
    loop_stop(b->loop);
}

static void note_and_stop(void *arg)
{
    struct bench *b = arg;
    assert_true(loop_now_us(b->loop) >= b->at_us);
    stop(b);
}

static void a_timer_never_fires_early(void **state)
{
    struct bench *b = *state;
    assert_int_equal(loop_timer_create(&b->timer, b->loop, note_and_stop, b), STATUS_OK);
    for (int i = 0; i < 20; i++) {
        b->at_us = loop_now_us(b->loop) + 700 * i;
        loop_timer_set_at(b->timer, b->at_us);
        loop_run(b->loop);
    }
    assert_int_equal(b->calls, 20);
    loop_timer_destroy(b->timer);
}

static void must_not_fire(void *arg)
{
    (void)arg;
    fail_msg("a cancelled timer fired");
}

static void cancel_other(void *arg)
{
    struct bench *b = arg;
    loop_timer_cancel(b->other);
    loop_timer_destroy(b->timer); /* itself */
    loop_timer_set(b->other, 0);
    loop_timer_cancel(b->other);
    loop_defer(b->loop, stop, b);
}

static void a_timer_due_in_the_same_turn_can_be_cancelled(void **state)
{
    struct bench *b = *state;
    assert_int_equal(loop_timer_create(&b->timer, b->loop, cancel_other, b), STATUS_OK);
    assert_int_equal(loop_timer_create(&b->other, b->loop, must_not_fire, b), STATUS_OK);
    loop_timer_set(b->timer, 0);
    loop_timer_set(b->other, 0);
    loop_run(b->loop);
    assert_int_equal(b->calls, 1);
    loop_timer_destroy(b->other);
}

static void second(void *arg)
{
    struct bench *b = arg;
    b->order[b->calls++] = 2;
}

static void third(void *arg)
{
    struct bench *b = arg;
    b->order[b->calls++] = 3;
    loop_stop(b->loop);
}

static void first(void *arg)
{
    struct bench *b = arg;
    b->order[b->calls++] = 1;
    loop_defer(b->loop, third, b);
}

static void deferred_calls_run_in_order_and_in_the_same_turn(void **state)
{
    struct bench *b = *state;
    loop_defer(b->loop, first, b);
    loop_defer(b->loop, must_not_fire, b);
    loop_defer(b->loop, second, b);
    loop_undefer(b->loop, must_not_fire, b);
    loop_run(b->loop);
    assert_int_equal(b->calls, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(b->order[i], i + 1);
}

static void on_pipe(void *arg, unsigned events)
{
    struct bench *b = arg;
    char byte;
    assert_int_equal(events, LOOP_READABLE);
    assert_int_equal(read(b->fds[0], &byte, 1), 1);
    loop_watch_destroy(b->watch);
    b->watch = NULL;
    stop(b);
}

static void a_watch_sees_bytes_and_may_destroy_itself(void **state)
{
    struct bench *b = *state;
    assert_int_equal(loop_watch_create(&b->watch, b->loop, b->fds[0], 0, on_pipe, b), STATUS_OK);
    assert_int_equal(loop_watch_set(b->watch, LOOP_READABLE), STATUS_OK);
    assert_int_equal(write(b->fds[1], "x", 1), 1);
    loop_run(b->loop);
    assert_int_equal(b->calls, 1);
}

static void on_writable(void *arg, unsigned events)
{
    struct bench *b = arg;
    assert_int_equal(events, LOOP_WRITABLE);
    assert_int_equal(loop_watch_set(b->watch, 0), STATUS_OK);
    b->calls++;
}

static void a_watch_set_to_nothing_is_silent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(loop_watch_create(&b->watch, b->loop, b->fds[1], LOOP_WRITABLE, on_writable, b), STATUS_OK);
    assert_int_equal(loop_timer_create(&b->timer, b->loop, stop, b), STATUS_OK);
    loop_timer_set(b->timer, 20000);
    loop_run(b->loop);
    assert_int_equal(b->calls, 2); /* the watch once, the timer once */
    loop_timer_destroy(b->timer);
    loop_watch_destroy(b->watch);
}

static void a_signal_arrives_in_the_loop(void **state)
{
    struct bench *b = *state;
    assert_int_equal(loop_signal_create(&b->signal, b->loop, SIGUSR1, stop, b), STATUS_OK);
    raise(SIGUSR1);
    loop_run(b->loop);
    assert_int_equal(b->calls, 1);
    loop_signal_destroy(b->signal);
}

static void an_idle_loop_does_not_wake(void **state)
{
    struct bench *b = *state;
    struct rusage before, after;
    assert_int_equal(loop_timer_create(&b->timer, b->loop, stop, b), STATUS_OK);
    loop_timer_set(b->timer, 400000);
    getrusage(RUSAGE_SELF, &before);
    loop_run(b->loop);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_nvcsw - before.ru_nvcsw <= 4);
    loop_timer_destroy(b->timer);
}

static void time_stands_still_within_a_turn(void *arg)
{
    struct bench *b = arg;
    int64_t now_us = loop_now_us(b->loop), start_us = clock_now_us();
    while (clock_now_us() - start_us < 2000)
        continue;
    assert_true(loop_now_us(b->loop) == now_us);
    stop(b);
}

static void the_clock_is_read_once_a_turn(void **state)
{
    struct bench *b = *state;
    assert_int_equal(loop_timer_create(&b->timer, b->loop, time_stands_still_within_a_turn, b), STATUS_OK);
    loop_timer_set(b->timer, 0);
    loop_run(b->loop);
    assert_int_equal(b->calls, 1);
    loop_timer_destroy(b->timer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_timer_never_fires_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_due_in_the_same_turn_can_be_cancelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deferred_calls_run_in_order_and_in_the_same_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_watch_sees_bytes_and_may_destroy_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_watch_set_to_nothing_is_silent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_arrives_in_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_idle_loop_does_not_wake, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_clock_is_read_once_a_turn, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
