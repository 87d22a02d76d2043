/* A call driven by recorded messages, its world a notebook: what it asked for, in order, as words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call/call.h"

#define ID "CA0123456789012345678901234567890123456789"
#define OFFER                                                                                                          \
    "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n"        \
    "a=rtpmap:101 telephone-event/8000\r\n"
#define HOLD                                                                                                           \
    "v=0\r\no=- 1 2 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP "                   \
    "8\r\na=sendonly\r\n"
#define VIDEO "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n"

struct notebook {
    char words[512];
    char sdp[2048]; /* of the last message sent */
    struct sdp_result media;
    status reserve;
};

static void note(struct notebook *n, const char *word)
{
    assert_true(strlen(n->words) + strlen(word) + 2 < sizeof n->words);
    if (n->words[0]) strcat(n->words, " ");
    strcat(n->words, word);
}

static void world_send(void *arg, struct call *call, const struct signal_message *m)
{
    struct notebook *n = arg;
    char word[64];
    (void)call;
    snprintf(word, sizeof word, "%s", signal_type_name(m->type));
    if (m->code) snprintf(word, sizeof word, "%s-%u", signal_type_name(m->type), m->code);
    note(n, word);
    snprintf(n->sdp, sizeof n->sdp, "%s", m->sdp ? m->sdp : "");
}

static status world_reserve(void *arg, struct call *call, char address[SDP_ADDRESS_SIZE], uint16_t *port)
{
    struct notebook *n = arg;
    (void)call;
    if (n->reserve != STATUS_OK) return n->reserve;
    note(n, "reserve");
    strcpy(address, "192.0.2.1");
    *port = 20000;
    return STATUS_OK;
}

static status world_apply(void *arg, struct call *call, const struct sdp_result *result)
{
    struct notebook *n = arg;
    (void)call;
    note(n, "apply");
    n->media = *result;
    return STATUS_OK;
}

static void world_connected(void *arg, struct call *call)
{
    (void)call;
    note(arg, "connected");
}

static void world_ended(void *arg, struct call *call, const char *reason)
{
    (void)call;
    note(arg, "ended");
    note(arg, reason);
}

static const struct call_world world = {world_send, world_reserve, world_apply, world_connected, world_ended};

static struct call *make_call(struct notebook *n, const char *sdp, bool requires_100rel)
{
    struct signal_message m;
    struct call *call;
    signal_message_init(&m, SIGNAL_INVITE, ID);
    m.request_uri = strdup("sip:room@192.0.2.1");
    m.source = strdup("192.0.2.7:5060");
    m.local = strdup("192.0.2.1:5060");
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.requires_100rel = requires_100rel;
    assert_int_equal(call_create(&call, &m, &world, n, 42, 1), STATUS_OK);
    signal_message_clear(&m);
    return call;
}

static void receive(struct call *call, enum signal_type type, const char *sdp)
{
    struct signal_message m;
    signal_message_init(&m, type, ID);
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.transaction = 7;
    call_receive(call, &m, 2);
    signal_message_clear(&m);
}

static void a_call_is_answered_acknowledged_and_hung_up_by_the_peer(void **state)
{
    (void)state;
    struct notebook n = {0};
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
    struct notebook n = {0};
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
    struct notebook n = {0};
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
        struct notebook n = {.reserve = rows[i].reserve};
        struct call *call = make_call(&n, rows[i].sdp, false);
        call_answer(call);
        assert_string_equal(n.words, rows[i].words);
        call_destroy(call);
    }
}

static void a_caller_that_requires_100rel_is_answered_after_its_prack(void **state)
{
    (void)state;
    struct notebook n = {0};
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
    struct notebook n = {0};
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
    assert_false(n.media.peer_holds);
    receive(call, SIGNAL_UPDATE, NULL); /* a session refresh */
    assert_string_equal(n.words, "reserve apply answer-200 connected apply accept-200 apply accept-200 apply "
                                 "accept-200 accept-200");
    call_destroy(call);
}

static void a_bad_offer_in_a_call_changes_nothing(void **state)
{
    (void)state;
    struct notebook n = {0};
    struct call *call = make_call(&n, OFFER, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_REINVITE, VIDEO);
    assert_string_equal(n.words, "reserve apply answer-200 connected refuse-488");
    assert_int_equal(call->state, CALL_CONNECTED);
    call_destroy(call);
}

static void a_cancel_before_the_answer_ends_it_and_nothing_more_is_sent(void **state)
{
    (void)state;
    struct notebook n = {0};
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
    struct notebook n = {0};
    struct call *call = make_call(&n, OFFER, false);
    call_hang_up(call, "conferenceTerminated");
    assert_string_equal(n.words, "hangup-480 ended conferenceTerminated");
    call_destroy(call);
    struct notebook m = {0};
    call = make_call(&m, OFFER, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    call_hang_up(call, "conferenceTerminated");
    assert_string_equal(m.words, "reserve apply answer-200 connected hangup ended conferenceTerminated");
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
        cmocka_unit_test(a_bad_offer_in_a_call_changes_nothing),
        cmocka_unit_test(a_cancel_before_the_answer_ends_it_and_nothing_more_is_sent),
        cmocka_unit_test(hanging_up_refuses_an_unanswered_call_and_ends_an_answered_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
