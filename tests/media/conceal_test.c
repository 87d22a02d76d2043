#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/conceal.h"
#include "media/tone.h"

static const uint32_t rates[] = {8000, 16000, 48000};

static void a_tone_goes_on_in_phase_then_fades(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        struct conceal c;
        struct tone tone;
        uint32_t ms = rates[r] / 1000;
        int16_t history[40 * 48], made_up[80 * 48];
        tone_init(&tone, rates[r], 1013.0, -12.0);
        tone_read(&tone, history, 40 * ms);
        conceal_init(&c, rates[r]);
        assert_false(c.active);
        conceal_begin(&c, history + 40 * ms, 20, 40);
        assert_true(c.active);
        conceal_read(&c, made_up, 80 * ms);
        for (uint32_t at = 0; at < 20; at += 10) {
            struct tone_reading t = tone_measure(made_up + at * ms, 10 * ms, rates[r], 1013.0, (40 + at) * ms);
            assert_true(fabs(t.level_dbfs + 12.0) < 0.2);
            assert_true(fabs(t.phase_deg) < 5.0);
        }
        assert_true(tone_power_dbfs(made_up + 40 * ms, 10 * ms) < -17.0);
        for (uint32_t i = 60 * ms; i < 80 * ms; i++)
            assert_int_equal(made_up[i], 0);
        assert_true(conceal_faded(&c));
    }
}

static void it_begins_and_repeats_without_a_click(void **state)
{
    (void)state;
    struct conceal c;
    int16_t pcm[320 + 160];
    /* A glottal pulse train whose pitch and level change: no period is like the one before it. */
    double phase = 0.0;
    for (int i = 0; i < 320; i++) {
        phase += (110.0 + i * 0.05) / 8000.0;
        double in_period = phase - floor(phase);
        pcm[i] = (int16_t)((3000.0 + 10.0 * i) * sin(2.0 * M_PI * in_period) * (1.0 - in_period));
    }
    int steepest = 0;
    for (int i = 1; i < 320; i++)
        steepest = (int)fmax(steepest, abs(pcm[i] - pcm[i - 1]));
    conceal_init(&c, 8000);
    conceal_begin(&c, pcm + 320, 20, 40);
    conceal_read(&c, pcm + 320, 160);
    for (int i = 320; i < 480; i++)
        assert_true(abs(pcm[i] - pcm[i - 1]) <= steepest * 3 / 2);
}

/* The repeated period ends lower than the signal did: it is lifted to it, and glides down. */
static void a_signal_that_drifts_goes_on_from_where_it_is(void **state)
{
    (void)state;
    struct conceal c;
    int16_t pcm[320 + 160];
    for (int i = 0; i < 320; i++)
        pcm[i] = (int16_t)(500.0 * sin(2.0 * M_PI * i * 400.0 / 8000.0) + 40.0 * i);
    conceal_init(&c, 8000);
    conceal_begin(&c, pcm + 320, 20, 40);
    conceal_read(&c, pcm + 320, 160);
    for (int i = 320; i < 340; i++)
        assert_true(abs(pcm[i] - pcm[i - 1]) < 300); /* the signal's own are 197 */
}

static void any_history_is_taken(void **state)
{
    (void)state;
    struct conceal c;
    int16_t history[320], out[800];
    uint32_t seed = 1;
    conceal_init(&c, 8000);
    memset(history, 0, sizeof(history));
    conceal_begin(&c, history + 320, 20, 40);
    conceal_read(&c, out, 160);
    for (int i = 0; i < 160; i++)
        assert_int_equal(out[i], 0);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 320; i++) {
            seed = seed * 1664525u + 1013904223u;
            history[i] = round % 2 ? (int16_t)(seed >> 16) : (int16_t)(seed >> 31 ? 32767 : -32768);
        }
        conceal_begin(&c, history + 320, 0, 5);
        conceal_read(&c, out, 800);
        assert_int_equal(out[40], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_goes_on_in_phase_then_fades),
        cmocka_unit_test(it_begins_and_repeats_without_a_click),
        cmocka_unit_test(a_signal_that_drifts_goes_on_from_where_it_is),
        cmocka_unit_test(any_history_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
