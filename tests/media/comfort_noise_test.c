#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/comfort_noise.h"
#include "media/tone.h"

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

static void a_packet_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct comfort_noise_packet p = {.level = 47, .order = 3, .reflection = {-0.7f, 0.4f, 0.05f}}, back;
    uint8_t bytes[COMFORT_NOISE_BYTES_MAX];
    assert_int_equal(comfort_noise_write(&p, bytes, 3), 0);
    assert_int_equal(comfort_noise_write(&p, bytes, sizeof(bytes)), 4);
    assert_int_equal(comfort_noise_parse(bytes, 4, &back), STATUS_OK);
    assert_int_equal(back.level, 47);
    assert_int_equal(back.order, 3);
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(back.reflection[i] - p.reflection[i]) < 0.005f);
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
        struct comfort_noise_packet heard = comfort_noise_measure(pcm + MARGIN, SECOND - MARGIN, packets[i].order);
        double level = level_below_full(pcm + MARGIN, SECOND - MARGIN);
        print_message("asked for -%d dBov, made %.2f dB\n", packets[i].level, -level);
        assert_true(fabs(level - packets[i].level) < 1);
        for (unsigned k = 0; k < packets[i].order; k++)
            assert_true(fabsf(heard.reflection[k] - packets[i].reflection[k]) < 0.05f);
    }
}

/* A low-pass background has neighbours alike: its first coefficient is below 0, as RFC 3389's reference has it. */
static void low_pass_noise_has_a_first_coefficient_below_zero(void **state)
{
    (void)state;
    int16_t pcm[8000];
    struct tone tone;
    tone_init(&tone, 8000, 200, -40);
    tone_read(&tone, pcm, 8000);
    struct comfort_noise_packet p = comfort_noise_measure(pcm, 8000, 4);
    assert_true(p.reflection[0] < -0.9f);
    assert_int_equal(p.level, 43); /* a sine is 3 dB below its square wave */
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

static void silence_is_measured_as_the_softest_level(void **state)
{
    (void)state;
    int16_t pcm[160] = {0};
    struct comfort_noise_packet p = comfort_noise_measure(pcm, 160, 8);
    assert_int_equal(p.level, 127);
    assert_int_equal(p.order, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_says_level_and_spectrum),
        cmocka_unit_test(a_packet_is_read_as_it_was_written),
        cmocka_unit_test(noise_has_the_level_and_spectrum_of_its_packet),
        cmocka_unit_test(low_pass_noise_has_a_first_coefficient_below_zero),
        cmocka_unit_test(noise_comes_and_goes_without_a_step),
        cmocka_unit_test(loud_noise_does_not_wrap),
        cmocka_unit_test(silence_is_measured_as_the_softest_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
