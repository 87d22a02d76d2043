#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

/* RFC 4648 section 10, and bytes that need the last two letters. */
static const struct {
    const char *bytes, *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xef\xbe", "/+++"},
    {"\xfb\xff", "+/8="},
};

static void bytes_become_text_and_come_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct buffer text;
        char bytes[16];
        size_t len;
        buffer_init(&text);
        base64_encode(&text, vectors[i].bytes, strlen(vectors[i].bytes));
        assert_string_equal(buffer_text(&text), vectors[i].text);
        assert_true(base64_decode(slice_of(vectors[i].text), bytes, sizeof bytes, &len));
        assert_int_equal(len, strlen(vectors[i].bytes));
        assert_string_equal(bytes, vectors[i].bytes);
        buffer_clear(&text);
    }
}

static void padding_may_be_missing_and_nothing_else_may_stand_there(void **state)
{
    (void)state;
    char bytes[16];
    size_t len;
    assert_true(base64_decode(slice_of("Zm8"), bytes, sizeof bytes, &len));
    assert_string_equal(bytes, "fo");
    assert_false(base64_decode(slice_of("Zm9v YmFy"), bytes, sizeof bytes, &len));
    assert_false(base64_decode(slice_of("Zg=v"), bytes, sizeof bytes, &len));
    assert_false(base64_decode(slice_of("Zm9-"), bytes, sizeof bytes, &len));
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    char bytes[4];
    size_t len;
    assert_true(base64_decode(slice_of("Zm9v"), bytes, sizeof bytes, &len));
    assert_false(base64_decode(slice_of("Zm9vYg=="), bytes, sizeof bytes, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_text_and_come_back),
        cmocka_unit_test(padding_may_be_missing_and_nothing_else_may_stand_there),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
