#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ring.h"

static void a_full_ring_takes_nothing_and_an_empty_one_gives_nothing(void **state)
{
    (void)state;
    struct ring *r;
    assert_int_equal(ring_create(&r, sizeof(int), 3), STATUS_OK);
    int value = 0;
    assert_false(ring_pop(r, &value));
    for (int i = 0; i < 4; i++)
        assert_true(ring_push(r, &i)); /* 3 is rounded up to 4 */
    assert_false(ring_push(r, &value));
    for (int i = 0; i < 4; i++) {
        assert_true(ring_pop(r, &value));
        assert_int_equal(value, i);
    }
    assert_false(ring_pop(r, &value));
    ring_destroy(r);
}

enum { STORM = 200000 };

static void *produce(void *arg)
{
    for (uint64_t i = 0; i < STORM;) {
        if (ring_push(arg, &i)) i++;
    }
    return NULL;
}

static void items_cross_threads_in_order_and_whole(void **state)
{
    (void)state;
    struct ring *r;
    assert_int_equal(ring_create(&r, sizeof(uint64_t), 64), STATUS_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, produce, r), 0);
    for (uint64_t i = 0; i < STORM;) {
        uint64_t value;
        if (!ring_pop(r, &value)) continue;
        assert_int_equal(value, i);
        i++;
    }
    pthread_join(thread, NULL);
    ring_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_ring_takes_nothing_and_an_empty_one_gives_nothing),
        cmocka_unit_test(items_cross_threads_in_order_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
