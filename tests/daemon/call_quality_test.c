#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "daemon/call_quality.h"
#include "daemon/calls.h"

static void near(double is, double should, double by)
{
    if (!(fabs(is - should) <= by)) fail_msg("%f instead of %f", is, should);
}

/* A call of a minute over a good network. */
static struct engine_leg_stats good(void)
{
    return (struct engine_leg_stats){.codec = codec_by_id(CODEC_PCMA),
                                     .packets_in = 3000,
                                     .packets_out = 3000,
                                     .ticks_played = 3000,
                                     .jitter_us = 1500,
                                     .playout_delay_us = 12345,
                                     .round_trip_us = 40000,
                                     .level_dbfs = -127,
                                     .peak_dbfs = -127,
                                     .speech_dbfs = -26};
}

static struct rest_quality of(const struct engine_leg_stats *stats)
{
    struct rest_quality q;
    call_quality_of(stats, true, &q);
    return q;
}

static void a_good_call_is_rated_as_good(void **state)
{
    (void)state;
    struct engine_leg_stats stats = good();
    struct rest_quality q = of(&stats);
    assert_string_equal(q.codec, "PCMA");
    assert_true(q.rated && q.talking && !q.wideband && !q.peer_known);
    near(q.loss_percent, 0, 0);
    near(q.jitter_ms, 1.5, 1e-9);
    near(q.playout_delay_ms, 12.345, 1e-9);
    near(q.round_trip_ms, 40, 1e-9);
    assert_true(q.mos > 4.3);
}

static void what_was_late_counts_as_lost(void **state)
{
    (void)state;
    struct engine_leg_stats clean = good(), stats = clean;
    stats.packets_in = 2900;
    stats.packets_lost = 100;
    stats.packets_late = 50;
    stats.loss_runs = 97; /* as random loss has it */
    stats.ticks_concealed = 90;
    struct rest_quality q = of(&stats);
    near(q.loss_percent, 5, 1e-9);
    near(q.concealed_percent, 3, 1e-9);
    near(of(&clean).rating - q.rating, 95 * 5 / 30.1, 1e-6);
}

static void losses_in_bursts_are_worse(void **state)
{
    (void)state;
    struct engine_leg_stats stats = good();
    stats.packets_in = 2700;
    stats.packets_lost = stats.loss_runs = 300;
    double random = of(&stats).mos;
    stats.loss_runs = 60;
    assert_true(of(&stats).mos < random - 0.02);
}

static void a_long_way_is_worse_than_a_short_one(void **state)
{
    (void)state;
    struct engine_leg_stats stats = good();
    stats.round_trip_us = 700000;
    assert_true(of(&stats).mos < 4);
}

static void the_way_back_is_what_the_peer_reports(void **state)
{
    (void)state;
    struct engine_leg_stats stats = good();
    stats.peer_reports = true;
    stats.peer_packets_lost = 300;
    stats.peer_jitter_us = 5000;
    struct rest_quality q = of(&stats);
    assert_true(q.peer_known && q.peer_packets_lost == 300);
    near(q.peer_loss_percent, 10, 1e-9);
    near(q.peer_jitter_ms, 5, 1e-9);
    assert_true(q.peer_mos < q.mos - 0.5);
}

static void wideband_is_rated_on_its_own_scale(void **state)
{
    (void)state;
    struct engine_leg_stats stats = good();
    stats.codec = codec_by_id(CODEC_G722);
    struct rest_quality q = of(&stats);
    assert_true(q.wideband && q.rate_hz == 16000);
    near(q.rating, 129 - 13, 0.01);
}

static void without_a_packet_nothing_is_rated(void **state)
{
    (void)state;
    struct engine_leg_stats stats = {.codec = codec_by_id(CODEC_OPUS)};
    assert_false(of(&stats).rated);
    memset(&stats, 0, sizeof stats);
    struct rest_quality q = of(&stats);
    assert_null(q.codec);
    assert_true(q.talking && !q.rated && q.round_trip_ms < 0 && q.level_dbfs <= -127);
}

static void an_opinion_counts_in_every_step_that_it_does_not_go_beyond(void **state)
{
    (void)state;
    struct call_mos m = {.count = 0};
    for (size_t step = 0; step < CALL_MOS_STEPS; step++)
        call_mos_count(&m, call_mos_step(step));
    for (size_t step = 0; step < CALL_MOS_STEPS; step++)
        assert_int_equal(m.up_to[step], step + 1);
    call_mos_count(&m, call_mos_step(CALL_MOS_STEPS - 1) + 0.01);
    assert_int_equal(m.up_to[CALL_MOS_STEPS - 1], CALL_MOS_STEPS);
    assert_int_equal(m.count, CALL_MOS_STEPS + 1);
    near(m.sum, 2.0 + 2.6 + 3.1 + 3.6 + 4.0 + 4.3 + 4.31, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_call_is_rated_as_good),
        cmocka_unit_test(what_was_late_counts_as_lost),
        cmocka_unit_test(losses_in_bursts_are_worse),
        cmocka_unit_test(a_long_way_is_worse_than_a_short_one),
        cmocka_unit_test(the_way_back_is_what_the_peer_reports),
        cmocka_unit_test(wideband_is_rated_on_its_own_scale),
        cmocka_unit_test(without_a_packet_nothing_is_rated),
        cmocka_unit_test(an_opinion_counts_in_every_step_that_it_does_not_go_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
