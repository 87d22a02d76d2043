#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/dialog.h"

enum { S = 1000000, LOG_SIZE = 2048 };

/** A dialog with its clock, and the last effects as words. */
struct bench {
    struct dialog dialog;
    struct rng rng;
    int64_t now_us;
    struct dialog_effects effects;
    char log[LOG_SIZE];
};

static void put(struct bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct bench *b, const char *format, ...)
{
    size_t len = strlen(b->log);
    va_list args;
    va_start(args, format);
    vsnprintf(b->log + len, sizeof b->log - len, format, args);
    va_end(args);
}

static const char *method_name(enum dialog_method method)
{
    return method == DIALOG_METHOD_INVITE ? "INVITE" : method == DIALOG_METHOD_UPDATE ? "UPDATE" : "BYE";
}

static void put_effect(struct bench *b, const struct dialog_effect *e)
{
    switch (e->type) {
    case DIALOG_TELL:
        put(b, "tell:%s", signal_type_name(e->tell));
        if (e->transaction) put(b, "#%u", e->transaction);
        if (e->code) put(b, ":%u", e->code);
        break;
    case DIALOG_RESPOND:
        put(b, "respond:%u:%u", e->transaction, e->code);
        if (e->reliable) put(b, ":reliable");
        if (e->retry_after_s >= 0) put(b, ":retry-after");
        if (e->after_ack) put(b, ":later");
        break;
    case DIALOG_REQUEST: put(b, "request:%s", method_name(e->method)); break;
    case DIALOG_SEND_ACK: put(b, "ACK"); break;
    case DIALOG_LOCATE: put(b, "locate"); break;
    case DIALOG_SEND_PRACK: put(b, "PRACK"); break;
    case DIALOG_SEND_CANCEL: put(b, "CANCEL"); break;
    case DIALOG_RECORD: return; /* accompanies most; looked at on its own where it matters */
    case DIALOG_END: put(b, "end"); break;
    }
    put(b, e->sdp ? "(%s) " : " ", e->sdp);
}

static void log_effects(struct bench *b)
{
    b->log[0] = '\0';
    for (unsigned i = 0; i < b->effects.count; i++)
        put_effect(b, &b->effects.at[i]);
    size_t len = strlen(b->log);
    if (len > 0) b->log[len - 1] = '\0';
}

static void apply(struct bench *b, struct dialog_event event)
{
    dialog_apply(&b->dialog, &event, b->now_us, &b->effects);
    log_effects(b);
}

static void expire(struct bench *b)
{
    dialog_expire(&b->dialog, b->now_us, &b->effects);
    log_effects(b);
}

#define DO(b, expected, ...)                                                                                           \
    do {                                                                                                               \
        apply((b), (struct dialog_event){__VA_ARGS__});                                                                \
        assert_string_equal((b)->log, expected);                                                                       \
    } while (0)

static void open_bench(struct bench *b)
{
    static const struct session_policy policy = {1800, 90};
    memset(b, 0, sizeof *b);
    rng_init(&b->rng, 1);
    b->now_us = 1000 * (int64_t)S;
    dialog_init(&b->dialog, &policy, &b->rng);
}

static void close_bench(struct bench *b)
{
    dialog_clear(&b->dialog);
}

/** A call that is up: the peer offered o, we answered a. */
static void open_call(struct bench *b)
{
    open_bench(b);
    DO(b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o", .allows_update = true);
    DO(b, "respond:0:200(a)", .type = DIALOG_SEND_ANSWER, .sdp = "a");
    DO(b, "tell:ack", .type = DIALOG_PEER_ACK);
    assert_int_equal(b->dialog.state, DIALOG_CONFIRMED);
}

static void the_peer_hangs_up_and_is_answered_once_parleyd_knows(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "tell:bye respond:1:200:later end", .type = DIALOG_PEER_BYE, .transaction = 1);
    DO(&b, "respond:2:481", .type = DIALOG_PEER_BYE, .transaction = 2);
    DO(&b, "", .type = DIALOG_SEND_HANGUP);
    close_bench(&b);
}

static void parleyd_hangs_up(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "request:BYE", .type = DIALOG_SEND_HANGUP, .reason = "over");
    assert_string_equal(b.effects.at[0].reason, "over");
    DO(&b, "respond:1:481", .type = DIALOG_PEER_INFO, .transaction = 1);
    DO(&b, "respond:2:200", .type = DIALOG_PEER_BYE, .transaction = 2); /* they crossed */
    DO(&b, "tell:ended:200 end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 200);
    close_bench(&b);
}

static void a_bye_waits_for_the_ack(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o");
    DO(&b, "respond:0:200(a)", .type = DIALOG_SEND_ANSWER, .sdp = "a");
    DO(&b, "", .type = DIALOG_SEND_HANGUP);
    DO(&b, "tell:ack request:BYE", .type = DIALOG_PEER_ACK);
    close_bench(&b);
}

static void no_ack_ends_the_call(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o");
    DO(&b, "respond:0:200(a)", .type = DIALOG_SEND_ANSWER, .sdp = "a");
    DO(&b, "tell:ended:408 request:BYE", .type = DIALOG_PEER_NO_ACK);
    DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 481);
    close_bench(&b);
}

static void a_call_ends_before_it_is_answered(void **state)
{
    (void)state;
    static const struct {
        struct dialog_event event;
        const char *expected;
    } rows[] = {
        {{.type = DIALOG_PEER_CANCEL}, "tell:cancel respond:0:487:later end"},
        {{.type = DIALOG_PEER_BYE, .transaction = 1}, "tell:bye respond:1:200:later respond:0:487:later end"},
        {{.type = DIALOG_SEND_REJECT, .code = 486}, "respond:0:486 end"},
        {{.type = DIALOG_SEND_REJECT, .code = 200}, "respond:0:500 end"}, /* no final refusal: parleyd's mistake */
        {{.type = DIALOG_SEND_HANGUP}, "respond:0:480 tell:ended:480 end"},
        {{.type = DIALOG_SEND_HANGUP, .code = 503}, "respond:0:503 tell:ended:503 end"},
        {{.type = DIALOG_PEER_NO_PRACK}, "tell:ended:504 respond:0:504 end"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        open_bench(&b);
        DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o");
        apply(&b, rows[i].event);
        assert_string_equal(b.log, rows[i].expected);
        DO(&b, "", .type = DIALOG_SEND_ANSWER, .sdp = "too late");
        DO(&b, "", .type = DIALOG_SEND_PROGRESS, .code = 180);
        DO(&b, "", .type = DIALOG_PEER_CANCEL);
        close_bench(&b);
    }
}

static void a_late_offer_is_answered_by_the_ack(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite", .type = DIALOG_PEER_INVITE);
    DO(&b, "respond:0:183", .type = DIALOG_SEND_PROGRESS, .code = 183, .sdp = "never unreliably");
    DO(&b, "respond:0:200(o)", .type = DIALOG_SEND_ANSWER, .sdp = "o");
    DO(&b, "respond:1:491", .type = DIALOG_PEER_REINVITE, .transaction = 1, .sdp = "x");
    DO(&b, "tell:ack(a)", .type = DIALOG_PEER_ACK, .sdp = "a");
    assert_string_equal(b.dialog.remote_sdp, "a");
    assert_string_equal(b.dialog.local_sdp, "o");
    close_bench(&b);
}

static void reliable_responses_answer_only_who_can(void **state)
{
    (void)state;
    static const struct {
        bool supports, requires, asked;
        const char *expected;
    } rows[] = {
        {false, false, false, "respond:0:183(a)"},        {false, false, true, "respond:0:183(a)"},
        {true, false, false, "respond:0:183(a)"},         {true, false, true, "respond:0:183:reliable(a)"},
        {true, true, false, "respond:0:183:reliable(a)"}, {false, true, false, "respond:0:183:reliable(a)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        open_bench(&b);
        DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o", .supports_100rel = rows[i].supports,
           .requires_100rel = rows[i].requires);
        DO(&b, rows[i].expected, .type = DIALOG_SEND_PROGRESS, .code = 183, .sdp = "a", .reliable = rows[i].asked);
        close_bench(&b);
    }
}

static void what_was_answered_reliably_is_not_answered_again(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o", .supports_100rel = true);
    DO(&b, "respond:0:183:reliable(a)", .type = DIALOG_SEND_PROGRESS, .code = 183, .sdp = "a", .reliable = true);
    assert_int_equal(dialog_prack_code(&b.dialog, true), 488); /* an offer in a PRACK */
    assert_int_equal(dialog_prack_code(&b.dialog, false), 200);
    DO(&b, "tell:prack", .type = DIALOG_PEER_PRACK);
    DO(&b, "respond:0:180:reliable", .type = DIALOG_SEND_PROGRESS, .code = 180, .sdp = "a", .reliable = true);
    DO(&b, "respond:0:200", .type = DIALOG_SEND_ANSWER, .sdp = "a");
    close_bench(&b);
}

static void a_late_offer_can_be_answered_by_a_prack(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite", .type = DIALOG_PEER_INVITE, .requires_100rel = true);
    DO(&b, "respond:0:183:reliable(o)", .type = DIALOG_SEND_PROGRESS, .code = 183, .sdp = "o");
    DO(&b, "respond:1:491", .type = DIALOG_PEER_UPDATE, .transaction = 1, .sdp = "x");
    assert_int_equal(dialog_prack_code(&b.dialog, true), 200);
    DO(&b, "tell:prack(a)", .type = DIALOG_PEER_PRACK, .sdp = "a");
    DO(&b, "tell:update#2(n)", .type = DIALOG_PEER_UPDATE, .transaction = 2, .sdp = "n");
    DO(&b, "respond:2:200(m)", .type = DIALOG_SEND_ACCEPT, .transaction = 2, .sdp = "m");
    DO(&b, "respond:0:200", .type = DIALOG_SEND_ANSWER, .sdp = "m");
    DO(&b, "tell:ack", .type = DIALOG_PEER_ACK);
    close_bench(&b);
}

static void a_prack_after_the_answer_still_counts(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite", .type = DIALOG_PEER_INVITE, .requires_100rel = true);
    DO(&b, "respond:0:183:reliable(o)", .type = DIALOG_SEND_PROGRESS, .code = 183, .sdp = "o");
    DO(&b, "respond:0:200", .type = DIALOG_SEND_ANSWER, .sdp = "o");
    DO(&b, "tell:prack(a)", .type = DIALOG_PEER_PRACK, .sdp = "a");
    DO(&b, "tell:ack", .type = DIALOG_PEER_ACK);
    close_bench(&b);
    open_bench(&b);
    DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o", .requires_100rel = true);
    DO(&b, "respond:0:183:reliable(a)", .type = DIALOG_SEND_PROGRESS, .code = 183, .sdp = "a");
    DO(&b, "respond:0:200", .type = DIALOG_SEND_ANSWER, .sdp = "a");
    DO(&b, "tell:ended:504 respond:0:504 end", .type = DIALOG_PEER_NO_PRACK);
    close_bench(&b);
}

static void the_peer_modifies_and_is_accepted_or_refused(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "tell:reinvite#1(n)", .type = DIALOG_PEER_REINVITE, .transaction = 1, .sdp = "n");
    DO(&b, "", .type = DIALOG_SEND_ACCEPT, .transaction = 9, .sdp = "of no transaction");
    DO(&b, "respond:1:200(m)", .type = DIALOG_SEND_ACCEPT, .transaction = 1, .sdp = "m");
    DO(&b, "", .type = DIALOG_SEND_ACCEPT, .transaction = 1, .sdp = "twice");
    DO(&b, "", .type = DIALOG_PEER_ACK, .transaction = 1);
    DO(&b, "tell:reinvite#2", .type = DIALOG_PEER_REINVITE, .transaction = 2);
    DO(&b, "respond:2:200(p)", .type = DIALOG_SEND_ACCEPT, .transaction = 2, .sdp = "p");
    DO(&b, "tell:ack(q)", .type = DIALOG_PEER_ACK, .transaction = 2, .sdp = "q");
    DO(&b, "tell:update#3", .type = DIALOG_PEER_UPDATE, .transaction = 3);
    DO(&b, "respond:3:200", .type = DIALOG_SEND_ACCEPT, .transaction = 3, .sdp = "not asked for");
    DO(&b, "tell:reinvite#4(r)", .type = DIALOG_PEER_REINVITE, .transaction = 4, .sdp = "r");
    DO(&b, "respond:4:488", .type = DIALOG_SEND_REFUSE, .transaction = 4, .code = 488);
    DO(&b, "tell:reinvite#5(s)", .type = DIALOG_PEER_REINVITE, .transaction = 5, .sdp = "s");
    DO(&b, "respond:5:487", .type = DIALOG_PEER_CANCEL, .transaction = 5);
    close_bench(&b);
}

static void requests_that_overlap_are_refused_for_now(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "tell:reinvite#1(n)", .type = DIALOG_PEER_REINVITE, .transaction = 1, .sdp = "n");
    for (uint32_t i = 2; i < 40; i++) {
        apply(&b, (struct dialog_event){.type = DIALOG_PEER_REINVITE, .transaction = i, .sdp = "x"});
        assert_int_equal(b.effects.at[0].code, 500);
        assert_in_range(b.effects.at[0].retry_after_s, 0, 10);
    }
    DO(&b, "respond:50:500:retry-after", .type = DIALOG_PEER_UPDATE, .transaction = 50, .sdp = "x");
    DO(&b, "tell:update#51", .type = DIALOG_PEER_UPDATE, .transaction = 51); /* no offer, no clash */
    DO(&b, "respond:52:500:retry-after", .type = DIALOG_PEER_UPDATE, .transaction = 52);
    DO(&b, "tell:response#7:491", .type = DIALOG_SEND_MODIFY, .transaction = 7, .sdp = "ours");
    DO(&b, "tell:bye respond:60:200:later respond:1:487:later respond:51:487:later end", .type = DIALOG_PEER_BYE,
       .transaction = 60);
    close_bench(&b);
}

static void we_modify(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "request:INVITE(n)", .type = DIALOG_SEND_MODIFY, .transaction = 7, .sdp = "n");
    DO(&b, "tell:response#8:491", .type = DIALOG_SEND_MODIFY, .transaction = 8, .sdp = "too early");
    DO(&b, "respond:1:491", .type = DIALOG_PEER_REINVITE, .transaction = 1, .sdp = "x");
    DO(&b, "respond:2:491", .type = DIALOG_PEER_UPDATE, .transaction = 2, .sdp = "x");
    DO(&b, "ACK tell:response#7:200(m)", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 200,
       .sdp = "m");
    assert_string_equal(b.dialog.local_sdp, "n");
    assert_string_equal(b.dialog.remote_sdp, "m");
    DO(&b, "request:INVITE(p)", .type = DIALOG_SEND_MODIFY, .transaction = 9, .sdp = "p");
    DO(&b, "tell:response#9:488", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 488);
    assert_string_equal(b.dialog.local_sdp, "n");
    close_bench(&b);
}

static void glare_is_waited_out_by_the_rule_of_who_called(void **state)
{
    (void)state;
    for (int we_called = 0; we_called < 2; we_called++) {
        for (int i = 0; i < 200; i++) {
            struct bench b;
            open_call(&b);
            b.dialog.we_called = we_called;
            rng_init(&b.rng, (uint64_t)i);
            DO(&b, "request:INVITE(n)", .type = DIALOG_SEND_MODIFY, .transaction = 7, .sdp = "n");
            DO(&b, "", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 491);
            int64_t wait_us = dialog_deadline(&b.dialog) - b.now_us;
            assert_in_range(wait_us, we_called ? 2100000 : 0, we_called ? 4000000 : 2000000);
            assert_int_equal(wait_us % 10000, 0);
            b.now_us += wait_us;
            expire(&b);
            assert_string_equal(b.log, "request:INVITE(n)");
            close_bench(&b);
        }
    }
}

static void a_change_of_the_peer_makes_our_waiting_offer_stale(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "request:INVITE(n)", .type = DIALOG_SEND_MODIFY, .transaction = 7, .sdp = "n");
    DO(&b, "", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 491);
    DO(&b, "tell:reinvite#1(x)", .type = DIALOG_PEER_REINVITE, .transaction = 1, .sdp = "x");
    DO(&b, "respond:1:200(y) tell:response#7:491", .type = DIALOG_SEND_ACCEPT, .transaction = 1, .sdp = "y");
    b.now_us += 10 * (int64_t)S;
    expire(&b);
    assert_string_equal(b.log, "");
    close_bench(&b);
}

static void a_peer_that_lost_the_call_ends_it(void **state)
{
    (void)state;
    for (uint32_t code = 408; code <= 481; code += 481 - 408) {
        struct bench b;
        char expected[100];
        open_call(&b);
        DO(&b, "request:INVITE(n)", .type = DIALOG_SEND_MODIFY, .transaction = 7, .sdp = "n");
        snprintf(expected, sizeof expected, "tell:response#7:%u tell:ended:%u request:BYE", code, code);
        DO(&b, expected, .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = code);
        DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 408);
        close_bench(&b);
    }
}

static void an_invite_that_ends_after_the_bye_is_still_acked(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "request:INVITE(n)", .type = DIALOG_SEND_MODIFY, .transaction = 7, .sdp = "n");
    DO(&b, "request:BYE", .type = DIALOG_SEND_HANGUP);
    DO(&b, "ACK", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 200, .sdp = "m");
    DO(&b, "tell:ended:200 end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 200);
    close_bench(&b);
}

/** A call whose session timer we keep: 100 s, refreshed at 50, given up at 100 - 32. */
static void open_timed_call(struct bench *b, bool update)
{
    open_bench(b);
    DO(b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o", .allows_update = update,
       .session = {true, 100, SESSION_REFRESHER_UAS, 0});
    DO(b, "respond:0:200(a)", .type = DIALOG_SEND_ANSWER, .sdp = "a");
    assert_int_equal(b->effects.at[0].session.expires_s, 100);
    DO(b, "tell:ack", .type = DIALOG_PEER_ACK);
}

static const struct session_offer agreed = {true, 100, SESSION_REFRESHER_UAC, 0};

static void we_refresh_by_update_or_else_by_reinvite(void **state)
{
    (void)state;
    for (int update = 0; update < 2; update++) {
        struct bench b;
        open_timed_call(&b, update);
        for (int i = 0; i < 3; i++) {
            assert_true(dialog_deadline(&b.dialog) == b.now_us + 50 * (int64_t)S);
            b.now_us += 50 * (int64_t)S;
            expire(&b);
            assert_string_equal(b.log, update ? "request:UPDATE" : "request:INVITE(a)");
            assert_int_equal(b.effects.at[0].session.refresher, SESSION_REFRESHER_UAC);
            DO(&b, update ? "" : "ACK", .type = DIALOG_PEER_RESPONSE,
               .method = update ? DIALOG_METHOD_UPDATE : DIALOG_METHOD_INVITE, .code = 200, .sdp = update ? NULL : "o",
               .session = agreed);
        }
        close_bench(&b);
    }
}

static void an_update_that_is_not_allowed_is_done_by_reinvite(void **state)
{
    (void)state;
    struct bench b;
    open_timed_call(&b, true);
    b.now_us += 50 * (int64_t)S;
    expire(&b);
    assert_string_equal(b.log, "request:UPDATE");
    DO(&b, "request:INVITE(a)", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_UPDATE, .code = 405);
    close_bench(&b);
}

static void a_refresh_that_is_too_short_is_asked_again_with_more(void **state)
{
    (void)state;
    struct bench b;
    open_timed_call(&b, true);
    b.now_us += 50 * (int64_t)S;
    expire(&b);
    DO(&b, "request:UPDATE", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_UPDATE, .code = 422,
       .session = {.min_s = 300});
    assert_int_equal(b.effects.at[0].session.expires_s, 300);
    close_bench(&b);
}

static void a_session_that_nobody_refreshes_expires(void **state)
{
    (void)state;
    struct bench b;
    open_timed_call(&b, true);
    b.now_us += 50 * (int64_t)S;
    expire(&b);
    b.now_us += 17 * (int64_t)S;
    expire(&b);
    assert_string_equal(b.log, "");
    b.now_us += 1 * (int64_t)S;
    expire(&b);
    assert_string_equal(b.log, "tell:ended:408 request:BYE");
    DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 200);
    assert_true(dialog_deadline(&b.dialog) == INT64_MAX);
    close_bench(&b);
}

static void a_refresh_of_the_peer_starts_the_session_anew(void **state)
{
    (void)state;
    struct bench b;
    open_timed_call(&b, true);
    b.now_us += 40 * (int64_t)S;
    DO(&b, "tell:update#1", .type = DIALOG_PEER_UPDATE, .transaction = 1,
       .session = {true, 200, SESSION_REFRESHER_UAC, 0});
    DO(&b, "respond:1:200", .type = DIALOG_SEND_ACCEPT, .transaction = 1);
    assert_true(dialog_deadline(&b.dialog) == b.now_us + (200 - 32) * (int64_t)S);
    DO(&b, "respond:2:422", .type = DIALOG_PEER_UPDATE, .transaction = 2, .session = {true, 10, 0, 0});
    close_bench(&b);
}

static void a_call_with_too_short_a_session_is_not_even_told(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "respond:0:422 end", .type = DIALOG_PEER_INVITE, .sdp = "o", .session = {true, 10, 0, 0});
    assert_int_equal(b.effects.at[0].session.min_s, 90);
    close_bench(&b);
}

static void info_is_told_and_answered(void **state)
{
    (void)state;
    struct bench b;
    open_call(&b);
    DO(&b, "tell:info respond:1:200:later", .type = DIALOG_PEER_INFO, .transaction = 1, .body = "Signal=5");
    close_bench(&b);
}

static void an_answer_of_parleyd_that_lacks_its_sdp_fails_the_call(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "tell:invite(o)", .type = DIALOG_PEER_INVITE, .sdp = "o");
    DO(&b, "tell:ended:500 respond:0:500 end", .type = DIALOG_SEND_ANSWER, .code = 200);
    close_bench(&b);
}

/** A call of ours that is on its way: we offered o. */
static void open_dial(struct bench *b)
{
    open_bench(b);
    DO(b, "request:INVITE(o)", .type = DIALOG_SEND_DIAL, .sdp = "o", .timeout_s = 20);
    assert_int_equal(b->effects.at[0].session.expires_s, 1800);
    assert_true(dialog_deadline(&b->dialog) == b->now_us + 20 * (int64_t)S);
}

#define ANSWERED .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 200

static void a_call_of_ours_rings_is_answered_and_hung_up(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "tell:progress:180", .type = DIALOG_PEER_PROGRESS, .code = 180);
    DO(&b, "ACK tell:answer:200(a)", ANSWERED, .sdp = "a", .allows_update = true);
    assert_int_equal(b.dialog.state, DIALOG_CONFIRMED);
    assert_true(b.dialog.we_called && b.dialog.peer_allows_update);
    assert_true(dialog_deadline(&b.dialog) == INT64_MAX);
    DO(&b, "request:BYE", .type = DIALOG_SEND_HANGUP);
    DO(&b, "tell:ended:200 end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 200);
    close_bench(&b);
}

static void the_offer_may_follow_when_the_way_is_known(void **state)
{
    (void)state;
    struct bench b;
    open_bench(&b);
    DO(&b, "locate", .type = DIALOG_SEND_DIAL);
    DO(&b, "request:INVITE(o)", .type = DIALOG_SEND_OFFER, .sdp = "o");
    DO(&b, "", .type = DIALOG_SEND_OFFER, .sdp = "p");
    DO(&b, "ACK tell:answer:200(a)", ANSWERED, .sdp = "a");
    DO(&b, "", .type = DIALOG_SEND_OFFER, .sdp = "p");
    close_bench(&b);
}

static void an_early_answer_is_told_once_and_again_only_where_it_changes(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "tell:progress:183(a)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "a");
    DO(&b, "tell:progress:183", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "a");
    DO(&b, "tell:progress:183(b)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "b");
    DO(&b, "ACK tell:answer:200(b)", ANSWERED);
    close_bench(&b);
}

static void a_reliable_answer_stands_whatever_comes_later(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "PRACK tell:progress:183(a)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "a", .reliable = true);
    DO(&b, "PRACK tell:progress:180", .type = DIALOG_PEER_PROGRESS, .code = 180, .reliable = true);
    DO(&b, "tell:progress:183", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "x");
    DO(&b, "ACK tell:answer:200(a)", ANSWERED, .sdp = "x");
    close_bench(&b);
}

static void an_early_session_of_ours_is_updated_by_the_peer(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "respond:1:491", .type = DIALOG_PEER_UPDATE, .transaction = 1, .sdp = "u"); /* ours is not answered */
    DO(&b, "PRACK tell:progress:183(a)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "a", .reliable = true);
    DO(&b, "tell:update#2(u)", .type = DIALOG_PEER_UPDATE, .transaction = 2, .sdp = "u");
    DO(&b, "respond:2:200(w)", .type = DIALOG_SEND_ACCEPT, .transaction = 2, .sdp = "w");
    DO(&b, "respond:3:500:retry-after", .type = DIALOG_PEER_REINVITE, .transaction = 3, .sdp = "i");
    DO(&b, "ACK tell:answer:200", ANSWERED, .sdp = "a"); /* parleyd has u, an offer: it answers nothing of ours */
    assert_string_equal(b.dialog.remote_sdp, "u");
    close_bench(&b);
}

/** A call of ours with an early session: a answers reliably, and so does b in another fork. */
static void open_early_forks(struct bench *b)
{
    open_dial(b);
    DO(b, "PRACK tell:progress:183(a)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "a", .reliable = true);
    DO(b, "PRACK tell:progress:183(b)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "b", .reliable = true,
       .fork = 1);
}

static void an_update_that_parleyd_has_not_answered_is_newer_than_the_answer_too(void **state)
{
    (void)state;
    struct bench b;
    open_early_forks(&b);
    DO(&b, "tell:update#1(u)", .type = DIALOG_PEER_UPDATE, .transaction = 1, .sdp = "u");
    DO(&b, "ACK tell:answer:200", ANSWERED);
    assert_string_equal(b.dialog.remote_sdp, "u");
    DO(&b, "respond:1:200(w)", .type = DIALOG_SEND_ACCEPT, .transaction = 1, .sdp = "w");
    close_bench(&b);
}

static void an_update_that_changes_nothing_leaves_the_answer(void **state)
{
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        struct bench b;
        open_early_forks(&b);
        if (refused) {
            DO(&b, "tell:update#1(u)", .type = DIALOG_PEER_UPDATE, .transaction = 1, .sdp = "u");
            DO(&b, "respond:1:488", .type = DIALOG_SEND_REFUSE, .transaction = 1, .code = 488);
        } else {
            DO(&b, "tell:update#1", .type = DIALOG_PEER_UPDATE, .transaction = 1);
            DO(&b, "respond:1:200", .type = DIALOG_SEND_ACCEPT, .transaction = 1);
        }
        DO(&b, "ACK tell:answer:200(a)", ANSWERED);
        assert_string_equal(b.dialog.remote_sdp, "a");
        close_bench(&b);
    }
}

static void an_update_of_one_fork_is_none_of_another(void **state)
{
    (void)state;
    for (uint32_t answering = 0; answering < 3; answering++) {
        struct bench b;
        open_early_forks(&b);
        DO(&b, "tell:update#1(u)", .type = DIALOG_PEER_UPDATE, .transaction = 1, .sdp = "u", .fork = 1);
        DO(&b, "respond:1:200(w)", .type = DIALOG_SEND_ACCEPT, .transaction = 1, .sdp = "w");
        DO(&b, "tell:progress:183", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "c", .fork = 2);
        DO(&b, "respond:2:500:retry-after", .type = DIALOG_PEER_UPDATE, .transaction = 2, .sdp = "v");
        DO(&b, "respond:3:491", .type = DIALOG_PEER_UPDATE, .transaction = 3, .sdp = "v", .fork = 2);
        DO(&b, "tell:update#4", .type = DIALOG_PEER_UPDATE, .transaction = 4, .fork = 2);
        static const char *const expected[] = {"ACK tell:answer:200(a)", "ACK tell:answer:200",
                                               "ACK tell:answer:200(c)"};
        DO(&b, expected[answering], ANSWERED, .fork = answering);
        static const char *const kept[] = {"a", "u", "c"};
        assert_string_equal(b.dialog.remote_sdp, kept[answering]);
        close_bench(&b);
    }
}

static void a_fork_without_an_answer_is_not_taken_for_one_that_was_updated(void **state)
{
    (void)state;
    struct bench b;
    open_early_forks(&b);
    DO(&b, "tell:update#1(u)", .type = DIALOG_PEER_UPDATE, .transaction = 1, .sdp = "u");
    DO(&b, "respond:1:200(w)", .type = DIALOG_SEND_ACCEPT, .transaction = 1, .sdp = "w");
    DO(&b, "ACK tell:ended:488 request:BYE", ANSWERED, .fork = 2);
    close_bench(&b);
}

static void the_fork_that_answers_first_decides(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "tell:progress:183(a)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "a", .fork = 0);
    DO(&b, "tell:progress:183(b)", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "b", .fork = 1);
    DO(&b, "tell:progress:180", .type = DIALOG_PEER_PROGRESS, .code = 180, .fork = 2);
    DO(&b, "ACK tell:answer:200(a)", ANSWERED, .fork = 0);
    DO(&b, "", .type = DIALOG_PEER_PROGRESS, .code = 183, .sdp = "c", .fork = 1);
    close_bench(&b);
}

static void a_failure_is_told_with_its_code(void **state)
{
    (void)state;
    static const uint32_t codes[] = {302, 404, 408, 480, 486, 487, 503, 600, 603};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct bench b;
        char expected[64];
        open_dial(&b);
        snprintf(expected, sizeof expected, "tell:ended:%u end", codes[i]);
        DO(&b, expected, .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = codes[i]);
        DO(&b, "", .type = DIALOG_SEND_HANGUP);
        close_bench(&b);
    }
}

static void no_answer_in_time_is_cancelled(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    b.now_us = dialog_deadline(&b.dialog);
    expire(&b);
    assert_string_equal(b.log, "tell:ended:408 CANCEL");
    assert_true(dialog_deadline(&b.dialog) == INT64_MAX);
    DO(&b, "", .type = DIALOG_PEER_PROGRESS, .code = 180);
    DO(&b, "PRACK", .type = DIALOG_PEER_PROGRESS, .code = 180, .reliable = true);
    DO(&b, "", .type = DIALOG_SEND_HANGUP);
    DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 487);
    close_bench(&b);
}

static void a_200_that_crosses_our_cancel_is_acked_and_hung_up(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "tell:ended:487 CANCEL", .type = DIALOG_SEND_HANGUP, .reason = "enough");
    DO(&b, "ACK request:BYE", ANSWERED, .sdp = "a");
    assert_string_equal(b.effects.at[1].reason, "enough");
    DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 200);
    close_bench(&b);
}

static void a_bye_that_overtakes_the_answer_ends_the_call(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "tell:bye respond:1:200:later CANCEL", .type = DIALOG_PEER_BYE, .transaction = 1);
    DO(&b, "ACK request:BYE", ANSWERED, .sdp = "a");
    DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 481);
    close_bench(&b);
}

static void an_answer_without_sdp_is_none(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "ACK tell:ended:488 request:BYE", ANSWERED);
    DO(&b, "end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_BYE, .code = 200);
    close_bench(&b);
}

static void a_session_that_is_too_short_for_the_callee_is_offered_again(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "request:INVITE(o)", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 422,
       .session = {.min_s = 3600});
    assert_int_equal(b.effects.at[0].session.expires_s, 3600);
    DO(&b, "tell:ended:422 end", .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = 422,
       .session = {.min_s = 3600});
    close_bench(&b);
}

static void the_timer_of_a_call_of_ours_runs_as_the_callee_says(void **state)
{
    (void)state;
    struct bench b;
    open_dial(&b);
    DO(&b, "ACK tell:answer:200(a)", ANSWERED, .sdp = "a", .session = {true, 200, SESSION_REFRESHER_UAC, 0});
    assert_true(dialog_deadline(&b.dialog) == b.now_us + 100 * (int64_t)S);
    b.now_us += 100 * (int64_t)S;
    expire(&b);
    assert_string_equal(b.log, "request:INVITE(o)");
    close_bench(&b);
}

/** No order of events breaks a promise of ours: every request is answered once, and nothing follows the end. */
static void any_order_of_events_is_survived(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "x", "y"};
    static const uint32_t codes[] = {180, 183, 200, 405, 408, 422, 481, 488, 491, 500, 603};
    struct rng rng;
    rng_init(&rng, 7);
    for (int round = 0; round < 20000; round++) {
        struct bench b;
        open_bench(&b);
        apply(&b, (struct dialog_event){.type = rng_below(&rng, 2) ? DIALOG_PEER_INVITE : DIALOG_SEND_DIAL,
                                        .sdp = texts[rng_below(&rng, 3)],
                                        .supports_100rel = rng_below(&rng, 2),
                                        .session = {rng_below(&rng, 2), rng_below(&rng, 400), 0, 0}});
        unsigned answers[32] = {0}, ends = b.dialog.state == DIALOG_OVER;
        for (uint32_t i = 1; i < 30; i++) {
            unsigned type = 1 + rng_below(&rng, DIALOG_SEND_HANGUP);
            bool from_peer = type >= DIALOG_PEER_REINVITE && type <= DIALOG_PEER_BYE;
            struct dialog_event event = {
                .type = (enum dialog_event_type)type,
                .transaction = from_peer ? i : rng_below(&rng, i),
                .method = (enum dialog_method)(1 + rng_below(&rng, 3)),
                .code = codes[rng_below(&rng, 11)],
                .sdp = texts[rng_below(&rng, 3)],
                .reliable = rng_below(&rng, 2),
                .fork = rng_below(&rng, 12),
                .allows_update = rng_below(&rng, 2),
                .session = {rng_below(&rng, 2), rng_below(&rng, 400), 0, 0},
            };
            if (event.type == DIALOG_PEER_RESPONSE && event.code < 200) event.code = 200;
            apply(&b, event);
            for (unsigned k = 0; k < b.effects.count; k++) {
                const struct dialog_effect *e = &b.effects.at[k];
                bool held_back = e->code == 504; /* a 200 that waits for its PRACK never left */
                if (e->type == DIALOG_RESPOND && e->code >= 200 && !held_back)
                    assert_int_equal(answers[e->transaction]++, 0);
                if (e->type == DIALOG_END) ends++;
            }
            assert_true(ends <= 1);
            b.now_us += rng_below(&rng, 60) * (int64_t)S;
            if (b.now_us >= dialog_deadline(&b.dialog)) {
                expire(&b);
                assert_true(b.now_us < dialog_deadline(&b.dialog) || b.dialog.state == DIALOG_ANSWERED);
            }
        }
        close_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_peer_hangs_up_and_is_answered_once_parleyd_knows),
        cmocka_unit_test(parleyd_hangs_up),
        cmocka_unit_test(a_bye_waits_for_the_ack),
        cmocka_unit_test(no_ack_ends_the_call),
        cmocka_unit_test(a_call_ends_before_it_is_answered),
        cmocka_unit_test(a_late_offer_is_answered_by_the_ack),
        cmocka_unit_test(reliable_responses_answer_only_who_can),
        cmocka_unit_test(what_was_answered_reliably_is_not_answered_again),
        cmocka_unit_test(a_late_offer_can_be_answered_by_a_prack),
        cmocka_unit_test(a_prack_after_the_answer_still_counts),
        cmocka_unit_test(the_peer_modifies_and_is_accepted_or_refused),
        cmocka_unit_test(requests_that_overlap_are_refused_for_now),
        cmocka_unit_test(we_modify),
        cmocka_unit_test(glare_is_waited_out_by_the_rule_of_who_called),
        cmocka_unit_test(a_change_of_the_peer_makes_our_waiting_offer_stale),
        cmocka_unit_test(a_peer_that_lost_the_call_ends_it),
        cmocka_unit_test(an_invite_that_ends_after_the_bye_is_still_acked),
        cmocka_unit_test(we_refresh_by_update_or_else_by_reinvite),
        cmocka_unit_test(an_update_that_is_not_allowed_is_done_by_reinvite),
        cmocka_unit_test(a_refresh_that_is_too_short_is_asked_again_with_more),
        cmocka_unit_test(a_session_that_nobody_refreshes_expires),
        cmocka_unit_test(a_refresh_of_the_peer_starts_the_session_anew),
        cmocka_unit_test(a_call_with_too_short_a_session_is_not_even_told),
        cmocka_unit_test(info_is_told_and_answered),
        cmocka_unit_test(a_call_of_ours_rings_is_answered_and_hung_up),
        cmocka_unit_test(the_offer_may_follow_when_the_way_is_known),
        cmocka_unit_test(an_early_answer_is_told_once_and_again_only_where_it_changes),
        cmocka_unit_test(a_reliable_answer_stands_whatever_comes_later),
        cmocka_unit_test(an_answer_of_parleyd_that_lacks_its_sdp_fails_the_call),
        cmocka_unit_test(an_early_session_of_ours_is_updated_by_the_peer),
        cmocka_unit_test(an_update_that_parleyd_has_not_answered_is_newer_than_the_answer_too),
        cmocka_unit_test(an_update_that_changes_nothing_leaves_the_answer),
        cmocka_unit_test(an_update_of_one_fork_is_none_of_another),
        cmocka_unit_test(a_fork_without_an_answer_is_not_taken_for_one_that_was_updated),
        cmocka_unit_test(the_fork_that_answers_first_decides),
        cmocka_unit_test(a_failure_is_told_with_its_code),
        cmocka_unit_test(no_answer_in_time_is_cancelled),
        cmocka_unit_test(a_200_that_crosses_our_cancel_is_acked_and_hung_up),
        cmocka_unit_test(a_bye_that_overtakes_the_answer_ends_the_call),
        cmocka_unit_test(an_answer_without_sdp_is_none),
        cmocka_unit_test(a_session_that_is_too_short_for_the_callee_is_offered_again),
        cmocka_unit_test(the_timer_of_a_call_of_ours_runs_as_the_callee_says),
        cmocka_unit_test(any_order_of_events_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
