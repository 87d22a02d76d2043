#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/binding.h"

enum { S = 1000000, NOW = 1000 };

static struct rng rng;

static void begin(struct binding *b, uint32_t wanted_s)
{
    rng_init(&rng, 1);
    binding_init(b, 500);
    assert_true(binding_is_over(b));
    binding_want(b, wanted_s, NOW);
    assert_true(b->due_us == NOW);
    assert_int_equal(binding_send(b), wanted_s);
    assert_true(b->due_us == INT64_MAX);
}

static void what_is_granted_is_refreshed_in_time(void **state)
{
    (void)state;
    struct binding b;
    begin(&b, 3600);
    binding_answer(&b, 200, 1000, 0, NOW, &rng);
    assert_int_equal(b.granted_s, 1000);
    assert_true(b.due_us == NOW + 900 * (int64_t)S);
    binding_send(&b);
    binding_answer(&b, 200, 20, 0, NOW, &rng);
    assert_true(b.due_us == NOW + 10 * (int64_t)S);
    assert_false(binding_is_over(&b));
}

static void a_failure_is_tried_again_later_and_later(void **state)
{
    (void)state;
    struct binding b;
    begin(&b, 3600);
    for (int64_t base_s = 5; base_s <= 320; base_s = base_s < 320 ? base_s * 2 : 321) {
        binding_answer(&b, 503, 0, 0, NOW, &rng);
        assert_int_equal(b.granted_s, 0);
        assert_in_range((uint64_t)(b.due_us - NOW), (uint64_t)base_s * S * 3 / 4, (uint64_t)base_s * S * 5 / 4);
        assert_int_equal(binding_send(&b), 3600);
    }
    binding_answer(&b, 403, 0, 0, NOW, &rng);
    assert_true(b.due_us - NOW <= 400 * (int64_t)S);
    binding_send(&b);
    binding_answer(&b, 200, 100, 0, NOW, &rng);
    binding_send(&b);
    binding_answer(&b, 408, 0, 0, NOW, &rng);
    assert_true(b.due_us - NOW <= 7 * (int64_t)S); /* success forgets the failures before it */
}

static void an_interval_that_is_too_brief_is_asked_for_at_once_with_more(void **state)
{
    (void)state;
    struct binding b;
    begin(&b, 60);
    binding_answer(&b, 423, 0, 120, NOW, &rng);
    assert_true(b.due_us == NOW);
    assert_int_equal(binding_send(&b), 120);
    binding_answer(&b, 423, 0, 120, NOW, &rng); /* that is no way to treat us */
    assert_true(b.due_us > NOW);
}

static void a_grant_of_nothing_is_a_failure(void **state)
{
    (void)state;
    struct binding b;
    begin(&b, 60);
    binding_answer(&b, 200, 0, 0, NOW, &rng);
    assert_true(b.due_us > NOW && b.due_us < INT64_MAX);
}

static void it_is_taken_back_once(void **state)
{
    (void)state;
    static const uint32_t codes[] = {200, 408, 403};
    for (size_t i = 0; i < 3; i++) {
        struct binding b;
        begin(&b, 60);
        binding_answer(&b, 200, 60, 0, NOW, &rng);
        binding_want(&b, 0, NOW);
        assert_true(b.due_us == NOW);
        assert_int_equal(binding_send(&b), 0);
        assert_false(binding_is_over(&b));
        binding_answer(&b, codes[i], 0, 0, NOW, &rng);
        assert_true(binding_is_over(&b));
    }
}

static void what_is_wanted_meanwhile_waits_for_the_answer(void **state)
{
    (void)state;
    struct binding b;
    begin(&b, 60);
    binding_want(&b, 0, NOW);
    assert_true(b.due_us == INT64_MAX);
    assert_false(binding_is_over(&b));
    binding_answer(&b, 200, 60, 0, NOW, &rng);
    assert_true(b.due_us == NOW);
    assert_int_equal(binding_send(&b), 0);
    binding_answer(&b, 200, 0, 0, NOW, &rng);
    assert_true(binding_is_over(&b));
    begin(&b, 60);
    binding_want(&b, 0, NOW);
    binding_answer(&b, 403, 0, 0, NOW, &rng); /* nothing is there */
    assert_true(binding_is_over(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_granted_is_refreshed_in_time),
        cmocka_unit_test(a_failure_is_tried_again_later_and_later),
        cmocka_unit_test(an_interval_that_is_too_brief_is_asked_for_at_once_with_more),
        cmocka_unit_test(a_grant_of_nothing_is_a_failure),
        cmocka_unit_test(it_is_taken_back_once),
        cmocka_unit_test(what_is_wanted_meanwhile_waits_for_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
