#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notebook.h"

/* The peer's keys: 30 bytes of 'A', of 'B'. */
#define KEY_A   "inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
#define KEY_B   "inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
#define SAVP    SESSION "m=audio 4000 RTP/SAVP 0\r\n"
#define CRYPTO  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
#define WITH_A  SAVP CRYPTO KEY_A "\r\n"
#define WITH_B  SAVP CRYPTO KEY_B "\r\n"
#define GCM     SAVP "a=crypto:1 AEAD_AES_128_GCM inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ==\r\n"
#define ANSWERS SAVP "a=crypto:3 AES_CM_128_HMAC_SHA1_80 " KEY_A "\r\n"

static struct notebook notebook_of(enum sdp_srtp_use use)
{
    struct notebook n = {.terms = plain_terms()};
    n.terms.srtp = use;
    return n;
}

/** The key that the last description tells the peer to expect from us. */
static struct sdp_crypto told(const struct notebook *n)
{
    struct sdp sdp;
    struct fault fault;
    struct sdp_crypto crypto;
    assert_int_equal(sdp_parse(&sdp, slice_of(n->sdp), &fault), STATUS_OK);
    assert_int_equal(sdp.media[0].crypto_count, 1);
    assert_true(sdp_crypto_parse(&crypto, sdp.media[0].crypto[0]));
    return crypto;
}

static void assert_sends_what_it_told(const struct notebook *n)
{
    assert_memory_equal(told(n).key, n->media.srtp.send_key, SDP_KEY_BYTES_MAX);
}

static void a_caller_that_encrypts_is_told_our_key(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_OPTIONAL), other = n;
    struct call *call = make_call(&n, WITH_A, false), *second = make_call(&other, WITH_A, false);
    call_answer(call);
    call_answer(second);
    assert_non_null(strstr(n.sdp, "m=audio 20000 RTP/SAVP 0"));
    assert_true(n.media.srtp.on);
    assert_int_equal(n.media.srtp.receive_key[29], 'A');
    assert_sends_what_it_told(&n);
    assert_memory_not_equal(n.media.srtp.send_key, other.media.srtp.send_key, 30); /* each call has its own */
    call_destroy(call);
    call_destroy(second);
}

static void a_refusal_says_what_the_offer_lacks(void **state)
{
    (void)state;
    static const struct {
        enum sdp_srtp_use use;
        const char *offer, *warning;
    } rows[] = {
        {SDP_SRTP_NEVER, WITH_A,
         "399 parley \"encryption is not allowed here: the protocol of the audio line must be RTP/AVP\""},
        {SDP_SRTP_REQUIRED, OFFER,
         "399 parley \"encryption is required here: the audio line must be RTP/SAVP with a=crypto\""},
        {SDP_SRTP_OPTIONAL, SAVP, "399 parley \"the audio line has no a=crypto that can be used\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notebook n = notebook_of(rows[i].use);
        struct call *call = make_call(&n, rows[i].offer, false);
        call_answer(call);
        assert_string_equal(n.words, "reserve reject-488 ended failed");
        assert_string_equal(n.warning, rows[i].warning);
        call_destroy(call);
    }
}

static void our_key_changes_with_the_peers_and_only_then(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_OPTIONAL);
    struct call *call = make_call(&n, WITH_A, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    struct sdp_crypto first = told(&n);
    receive(call, SIGNAL_REINVITE, WITH_A);
    assert_memory_equal(told(&n).key, first.key, SDP_KEY_BYTES_MAX);
    receive(call, SIGNAL_REINVITE, WITH_B);
    struct sdp_crypto second = told(&n);
    assert_memory_not_equal(second.key, first.key, 30);
    assert_sends_what_it_told(&n);
    assert_int_equal(n.media.srtp.receive_key[0], 'B');
    receive(call, SIGNAL_REINVITE, WITH_B);
    assert_memory_equal(told(&n).key, second.key, SDP_KEY_BYTES_MAX);
    call_destroy(call);
}

static void our_next_offer_has_the_key_that_is_in_force(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_REQUIRED);
    struct call *call = make_call(&n, WITH_A, false);
    char line[128];
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    receive(call, SIGNAL_REINVITE, WITH_B);
    const char *start = strstr(n.sdp, "inline:");
    assert_non_null(start);
    snprintf(line, sizeof line, "a=crypto:3 AES_CM_128_HMAC_SHA1_80 %.*s", (int)strcspn(start, "\r"), start);
    receive(call, SIGNAL_REINVITE, NULL);
    assert_non_null(strstr(n.sdp, "RTP/SAVP"));
    assert_non_null(strstr(n.sdp, line));
    call_destroy(call);
}

/** The key with CM and a tag of 80 bits in an offer of all suites. */
static struct sdp_crypto offered(const struct notebook *n)
{
    struct sdp_crypto crypto;
    const char *line = strstr(n->sdp, "a=crypto:3 AES_CM_128_HMAC_SHA1_80 ");
    assert_non_null(line);
    line += strlen("a=crypto:");
    assert_true(sdp_crypto_parse(&crypto, (struct slice){line, strcspn(line, "\r")}));
    return crypto;
}

static void a_key_that_was_in_force_is_never_offered_again(void **state)
{
    (void)state;
    static const char *const others[] = {GCM, OFFER};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct notebook n = notebook_of(SDP_SRTP_OPTIONAL);
        struct call *call = make_call(&n, WITH_A, false);
        call_answer(call);
        receive(call, SIGNAL_ACK, NULL);
        struct sdp_crypto first = told(&n);
        receive(call, SIGNAL_REINVITE, others[i]);
        assert_int_equal(n.media.srtp.on, i == 0);
        receive(call, SIGNAL_REINVITE, NULL);
        assert_memory_not_equal(offered(&n).key, first.key, 30);
        call_destroy(call);
    }
}

static void a_session_refresh_may_bring_a_new_key_for_ours(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_OPTIONAL);
    struct call *call = make_call(&n, WITH_A, false);
    call_answer(call);
    receive(call, SIGNAL_ACK, NULL);
    struct sdp_crypto ours = told(&n);
    struct signal_message m;
    signal_message_init(&m, SIGNAL_RESPONSE, ID);
    m.code = 200;
    m.sdp = strdup(WITH_B);
    call_receive(call, &m, 3);
    signal_message_clear(&m);
    assert_int_equal(n.media.srtp.receive_key[0], 'B');
    assert_memory_equal(n.media.srtp.send_key, ours.key, SDP_KEY_BYTES_MAX);
    call_destroy(call);
}

static void a_call_of_ours_offers_keys_and_takes_the_answers(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_REQUIRED);
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    assert_non_null(strstr(n.sdp, "m=audio 20000 RTP/SAVP 0 8"));
    struct sdp_crypto ours = offered(&n);
    receive_coded(call, SIGNAL_ANSWER, 200, ANSWERS);
    assert_memory_equal(n.media.srtp.send_key, ours.key, SDP_KEY_BYTES_MAX);
    assert_int_equal(n.media.srtp.receive_key[0], 'A');
    call_destroy(call);
}

/* Its tag answers nothing that we offered. */
#define UPDATE_B SAVP "a=crypto:7 AES_CM_128_HMAC_SHA1_80 " KEY_B "\r\n"

static void the_keys_of_an_update_before_the_answer_stay(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_REQUIRED);
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_PROGRESS, 183, ANSWERS);
    receive(call, SIGNAL_UPDATE, UPDATE_B);
    struct sdp_crypto ours = told(&n);
    receive_coded(call, SIGNAL_ANSWER, 200, NULL);
    assert_string_equal(n.words, "dial reserve offer apply ringing-183 apply accept-200 connected");
    assert_int_equal(n.media.srtp.receive_key[0], 'B');
    assert_memory_equal(n.media.srtp.send_key, ours.key, SDP_KEY_BYTES_MAX);
    call_destroy(call);
}

static void a_plain_answer_ends_a_call_of_ours_that_has_to_be_encrypted(void **state)
{
    (void)state;
    struct notebook n = notebook_of(SDP_SRTP_REQUIRED);
    struct call *call = place_call(&n);
    receive_coded(call, SIGNAL_LOCATED, 0, NULL);
    receive_coded(call, SIGNAL_ANSWER, 200, OFFER);
    assert_string_equal(n.words, "dial reserve offer hangup ended failed");
    call_destroy(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_that_encrypts_is_told_our_key),
        cmocka_unit_test(a_refusal_says_what_the_offer_lacks),
        cmocka_unit_test(our_key_changes_with_the_peers_and_only_then),
        cmocka_unit_test(our_next_offer_has_the_key_that_is_in_force),
        cmocka_unit_test(a_key_that_was_in_force_is_never_offered_again),
        cmocka_unit_test(a_session_refresh_may_bring_a_new_key_for_ours),
        cmocka_unit_test(a_call_of_ours_offers_keys_and_takes_the_answers),
        cmocka_unit_test(the_keys_of_an_update_before_the_answer_stay),
        cmocka_unit_test(a_plain_answer_ends_a_call_of_ours_that_has_to_be_encrypted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
