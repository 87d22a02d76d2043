/* When new calls are to be refused: threads that sleep, with a load that the test says they have. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/engine_parts.h"
#include "os/clock.h"
#include "os/thread.h"

enum { THREADS = 2 };

static struct engine *engine;

static void report(void *arg, const struct engine_report *r)
{
    (void)arg;
    (void)r;
}

static int begin(void **state)
{
    (void)state;
    struct engine_config config = {.threads = THREADS, .busy_max_percent = 60};
    if (engine_create(&engine, &config, report, NULL) != STATUS_OK) return -1;
    for (unsigned i = 0; i < THREADS; i++) {
        while (media_counted(&worker_counters(engine->workers[i].worker)->wakeups) == 0)
            sched_yield();
    }
    return 0;
}

static int finish(void **state)
{
    (void)state;
    engine_destroy(engine);
    return 0;
}

/* A thread without legs sleeps after its first round, and leaves its figure alone. */
static void set_busy(unsigned worker, uint32_t permille)
{
    struct media_counters *c = (struct media_counters *)(uintptr_t)worker_counters(engine->workers[worker].worker);
    atomic_store(&c->busy_permille, permille);
}

static void the_busiest_thread_decides_and_a_tenth_lies_between_on_and_off(void **state)
{
    (void)state;
    static const struct {
        uint32_t busy;
        bool overloaded;
    } steps[] = {{0, false},   {600, false}, {601, true}, {590, true}, {541, true},
                 {540, false}, {600, false}, {900, true}, {100, false}};
    for (unsigned worker = 0; worker < THREADS; worker++) {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            set_busy(worker, steps[i].busy);
            set_busy(1 - worker, 50);
            assert_int_equal(engine_overloaded(engine), steps[i].overloaded);
        }
    }
}

static void who_was_just_let_in_counts_as_the_others_do(void **state)
{
    (void)state;
    set_busy(0, 500);
    engine->workers[0].legs = 100;
    assert_false(engine_overloaded(engine));
    for (int i = 0; i < 60; i++) /* half of them on this thread: 30 of 100 at 500 are 150 */
        engine_note_new_leg(engine, clock_now_us());
    assert_true(engine_overloaded(engine));
    engine->recent_since_us -= 3 * RECENT_US; /* by now they show */
    assert_false(engine_overloaded(engine));
    engine->workers[0].legs = 10;
    set_busy(0, 580); /* one more, perhaps on this thread: half of a tenth is 29 */
    assert_false(engine_overloaded(engine));
    engine_note_new_leg(engine, clock_now_us());
    assert_true(engine_overloaded(engine));
    for (int i = 0; i < 60; i++)
        engine_note_new_leg(engine, clock_now_us());
    set_busy(0, 270); /* twice that, whoever comes */
    assert_false(engine_overloaded(engine));
    set_busy(0, 301);
    assert_true(engine_overloaded(engine));
    engine->workers[0].legs = 0;
}

int main(void)
{
    thread_set_role(THREAD_CONTROL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_busiest_thread_decides_and_a_tenth_lies_between_on_and_off, begin, finish),
        cmocka_unit_test_setup_teardown(who_was_just_let_in_counts_as_the_others_do, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
