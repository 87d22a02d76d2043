#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/session_timer.h"

enum { S = 1000000 };

static const struct session_policy policy = {1800, 90};

static void requests_of_the_peer_are_answered_by_the_table(void **state)
{
    (void)state;
    static const struct {
        struct session_offer request;
        bool accepted;
        struct session_offer reply;
    } rows[] = {
        /* no timer at all; only the option; both halves of the table of RFC 4028 section 9 */
        {{false, 0, 0, 0}, true, {true, 0, 0, 0}},
        {{true, 0, 0, 0}, true, {true, 1800, SESSION_REFRESHER_UAS, 0}},
        {{true, 600, 0, 0}, true, {true, 600, SESSION_REFRESHER_UAS, 0}},
        {{true, 600, SESSION_REFRESHER_UAC, 0}, true, {true, 600, SESSION_REFRESHER_UAC, 0}},
        {{true, 600, SESSION_REFRESHER_UAS, 0}, true, {true, 600, SESSION_REFRESHER_UAS, 0}},
        /* a proxy asked, the caller cannot: then we refresh */
        {{false, 600, 0, 0}, true, {true, 600, SESSION_REFRESHER_UAS, 0}},
        {{false, 600, SESSION_REFRESHER_UAC, 0}, true, {true, 600, SESSION_REFRESHER_UAS, 0}},
        /* too small: refused, or raised where the caller could not understand that */
        {{true, 89, 0, 0}, false, {true, 0, 0, 90}},
        {{true, 90, 0, 0}, true, {true, 90, SESSION_REFRESHER_UAS, 0}},
        {{false, 30, 0, 0}, true, {true, 90, SESSION_REFRESHER_UAS, 0}},
        {{true, 30, 0, 120}, false, {true, 0, 0, 120}},
        /* too large is brought down, but never below the caller's Min-SE */
        {{true, 86400, 0, 0}, true, {true, 1800, SESSION_REFRESHER_UAS, 0}},
        {{true, 86400, 0, 3600}, true, {true, 3600, SESSION_REFRESHER_UAS, 0}},
        {{true, 0, 0, 3600}, true, {true, 3600, SESSION_REFRESHER_UAS, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session_offer reply;
        if (session_timer_answer(&policy, &rows[i].request, &reply) != rows[i].accepted) fail_msg("row %zu", i);
        if (reply.expires_s != rows[i].reply.expires_s || reply.refresher != rows[i].reply.refresher ||
            reply.min_s != rows[i].reply.min_s)
            fail_msg("row %zu: %u, refresher %d, min %u", i, reply.expires_s, (int)reply.refresher, reply.min_s);
    }
}

static void the_refresher_acts_at_half_time_and_gives_up_before_the_end(void **state)
{
    (void)state;
    struct session_timer t;
    session_timer_init(&t);
    assert_true(t.refresh_us == INT64_MAX && t.expiry_us == INT64_MAX);
    const struct session_offer ours = {true, 1800, SESSION_REFRESHER_UAS, 0};
    session_timer_answered(&t, &ours, 5 * (int64_t)S);
    assert_true(t.we_refresh);
    assert_true(t.refresh_us == (5 + 900) * (int64_t)S);
    assert_true(t.expiry_us == (5 + 1800 - 32) * (int64_t)S);
    const struct session_offer theirs = {true, 90, SESSION_REFRESHER_UAC, 0};
    session_timer_answered(&t, &theirs, 0);
    assert_false(t.we_refresh);
    assert_true(t.refresh_us == INT64_MAX);
    assert_true(t.expiry_us == (90 - 30) * (int64_t)S);
}

static void our_refresh_keeps_the_roles(void **state)
{
    (void)state;
    struct session_timer t;
    session_timer_init(&t);
    struct session_offer request, response = {true, 600, SESSION_REFRESHER_UAC, 0};
    session_timer_request(&t, &policy, &request);
    assert_int_equal(request.expires_s, 0);
    session_timer_confirmed(&t, &response, 0);
    session_timer_request(&t, &policy, &request);
    assert_int_equal(request.expires_s, 600);
    assert_int_equal(request.refresher, SESSION_REFRESHER_UAC);
    response.refresher = SESSION_REFRESHER_UAS;
    session_timer_confirmed(&t, &response, 0);
    assert_false(t.we_refresh);
    session_timer_request(&t, &policy, &request);
    assert_int_equal(request.refresher, SESSION_REFRESHER_UAS);
}

static void a_peer_that_drops_the_timer_leaves_the_refreshing_to_us(void **state)
{
    (void)state;
    struct session_timer t;
    session_timer_init(&t);
    const struct session_offer theirs = {true, 600, SESSION_REFRESHER_UAC, 0}, nothing = {0};
    session_timer_answered(&t, &theirs, 0);
    session_timer_confirmed(&t, &nothing, 0);
    assert_int_equal(t.interval_s, 600);
    assert_true(t.we_refresh);
    session_timer_refreshing(&t);
    assert_true(t.refresh_us == INT64_MAX);
    session_timer_postpone(&t, 7);
    assert_true(t.refresh_us == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_the_peer_are_answered_by_the_table),
        cmocka_unit_test(the_refresher_acts_at_half_time_and_gives_up_before_the_end),
        cmocka_unit_test(our_refresh_keeps_the_roles),
        cmocka_unit_test(a_peer_that_drops_the_timer_leaves_the_refreshing_to_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
