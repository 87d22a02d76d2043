#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/steady_rate.h"

enum { COLLECTED_MAX = 400000, TICK_MAX = 960 };

static int16_t collected[COLLECTED_MAX];
static size_t count;

static void collect(void *arg, const int16_t *pcm, size_t samples)
{
    (void)arg;
    assert_true(count + samples <= COLLECTED_MAX);
    memcpy(collected + count, pcm, samples * sizeof *pcm);
    count += samples;
}

/* A tone as each rate would have it. @return ticks so far */
static uint64_t put_tone(struct steady_rate *s, uint32_t rate_hz, double tone_hz, uint64_t from_tick, uint64_t ticks)
{
    int16_t pcm[TICK_MAX];
    uint32_t samples = rate_hz / 50;
    for (uint64_t t = from_tick; t < from_tick + ticks; t++) {
        for (uint32_t i = 0; i < samples; i++)
            pcm[i] = (int16_t)lrint(10000 * sin(2 * M_PI * tone_hz * ((double)t / 50 + (double)i / rate_hz)));
        assert_int_equal(steady_rate_put(s, rate_hz, pcm, collect, NULL), STATUS_OK);
    }
    return from_tick + ticks;
}

static const uint32_t walk[] = {8000, 16000, 48000, 8000, 48000, 16000, 8000, 24000, 16000};
enum { STEPS = sizeof walk / sizeof walk[0] };

/* The largest distance from the tone that should have come out, away from both ends. */
static double worst_of(uint32_t out_hz, double tone_hz, uint64_t ticks_each)
{
    struct steady_rate *s;
    uint64_t ticks = 0;
    count = 0;
    assert_int_equal(steady_rate_create(&s, out_hz, 7, 0), STATUS_OK);
    for (size_t i = 0; i < STEPS; i++)
        ticks = put_tone(s, walk[i], tone_hz, ticks, ticks_each);
    steady_rate_finish(s, collect, NULL);
    steady_rate_destroy(s);
    assert_int_equal(count, (ticks * out_hz + 25) / 50);
    double worst = 0;
    for (size_t i = out_hz / 20; i + out_hz / 20 < count; i++)
        worst = fmax(worst, fabs(collected[i] - 10000 * sin(2 * M_PI * tone_hz * (double)i / out_hz)));
    return worst;
}

static void a_tone_goes_on_through_every_change_of_rate(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 48000, 44100};
    for (size_t i = 0; i < 4; i++) {
        for (double hz = 200; hz < 3400; hz += 401) {
            double worst = worst_of(rates[i], hz, 25);
            if (worst >= 60) print_message("%u Hz: a tone of %.0f Hz is off by %.0f\n", rates[i], hz, worst);
            assert_true(worst < 60); /* -44 dB of it, the resampler's own ripple included */
        }
    }
}

enum { CHANGE_AT = 30, ALL = 60 };

static void fill_noise(int16_t *pcm, uint32_t rate_hz, uint64_t tick, uint32_t salt)
{
    for (uint32_t i = 0; i < rate_hz / 50; i++) {
        uint32_t x = (uint32_t)(tick * 7919 + i * 104729 + salt * 15485863) * 2654435761u;
        pcm[i] = (int16_t)((int)(x >> 18) - 8192);
    }
}

/* Noise, which nothing predicts; the ticks beside the change are told at both rates. salt 3 is the sum of 1 and 2. */
static void fill_told(int16_t *pcm, uint32_t rate_hz, uint64_t tick, uint32_t salt)
{
    int16_t other[TICK_MAX];
    fill_noise(pcm, rate_hz, tick, salt & 1 ? 1 : 2);
    if (salt != 3) return;
    fill_noise(other, rate_hz, tick, 2);
    for (uint32_t i = 0; i < rate_hz / 50; i++)
        pcm[i] = (int16_t)(pcm[i] + other[i]);
}

static void convert_told(uint32_t from_hz, uint32_t to_hz, uint32_t delay_ms, uint32_t salt)
{
    struct steady_rate *s;
    int16_t pcm[TICK_MAX], before[TICK_MAX], after[TICK_MAX];
    count = 0;
    assert_int_equal(steady_rate_create(&s, 16000, 7, delay_ms), STATUS_OK);
    for (uint64_t t = 0; t < ALL; t++) {
        uint32_t rate_hz = t < CHANGE_AT ? from_hz : to_hz;
        fill_told(pcm, rate_hz, t, salt);
        fill_told(before, to_hz, t - 1, salt);
        fill_told(after, from_hz, t, salt);
        status result = t == CHANGE_AT ? steady_rate_change(s, rate_hz, pcm, before, after, collect, NULL)
                                       : steady_rate_put(s, rate_hz, pcm, collect, NULL);
        assert_int_equal(result, STATUS_OK);
    }
    steady_rate_finish(s, collect, NULL);
    steady_rate_destroy(s);
    assert_int_equal(count, ALL * 320 + delay_ms * 16);
}

static void what_adds_up_before_a_change_of_rate_adds_up_after_it(void **state)
{
    (void)state;
    static const uint32_t rates[][2] = {{8000, 16000}, {16000, 8000}, {8000, 48000}, {48000, 16000}, {16000, 48000}};
    static int16_t one[COLLECTED_MAX], two[COLLECTED_MAX];
    for (size_t i = 0; i < 5; i++) {
        for (uint32_t delay_ms = 0; delay_ms <= 2; delay_ms += 2) {
            convert_told(rates[i][0], rates[i][1], delay_ms, 1);
            memcpy(one, collected, count * sizeof *one);
            convert_told(rates[i][0], rates[i][1], delay_ms, 2);
            memcpy(two, collected, count * sizeof *two);
            convert_told(rates[i][0], rates[i][1], delay_ms, 3);
            for (size_t k = 0; k < count; k++)
                assert_in_range(collected[k] - one[k] - two[k] + 3, 0, 6); /* each is rounded */
        }
    }
}

static void a_rate_that_holds_for_a_tick_only_leaves_no_gap(void **state)
{
    (void)state;
    assert_true(worst_of(16000, 1013, 1) < 300);
}

static void the_length_is_exact_at_odd_rates_too(void **state)
{
    (void)state;
    static const uint32_t rates[] = {11025, 22050, 44100, 8001, 47999};
    for (size_t i = 0; i < 5; i++)
        (void)worst_of(rates[i], 1013, 7);
}

static void silence_stays_silence(void **state)
{
    (void)state;
    struct steady_rate *s;
    static const int16_t silence[TICK_MAX];
    count = 0;
    assert_int_equal(steady_rate_create(&s, 16000, 7, 0), STATUS_OK);
    for (size_t i = 0; i < STEPS; i++)
        assert_int_equal(steady_rate_put(s, walk[i], silence, collect, NULL), STATUS_OK);
    steady_rate_finish(s, collect, NULL);
    steady_rate_destroy(s);
    assert_int_equal(count, STEPS * 320);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(collected[i], 0);
}

static void one_rate_all_along_passes_unchanged(void **state)
{
    (void)state;
    struct steady_rate *s;
    int16_t pcm[320];
    for (int i = 0; i < 320; i++)
        pcm[i] = (int16_t)(i * 101);
    count = 0;
    assert_int_equal(steady_rate_create(&s, 16000, 7, 0), STATUS_OK);
    assert_int_equal(steady_rate_put(s, 16000, pcm, collect, NULL), STATUS_OK);
    steady_rate_finish(s, collect, NULL);
    steady_rate_destroy(s);
    assert_int_equal(count, 320);
    assert_memory_equal(collected, pcm, sizeof pcm);
}

static void nothing_in_is_nothing_out(void **state)
{
    (void)state;
    struct steady_rate *s;
    count = 0;
    assert_int_equal(steady_rate_create(&s, 16000, 7, 0), STATUS_OK);
    steady_rate_finish(s, collect, NULL);
    steady_rate_destroy(s);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_goes_on_through_every_change_of_rate),
        cmocka_unit_test(what_adds_up_before_a_change_of_rate_adds_up_after_it),
        cmocka_unit_test(a_rate_that_holds_for_a_tick_only_leaves_no_gap),
        cmocka_unit_test(the_length_is_exact_at_odd_rates_too),
        cmocka_unit_test(silence_stays_silence),
        cmocka_unit_test(one_rate_all_along_passes_unchanged),
        cmocka_unit_test(nothing_in_is_nothing_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
