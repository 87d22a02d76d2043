#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtp/rtp_packet.h"

static void what_is_written_is_what_is_read(void **state)
{
    (void)state;
    static const uint8_t extension[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t bytes[64];
    struct rtp_packet out = {.marker = true,
                             .payload_type = 101,
                             .seq = 65535,
                             .timestamp = 0xfedcba98,
                             .ssrc = 0x80000001,
                             .csrc_count = 2,
                             .csrc = {7, 0xffffffff},
                             .has_extension = true,
                             .extension_profile = 0xbede,
                             .extension = extension,
                             .extension_bytes = 8};
    struct rtp_packet in;
    assert_int_equal(rtp_packet_write_header(&out, bytes, 31), 0);
    assert_int_equal(rtp_packet_write_header(&out, bytes, sizeof(bytes)), 32);
    memcpy(bytes + 32, "abc", 3);
    assert_int_equal(rtp_packet_parse(&in, bytes, 35), STATUS_OK);
    assert_true(in.marker);
    assert_int_equal(in.payload_type, 101);
    assert_int_equal(in.seq, 65535);
    assert_int_equal(in.timestamp, 0xfedcba98);
    assert_int_equal(in.ssrc, 0x80000001);
    assert_int_equal(in.csrc_count, 2);
    assert_int_equal(in.csrc[1], 0xffffffff);
    assert_int_equal(in.extension_profile, 0xbede);
    assert_int_equal(in.extension_bytes, 8);
    assert_memory_equal(in.extension, extension, 8);
    assert_int_equal(in.payload_bytes, 3);
    assert_memory_equal(in.payload, "abc", 3);
}

struct row {
    const char *what;
    uint8_t bytes[20];
    size_t len;
    int payload_bytes; /* -1: invalid */
};

static void lengths_inside_are_checked(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"an empty payload", {0x80}, 12, 0},
        {"a short header", {0x80}, 11, -1},
        {"nothing", {0}, 0, -1},
        {"version 1", {0x40}, 12, -1},
        {"one CSRC", {0x81}, 16, 0},
        {"a CSRC that is not there", {0x81}, 15, -1},
        {"an extension of no words", {0x90}, 16, 0},
        {"an extension without its header", {0x90}, 15, -1},
        {"an extension longer than the packet", {0x90, [15] = 2}, 20, -1},
        {"an extension of one word", {0x90, [15] = 1}, 20, 0},
        {"padding of all the payload", {0xa0, [15] = 4}, 16, 0},
        {"padding of half the payload", {0xa0, [15] = 2}, 16, 2},
        {"padding into the header", {0xa0, [15] = 5}, 16, -1},
        {"padding of nothing", {0xa0, [15] = 0}, 16, -1},
        {"padding without a payload", {0xa0, [11] = 1}, 12, -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rtp_packet p = {.payload_bytes = 999};
        status s = rtp_packet_parse(&p, rows[i].bytes, rows[i].len);
        if (rows[i].payload_bytes < 0) {
            if (s != STATUS_INVALID) fail_msg("%s was taken", rows[i].what);
            assert_int_equal(p.payload_bytes, 999);
        } else if (s != STATUS_OK || p.payload_bytes != rows[i].payload_bytes) {
            fail_msg("%s was not taken as it should", rows[i].what);
        }
    }
}

static void rtcp_is_told_apart(void **state)
{
    (void)state;
    assert_true(rtp_is_rtcp((const uint8_t[]){0x80, 200}, 2));
    assert_false(rtp_is_rtcp((const uint8_t[]){0x80, 0x80 | 8}, 2));
    assert_false(rtp_is_rtcp((const uint8_t[]){0x80, 0x80 | 101}, 2));
    assert_false(rtp_is_rtcp((const uint8_t[]){0x80}, 1));
}

static void numbers_go_round(void **state)
{
    (void)state;
    assert_true(rtp_seq_before(65535, 0));
    assert_false(rtp_seq_before(0, 65535));
    assert_false(rtp_seq_before(5, 5));
    assert_true(rtp_ts_before(0xffffff00u, 0x10));
    assert_false(rtp_ts_before(0x10, 0xffffff00u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_what_is_read),
        cmocka_unit_test(lengths_inside_are_checked),
        cmocka_unit_test(rtcp_is_told_apart),
        cmocka_unit_test(numbers_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
