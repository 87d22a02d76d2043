#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>

#include "hook/gate.h"

enum { PLACES = 12, PER_HOST = 8, SENDERS = 200 };

struct sender {
    struct gate_pass pass;
    unsigned went; /* 0: it waits, else the how-manieth it was */
};

static struct gate *gate;
static struct sender senders[SENDERS];
static unsigned went;

static void go(void *arg)
{
    struct sender *s = arg;
    assert_int_equal(s->went, 0);
    s->went = ++went;
}

static int set_up(void **state)
{
    (void)state;
    went = 0;
    assert_int_equal(gate_create(&gate, PLACES, PER_HOST), STATUS_OK);
    for (size_t i = 0; i < SENDERS; i++) {
        gate_pass_init(&senders[i].pass, gate, go, &senders[i]);
        senders[i].went = 0;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < SENDERS; i++)
        gate_pass_clear(&senders[i].pass);
    gate_destroy(gate);
    return 0;
}

static bool is_in(size_t i)
{
    return senders[i].pass.inside;
}

static void ask(size_t i, const char *url)
{
    senders[i].went = 0;
    assert_int_equal(gate_ask(&senders[i].pass, url), STATUS_OK);
}

static void ask_many(size_t from, size_t to, const char *url)
{
    for (size_t i = from; i < to; i++)
        ask(i, url);
}

static size_t count_in(size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += is_in(i);
    return n;
}

static void prove(const char *url)
{
    ask(SENDERS - 1, url);
    assert_true(is_in(SENDERS - 1));
    gate_leave(&senders[SENDERS - 1].pass, GATE_ANSWERED);
}

/* The host stays known, as sender SENDERS - 2 refers to it. */
static void make_failing(const char *url)
{
    for (int i = 0; i < GATE_FAILING_AFTER; i++) {
        ask(SENDERS - 2, url);
        assert_true(is_in(SENDERS - 2));
        gate_leave(&senders[SENDERS - 2].pass, GATE_SILENT);
    }
}

static void a_new_host_has_half_its_places_and_all_once_it_has_answered(void **state)
{
    (void)state;
    ask_many(0, 20, "http://a/x");
    assert_int_equal(count_in(0, 20), PER_HOST / 2);
    gate_leave(&senders[0].pass, GATE_ANSWERED);
    assert_int_equal(count_in(0, 20), PER_HOST);
}

static void those_who_wait_for_a_host_go_in_order(void **state)
{
    (void)state;
    ask_many(0, 20, "http://a/x");
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(senders[i].went, i + 1);
        gate_leave(&senders[i].pass, GATE_ANSWERED);
    }
}

static void a_host_is_its_scheme_name_and_port_whatever_the_path_or_case(void **state)
{
    (void)state;
    prove("http://a.example:80/");
    ask_many(0, 4, "http://a.example:80/one?x");
    ask_many(4, 8, "HTTP://A.Example:80#two");
    ask(8, "http://a.example:80");
    assert_int_equal(count_in(0, 9), PER_HOST);
    ask(9, "https://a.example:80/");
    assert_true(is_in(9));
    ask(10, "http://a.example:81/");
    assert_true(is_in(10));
}

static void a_host_with_many_lanes_delays_another_by_one_request_at_most(void **state)
{
    (void)state;
    prove("http://a/");
    ask_many(0, 8, "http://a/");
    ask_many(8, 12, "http://b/"); /* all places are taken */
    ask_many(12, 100, "http://a/");
    ask(100, "http://c/");
    gate_leave(&senders[0].pass, GATE_ANSWERED);
    gate_leave(&senders[1].pass, GATE_ANSWERED);
    assert_true(is_in(100));
}

static void dead_hosts_leave_places_for_the_living(void **state)
{
    (void)state;
    make_failing("http://dead/");
    ask_many(0, 50, "http://dead/");
    assert_int_equal(count_in(0, 50), GATE_FAILING_PLACES);
    for (size_t host = 0; host < 10; host++) {
        char url[32];
        snprintf(url, sizeof url, "http://dead%zu/", host);
        for (size_t i = 0; i < GATE_FAILING_AFTER; i++) {
            ask(50 + host, url);
            if (is_in(50 + host)) gate_leave(&senders[50 + host].pass, GATE_SILENT);
        }
        ask(50 + host, url);
    }
    assert_int_equal(count_in(0, 60), PLACES / 3); /* and no more, however many are dead */
    ask_many(60, 64, "http://alive/");
    assert_int_equal(count_in(60, 64), 4);
}

static void a_host_that_answers_again_has_its_places_back(void **state)
{
    (void)state;
    make_failing("http://a/");
    ask_many(0, 20, "http://a/");
    assert_int_equal(count_in(0, 20), GATE_FAILING_PLACES);
    gate_leave(&senders[0].pass, GATE_SILENT);
    assert_int_equal(count_in(0, 20), GATE_FAILING_PLACES);
    gate_leave(&senders[1].pass, GATE_ANSWERED);
    assert_int_equal(count_in(0, 20), PER_HOST);
}

static void what_says_nothing_of_the_host_changes_nothing(void **state)
{
    (void)state;
    prove("http://a/");
    for (int i = 0; i < 3 * GATE_FAILING_AFTER; i++) {
        ask(SENDERS - 1, "http://a/");
        gate_leave(&senders[SENDERS - 1].pass, GATE_UNUSED);
    }
    ask_many(0, 20, "http://a/");
    assert_int_equal(count_in(0, 20), PER_HOST);
}

static void one_who_asks_elsewhere_gives_up_its_turn(void **state)
{
    (void)state;
    ask_many(0, 6, "http://a/");
    assert_false(is_in(4));
    ask(4, "http://b/");
    assert_true(is_in(4));
    ask(5, "http://a/other"); /* and keeps it where the host is the same */
    ask(6, "http://a/");
    gate_leave(&senders[0].pass, GATE_UNUSED);
    assert_true(is_in(5));
    assert_false(is_in(6));
}

static void one_who_goes_gives_back_place_and_turn(void **state)
{
    (void)state;
    ask_many(0, 6, "http://a/");
    gate_pass_clear(&senders[4].pass);
    gate_pass_clear(&senders[0].pass);
    assert_int_equal(senders[4].went, 0);
    assert_true(is_in(5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_host_has_half_its_places_and_all_once_it_has_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_who_wait_for_a_host_go_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_host_is_its_scheme_name_and_port_whatever_the_path_or_case, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_host_with_many_lanes_delays_another_by_one_request_at_most, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(dead_hosts_leave_places_for_the_living, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_host_that_answers_again_has_its_places_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_says_nothing_of_the_host_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_who_asks_elsewhere_gives_up_its_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_who_goes_gives_back_place_and_turn, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
