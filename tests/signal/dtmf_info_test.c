#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "signal/dtmf_info.h"

static void what_phones_send_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        char digit;
        uint32_t duration_ms;
    } table[] = {
        {"Signal=5\r\nDuration=160\r\n", '5', 160},
        {"Signal=5\r\n", '5', DTMF_INFO_MS},
        {"Signal=5", '5', DTMF_INFO_MS},
        {"Signal= 5\nDuration= 250", '5', 250},
        {"signal=#\r\nduration=100\r\n", '#', 100},
        {"Duration=300\r\nSignal=*\r\n", '*', 300},
        {" Signal = 0 \r\n Duration = 90 \r\n", '0', 90},
        {"Signal=10\r\nDuration=160\r\n", '*', 160},
        {"Signal=11\r\nDuration=160\r\n", '#', 160},
        {"Signal=12\r\n", 'A', DTMF_INFO_MS},
        {"Signal=15\r\n", 'D', DTMF_INFO_MS},
        {"Signal=c\r\n", 'C', DTMF_INFO_MS},
        {"Signal=16\r\n", '\0', DTMF_INFO_MS},
        {"Signal=!\r\n", '\0', DTMF_INFO_MS},
        {"Signal=7\r\nDuration=1\r\n", '7', DTMF_INFO_LEAST_MS},
        {"Signal=7\r\nDuration=4294967295\r\n", '7', DTMF_INFO_MOST_MS},
        {"Signal=7\r\nVolume=10\r\n\r\n", '7', DTMF_INFO_MS},
        {"5", '5', DTMF_INFO_MS},
        {"#\r\n", '#', DTMF_INFO_MS},
        {" D ", 'D', DTMF_INFO_MS},
        {"10", '*', DTMF_INFO_MS},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct dtmf_info info;
        if (dtmf_info_parse(&info, slice_of(table[i].body)) != STATUS_OK) fail_msg("row %zu is refused", i);
        if (info.digit != table[i].digit || info.duration_ms != table[i].duration_ms)
            fail_msg("row %zu: '%c' for %u ms", i, info.digit, info.duration_ms);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "\r\n",
        "Signal=\r\n",
        "Signal=E\r\n",
        "Signal=55x\r\n",
        "Signal=17\r\n",
        "Signal=-1\r\n",
        "x",
        "55555",
        "Duration=160",
        "=5",
        "Signal",
        "Signal=5\r\nDuration=",
        "Signal=5 6",
        "Zahl=5",
        "Signal=\x01",
        "Signal=5\r\nDuration=1e3",
        "Signal=5\r\nDuration=4294967296",
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct dtmf_info info = {.digit = 'x', .duration_ms = 7};
        if (dtmf_info_parse(&info, slice_of(table[i])) != STATUS_INVALID) fail_msg("\"%s\" is taken", table[i]);
        assert_true(info.digit == 'x' && info.duration_ms == 7);
    }
    struct dtmf_info info;
    assert_int_equal(dtmf_info_parse(&info, (struct slice){NULL, 0}), STATUS_INVALID);
    assert_int_equal(dtmf_info_parse(&info, (struct slice){"Signal=5\0", 9}), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_phones_send_is_read),
        cmocka_unit_test(anything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
