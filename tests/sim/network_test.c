/* What the simulated network does to packets is what it was told to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "network.h"

enum { PACKETS = 100000, PTIME_US = 20000 };

struct carried {
    uint32_t lost, bursts, twice, overtaken;
    int64_t latest_us, most_us; /* last arrival; longest way */
};

static struct carried carry(struct network *n)
{
    struct carried c = {0};
    struct rng rng;
    bool losing = false;
    rng_init(&rng, 7);
    for (int64_t i = 0; i < PACKETS; i++) {
        int64_t arrivals_us[NETWORK_COPIES_MAX], sent_us = i * PTIME_US;
        uint32_t copies = network_carry(n, &rng, sent_us, arrivals_us);
        c.lost += copies == 0;
        c.bursts += copies == 0 && !losing;
        losing = copies == 0;
        c.twice += copies == 2;
        if (copies == 0) continue;
        c.overtaken += arrivals_us[0] < c.latest_us;
        if (arrivals_us[0] > c.latest_us) c.latest_us = arrivals_us[0];
        if (arrivals_us[0] - sent_us > c.most_us) c.most_us = arrivals_us[0] - sent_us;
    }
    assert_int_equal(n->carried, PACKETS);
    assert_int_equal(n->lost, c.lost);
    return c;
}

static void a_clean_network_does_nothing(void **state)
{
    (void)state;
    struct network n = {0};
    struct carried c = carry(&n);
    assert_int_equal(c.lost + c.twice + c.overtaken, 0);
    assert_int_equal(c.most_us, 0);
}

static void packets_are_lost_one_by_one_or_in_a_row(void **state)
{
    (void)state;
    for (uint16_t burst = 1; burst <= 4; burst++) {
        struct network n = {.loss_permille = 100, .burst_packets = burst};
        struct carried c = carry(&n);
        assert_in_range(c.lost, PACKETS / 10 * 9 / 10, PACKETS / 10 * 11 / 10);
        double mean = (double)c.lost / c.bursts, expected = burst == 1 ? 1 / 0.9 : burst;
        assert_true(mean > 0.93 * expected && mean < 1.07 * expected);
    }
}

static void jitter_keeps_the_order_unless_packets_may_overtake(void **state)
{
    (void)state;
    struct network n = {.delay_us = 5000, .jitter_us = 300000};
    struct carried c = carry(&n);
    assert_int_equal(c.overtaken, 0);
    assert_in_range(c.most_us, 290000, 305000);
    struct network m = {.jitter_us = 300000, .may_overtake = true};
    assert_true(carry(&m).overtaken > PACKETS / 4);
}

static void packets_are_doubled_and_reordered_as_often_as_told(void **state)
{
    (void)state;
    struct network n = {.duplicate_permille = 50, .reorder_permille = 20, .reorder_us = 30000};
    struct carried c = carry(&n);
    assert_in_range(c.twice, 4500, 5500);
    assert_in_range(c.overtaken, 1500, 2500);
    assert_int_equal(c.most_us, 30000);
}

static void a_stalling_network_lets_packets_go_at_once(void **state)
{
    (void)state;
    struct network n = {.stall_us = 200000};
    struct carried c = carry(&n);
    assert_int_equal(c.most_us, 180000);
    assert_int_equal(c.latest_us % 200000, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_network_does_nothing),
        cmocka_unit_test(packets_are_lost_one_by_one_or_in_a_row),
        cmocka_unit_test(jitter_keeps_the_order_unless_packets_may_overtake),
        cmocka_unit_test(packets_are_doubled_and_reordered_as_often_as_told),
        cmocka_unit_test(a_stalling_network_lets_packets_go_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
