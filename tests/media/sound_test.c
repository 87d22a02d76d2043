#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "media/sound.h"

static struct sound *three(void)
{
    static const int16_t pcm[3] = {1, 2, 3};
    struct sound *s = NULL;
    assert_int_equal(sound_create(&s, 8000, pcm, 3), STATUS_OK);
    return s;
}

static void once_it_ends_in_zeroes(void **state)
{
    (void)state;
    struct sound *s = three();
    struct sound_cursor c;
    int16_t out[5], expected[5] = {1, 2, 3, 0, 0};
    sound_start(&c, s, 0, false);
    assert_int_equal(sound_read(&c, out, 5), 3);
    assert_memory_equal(out, expected, sizeof(out));
    assert_true(sound_done(&c));
    assert_int_equal(sound_read(&c, out, 5), 0);
    sound_start(&c, s, 9, false);
    assert_true(sound_done(&c));
    sound_destroy(s);
}

static void a_loop_has_no_seam_and_no_end(void **state)
{
    (void)state;
    struct sound *s = three();
    struct sound_cursor c;
    int16_t out[8], expected[8] = {2, 3, 1, 2, 3, 1, 2, 3};
    sound_start(&c, s, 7, true);
    assert_int_equal(sound_read(&c, out, 3), 3);
    assert_int_equal(sound_read(&c, out + 3, 5), 5);
    assert_memory_equal(out, expected, sizeof(out));
    assert_false(sound_done(&c));
    sound_start(&c, s, 1, true);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(sound_read(&c, out, 1), 1);
        assert_int_equal(out[0], expected[i]);
    }
    sound_destroy(s);
}

static void nothing_plays_nothing(void **state)
{
    (void)state;
    struct sound_cursor c;
    struct sound *s = NULL;
    int16_t out[2] = {7, 7};
    sound_start(&c, NULL, 5, true);
    assert_true(sound_done(&c));
    assert_int_equal(sound_read(&c, out, 2), 0);
    assert_int_equal(out[0] | out[1], 0);
    assert_int_equal(sound_create(&s, 8000, out, 0), STATUS_INVALID);
    assert_int_equal(sound_create(&s, 0, out, 2), STATUS_INVALID);
    assert_null(s);
    sound_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(once_it_ends_in_zeroes),
        cmocka_unit_test(a_loop_has_no_seam_and_no_end),
        cmocka_unit_test(nothing_plays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
