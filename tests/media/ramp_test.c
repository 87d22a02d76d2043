#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "media/ramp.h"

static void at_rest_samples_pass_or_vanish(void **state)
{
    (void)state;
    struct ramp r;
    int16_t pcm[3] = {1, -32768, 32767}, same[3] = {1, -32768, 32767}, zero[3] = {0};
    ramp_init(&r, 1.0f);
    assert_true(ramp_open(&r) && ramp_done(&r) && !ramp_silent(&r));
    ramp_apply(&r, pcm, 3);
    assert_memory_equal(pcm, same, sizeof(pcm));
    ramp_init(&r, 0.0f);
    assert_true(ramp_silent(&r) && !ramp_open(&r));
    ramp_apply(&r, pcm, 3);
    assert_memory_equal(pcm, zero, sizeof(pcm));
}

static void a_mute_takes_one_tick_and_no_step(void **state)
{
    (void)state;
    struct ramp r;
    int16_t pcm[160];
    for (int i = 0; i < 160; i++)
        pcm[i] = 10000;
    ramp_init(&r, 1.0f);
    ramp_to(&r, 0.0f, ramp_samples(8000, RAMP_MUTE_MS));
    ramp_apply(&r, pcm, 160);
    for (int i = 1; i < 160; i++)
        assert_true(pcm[i] <= pcm[i - 1] && pcm[i - 1] - pcm[i] < 105);
    assert_true(pcm[157] > 0);
    assert_int_equal(pcm[159], 0);
    assert_true(ramp_silent(&r));
}

static void frames_of_any_size_give_the_same_samples(void **state)
{
    (void)state;
    struct ramp a, b;
    int16_t whole[100], parts[100];
    for (int i = 0; i < 100; i++)
        whole[i] = parts[i] = (int16_t)(i * 100);
    ramp_init(&a, 0.0f);
    ramp_to(&a, 1.0f, 80);
    b = a;
    ramp_apply(&a, whole, 100);
    for (int i = 0; i < 100; i += 10)
        ramp_apply(&b, parts + i, 10);
    assert_memory_equal(whole, parts, sizeof(whole));
    assert_true(ramp_open(&a) && ramp_open(&b));
}

static void turning_round_starts_from_the_gain_of_the_moment(void **state)
{
    (void)state;
    struct ramp r;
    int16_t pcm[40];
    for (int i = 0; i < 40; i++)
        pcm[i] = 10000;
    ramp_init(&r, 1.0f);
    ramp_to(&r, 0.0f, 40);
    ramp_apply(&r, pcm, 20);
    float half = ramp_gain(&r);
    assert_true(half > 0.4f && half < 0.6f);
    ramp_to(&r, 1.0f, 40);
    ramp_to(&r, 1.0f, 40);
    ramp_apply(&r, pcm + 20, 20);
    assert_true(abs(pcm[20] - pcm[19]) < 420);
    assert_true(pcm[39] > pcm[20]);
}

static void a_cross_fade_goes_from_one_to_the_other(void **state)
{
    (void)state;
    struct ramp r;
    int16_t from[200], to[200], out[200];
    for (int i = 0; i < 200; i++) {
        from[i] = -32768;
        to[i] = 32767;
    }
    ramp_init(&r, 0.0f);
    ramp_cross(&r, from, to, out, 20);
    assert_int_equal(out[19], -32768);
    ramp_to(&r, 1.0f, 100);
    ramp_cross(&r, from, to, out, 200);
    for (int i = 1; i < 200; i++)
        assert_true(out[i] >= out[i - 1]);
    assert_int_equal(out[99], 32767);
    ramp_cross(&r, from, to, from, 200);
    assert_memory_equal(from, to, sizeof(from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_rest_samples_pass_or_vanish),
        cmocka_unit_test(a_mute_takes_one_tick_and_no_step),
        cmocka_unit_test(frames_of_any_size_give_the_same_samples),
        cmocka_unit_test(turning_round_starts_from_the_gain_of_the_moment),
        cmocka_unit_test(a_cross_fade_goes_from_one_to_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
