#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "media/lag.h"
#include "media/tone.h"

static void the_period_of_a_pattern_is_found_in_both_directions(void **state)
{
    (void)state;
    int16_t pcm[400];
    for (int i = 0; i < 400; i++)
        pcm[i] = (int16_t)(i % 57 * 300 - 8000);
    for (int direction = -1; direction <= 1; direction += 2) {
        for (size_t step = 1; step <= 6; step++) {
            struct lag lag = lag_find(pcm + 150, pcm + 150, direction, 80, 20, 110, step, 0.0f);
            assert_int_equal(lag.samples, 57);
            assert_true(lag.likeness > 0.999f);
        }
    }
}

static void a_tone_gets_the_lag_nearest_to_whole_periods(void **state)
{
    (void)state;
    struct tone tone;
    int16_t pcm[400];
    tone_init(&tone, 8000, 1013.0, -12.0);
    tone_read(&tone, pcm, 400);
    /* 10 periods are 78.97 samples; no other multiple below 160 is as near to a whole number but its double. */
    struct lag lag = lag_find(pcm + 200, pcm + 200, -1, 80, 20, 120, 1, 0.0f);
    assert_int_equal(lag.samples, 79);
}

static void silence_is_like_silence_and_not_like_a_voice(void **state)
{
    (void)state;
    int16_t pcm[400] = {0};
    assert_true(lag_find(pcm + 200, pcm + 200, 1, 80, 20, 100, 1, 0.0f).likeness > 0.99f);
    struct tone tone;
    tone_init(&tone, 8000, 500.0, -12.0);
    tone_read(&tone, pcm + 200, 100);
    assert_true(lag_find(pcm + 200, pcm + 200, -1, 80, 100, 110, 1, 0.0f).likeness < 0.1f);
}

static void a_cross_fade_of_a_thing_with_itself_is_the_thing(void **state)
{
    (void)state;
    int16_t a[40], out[40];
    for (int i = 0; i < 40; i++)
        a[i] = (int16_t)(i * 777);
    lag_cross_fade(a, a, out, 40);
    assert_memory_equal(a, out, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_period_of_a_pattern_is_found_in_both_directions),
        cmocka_unit_test(a_tone_gets_the_lag_nearest_to_whole_periods),
        cmocka_unit_test(silence_is_like_silence_and_not_like_a_voice),
        cmocka_unit_test(a_cross_fade_of_a_thing_with_itself_is_the_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
