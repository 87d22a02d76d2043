#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "media/codec.h"
#include "media/limiter.h"

static const uint32_t rates[] = {8000, 16000, 48000};

/* A sine whose peak may lie far beyond 16 bits. */
static void loud_sine(int32_t *out, uint32_t rate_hz, uint64_t first, size_t samples, double peak)
{
    for (size_t i = 0; i < samples; i++)
        out[i] = (int32_t)lrint(peak * sin(2.0 * M_PI * 313.0 * (double)(first + i) / rate_hz));
}

static void below_the_ceiling_samples_pass_unchanged_two_milliseconds_later(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        struct limiter l;
        int32_t in[FRAME_SAMPLES_MAX], before[FRAME_SAMPLES_MAX] = {0};
        int16_t out[FRAME_SAMPLES_MAX];
        uint32_t n = frame_samples(rates[r]);
        limiter_init(&l, rates[r]);
        uint32_t delay = limiter_delay_samples(&l);
        assert_int_equal(delay, rates[r] / 500);
        for (uint32_t frame = 0; frame < 50; frame++) {
            loud_sine(in, rates[r], (uint64_t)frame * n, n, LIMITER_CEILING);
            limiter_run(&l, in, out, n);
            for (uint32_t i = 0; i < n; i++)
                assert_int_equal(out[i], i < delay ? before[n - delay + i] : in[i - delay]);
            memcpy(before, in, sizeof(in));
        }
        assert_true(limiter_at_unity(&l));
    }
}

/* The gain in each sample, seen on a constant input: what goes in is known, so out / in is the gain. */
static void overload_comes_down_in_a_ramp_and_back_slowly(void **state)
{
    (void)state;
    struct limiter l;
    int32_t in[160], late[16] = {0};
    int16_t out[160];
    double gain = 1.0, steepest = 0.0, fastest_db = 0.0;
    limiter_init(&l, 8000);
    int unity_ms = -1;
    double gains[160], earlier[160];
    for (int i = 0; i < 160; i++)
        gains[i] = 1.0;
    for (int frame = 0; frame < 60; frame++) {
        /* 13 dB too much for 200 ms, then 20 dB below full scale. */
        bool loud = frame >= 5 && frame < 15;
        for (int i = 0; i < 160; i++)
            in[i] = loud ? 140000 : 20000;
        limiter_run(&l, in, out, 160);
        memcpy(earlier, gains, sizeof(gains));
        for (int i = 0; i < 160; i++) {
            int32_t x = i < 16 ? late[i] : in[i - 16];
            assert_true(out[i] >= 0 && out[i] <= LIMITER_CEILING + 1);
            if (x == 0) continue;
            double now = (double)out[i] / x;
            steepest = fmax(steepest, gain - now);
            gain = gains[i] = now;
            fastest_db = fmax(fastest_db, 20.0 * log10(gains[i] / earlier[i]));
            if (frame > 15 && unity_ms < 0 && out[i] == x) unity_ms = (frame - 15) * 20 + i / 8;
        }
        memcpy(late, in + 144, sizeof(late));
    }
    printf("attack: at most %.3f a sample; release: at most %.2f dB in 20 ms; unity %d ms after\n", steepest,
           fastest_db, unity_ms);
    /* 0.78 spread over 17 samples. */
    assert_true(steepest < 0.06);
    assert_true(fastest_db <= 1.5);
    assert_true(unity_ms > 0 && unity_ms <= 300);
    assert_true(limiter_at_unity(&l));
}

static void no_sample_is_over_the_ceiling_whatever_comes(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        struct limiter l;
        int32_t in[FRAME_SAMPLES_MAX];
        int16_t out[FRAME_SAMPLES_MAX];
        uint32_t n = frame_samples(rates[r]), seed = 1;
        limiter_init(&l, rates[r]);
        for (int frame = 0; frame < 200; frame++) {
            for (uint32_t i = 0; i < n; i++) {
                seed = seed * 1664525u + 1013904223u;
                int32_t range = 1 << (frame % 24 + 2);
                in[i] = (int32_t)(seed >> 7) % range - range / 2;
            }
            limiter_run(&l, in, out, n);
            for (uint32_t i = 0; i < n; i++)
                assert_true(out[i] >= -LIMITER_CEILING - 1 && out[i] <= LIMITER_CEILING + 1);
        }
    }
}

static void an_overload_does_not_sit_at_full_scale(void **state)
{
    (void)state;
    struct limiter l;
    int32_t in[160];
    int16_t out[160];
    int at_ceiling = 0;
    limiter_init(&l, 8000);
    for (uint32_t frame = 0; frame < 100; frame++) {
        loud_sine(in, 8000, frame * 160, 160, 150000);
        limiter_run(&l, in, out, 160);
        for (int i = 0; i < 160 && frame > 10; i++)
            at_ceiling += out[i] >= LIMITER_CEILING - 30 || out[i] <= -LIMITER_CEILING + 30;
    }
    /* A sine is within 0.1 % of its peak for 2.8 % of the time; a clipped one of 13 dB too much for 86 %. */
    assert_true(at_ceiling < 89 * 160 * 6 / 100);
}

static void a_copy_goes_on_as_the_first_would(void **state)
{
    (void)state;
    struct limiter a, b;
    int32_t in[160];
    int16_t x[160], y[160];
    limiter_init(&a, 8000);
    loud_sine(in, 8000, 0, 160, 90000);
    limiter_run(&a, in, x, 160);
    b = a;
    assert_true(limiter_same(&a, &b));
    for (uint32_t frame = 1; frame < 20; frame++) {
        loud_sine(in, 8000, frame * 160, 160, frame < 5 ? 90000 : 5000);
        limiter_run(&a, in, x, 160);
        limiter_run(&b, in, y, 160);
        assert_memory_equal(x, y, sizeof(x));
    }
    in[159]++;
    limiter_run(&b, in, y, 160);
    in[159]--;
    limiter_run(&a, in, x, 160);
    assert_false(limiter_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_the_ceiling_samples_pass_unchanged_two_milliseconds_later),
        cmocka_unit_test(overload_comes_down_in_a_ramp_and_back_slowly),
        cmocka_unit_test(no_sample_is_over_the_ceiling_whatever_comes),
        cmocka_unit_test(an_overload_does_not_sit_at_full_scale),
        cmocka_unit_test(a_copy_goes_on_as_the_first_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
