#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtp/rtcp_packet.h"

static void a_report_comes_back_as_it_was_built(void **state)
{
    (void)state;
    struct rtcp_report report = {.ssrc = 5,
                                 .fraction_lost = 64,
                                 .cumulative_lost = -3,
                                 .highest_seq = 0x1fffe,
                                 .jitter = 99,
                                 .last_sr = 0xaabbccdd,
                                 .delay_since_sr = 65536};
    struct rtcp_compound compound = {.ssrc = 0x01020304,
                                     .sends = true,
                                     .sender = {0x8000000140000000u, 160, 7, 1120},
                                     .reports = &report,
                                     .report_count = 1,
                                     .cname = "name@host",
                                     .bye = true};
    uint8_t bytes[RTCP_COMPOUND_MAX];
    struct rtcp_cursor c;
    struct rtcp_block b;
    size_t len = rtcp_build(&compound, bytes, sizeof(bytes));
    assert_true(len > 0 && len % 4 == 0);
    assert_int_equal(rtcp_build(&compound, bytes, len - 1), 0);
    assert_int_equal(rtcp_open(&c, bytes, len), STATUS_OK);

    assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
    assert_int_equal(b.kind, RTCP_SR);
    assert_int_equal(b.ssrc, 0x01020304);
    assert_true(b.sender.ntp == 0x8000000140000000u);
    assert_int_equal(b.sender.octets, 1120);
    assert_int_equal(b.report_count, 1);
    struct rtcp_report r = rtcp_report_at(&b, 0);
    assert_int_equal(r.ssrc, 5);
    assert_int_equal(r.fraction_lost, 64);
    assert_int_equal(r.cumulative_lost, -3);
    assert_int_equal(r.highest_seq, 0x1fffe);
    assert_int_equal(r.last_sr, 0xaabbccdd);
    assert_int_equal(r.delay_since_sr, 65536);

    assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
    assert_int_equal(b.kind, RTCP_SDES);
    assert_true(slice_is(b.cname, "name@host"));
    assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
    assert_int_equal(b.kind, RTCP_BYE);
    assert_int_equal(rtcp_source_at(&b, 0), 0x01020304);
    assert_int_equal(rtcp_next(&c, &b), STATUS_CLOSED);
}

static void names_of_every_length_fill_whole_words(void **state)
{
    (void)state;
    char name[256];
    for (size_t n = 0; n < 256; n++) {
        uint8_t bytes[RTCP_COMPOUND_MAX];
        struct rtcp_cursor c;
        struct rtcp_block b;
        memset(name, 'x', n);
        name[n] = '\0';
        struct rtcp_compound compound = {.ssrc = 1, .cname = name};
        size_t len = rtcp_build(&compound, bytes, sizeof(bytes));
        assert_int_equal(rtcp_open(&c, bytes, len), STATUS_OK);
        assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
        assert_int_equal(b.kind, RTCP_RR);
        assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
        assert_int_equal(b.cname.len, n);
        assert_int_equal(rtcp_next(&c, &b), STATUS_CLOSED);
    }
}

static void malformed_compounds_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[12];
        size_t len;
    } rows[] = {
        {"nothing", {0}, 0},
        {"not whole words", {0x80, 201, 0, 0, 0}, 5},
        {"version 1", {0x40, 201, 0, 1}, 8},
        {"a block longer than the packet", {0x80, 201, 0, 2}, 8},
        {"padding before the last block", {0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 203, 0, 0}, 12},
        {"padding of no bytes", {0xa0, 201, 0, 1, 0, 0, 0, 0}, 8},
        {"padding over the header", {0xa0, 201, 0, 1, 0, 0, 0, 8}, 8},
    };
    struct rtcp_cursor c;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rtcp_open(&c, rows[i].bytes, rows[i].len) != STATUS_INVALID) fail_msg("%s was taken", rows[i].what);
    }
}

static void blocks_shorter_than_they_claim_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t bytes[12];
        size_t len;
    } rows[] = {
        {"SR without sender info", {0x80, 200, 0, 1}, 8},
        {"RR with a report that is not there", {0x81, 201, 0, 1}, 8},
        {"SDES item over the end", {0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, 'a', 'b'}, 12},
        {"SDES without its end", {0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, 'a', 'b'}, 12},
        {"BYE with sources that are not there", {0x82, 203, 0, 1}, 8},
        {"BYE with a reason over the end", {0x81, 203, 0, 2, 0, 0, 0, 1, 9, 'a', 'b', 'c'}, 12},
        {"feedback without SSRC", {0x81, 205, 0, 0}, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rtcp_cursor c;
        struct rtcp_block b;
        assert_int_equal(rtcp_open(&c, rows[i].bytes, rows[i].len), STATUS_OK);
        if (rtcp_next(&c, &b) != STATUS_INVALID) fail_msg("%s was taken", rows[i].what);
    }
}

static void unknown_blocks_are_passed_over(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0x80, 210, 0, 1, 0, 0, 0, 0, 0x81, 203, 0, 2, 0, 0, 0, 9, 2, 'o', 'k', 0};
    struct rtcp_cursor c;
    struct rtcp_block b;
    assert_int_equal(rtcp_open(&c, bytes, sizeof(bytes)), STATUS_OK);
    assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
    assert_int_equal(b.kind, RTCP_BYE);
    assert_true(slice_is(b.reason, "ok"));
    assert_int_equal(rtcp_next(&c, &b), STATUS_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_comes_back_as_it_was_built),
        cmocka_unit_test(names_of_every_length_fill_whole_words),
        cmocka_unit_test(malformed_compounds_are_refused),
        cmocka_unit_test(blocks_shorter_than_they_claim_are_refused),
        cmocka_unit_test(unknown_blocks_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
