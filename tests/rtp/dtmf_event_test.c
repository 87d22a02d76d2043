#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/dtmf_event.h"

static void payloads_are_read_and_written(void **state)
{
    (void)state;
    struct dtmf_payload in = {.event = 11, .end = true, .volume = 10, .duration = 1600}, out;
    uint8_t bytes[DTMF_PAYLOAD_BYTES];
    dtmf_payload_write(&in, bytes);
    assert_int_equal(dtmf_payload_parse(&out, bytes, 4), STATUS_OK);
    assert_int_equal(out.event, 11);
    assert_true(out.end);
    assert_int_equal(out.volume, 10);
    assert_int_equal(out.duration, 1600);
    assert_int_equal(dtmf_payload_parse(&out, bytes, 3), STATUS_INVALID);
    bytes[0] = 16;
    assert_int_equal(dtmf_payload_parse(&out, bytes, 4), STATUS_UNSUPPORTED);
    assert_int_equal(dtmf_digit(0), '0');
    assert_int_equal(dtmf_digit(10), '*');
    assert_int_equal(dtmf_digit(11), '#');
    assert_int_equal(dtmf_digit(15), 'D');
}

static enum dtmf_step put(struct dtmf_receiver *r, uint8_t event, uint32_t timestamp, uint16_t duration, bool end,
                          int64_t arrival_us)
{
    struct dtmf_payload p = {.event = event, .end = end, .volume = 10, .duration = duration};
    return dtmf_receiver_put(r, &p, timestamp, arrival_us);
}

static void a_press_is_told_once(void **state)
{
    (void)state;
    struct dtmf_receiver r;
    dtmf_receiver_init(&r);
    assert_int_equal(put(&r, 5, 1000, 160, false, 0), DTMF_BEGIN);
    assert_int_equal(put(&r, 5, 1000, 320, false, 20000), DTMF_NOTHING);
    assert_int_equal(put(&r, 5, 1000, 480, true, 40000), DTMF_END);
    assert_int_equal(r.duration, 480);
    assert_int_equal(put(&r, 5, 1000, 480, true, 60000), DTMF_NOTHING);
    assert_int_equal(put(&r, 5, 1000, 480, true, 80000), DTMF_NOTHING);
    assert_int_equal(put(&r, 5, 1000, 320, false, 90000), DTMF_NOTHING);
    /* The same key again. */
    assert_int_equal(put(&r, 5, 3000, 160, false, 200000), DTMF_BEGIN);
    assert_int_equal(put(&r, 5, 1000, 480, true, 210000), DTMF_NOTHING);
    assert_int_equal(put(&r, 5, 3000, 320, true, 220000), DTMF_END);
}

static void a_press_known_only_by_its_end_counts(void **state)
{
    (void)state;
    struct dtmf_receiver r;
    dtmf_receiver_init(&r);
    assert_int_equal(put(&r, 1, 1000, 800, true, 0), DTMF_BEGIN);
    assert_false(r.down);
    assert_int_equal(put(&r, 1, 1000, 800, true, 20000), DTMF_NOTHING);
    assert_int_equal(r.duration, 800);
}

static void a_press_whose_end_is_lost_ends_by_itself(void **state)
{
    (void)state;
    struct dtmf_receiver r;
    dtmf_receiver_init(&r);
    assert_false(dtmf_receiver_expire(&r, 1000000));
    assert_int_equal(put(&r, 1, 1000, 160, false, 0), DTMF_BEGIN);
    assert_false(dtmf_receiver_expire(&r, 199999));
    assert_true(dtmf_receiver_expire(&r, 200000));
    assert_false(dtmf_receiver_expire(&r, 300000));
    /* Or by the next one. */
    assert_int_equal(put(&r, 2, 5000, 160, false, 400000), DTMF_BEGIN);
    assert_int_equal(put(&r, 3, 9000, 160, false, 500000), DTMF_BEGIN);
}

static void a_long_press_runs_over_segments(void **state)
{
    (void)state;
    struct dtmf_receiver r;
    dtmf_receiver_init(&r);
    assert_int_equal(put(&r, 9, 0xffff8000u, 160, false, 0), DTMF_BEGIN);
    assert_int_equal(put(&r, 9, 0xffff8000u, 65535, false, 8000000), DTMF_NOTHING);
    assert_int_equal(put(&r, 9, 0xffff8000u + 65535u, 1600, false, 8200000), DTMF_NOTHING);
    assert_int_equal(put(&r, 9, 0xffff8000u + 65535u, 3200, true, 8400000), DTMF_END);
    assert_int_equal(r.duration, 65535 + 3200);
}

/* At 48000 Hz, with 180 ms lost where one segment ends; one after the other for five seconds. */
static void segments_of_a_fast_clock_are_one_press(void **state)
{
    (void)state;
    struct dtmf_receiver r;
    dtmf_receiver_init(&r);
    uint32_t begin = 77, told = 0;
    for (uint32_t at = 960; at < 5 * 48000; at += 960) {
        uint32_t segment = at / 65535;
        if (at % 65535 > 65535 - 8640) continue;
        told += put(&r, 3, begin + segment * 65535, (uint16_t)(at % 65535), false, at / 48 * 1000) == DTMF_BEGIN;
        assert_true(r.down);
    }
    assert_int_equal(told, 1);
    assert_in_range(r.duration, 4 * 48000, 5 * 48000);
}

/* A gateway that sets its clock anew without another SSRC, or nobody pressed a key for half a circle. */
static void what_comes_long_after_is_never_late(void **state)
{
    (void)state;
    struct dtmf_receiver r;
    dtmf_receiver_init(&r);
    assert_int_equal(put(&r, 1, 0x90000000u, 160, true, 0), DTMF_BEGIN);
    assert_int_equal(put(&r, 2, 0x80000000u, 160, true, 999999), DTMF_NOTHING);
    assert_int_equal(put(&r, 2, 0x80000000u, 160, false, 1000000), DTMF_BEGIN);
    assert_int_equal(put(&r, 2, 0x80000000u, 320, true, 1020000), DTMF_END);
    assert_int_equal(put(&r, 1, 0x7fffffffu, 160, true, 1100000), DTMF_NOTHING);
    assert_int_equal(put(&r, 3, 0x80000fa0u, 160, true, 1500000), DTMF_BEGIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_are_read_and_written),
        cmocka_unit_test(a_press_is_told_once),
        cmocka_unit_test(a_press_known_only_by_its_end_counts),
        cmocka_unit_test(a_press_whose_end_is_lost_ends_by_itself),
        cmocka_unit_test(a_long_press_runs_over_segments),
        cmocka_unit_test(segments_of_a_fast_clock_are_one_press),
        cmocka_unit_test(what_comes_long_after_is_never_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
