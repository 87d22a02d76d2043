#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/gain.h"
#include "media/limiter.h"
#include "media/tone.h"

enum { RATE_HZ = 8000, FRAME = 160 };

static struct tone tone;

static void frame(struct gain *g, int16_t pcm[FRAME])
{
    tone_read(&tone, pcm, FRAME);
    gain_apply(g, pcm, FRAME);
}

static float factor(double db)
{
    return (float)pow(10, db / 20);
}

static void unity_changes_nothing(void **state)
{
    (void)state;
    struct gain g;
    int16_t pcm[4] = {1, -32768, 32767, 0}, same[4] = {1, -32768, 32767, 0};
    gain_init(&g);
    assert_true(gain_open(&g));
    gain_apply(&g, pcm, 4);
    assert_memory_equal(pcm, same, sizeof pcm);
    gain_to(&g, 2);
    assert_false(gain_open(&g));
    gain_apply(&g, pcm, 4);
    gain_to(&g, 1);
    for (int i = 0; i < 20; i++)
        gain_skip(&g);
    assert_true(gain_open(&g));
    memcpy(pcm, same, sizeof pcm);
    gain_apply(&g, pcm, 4);
    assert_memory_equal(pcm, same, sizeof pcm);
}

static void a_gain_is_what_it_says_after_one_frame(void **state)
{
    (void)state;
    static const double gains_db[] = {-60, -20, -1, 1, 6, 20};
    for (size_t i = 0; i < sizeof gains_db / sizeof gains_db[0]; i++) {
        struct gain g;
        int16_t pcm[FRAME];
        gain_init(&g);
        tone_init(&tone, RATE_HZ, 1000, -25);
        gain_to(&g, factor(gains_db[i]));
        frame(&g, pcm);
        frame(&g, pcm);
        double by = gains_db[i] < -40 ? 1 : 0.02; /* hardly a step of 16 bits is left */
        assert_true(fabs(tone_power_dbfs(pcm, FRAME) - (-25 + gains_db[i])) < by);
    }
}

static void a_change_is_a_ramp_over_the_frame(void **state)
{
    (void)state;
    struct gain g;
    int16_t pcm[FRAME];
    gain_init(&g);
    gain_to(&g, 0.1f);
    for (int i = 0; i < FRAME; i++)
        pcm[i] = 10000;
    gain_apply(&g, pcm, FRAME);
    assert_true(pcm[0] > 9990 && pcm[FRAME - 1] < 1010 && abs(pcm[FRAME / 2] - 5500) < 100);
    for (int i = 1; i < FRAME; i++)
        assert_true(pcm[i] <= pcm[i - 1] && pcm[i - 1] - pcm[i] < 100);
}

static void what_would_not_fit_stays_below_the_ceiling_and_keeps_its_shape(void **state)
{
    (void)state;
    struct gain g;
    int16_t pcm[FRAME];
    gain_init(&g);
    gain_to(&g, factor(20));
    tone_init(&tone, RATE_HZ, 1013, -3);
    frame(&g, pcm);
    for (int i = 0; i < 50; i++) {
        frame(&g, pcm);
        for (int k = 0; k < FRAME; k++)
            assert_true(abs(pcm[k]) <= LIMITER_CEILING + 1);
        struct tone_reading reading = tone_measure(pcm, FRAME, RATE_HZ, 1013, 0);
        assert_true(reading.level_dbfs - tone_power_dbfs(pcm, FRAME) > -0.1); /* it is the tone that is there */
    }
}

static void a_sudden_shout_never_passes_the_ceiling(void **state)
{
    (void)state;
    for (int at = 0; at < FRAME; at++) {
        struct gain g;
        int16_t pcm[FRAME];
        gain_init(&g);
        gain_to(&g, 10);
        memset(pcm, 0, sizeof pcm);
        gain_apply(&g, pcm, FRAME);
        for (int i = 0; i < FRAME; i++)
            pcm[i] = (int16_t)(i < at ? 300 : i % 2 ? 32767 : -32768);
        gain_apply(&g, pcm, FRAME);
        for (int i = 0; i < FRAME; i++)
            assert_true(abs(pcm[i]) <= LIMITER_CEILING + 1);
    }
}

static void after_a_shout_the_gain_comes_back_by_a_decibel_and_a_half_a_frame(void **state)
{
    (void)state;
    struct gain g;
    int16_t pcm[FRAME];
    gain_init(&g);
    gain_to(&g, factor(20));
    tone_init(&tone, RATE_HZ, 1000, -3);
    frame(&g, pcm);
    frame(&g, pcm);
    tone_init(&tone, RATE_HZ, 1000, -50);
    double before = -50 + 2.6; /* the ceiling less the shout */
    for (int i = 0; i < 14; i++) {
        frame(&g, pcm);
        double now = tone_power_dbfs(pcm, FRAME);
        assert_true(now <= before + 1.6 && now >= before - 0.2);
        before = now;
    }
    assert_true(fabs(before - -30) < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unity_changes_nothing),
        cmocka_unit_test(a_gain_is_what_it_says_after_one_frame),
        cmocka_unit_test(a_change_is_a_ramp_over_the_frame),
        cmocka_unit_test(what_would_not_fit_stays_below_the_ceiling_and_keeps_its_shape),
        cmocka_unit_test(a_sudden_shout_never_passes_the_ceiling),
        cmocka_unit_test(after_a_shout_the_gain_comes_back_by_a_decibel_and_a_half_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
