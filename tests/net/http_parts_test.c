#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/http_range.h"
#include "net/http_target.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void paths_are_decoded_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *decoded; /* NULL: refused */
    } rows[] = {
        {"/", "/"},           {"/a%20b", "/a b"}, {"/a+b", "/a+b"},   {"/%C3%a9", "/\xc3\xa9"}, {"/a%2Fb", "/a/b"},
        {"/100%25", "/100%"}, {"/a%00b", NULL},   {"/a%", NULL},      {"/a%2", NULL},           {"/a%zz", NULL},
        {"a", NULL},          {"", NULL},         {"*", NULL},        {"/a b", NULL},           {"/a\tb", NULL},
        {"/%20", "/ "},       {"/%2", NULL},      {"/%41%42", "/AB"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_target target;
        status got = http_target_init(&target, rows[i].raw, NULL);
        assert_int_equal(got, rows[i].decoded ? STATUS_OK : STATUS_INVALID);
        if (got != STATUS_OK) continue;
        assert_string_equal(target.path, rows[i].decoded);
        assert_string_equal(target.raw_path, rows[i].raw);
        http_target_clear(&target);
    }
}

static void queries_give_their_values_by_key_and_number(void **state)
{
    (void)state;
    struct http_target target;
    struct slice value;
    assert_int_equal(http_target_init(&target, "/x", "alias=a+b%26c&&n=1&n=2&flag&=e&n=&y=a=b"), STATUS_OK);
    assert_int_equal(target.parameter_count, 7);
    assert_true(http_target_query(&target, "alias", 0, &value));
    assert_true(slice_is(value, "a b&c"));
    assert_true(http_target_query(&target, "n", 1, &value));
    assert_true(slice_is(value, "2"));
    assert_true(http_target_query(&target, "n", 2, &value));
    assert_int_equal(value.len, 0);
    assert_false(http_target_query(&target, "n", 3, &value));
    assert_true(http_target_query(&target, "flag", 0, &value));
    assert_int_equal(value.len, 0);
    assert_true(http_target_query(&target, "y", 0, &value));
    assert_true(slice_is(value, "a=b"));
    assert_false(http_target_query(&target, "alia", 0, &value));
    http_target_clear(&target);
    static const char *const bad[] = {"a=%", "a=%0", "%00=1", "a=%00", "a=%g0", "a=b c"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(http_target_init(&target, "/x", bad[i]), STATUS_INVALID);
    assert_int_equal(http_target_init(&target, "/x", ""), STATUS_OK);
    assert_int_equal(target.parameter_count, 0);
    http_target_clear(&target);
}

static void ranges_follow_rfc_9110(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        uint64_t size;
        enum http_range_kind kind;
        uint64_t first, len;
    } rows[] = {
        {NULL, 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=0-9", 100, HTTP_RANGE_PART, 0, 10},
        {"bytes=90-", 100, HTTP_RANGE_PART, 90, 10},
        {"bytes=90-1000", 100, HTTP_RANGE_PART, 90, 10},
        {"bytes=-10", 100, HTTP_RANGE_PART, 90, 10},
        {"bytes=-1000", 100, HTTP_RANGE_PART, 0, 100},
        {"Bytes = 5 - 6 ", 100, HTTP_RANGE_PART, 5, 2},
        {"bytes=99-99", 100, HTTP_RANGE_PART, 99, 1},
        {"bytes=0-99999999999999999999999", 100, HTTP_RANGE_PART, 0, 100},
        {"bytes=100-", 100, HTTP_RANGE_OUTSIDE, 0, 0},
        {"bytes=99999999999999999999999-", 100, HTTP_RANGE_OUTSIDE, 0, 0},
        {"bytes=-0", 100, HTTP_RANGE_OUTSIDE, 0, 0},
        {"bytes=0-", 0, HTTP_RANGE_OUTSIDE, 0, 0},
        {"bytes=-5", 0, HTTP_RANGE_OUTSIDE, 0, 0},
        {"bytes=0-1,4-5", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=9-0", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=-", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=5", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=a-b", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"bytes=--5", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"lines=0-9", 100, HTTP_RANGE_WHOLE, 0, 100},
        {"", 100, HTTP_RANGE_WHOLE, 0, 100},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t first = 0, len = 0;
        enum http_range_kind kind = http_range_parse(rows[i].header, rows[i].size, &first, &len);
        if (kind != rows[i].kind || first != rows[i].first || len != rows[i].len)
            fail_msg("%s: kind %d, %llu + %llu", rows[i].header, kind, (unsigned long long)first,
                     (unsigned long long)len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_decoded_or_refused),
        cmocka_unit_test(queries_give_their_values_by_key_and_number),
        cmocka_unit_test(ranges_follow_rfc_9110),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
