/* A call driven by recorded messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notebook.h"

#define HOLD                                                                                                           \
    "v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP "                   \
    "8\r\na=sendonly\r\n"
#define VIDEO "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n"

static void a_call_is_answered_acknowledged_and_hung_up_by_the_peer(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    call_answer(call);
    assert_non_null(strstr(n.sdp, "m=audio 20000 RTP/AVP 8"));
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_BYE, NULL);
    receive(call, SIGNAL_BYE, NULL);
    assert_string_equal(n.words, "reserve apply answer-200 connected ended farEndHangup");
    call_destroy(call);
}

static void a_late_offer_is_ours_and_its_answer_comes_in_the_ack(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, NULL, false);
    call_answer(call);
    assert_non_null(strstr(n.sdp, "m=audio 20000 RTP/AVP 0 8"));
    receive(call, SIGNAL_ACK,
            "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
            "m=audio 4000 RTP/AVP 0\r\n");
    assert_string_equal(n.words, "reserve answer-200 apply connected");
    assert_int_equal(n.media.remote_rtp_port, 4000);
    call_destroy(call);
}

static void an_ack_without_the_answer_ends_the_call(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, NULL, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    assert_string_equal(n.words, "reserve answer-200 hangup ended failed");
    call_destroy(call);
}

static void what_cannot_be_taken_is_refused_and_ended(void **state)
{
    (void)state;
    static const struct {
        const char *sdp;
        status reserve;
        const char *words;
    } rows[] = {
        {VIDEO, STATUS_OK, "reserve reject-488 ended failed"},
        {"nonsense", STATUS_OK, "reject-400 ended failed"},
        {OFFER, STATUS_FULL, "reject-503 ended failed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notebook n = {.terms = plain_terms(), .reserve = rows[i].reserve};
        struct call *call = make_call(&n, rows[i].sdp, false);
        call_answer(call);
        assert_string_equal(n.words, rows[i].words);
        call_destroy(call);
    }
}

static void a_caller_that_requires_100rel_is_answered_after_its_prack(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, true);
    call_answer(call);
    assert_string_equal(n.words, "progress-180");
    receive(call, SIGNAL_PRACK, NULL);
    receive(call, SIGNAL_PRACK, NULL);
    receive(call, SIGNAL_ACK, NULL);
    assert_string_equal(n.words, "progress-180 reserve apply answer-200 connected");
    call_destroy(call);
}

static unsigned long version_of(const char *sdp)
{
    unsigned long id, version;
    const char *line = strstr(sdp, "o=");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "o=%*s %lu %lu", &id, &version), 2);
    return version;
}

static void hold_is_answered_and_the_version_grows_only_with_what_is_new(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    call_answer(call);
    unsigned long first = version_of(n.sdp);
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_REINVITE, OFFER);
    assert_int_equal(version_of(n.sdp), first);
    receive(call, SIGNAL_REINVITE, HOLD);
    assert_int_equal(version_of(n.sdp), first + 1);
    assert_true(n.media.peer_holds);
    receive(call, SIGNAL_UPDATE, OFFER);
    assert_int_equal(version_of(n.sdp), first + 2);
    assert_false(n.media.peer_holds);
    receive(call, SIGNAL_UPDATE, NULL); /* a session refresh */
    assert_string_equal(n.words, "reserve apply answer-200 connected apply accept-200 apply accept-200 apply "
                                 "accept-200 accept-200");
    call_destroy(call);
}

static void refreshed(struct call *call, uint32_t code, uint32_t transaction, const char *sdp)
{
    struct signal_message m;
    signal_message_init(&m, SIGNAL_RESPONSE, ID);
    m.code = code;
    m.transaction = transaction;
    m.sdp = sdp ? strdup(sdp) : NULL;
    call_receive(call, &m, 3);
    signal_message_clear(&m);
}

static void what_a_session_refresh_tells_anew_is_taken(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n,
                                  SESSION "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 98 99\r\n"
                                          "a=rtpmap:98 PCMA/8000\r\na=rtpmap:99 telephone-event/8000\r\n",
                                  false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    refreshed(call, 200, 0,
              SESSION "m=video 0 RTP/AVP 31\r\nm=audio 4444 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\n");
    assert_int_equal(n.media.remote_rtp_port, 4444);
    assert_int_equal(n.media.send_payload_type, 8);
    assert_int_equal(n.media.receive_payload_type, 98);
    assert_int_equal(n.media.send_event_type, 97);
    assert_int_equal(n.media.receive_event_type, 99);
    assert_string_equal(call_codec(call, &n.media)->name, "PCMA");
    refreshed(call, 200, 0, NULL);
    refreshed(call, 200, 0, "nonsense");
    refreshed(call, 200, 0, SESSION "m=video 0 RTP/AVP 31\r\nm=audio 4446 RTP/AVP 0\r\n"); /* which we did not send */
    refreshed(call, 491, 0, SESSION "m=video 0 RTP/AVP 31\r\nm=audio 4448 RTP/AVP 8\r\n");
    assert_int_equal(n.media.remote_rtp_port, 4444);
    assert_string_equal(n.words, "reserve apply answer-200 connected apply");
    call_destroy(call);
}

static void an_answer_that_was_not_asked_for_is_passed_over(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_ACK, OFFER);
    receive(call, SIGNAL_REINVITE, NULL);
    receive(call, SIGNAL_ACK, OFFER);
    receive(call, SIGNAL_REINVITE, HOLD);
    receive(call, SIGNAL_ACK, OFFER);
    assert_true(n.media.peer_holds);
    assert_string_equal(n.words, "reserve apply answer-200 connected accept-200 apply apply accept-200");
    call_destroy(call);
    call = place_call(&n);
    receive_coded(call, SIGNAL_PROGRESS, 183, OFFER);
    assert_false(call->negotiated);
    call_destroy(call);
}

static void a_bad_offer_in_a_call_changes_nothing(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_REINVITE, VIDEO);
    assert_string_equal(n.words, "reserve apply answer-200 connected refuse-488");
    assert_string_equal(n.warning, "399 parley \"there is no audio line\"");
    assert_int_equal(call->state, CALL_CONNECTED);
    call_destroy(call);
}

static void an_answer_that_never_left_is_as_if_it_had_not_been_made(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    n.apply = STATUS_FULL;
    receive(call, SIGNAL_REINVITE, SESSION "m=audio 4000 RTP/AVP 0\r\n");
    assert_string_equal(n.warning, "");
    n.apply = STATUS_OK;
    refreshed(call, 200, 0, SESSION "m=audio 4444 RTP/AVP 8\r\n"); /* the codec of what was sent */
    assert_int_equal(n.media.remote_rtp_port, 4444);
    receive(call, SIGNAL_REINVITE, OFFER);
    assert_non_null(strstr(n.sdp, "o=- 42 1 "));
    assert_string_equal(n.words, "reserve apply answer-200 connected refuse-486 apply apply accept-200");
    call_destroy(call);
}

static void a_cancel_before_the_answer_ends_it_and_nothing_more_is_sent(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    receive(call, SIGNAL_CANCEL, NULL);
    call_answer(call);
    call_hang_up(call, "appHangup");
    assert_string_equal(n.words, "ended callCanceled");
    call_destroy(call);
}

static void hanging_up_refuses_an_unanswered_call_and_ends_an_answered_one(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = make_call(&n, OFFER, false);
    call_hang_up(call, "conferenceTerminated");
    assert_string_equal(n.words, "hangup-480 ended conferenceTerminated");
    call_destroy(call);
    struct notebook m = {.terms = plain_terms()};
    call = make_call(&m, OFFER, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    call_hang_up(call, "conferenceTerminated");
    assert_string_equal(m.words, "reserve apply answer-200 connected hangup ended conferenceTerminated");
    call_destroy(call);
}

#define EARLY "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

static void a_call_of_ours_is_located_rings_and_is_answered(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    assert_non_null(strstr(n.sdp, "m=audio 20000 RTP/AVP 0 8"));
    assert_string_equal(call->local, "192.0.2.1:5060");
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_PROGRESS, 180, NULL);
    assert_int_equal(call->state, CALL_RINGING);
    receive_coded(call, SIGNAL_ANSWER, 200, EARLY);
    assert_int_equal(call->connected_unix_ms, 2);
    receive_coded(call, SIGNAL_BYE, 0, NULL);
    assert_string_equal(n.words, "dial reserve offer ringing-180 apply connected ended farEndHangup");
    call_destroy(call);
}

static void early_media_is_taken_and_the_answer_decides(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_PROGRESS, 183, "nonsense");
    receive_coded(call, SIGNAL_PROGRESS, 183, EARLY);
    assert_int_equal(n.media.remote_rtp_port, 4000);
    receive(call, SIGNAL_UPDATE, HOLD);
    receive_coded(call, SIGNAL_ANSWER, 200, EARLY);
    assert_string_equal(n.words, "dial reserve offer ringing-183 apply ringing-183 apply accept-200 apply connected");
    call_destroy(call);
}

static void an_answer_without_sdp_leaves_what_is_agreed_in_force(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_PROGRESS, 183, EARLY);
    receive(call, SIGNAL_UPDATE, SESSION "m=audio 4010 RTP/AVP 8\r\n");
    receive_coded(call, SIGNAL_ANSWER, 200, NULL);
    assert_string_equal(n.words, "dial reserve offer apply ringing-183 apply accept-200 connected");
    assert_string_equal(call_codec(call, &n.media)->encoding, "PCMA");
    call_destroy(call);
    struct notebook never = {.terms = plain_terms()};
    call = place_call(&never);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_PROGRESS, 183, "nonsense");
    receive_coded(call, SIGNAL_ANSWER, 200, NULL);
    assert_string_equal(never.words, "dial reserve offer ringing-183 hangup ended failed");
    call_destroy(call);
}

static void the_order_of_codecs_is_the_plans(void **state)
{
    (void)state;
    static const char *const codecs[] = {"pcma", "opus-of-the-future", "PCMA", "PCMU"};
    struct notebook n = {.terms = plain_terms()};
    terms_set_codecs(&n.terms, codecs, 4);
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    assert_non_null(strstr(n.sdp, "m=audio 20000 RTP/AVP 8 0"));
    receive_coded(call, SIGNAL_ANSWER, 200, EARLY);
    assert_string_equal(call_codec(call, &n.media)->encoding, "PCMU");
    call_destroy(call);
    const struct terms none = {.codec_count = 0};
    const struct call_plan plan = {.id = ID, .to_uri = "sip:b@c", .from_uri = "sip:a@b", .terms = &none};
    assert_int_equal(call_create_outgoing(&call, &plan, &notebook_world, &n, 42, 1), STATUS_INVALID);
}

static void a_failure_is_told_in_the_words_of_the_contract(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *words;
    } rows[] = {
        {486, "dial ended busy"},     {600, "dial ended busy"},     {408, "dial ended noAnswer"},
        {480, "dial ended noAnswer"}, {487, "dial ended noAnswer"}, {302, "dial ended failed"},
        {403, "dial ended failed"},   {404, "dial ended failed"},   {488, "dial ended failed"},
        {503, "dial ended failed"},   {603, "dial ended failed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notebook n = {.terms = plain_terms()};
        struct call *call = place_call(&n);
        receive_coded(call, SIGNAL_ENDED, rows[i].code, NULL);
        assert_string_equal(n.words, rows[i].words);
        assert_int_equal(call->end_code, rows[i].code);
        call_destroy(call);
    }
}

static void an_unusable_answer_or_no_port_ends_a_call_of_ours(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_ANSWER, 200, VIDEO);
    assert_string_equal(n.words, "dial reserve offer hangup ended failed");
    call_destroy(call);
    struct notebook full = {.terms = plain_terms(), .reserve = STATUS_FULL};
    call = place_call(&full);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    assert_string_equal(full.words, "dial hangup ended failed");
    call_destroy(call);
}

static void a_call_of_ours_is_given_up(void **state)
{
    (void)state;
    struct notebook n = {.terms = plain_terms()};
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_PROGRESS, 180, NULL);
    call_hang_up(call, "callCanceled");
    receive_coded(call, SIGNAL_ANSWER, 200, EARLY);
    receive_coded(call, SIGNAL_ENDED, 487, NULL);
    assert_string_equal(n.words, "dial reserve offer ringing-180 hangup ended callCanceled");
    call_destroy(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_answered_acknowledged_and_hung_up_by_the_peer),
        cmocka_unit_test(a_late_offer_is_ours_and_its_answer_comes_in_the_ack),
        cmocka_unit_test(an_ack_without_the_answer_ends_the_call),
        cmocka_unit_test(what_cannot_be_taken_is_refused_and_ended),
        cmocka_unit_test(a_caller_that_requires_100rel_is_answered_after_its_prack),
        cmocka_unit_test(hold_is_answered_and_the_version_grows_only_with_what_is_new),
        cmocka_unit_test(what_a_session_refresh_tells_anew_is_taken),
        cmocka_unit_test(an_answer_that_was_not_asked_for_is_passed_over),
        cmocka_unit_test(a_bad_offer_in_a_call_changes_nothing),
        cmocka_unit_test(an_answer_that_never_left_is_as_if_it_had_not_been_made),
        cmocka_unit_test(a_cancel_before_the_answer_ends_it_and_nothing_more_is_sent),
        cmocka_unit_test(hanging_up_refuses_an_unanswered_call_and_ends_an_answered_one),
        cmocka_unit_test(a_call_of_ours_is_located_rings_and_is_answered),
        cmocka_unit_test(early_media_is_taken_and_the_answer_decides),
        cmocka_unit_test(an_answer_without_sdp_leaves_what_is_agreed_in_force),
        cmocka_unit_test(the_order_of_codecs_is_the_plans),
        cmocka_unit_test(a_failure_is_told_in_the_words_of_the_contract),
        cmocka_unit_test(an_unusable_answer_or_no_port_ends_a_call_of_ours),
        cmocka_unit_test(a_call_of_ours_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
