#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/audio_cache_rules.h"

#define NOW_TEXT "Sun, 06 Nov 1994 08:49:37 GMT"
static const int64_t now_ms = 784111777000;

static void a_file_is_fresh_for_as_long_as_its_headers_say(void **state)
{
    (void)state;
    const struct {
        struct cache_headers headers;
        bool store;
        int64_t fresh_ms;
    } rows[] = {
        /* nothing said */
        {{0}, true, 5000},
        {{.cache_control = ""}, true, 5000},
        {{.cache_control = "public"}, true, 5000},
        {{.date = NOW_TEXT}, true, 5000},
        {{.pragma = "x"}, true, 5000},
        /* max-age */
        {{.cache_control = "max-age=60"}, true, 60000},
        {{.cache_control = "MAX-AGE = 60"}, true, 60000},
        {{.cache_control = "public, max-age=\"60\" , must-revalidate"}, true, 60000},
        {{.cache_control = "max-age=60", .age = "20"}, true, 40000},
        {{.cache_control = "max-age=60", .age = "61"}, true, 0},
        {{.cache_control = "max-age=60", .age = "x"}, true, 60000},
        {{.cache_control = "max-age=0"}, true, 0},
        {{.cache_control = "max-age=-1"}, true, 0},
        {{.cache_control = "max-age="}, true, 0},
        {{.cache_control = "max-age"}, true, 0},
        {{.cache_control = "max-age=60, max-age=30"}, true, 30000},
        {{.cache_control = "max-age=99999999999999999999999999"}, true, CACHE_FRESH_MAX_MS},
        {{.cache_control = "max-age=31536000"}, true, CACHE_FRESH_MAX_MS},
        {{.cache_control = "s-maxage=60"}, true, 5000},
        {{.cache_control = "x=\"max-age=9, no-store\""}, true, 5000},
        /* no-cache, no-store */
        {{.cache_control = "no-cache"}, true, 0},
        {{.cache_control = "No-Cache, max-age=60"}, true, 0},
        {{.cache_control = "no-cache=\"Set-Cookie, X\", max-age=60"}, true, 0},
        {{.cache_control = "no-store"}, false, 0},
        {{.cache_control = "max-age=60,no-store"}, false, 0},
        {{.cache_control = ",, ,no-store,"}, false, 0},
        /* Pragma counts only without Cache-Control */
        {{.pragma = "no-cache"}, true, 0},
        {{.pragma = "x, No-Cache"}, true, 0},
        {{.pragma = "no-cache", .cache_control = "max-age=60"}, true, 60000},
        {{.pragma = "no-cache", .expires = "Sun, 06 Nov 1994 08:50:37 GMT"}, true, 0},
        /* Expires, by the server's clock */
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT"}, true, 60000},
        {{.expires = "Sunday, 06-Nov-94 08:50:37 GMT"}, true, 60000},
        {{.expires = "Sun Nov  6 08:50:37 1994"}, true, 60000},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT", .date = "Sun, 06 Nov 1994 08:50:07 GMT"}, true, 30000},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT", .date = "rubbish"}, true, 60000},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT", .age = "50"}, true, 10000},
        {{.expires = "Sun, 06 Nov 1994 08:49:36 GMT"}, true, 0},
        {{.expires = "0"}, true, 0},
        {{.expires = "-1"}, true, 0},
        {{.expires = ""}, true, 0},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT and more"}, true, 0},
        {{.expires = "Sun, 06 Nov 2094 08:50:37 GMT"}, true, CACHE_FRESH_MAX_MS},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT", .cache_control = "max-age=5"}, true, 5000},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT", .cache_control = "public"}, true, 60000},
        {{.expires = "Sun, 06 Nov 1994 08:50:37 GMT", .cache_control = "no-cache"}, true, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cache_rule rule = cache_rule(&rows[i].headers, now_ms);
        if (rule.store != rows[i].store || rule.fresh_ms != rows[i].fresh_ms)
            fail_msg("row %zu: store %d, fresh_ms %lld", i, rule.store, (long long)rule.fresh_ms);
    }
}

static void headers_that_say_nothing_are_told_from_those_that_say_five_seconds(void **state)
{
    (void)state;
    struct cache_headers nothing = {.date = NOW_TEXT}, five = {.cache_control = "max-age=5"};
    struct cache_headers not_kept = {.cache_control = "no-store"}, ask = {.pragma = "no-cache"};
    assert_false(cache_rule(&nothing, now_ms).said);
    assert_true(cache_rule(&five, now_ms).said);
    assert_true(cache_rule(&not_kept, now_ms).said);
    assert_true(cache_rule(&ask, now_ms).said);
}

static void dates_are_read_in_all_three_forms_and_nothing_else(void **state)
{
    (void)state;
    const char *good[] = {NOW_TEXT, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
    const char *bad[] = {"",
                         "0",
                         "now",
                         "06 Nov 1994 08:49:37 GMT",
                         "Sun, 06 Nov 1994 08:49:37 CET",
                         "Sun, 32 Nov 1994 08:49:37 GMT",
                         "1994-11-06 08:49:37"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t unix_ms = 0;
        assert_true(cache_date(good[i], &unix_ms));
        assert_int_equal(unix_ms, now_ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t unix_ms = 17;
        assert_false(cache_date(bad[i], &unix_ms));
        assert_int_equal(unix_ms, 17);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_fresh_for_as_long_as_its_headers_say),
        cmocka_unit_test(headers_that_say_nothing_are_told_from_those_that_say_five_seconds),
        cmocka_unit_test(dates_are_read_in_all_three_forms_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
