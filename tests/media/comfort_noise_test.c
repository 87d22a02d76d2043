#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/comfort_noise.h"

/* dB below a square wave of full scale. */
static double level_below_full(const int16_t *pcm, size_t samples)
{
    double sum = 0;
    for (size_t i = 0; i < samples; i++)
        sum += (double)pcm[i] * pcm[i];
    return -10 * log10(sum / (double)samples / (32767.0 * 32767.0));
}

static void a_packet_says_level_and_spectrum(void **state)
{
    (void)state;
    const uint8_t payload[] = {0x80 | 60, 127, 27, 227, 255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct comfort_noise_packet p;
    assert_int_equal(comfort_noise_parse(payload, 0, &p), STATUS_INVALID);
    assert_int_equal(comfort_noise_parse(payload, 1, &p), STATUS_OK);
    assert_int_equal(p.level, 60);
    assert_int_equal(p.order, 0);
    assert_int_equal(comfort_noise_parse(payload, sizeof(payload), &p), STATUS_OK);
    assert_int_equal(p.order, COMFORT_NOISE_ORDER_MAX);
    assert_true(p.reflection[0] == 0);
    assert_true(fabsf(p.reflection[1] + 100 * 258.0f / 32768) < 1e-6f);
    assert_true(fabsf(p.reflection[2] - 100 * 258.0f / 32768) < 1e-6f);
    for (int i = 0; i < p.order; i++)
        assert_true(fabsf(p.reflection[i]) < 1);
}

/* Reflection coefficients of these samples: Levinson and Durbin's recursion over how like they are to themselves. */
static void measure_reflection(const int16_t *pcm, size_t samples, unsigned order, double *reflection)
{
    double alike[COMFORT_NOISE_ORDER_MAX + 1], a[COMFORT_NOISE_ORDER_MAX + 1] = {1};
    for (unsigned lag = 0; lag <= order; lag++) {
        alike[lag] = 0;
        for (size_t i = lag; i < samples; i++)
            alike[lag] += (double)pcm[i] * pcm[i - lag];
    }
    double error = alike[0];
    for (unsigned i = 1; i <= order; i++) {
        double sum = 0;
        for (unsigned j = 0; j < i; j++)
            sum += a[j] * alike[i - j];
        double k = -sum / error;
        for (unsigned j = 1; j <= i / 2; j++) {
            double low = a[j] + k * a[i - j], high = a[i - j] + k * a[j];
            a[j] = low;
            a[i - j] = high;
        }
        a[i] = k;
        error *= 1 - k * k;
        reflection[i - 1] = k;
    }
}

enum { SECOND = 16000, MARGIN = 1600 };

static void noise_has_the_level_and_spectrum_of_its_packet(void **state)
{
    (void)state;
    const struct comfort_noise_packet packets[] = {
        {.level = 50},
        {.level = 40, .order = 1, .reflection = {-0.9f}},
        {.level = 60, .order = 2, .reflection = {0.6f, 0.3f}},
        {.level = 45, .order = 4, .reflection = {-0.8f, 0.5f, -0.3f, 0.1f}},
    };
    static int16_t pcm[SECOND];
    for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
        struct comfort_noise c;
        comfort_noise_init(&c, 16000, 7);
        comfort_noise_set(&c, &packets[i]);
        memset(pcm, 0, sizeof(pcm));
        comfort_noise_add(&c, pcm, SECOND);
        double heard[COMFORT_NOISE_ORDER_MAX];
        measure_reflection(pcm + MARGIN, SECOND - MARGIN, packets[i].order, heard);
        double level = level_below_full(pcm + MARGIN, SECOND - MARGIN);
        print_message("asked for -%d dBov, made %.2f dB\n", packets[i].level, -level);
        assert_true(fabs(level - packets[i].level) < 1);
        for (unsigned k = 0; k < packets[i].order; k++)
            assert_true(fabs(heard[k] - (double)packets[i].reflection[k]) < 0.05);
    }
}

/* A low-pass background has neighbours alike: its first coefficient is below 0, as RFC 3389's reference has it. */
static void noise_with_a_first_coefficient_below_zero_is_low(void **state)
{
    (void)state;
    static int16_t pcm[SECOND];
    struct comfort_noise c;
    const struct comfort_noise_packet low = {.level = 30, .order = 1, .reflection = {-0.9f}};
    comfort_noise_init(&c, 16000, 5);
    comfort_noise_set(&c, &low);
    comfort_noise_add(&c, pcm, SECOND);
    double alike = 0, power = 0;
    for (int i = MARGIN; i < SECOND; i++) {
        alike += (double)pcm[i] * pcm[i - 1];
        power += (double)pcm[i] * pcm[i];
    }
    assert_true(fabs(alike / power - 0.9) < 0.02);
}

static int step_max(const int16_t *pcm, size_t samples)
{
    int most = 0;
    for (size_t i = 1; i < samples; i++) {
        int step = abs(pcm[i] - pcm[i - 1]);
        if (step > most) most = step;
    }
    return most;
}

static void noise_comes_and_goes_without_a_step(void **state)
{
    (void)state;
    static int16_t pcm[SECOND];
    struct comfort_noise c;
    const struct comfort_noise_packet loud = {.level = 30, .order = 2, .reflection = {-0.8f, 0.2f}},
                                      soft = {.level = 60};
    comfort_noise_init(&c, 16000, 3);
    assert_true(comfort_noise_silent(&c));
    comfort_noise_set(&c, &loud);
    assert_false(comfort_noise_silent(&c));
    comfort_noise_add(&c, pcm, 16); /* 1 ms: has hardly begun */
    assert_true(level_below_full(pcm, 16) > 45);
    memset(pcm, 0, sizeof(pcm));
    comfort_noise_add(&c, pcm, 3200);
    int steady = step_max(pcm + 1600, 1600);
    comfort_noise_set(&c, &soft);
    memset(pcm, 0, sizeof(pcm));
    comfort_noise_add(&c, pcm, 3200);
    assert_true(step_max(pcm, 3200) <= steady * 3 / 2);
    assert_true(fabs(level_below_full(pcm + 1600, 1600) - 60) < 1.5);
    comfort_noise_set(&c, NULL);
    memset(pcm, 0, sizeof(pcm));
    comfort_noise_add(&c, pcm, 3200);
    assert_true(comfort_noise_silent(&c));
    for (int i = 1600; i < 3200; i++)
        assert_int_equal(pcm[i], 0);
}

static void loud_noise_does_not_wrap(void **state)
{
    (void)state;
    static int16_t pcm[SECOND];
    const uint8_t payload[] = {14, 255, 0, 255, 0, 255, 0, 255};
    struct comfort_noise_packet p;
    struct comfort_noise c;
    assert_int_equal(comfort_noise_parse(payload, sizeof(payload), &p), STATUS_OK);
    comfort_noise_init(&c, 16000, 3);
    for (int round = 0; round < 20; round++) {
        comfort_noise_set(&c, &p);
        for (int i = 0; i < SECOND; i++)
            pcm[i] = 30000;
        comfort_noise_add(&c, pcm, SECOND);
        for (int k = 0; k < p.order; k++)
            p.reflection[k] = -p.reflection[k];
        /* Held at full scale, not wrapped: what was lifted by 30000 is rarely below zero. */
        int below = 0;
        for (int i = 0; i < SECOND; i++)
            below += pcm[i] < 0;
        assert_true(below < SECOND / 20);
    }
    comfort_noise_set(&c, NULL);
    comfort_noise_add(&c, pcm, SECOND);
    assert_true(comfort_noise_silent(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_says_level_and_spectrum),
        cmocka_unit_test(noise_has_the_level_and_spectrum_of_its_packet),
        cmocka_unit_test(noise_with_a_first_coefficient_below_zero_is_low),
        cmocka_unit_test(noise_comes_and_goes_without_a_step),
        cmocka_unit_test(loud_noise_does_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
