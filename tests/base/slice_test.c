/** @file slice_test.c  Numbers and copies out of slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

static void a_number_too_big_gives_the_biggest(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(slice_to_u64(slice_of("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_true(slice_to_u64(slice_of("00000000000000000000042"), &n));
    assert_true(n == 42);
    assert_true(slice_to_u64(slice_of("18446744073709551616"), &n));
    assert_true(n == UINT64_MAX);
}

static void what_is_no_number_leaves_the_result_alone(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "-1", "+1", "1 ", " 1", "0x1", "1.0"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint64_t n = 7;
        uint32_t m = 7;
        assert_false(slice_to_u64(slice_of(texts[i]), &n));
        assert_false(slice_to_u32(slice_of(texts[i]), UINT32_MAX, &m));
        assert_true(n == 7 && m == 7);
    }
}

static void a_number_over_its_limit_is_refused(void **state)
{
    (void)state;
    uint32_t m = 7;
    assert_false(slice_to_u32(slice_of("101"), 100, &m));
    assert_false(slice_to_u32(slice_of("4294967296"), UINT32_MAX, &m));
    assert_false(slice_to_u32(slice_of("18446744073709551617"), UINT32_MAX, &m));
    assert_int_equal(m, 7);
    assert_true(slice_to_u32(slice_of("100"), 100, &m));
    assert_int_equal(m, 100);
    assert_true(slice_to_u32(slice_of("4294967295"), UINT32_MAX, &m));
    assert_int_equal(m, UINT32_MAX);
}

static void a_copy_that_does_not_fit_is_empty(void **state)
{
    (void)state;
    char text[4] = "xyz";
    assert_true(slice_copy(slice_of("abc"), text, sizeof text));
    assert_string_equal(text, "abc");
    assert_false(slice_copy(slice_of("abcd"), text, sizeof text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_too_big_gives_the_biggest),
        cmocka_unit_test(what_is_no_number_leaves_the_result_alone),
        cmocka_unit_test(a_number_over_its_limit_is_refused),
        cmocka_unit_test(a_copy_that_does_not_fit_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
