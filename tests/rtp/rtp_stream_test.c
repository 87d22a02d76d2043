#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtp/rtp_stream.h"

static struct rng rng;

static struct rtp_stream fresh(uint32_t probation)
{
    struct rtp_stream s;
    rng_init(&rng, 1);
    rtp_stream_init(&s, 8000, probation, "us@here", &rng, 0);
    return s;
}

static enum rtp_verdict put(struct rtp_stream *s, uint16_t seq, int64_t arrival_us)
{
    struct rtp_packet p = {.ssrc = 77, .seq = seq, .timestamp = 160u * seq, .payload_bytes = 160};
    return rtp_stream_receive(s, &p, arrival_us);
}

static void sequence_numbers_are_followed_over_the_wrap(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    assert_int_equal(put(&s, 65534, 0), RTP_NEW_SOURCE);
    assert_int_equal(put(&s, 65535, 20000), RTP_ACCEPT);
    assert_int_equal(put(&s, 1, 60000), RTP_ACCEPT);
    assert_int_equal(rtp_stream_extended_seq(&s), 65537);
    assert_int_equal(rtp_stream_lost(&s), 1);
    assert_int_equal(put(&s, 0, 61000), RTP_ACCEPT);
    assert_int_equal(rtp_stream_lost(&s), 0);
    assert_int_equal(rtp_stream_extended_seq(&s), 65537);
}

static void a_lone_wild_number_is_dropped_and_two_restart(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    assert_int_equal(put(&s, 100, 0), RTP_NEW_SOURCE);
    assert_int_equal(put(&s, 20000, 20000), RTP_PROBATION);
    assert_int_equal(put(&s, 101, 40000), RTP_ACCEPT);
    assert_int_equal(put(&s, 30000, 60000), RTP_PROBATION);
    assert_int_equal(put(&s, 30001, 80000), RTP_RESTARTED);
    assert_int_equal(put(&s, 30002, 100000), RTP_ACCEPT);
    assert_int_equal(rtp_stream_lost(&s), 0);
}

static void a_new_source_shows_itself_where_probation_is_asked(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(2);
    assert_int_equal(put(&s, 10, 0), RTP_PROBATION);
    assert_int_equal(put(&s, 50, 20000), RTP_PROBATION);
    assert_int_equal(put(&s, 51, 40000), RTP_NEW_SOURCE);
    assert_int_equal(put(&s, 52, 60000), RTP_ACCEPT);
    struct rtp_packet other = {.ssrc = 78, .seq = 9};
    assert_int_equal(rtp_stream_receive(&s, &other, 80000), RTP_NEW_SOURCE);
    assert_int_equal(s.receiver.ssrc, 78);
    assert_int_equal(rtp_stream_lost(&s), 0);
}

static void jitter_follows_the_spread_of_arrivals(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    for (uint16_t i = 0; i < 200; i++)
        (void)put(&s, i, i * 20000 + 1000000);
    assert_int_equal(rtp_stream_jitter_us(&s), 0);
    /* Every other packet 10 ms late: the mean difference is 10 ms. */
    for (uint16_t i = 200; i < 600; i++)
        (void)put(&s, i, i * 20000 + 1000000 + i % 2 * 10000);
    assert_in_range(rtp_stream_jitter_us(&s), 9000, 10100);
}

static void a_clock_that_jumps_is_no_jitter(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    for (uint16_t seq = 0; seq < 50; seq++)
        put(&s, seq, 20000 * seq + (seq % 2 ? 1000 : 0));
    uint32_t before_us = rtp_stream_jitter_us(&s);
    assert_in_range(before_us, 500, 1000);
    struct rtp_packet event = {.ssrc = 77, .seq = 50, .timestamp = 0x9abcdef0, .payload_bytes = 4};
    assert_int_equal(rtp_stream_receive(&s, &event, 1000000), RTP_ACCEPT);
    put(&s, 51, 51 * 20000 + 1000);
    put(&s, 52, 52 * 20000);
    assert_in_range(rtp_stream_jitter_us(&s), before_us - 100, before_us + 100);

    /* Another codec, with another clock: what was measured in units of the old one is forgotten. */
    rtp_stream_set_clock(&s, 48000);
    assert_int_equal(rtp_stream_jitter_us(&s), 0);
    for (uint16_t seq = 53; seq < 100; seq++) {
        struct rtp_packet p = {.ssrc = 77, .seq = seq, .timestamp = 960u * seq, .payload_bytes = 80};
        rtp_stream_receive(&s, &p, 20000 * seq + (seq % 2 ? 1000 : 0));
    }
    assert_in_range(rtp_stream_jitter_us(&s), 500, 1000);
}

static void what_was_lost_stays_lost_when_the_source_changes(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    put(&s, 10, 0);
    put(&s, 14, 80000);
    assert_int_equal(rtp_stream_lost_of_all(&s), 3);
    struct rtp_packet other = {.ssrc = 78, .seq = 500, .timestamp = 0, .payload_bytes = 160};
    assert_int_equal(rtp_stream_receive(&s, &other, 100000), RTP_NEW_SOURCE);
    assert_int_equal(rtp_stream_lost(&s), 0);
    assert_int_equal(rtp_stream_lost_of_all(&s), 3);
    other.seq = 502;
    rtp_stream_receive(&s, &other, 140000);
    assert_int_equal(rtp_stream_lost_of_all(&s), 4);
    /* It begins anew, which two in a row say. */
    other.seq = 20000;
    rtp_stream_receive(&s, &other, 160000);
    other.seq = 20001;
    assert_int_equal(rtp_stream_receive(&s, &other, 180000), RTP_RESTARTED);
    assert_int_equal(rtp_stream_lost_of_all(&s), 4);
    /* More than were to be expected, as the network doubles them, are none lost. */
    rtp_stream_receive(&s, &other, 180000);
    assert_int_equal(rtp_stream_lost(&s), -1);
    assert_int_equal(rtp_stream_lost_of_all(&s), 4);
}

static void another_source_of_ours_begins_its_counts_anew(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    uint32_t before = s.sender.ssrc;
    rtp_stream_sent(&s, 160);
    rtp_stream_renew_source(&s, &rng);
    assert_int_not_equal(s.sender.ssrc, before);
    assert_int_equal(s.sender.packets, 0);
    uint8_t bytes[RTCP_COMPOUND_MAX];
    size_t len = rtp_stream_report(&s, 1000000, 0, 0, false, &rng, bytes, sizeof bytes);
    assert_true(len > 0);
    assert_int_equal(bytes[1], RTCP_RR); /* nothing was sent by it yet */
}

static void a_report_says_what_was_lost_since_the_last(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    uint8_t bytes[RTCP_COMPOUND_MAX];
    struct rtcp_cursor c;
    struct rtcp_block b;
    for (uint16_t i = 0; i < 100; i++) {
        if (i % 4 != 1) (void)put(&s, i, i * 20000);
    }
    size_t len = rtp_stream_report(&s, 2000000, 1700000000000000, 0, false, &rng, bytes, sizeof(bytes));
    assert_int_equal(rtcp_open(&c, bytes, len), STATUS_OK);
    assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
    assert_int_equal(b.kind, RTCP_RR);
    struct rtcp_report r = rtcp_report_at(&b, 0);
    assert_int_equal(r.ssrc, 77);
    assert_int_equal(r.fraction_lost, 64);
    assert_int_equal(r.cumulative_lost, 25);
    assert_int_equal(r.highest_seq, 99);

    for (uint16_t i = 100; i < 150; i++)
        (void)put(&s, i, i * 20000);
    rtp_stream_sent(&s, 160);
    len = rtp_stream_report(&s, 3000000, 1700000001000000, 0, false, &rng, bytes, sizeof(bytes));
    assert_int_equal(rtcp_open(&c, bytes, len), STATUS_OK);
    assert_int_equal(rtcp_next(&c, &b), STATUS_OK);
    assert_int_equal(b.kind, RTCP_SR);
    assert_int_equal(b.sender.packets, 1);
    assert_true(b.sender.ntp >> 32 == 1700000001u + 2208988800u);
    assert_int_equal(rtcp_report_at(&b, 0).fraction_lost, 0);
}

static void two_streams_find_their_round_trip(void **state)
{
    (void)state;
    struct rtp_stream a = fresh(0), b;
    uint8_t bytes[RTCP_COMPOUND_MAX];
    rtp_stream_init(&b, 8000, 0, "them@there", &rng, 0);
    struct rtp_packet p = {.ssrc = a.sender.ssrc, .seq = 1, .payload_bytes = 160};
    (void)rtp_stream_receive(&b, &p, 30000);
    rtp_stream_sent(&a, 160);
    size_t len = rtp_stream_report(&a, 100000, 1700000000000000, 0, false, &rng, bytes, sizeof(bytes));
    assert_int_equal(rtp_stream_receive_rtcp(&b, bytes, len, 130000), STATUS_OK);
    len = rtp_stream_report(&b, 1130000, 5, 0, true, &rng, bytes, sizeof(bytes));
    assert_int_equal(rtp_stream_receive_rtcp(&a, bytes, len, 1170000), STATUS_OK);
    assert_true(a.remote.known);
    assert_in_range(a.remote.round_trip_us, 69900, 70100);
    assert_int_equal(rtp_stream_receive_rtcp(&a, bytes, len - 4, 1170000), STATUS_INVALID);
}

static void reports_are_due_every_five_seconds_give_or_take_half(void **state)
{
    (void)state;
    struct rtp_stream s = fresh(0);
    uint8_t bytes[RTCP_COMPOUND_MAX];
    int64_t least = INT64_MAX, most = 0, now = 0;
    assert_true(s.rtcp_due_us >= 1250000 && s.rtcp_due_us <= 3750000);
    for (int i = 0; i < 1000; i++) {
        now = s.rtcp_due_us;
        assert_false(rtp_stream_report_due(&s, now - 1));
        assert_true(rtp_stream_report_due(&s, now));
        assert_true(rtp_stream_report(&s, now, now, 0, false, &rng, bytes, sizeof(bytes)) > 0);
        int64_t wait = s.rtcp_due_us - now;
        least = wait < least ? wait : least;
        most = wait > most ? wait : most;
    }
    assert_in_range(least, 2500000, 2600000);
    assert_in_range(most, 7400000, 7500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequence_numbers_are_followed_over_the_wrap),
        cmocka_unit_test(a_lone_wild_number_is_dropped_and_two_restart),
        cmocka_unit_test(a_new_source_shows_itself_where_probation_is_asked),
        cmocka_unit_test(jitter_follows_the_spread_of_arrivals),
        cmocka_unit_test(a_clock_that_jumps_is_no_jitter),
        cmocka_unit_test(what_was_lost_stays_lost_when_the_source_changes),
        cmocka_unit_test(another_source_of_ours_begins_its_counts_anew),
        cmocka_unit_test(a_report_says_what_was_lost_since_the_last),
        cmocka_unit_test(two_streams_find_their_round_trip),
        cmocka_unit_test(reports_are_due_every_five_seconds_give_or_take_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
