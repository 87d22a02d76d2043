#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "media/talker.h"

/* Frames of one level. @return how many steps said so */
static uint32_t step(struct talker *t, float dbfs, uint16_t peak, uint32_t frames, enum talker_step wanted)
{
    uint32_t said = 0;
    for (uint32_t i = 0; i < frames; i++)
        said += talker_step(t, dbfs, peak) == wanted;
    return said;
}

static void speech_begins_with_its_second_frame_and_ends_half_a_second_after_its_last(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    assert_int_equal(step(&t, -60, 30, 50, TALKER_SAME), 50);
    assert_int_equal(talker_step(&t, -25, 2000), TALKER_SAME);
    assert_int_equal(talker_step(&t, -25, 2000), TALKER_BEGAN);
    assert_true(t.talking);
    assert_int_equal(step(&t, -25, 2000, 10, TALKER_SAME), 10);
    assert_int_equal(step(&t, -60, 30, TALKER_HANG_TICKS - 1, TALKER_SAME), TALKER_HANG_TICKS - 1);
    assert_int_equal(talker_step(&t, -60, 30), TALKER_ENDED);
    assert_false(t.talking);
}

static void a_pause_between_words_is_no_end(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -25, 2000, 2, TALKER_SAME);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(step(&t, -60, 30, TALKER_HANG_TICKS - 1, TALKER_SAME), TALKER_HANG_TICKS - 1);
        assert_int_equal(step(&t, -30, 2000, 1, TALKER_SAME), 1);
    }
}

/* A phone with a noise gate, or that leaves out its pauses: its voice is all that there is to learn from. */
static void speech_between_digital_silence_never_becomes_floor(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -25, 2000, 2, TALKER_SAME);
    for (int second = 0; second < 600; second++) {
        assert_int_equal(step(&t, -25, 2000, 35, TALKER_SAME), 35);
        assert_int_equal(step(&t, -120, 0, 15, TALKER_SAME), 15);
        assert_true(t.talking);
    }
    assert_int_equal(step(&t, -120, 0, TALKER_HANG_TICKS, TALKER_ENDED), 1);
}

static void a_click_is_no_speech(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(talker_step(&t, -10, 20000), TALKER_SAME);
        assert_int_equal(talker_step(&t, -60, 30), TALKER_SAME);
    }
}

static void a_noise_that_stays_becomes_floor_and_speech_stands_out_of_it(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -40, 500, 500, TALKER_SAME); /* ten seconds of a loud office */
    while (t.talking)
        talker_step(&t, -40, 500);
    assert_int_equal(step(&t, -40, 500, 500, TALKER_SAME), 500);
    assert_int_equal(step(&t, -36, 700, 100, TALKER_SAME), 100);
    assert_int_equal(step(&t, -25, 4000, 2, TALKER_BEGAN), 1);
}

static void the_floor_goes_down_as_soon_as_it_is_quiet(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -35, 500, 2000, TALKER_SAME);
    step(&t, -70, 5, TALKER_HANG_TICKS + 10, TALKER_SAME);
    assert_false(t.talking);
    assert_int_equal(step(&t, -48, 300, 2, TALKER_BEGAN), 1);
}

static void silence_that_was_never_sent_is_no_floor(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -127, 0, 500, TALKER_SAME);
    assert_int_equal(step(&t, -53, 100, 100, TALKER_SAME), 100);
}

static void talking_goes_on_for_the_length_of_a_breathless_speech(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -30, 2000, 2, TALKER_SAME);
    assert_int_equal(step(&t, -30, 2000, 30 * 50, TALKER_SAME), 30 * 50);
    assert_true(t.talking);
}

static void what_is_below_the_least_level_is_no_speech_however_quiet_the_line(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -127, 0, 100, TALKER_SAME);
    assert_int_equal(step(&t, -56, 60, 100, TALKER_SAME), 100);
}

static void one_sample_above_the_smallest_step_is_something_to_hear_at_once(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    assert_true(talker_inaudible(&t));
    step(&t, -80, TALKER_INAUDIBLE_PEAK, 100, TALKER_SAME);
    assert_true(talker_inaudible(&t));
    talker_step(&t, -80, TALKER_INAUDIBLE_PEAK + 1);
    assert_false(talker_inaudible(&t));
    step(&t, -80, TALKER_INAUDIBLE_PEAK, TALKER_HANG_TICKS, TALKER_SAME);
    assert_false(talker_inaudible(&t));
    talker_step(&t, -80, TALKER_INAUDIBLE_PEAK);
    assert_true(talker_inaudible(&t));
}

static void who_is_stopped_has_talked_and_keeps_the_floor(void **state)
{
    (void)state;
    struct talker t;
    talker_init(&t);
    step(&t, -45, 300, 300, TALKER_SAME);
    float floor = t.floor_dbfs;
    step(&t, -15, 9000, 5, TALKER_SAME);
    assert_true(talker_stop(&t));
    assert_false(talker_stop(&t));
    assert_false(t.talking);
    assert_true(talker_inaudible(&t));
    assert_true(t.floor_dbfs >= floor && t.floor_dbfs < floor + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speech_begins_with_its_second_frame_and_ends_half_a_second_after_its_last),
        cmocka_unit_test(a_pause_between_words_is_no_end),
        cmocka_unit_test(speech_between_digital_silence_never_becomes_floor),
        cmocka_unit_test(a_click_is_no_speech),
        cmocka_unit_test(a_noise_that_stays_becomes_floor_and_speech_stands_out_of_it),
        cmocka_unit_test(the_floor_goes_down_as_soon_as_it_is_quiet),
        cmocka_unit_test(silence_that_was_never_sent_is_no_floor),
        cmocka_unit_test(talking_goes_on_for_the_length_of_a_breathless_speech),
        cmocka_unit_test(what_is_below_the_least_level_is_no_speech_however_quiet_the_line),
        cmocka_unit_test(one_sample_above_the_smallest_step_is_something_to_hear_at_once),
        cmocka_unit_test(who_is_stopped_has_talked_and_keeps_the_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
