#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "media/level.h"
#include "media/tone.h"

static void near(double is, double should, double by)
{
    if (fabs(is - should) > by) fail_msg("%f instead of %f", is, should);
}

static void a_tone_has_the_level_it_was_made_with(void **state)
{
    (void)state;
    static const double levels[] = {0, -6, -26, -50};
    static const uint32_t rates[] = {8000, 16000, 48000};
    int16_t pcm[960];
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct tone tone;
            tone_init(&tone, rates[k], 1000, levels[i]);
            tone_read(&tone, pcm, rates[k] / 50);
            struct level level = level_measure(pcm, rates[k] / 50);
            near(level_power_dbfs(level.power), levels[i], 0.02);
            near(level_peak_dbfs(level.peak), levels[i], 0.1);
            near(level_power_dbfs(level.power), tone_power_dbfs(pcm, rates[k] / 50), 0.02);
        }
    }
}

static void an_offset_is_no_level(void **state)
{
    (void)state;
    int16_t pcm[160];
    for (int i = 0; i < 160; i++)
        pcm[i] = 4000;
    struct level level = level_measure(pcm, 160);
    near(level_power_dbfs(level.power), LEVEL_SILENCE_DBFS, 0.001);
    assert_int_equal(level.peak, 4000);
}

static void the_largest_and_smallest_samples_are_in_range(void **state)
{
    (void)state;
    int16_t pcm[960];
    for (int i = 0; i < 960; i++)
        pcm[i] = i % 2 ? INT16_MAX : INT16_MIN;
    struct level level = level_measure(pcm, 960);
    assert_int_equal(level.peak, 32768);
    assert_int_equal(level.clipped, 960);
    near(level_power_dbfs(level.power), 3.01, 0.01);
}

static void the_top_codes_of_both_laws_count_as_clipped_and_those_below_do_not(void **state)
{
    (void)state;
    const int16_t pcm[] = {32124, -32124, 32256, -32256, 31100, -31100, 31744, 0, 31000};
    assert_int_equal(level_measure(pcm, 9).clipped, 4);
}

static void a_meter_knows_what_came_since_it_was_read(void **state)
{
    (void)state;
    struct level_meter m;
    struct tone tone;
    int16_t pcm[160];
    float mean, peak;
    memset(&m, 0, sizeof m);
    level_meter_read(&m, &mean, &peak);
    near(mean, LEVEL_SILENCE_DBFS, 0.001);
    near(peak, LEVEL_SILENCE_DBFS, 0.001);
    tone_init(&tone, 8000, 500, -20);
    for (int i = 0; i < 25; i++) {
        tone_read(&tone, pcm, 160);
        struct level level = level_measure(pcm, 160);
        level_meter_put(&m, &level);
        level_meter_put(&m, NULL);
    }
    level_meter_read(&m, &mean, &peak);
    near(mean, -23.01, 0.02);
    near(peak, -20, 0.1);
    level_meter_put(&m, NULL);
    level_meter_read(&m, &mean, &peak);
    near(mean, LEVEL_SILENCE_DBFS, 0.001);
}

static void clipped_samples_are_counted_on_and_on(void **state)
{
    (void)state;
    struct level_meter m;
    float mean, peak;
    memset(&m, 0, sizeof m);
    level_meter_put(&m, &(struct level){.clipped = 3});
    level_meter_read(&m, &mean, &peak);
    level_meter_put(&m, &(struct level){.clipped = 4});
    assert_int_equal(m.clipped, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_has_the_level_it_was_made_with),
        cmocka_unit_test(an_offset_is_no_level),
        cmocka_unit_test(the_largest_and_smallest_samples_are_in_range),
        cmocka_unit_test(the_top_codes_of_both_laws_count_as_clipped_and_those_below_do_not),
        cmocka_unit_test(a_meter_knows_what_came_since_it_was_read),
        cmocka_unit_test(clipped_samples_are_counted_on_and_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
