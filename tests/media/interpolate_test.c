#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "media/interpolate.h"
#include "media/tone.h"

enum { RATE = 8000, LENGTH = 1600, BEGIN = 32 };

static const uint64_t one = (uint64_t)1 << 32;

static struct interpolate *table_create(void)
{
    struct interpolate *table = malloc(sizeof(*table));
    assert_non_null(table);
    interpolate_init(table);
    return table;
}

/* What a tone of full level becomes, read with a fixed or a moving place between the samples. */
static struct tone_reading read_tone(const struct interpolate *table, double hz, uint32_t fraction, double ppm)
{
    static int16_t pcm[LENGTH + 2 * BEGIN], out[LENGTH];
    struct tone tone;
    tone_init(&tone, RATE, hz, -1.0);
    tone_read(&tone, pcm, LENGTH + 2 * BEGIN);
    interpolate_read(table, pcm + BEGIN, fraction, one + (uint64_t)(int64_t)(ppm * 1e-6 * (double)one), out, LENGTH);
    return tone_measure(out, LENGTH, RATE, hz * (1.0 + ppm * 1e-6), 0);
}

static void whole_samples_are_read_as_they_are(void **state)
{
    (void)state;
    struct interpolate *table = table_create();
    int16_t pcm[100 + 2 * BEGIN], out[100];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(pcm) / sizeof(pcm[0]); i++)
        pcm[i] = (int16_t)((seed = seed * 1664525u + 1013904223u) >> 16);
    interpolate_read(table, pcm + BEGIN, 0, one, out, 100);
    assert_memory_equal(out, pcm + BEGIN, sizeof(out));
    free(table);
}

static void a_tone_keeps_its_level_and_stays_clean_up_to_85_percent_of_the_band(void **state)
{
    (void)state;
    struct interpolate *table = table_create();
    double worst_db = 0.0, worst_residual_db = -200.0;
    for (double hz = 100.0; hz <= 0.85 * RATE / 2; hz += 100.0) {
        for (uint32_t part = 0; part < 16; part++) {
            struct tone_reading r = read_tone(table, hz, part << 28, 0.0);
            worst_db = fmax(worst_db, fabs(r.level_dbfs + 1.0));
        }
        for (double ppm = -5000.0; ppm <= 5000.0; ppm += 2500.0) {
            struct tone_reading r = read_tone(table, hz, 123456789, ppm);
            worst_db = fmax(worst_db, fabs(r.level_dbfs + 1.0));
            worst_residual_db = fmax(worst_residual_db, r.residual_dbfs - r.level_dbfs);
        }
    }
    print_message("between samples: level within %.3f dB, residual %.1f dB\n", worst_db, worst_residual_db);
    assert_true(worst_db < 0.03);
    assert_true(worst_residual_db < -57.0);
    free(table);
}

static void a_fraction_is_a_delay(void **state)
{
    (void)state;
    struct interpolate *table = table_create();
    double whole_deg = read_tone(table, 500.0, 0, 0.0).phase_deg;
    for (uint32_t part = 1; part < 16; part++) {
        double moved_deg = read_tone(table, 500.0, part << 28, 0.0).phase_deg;
        assert_true(fabs(remainder(moved_deg - whole_deg - 360.0 * 500.0 / RATE * part / 16.0, 360.0)) < 0.05);
    }
    free(table);
}

static void what_does_not_fit_is_held_at_full_scale(void **state)
{
    (void)state;
    struct interpolate *table = table_create();
    int16_t pcm[200], out[100];
    for (int i = 0; i < 200; i++)
        pcm[i] = i / 2 % 2 ? INT16_MIN : INT16_MAX;
    interpolate_read(table, pcm + BEGIN, 1u << 31, one, out, 100);
    for (int i = 0; i < 100; i++)
        assert_true(pcm[BEGIN + i] != pcm[BEGIN + i + 1] || (out[i] > 0) == (pcm[BEGIN + i] > 0));
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_samples_are_read_as_they_are),
        cmocka_unit_test(a_tone_keeps_its_level_and_stays_clean_up_to_85_percent_of_the_band),
        cmocka_unit_test(a_fraction_is_a_delay),
        cmocka_unit_test(what_does_not_fit_is_held_at_full_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
