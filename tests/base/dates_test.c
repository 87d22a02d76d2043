#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/dates.h"

static void dates_are_written_as_the_api_shows_them(void **state)
{
    (void)state;
    char text[DATE_SIZE];
    date_rfc1123(text, 1245098730000);
    assert_string_equal(text, "Mon, 15 Jun 2009 20:45:30 GMT");
    date_rfc1123(text, 0);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    date_rfc1123(text, -1);
    assert_string_equal(text, "Wed, 31 Dec 1969 23:59:59 GMT");
    date_iso(text, 1728486303358);
    assert_string_equal(text, "2024-10-09T15:05:03.358Z");
}

static void days_parse_only_where_they_exist(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t unix_ms; /* -1: refused */
    } rows[] = {
        {"1970-01-01", 0},  {"2024-02-29", 1709164800000},
        {"2023-02-29", -1}, {"2026-13-01", -1},
        {"2026-00-10", -1}, {"2026-11-31", -1},
        {"2026-1-01", -1},  {"2026-11-2x", -1},
        {"", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got = -1;
        bool ok = date_parse_day(slice_of(rows[i].text), &got);
        assert_int_equal(ok, rows[i].unix_ms >= 0);
        assert_int_equal(got, rows[i].unix_ms);
    }
    int64_t second;
    assert_true(date_parse_second(slice_of("2024-10-09 15:05:03"), &second));
    assert_int_equal(second, 1728486303000);
    assert_false(date_parse_second(slice_of("2024-10-09 24:05:03"), &second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_written_as_the_api_shows_them),
        cmocka_unit_test(days_parse_only_where_they_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
