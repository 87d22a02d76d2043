#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

/* Keys of 30 bytes (CM), 28 (GCM 128) and 44 (GCM 256) of the peer: all 'A', all 'B' ... */
#define CM_A   "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
#define CM_B   "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
#define GCM_A  "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQQ=="
#define GCM2_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="

/* Ours: of each suite another byte, 'a' to 'd'. */
#define OUR_GCM  "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="
#define OUR_GCM2 "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="
#define OUR_CM80 "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj"
#define OUR_CM32 "ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRk"

#define AVP   HEAD "m=audio 4000 RTP/AVP 0\r\n"
#define SAVP  HEAD "m=audio 4000 RTP/SAVP 0\r\n"
#define CM80  "AES_CM_128_HMAC_SHA1_80 inline:"
#define CM32  "AES_CM_128_HMAC_SHA1_32 inline:"
#define GCM   "AEAD_AES_128_GCM inline:"
#define GCM2  "AEAD_AES_256_GCM inline:"
#define PLAIN "a=rtpmap:0 PCMU/8000\r\n" TIMES "a=sendrecv\r\n"

static struct sdp_local us_with(enum sdp_srtp_use use)
{
    struct sdp_local local = us;
    local.srtp = use;
    for (int suite = 0; suite < SDP_SUITES; suite++)
        memset(local.keys.of[suite], 'a' + suite, SDP_KEY_BYTES_MAX);
    return local;
}

static void an_offer_with_keys_is_answered_with_ours(void **state)
{
    (void)state;
    static const struct {
        const char *offered, *answered;
        enum sdp_suite suite;
    } rows[] = {
        {"a=crypto:1 " CM80 CM_A "\r\n", "a=crypto:1 " CM80 OUR_CM80 "\r\n", SDP_SUITE_AES_CM_128_HMAC_SHA1_80},
        {"a=crypto:7 " CM32 CM_A "|2^20\r\na=crypto:8 " CM80 CM_A "\r\n", "a=crypto:7 " CM32 OUR_CM32 "\r\n",
         SDP_SUITE_AES_CM_128_HMAC_SHA1_32},
        {"a=crypto:1 " CM80 CM_A "\r\na=crypto:2 " GCM GCM_A "\r\n", "a=crypto:2 " GCM OUR_GCM "\r\n",
         SDP_SUITE_AEAD_AES_128_GCM},
        {"a=crypto:1 " GCM2 GCM2_A "\r\na=crypto:2 " CM80 CM_A "\r\n", "a=crypto:1 " GCM2 OUR_GCM2 "\r\n",
         SDP_SUITE_AEAD_AES_256_GCM},
        {"a=crypto:1 F8_128_HMAC_SHA1_80 inline:" CM_A "\r\na=crypto:2 " CM80 CM_A " UNENCRYPTED_SRTP\r\n"
         "a=crypto:3 " CM32 CM_A "\r\n",
         "a=crypto:3 " CM32 OUR_CM32 "\r\n", SDP_SUITE_AES_CM_128_HMAC_SHA1_32},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int use = SDP_SRTP_OPTIONAL; use <= SDP_SRTP_REQUIRED; use++) {
            struct sdp_local local = us_with((enum sdp_srtp_use)use);
            char offer[512], expected[512];
            snprintf(offer, sizeof offer, SAVP "%s", rows[i].offered);
            snprintf(expected, sizeof expected, OURS "m=audio 20000 RTP/SAVP 0\r\n" PLAIN "%s", rows[i].answered);
            struct sdp_result r = answered(offer, &local, NULL, expected);
            assert_true(r.srtp.on);
            assert_int_equal(r.srtp.suite, rows[i].suite);
            for (size_t k = 0; k < SDP_KEY_BYTES_MAX; k++) {
                bool inside = k < sdp_suite_key_bytes(r.srtp.suite);
                assert_int_equal(r.srtp.receive_key[k], inside ? 'A' : 0);
                assert_int_equal(r.srtp.send_key[k], inside ? 'a' + (int)r.srtp.suite : 0);
            }
        }
    }
}

static void the_key_identifier_of_the_peer_is_told(void **state)
{
    (void)state;
    struct sdp_local local = us_with(SDP_SRTP_OPTIONAL);
    struct sdp_result r = answered(SAVP "a=crypto:1 " CM80 CM_A "|2^20|7:2\r\n", &local, NULL,
                                   OURS "m=audio 20000 RTP/SAVP 0\r\n" PLAIN "a=crypto:1 " CM80 OUR_CM80 "\r\n");
    assert_int_equal(r.srtp.mki_bytes, 2);
    assert_int_equal(r.srtp.mki[0], 0);
    assert_int_equal(r.srtp.mki[1], 7);
}

static void keys_on_a_plain_line_are_taken_where_we_may(void **state)
{
    (void)state;
    static const char offer[] = AVP "a=crypto:1 " CM80 CM_A "\r\n";
    struct sdp_local local = us_with(SDP_SRTP_OPTIONAL);
    static const char taken[] = OURS "m=audio 20000 RTP/AVP 0\r\n" PLAIN "a=crypto:1 " CM80 OUR_CM80 "\r\n";
    assert_true(answered(offer, &local, NULL, taken).srtp.on);
    local = us_with(SDP_SRTP_REQUIRED);
    assert_true(answered(offer, &local, NULL, taken).srtp.on);
    local = us_with(SDP_SRTP_NEVER);
    assert_false(answered(offer, &local, NULL, OURS "m=audio 20000 RTP/AVP 0\r\n" PLAIN).srtp.on);
    local = us_with(SDP_SRTP_OPTIONAL);
    static const char unusable[] = AVP "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" CM_A "\r\n";
    assert_false(answered(unusable, &local, NULL, OURS "m=audio 20000 RTP/AVP 0\r\n" PLAIN).srtp.on);
    assert_false(answered(AVP, &local, NULL, OURS "m=audio 20000 RTP/AVP 0\r\n" PLAIN).srtp.on);
}

static void what_may_not_be_is_refused_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        enum sdp_srtp_use use;
        const char *offer, *why;
    } rows[] = {
        {SDP_SRTP_NEVER, SAVP "a=crypto:1 " CM80 CM_A "\r\n", "encryption is not allowed here"},
        {SDP_SRTP_OPTIONAL, SAVP, "no a=crypto that can be used"},
        {SDP_SRTP_OPTIONAL, SAVP "a=crypto:1 " CM80 GCM_A "\r\n", "no a=crypto that can be used"},
        {SDP_SRTP_REQUIRED, SAVP, "no a=crypto that can be used"},
        {SDP_SRTP_REQUIRED, AVP, "encryption is required here"},
        {SDP_SRTP_REQUIRED, AVP "a=crypto:1 " CM80 CM_A " UNENCRYPTED_SRTP\r\n", "encryption is required here"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(rows[i].use);
        const char *why = refused(rows[i].offer, &local);
        if (!strstr(why, rows[i].why)) fail_msg("row %zu: %s", i, why);
    }
}

static void of_two_lines_the_first_that_may_be_is_taken(void **state)
{
    (void)state;
    static const char offer[] = SAVP "a=crypto:1 " CM80 CM_A "\r\nm=audio 4002 RTP/AVP 0\r\n";
    struct sdp_local local = us_with(SDP_SRTP_NEVER);
    assert_int_equal(answered(offer, &local, NULL, NULL).remote_rtp_port, 4002);
    local = us_with(SDP_SRTP_OPTIONAL);
    assert_int_equal(answered(offer, &local, NULL, NULL).remote_rtp_port, 4000);
}

static void our_key_stays_as_long_as_the_peers(void **state)
{
    (void)state;
    static const char first[] = SAVP "a=crypto:1 " CM80 CM_A "\r\n";
    static const char rekeyed[] = SAVP "a=crypto:1 " CM80 CM_B "\r\n";
    static const char more[] = SAVP "a=crypto:1 " GCM GCM_A "\r\na=crypto:4 " CM80 CM_A "\r\n";
    static const char other_suite[] = SAVP "a=crypto:1 " CM32 CM_A "\r\n";
    struct sdp_local local = us_with(SDP_SRTP_OPTIONAL), fresh = local;
    for (int suite = 0; suite < SDP_SUITES; suite++)
        memset(fresh.keys.of[suite], 'x', SDP_KEY_BYTES_MAX);
    struct sdp_result before = answered(first, &local, NULL, NULL);
    assert_int_equal(before.srtp.send_key[0], 'c');
    assert_int_equal(answered(first, &fresh, &before, NULL).srtp.send_key[0], 'c');
    struct sdp_result again = answered(more, &fresh, &before, NULL);
    assert_int_equal(again.srtp.send_key[0], 'c');
    assert_int_equal(again.srtp.tag, 4);
    assert_int_equal(answered(rekeyed, &fresh, &before, NULL).srtp.send_key[0], 'x');
    assert_int_equal(answered(other_suite, &fresh, &before, NULL).srtp.send_key[0], 'x');
    assert_false(answered(AVP, &fresh, &before, NULL).srtp.on);
}

static void our_offer_says_how_much_encryption_we_want(void **state)
{
    (void)state;
    static const char keys[] = "a=crypto:1 " GCM OUR_GCM "\r\na=crypto:2 " GCM2 OUR_GCM2 "\r\na=crypto:3 " CM80 OUR_CM80
                               "\r\na=crypto:4 " CM32 OUR_CM32 "\r\n";
    static const struct {
        enum sdp_srtp_use use;
        const char *protocol;
        bool keys;
    } rows[] = {
        {SDP_SRTP_NEVER, " RTP/AVP ", false},
        {SDP_SRTP_OPTIONAL, " RTP/AVP ", true},
        {SDP_SRTP_REQUIRED, " RTP/SAVP ", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(rows[i].use);
        struct buffer b;
        const char *text = offered(&b, &local);
        assert_non_null(strstr(text, rows[i].protocol));
        assert_int_equal(strstr(text, "a=crypto") != NULL, rows[i].keys);
        if (rows[i].keys) assert_non_null(strstr(text, keys));
        buffer_clear(&b);
    }
}

static void an_answer_takes_one_of_our_keys(void **state)
{
    (void)state;
    static const struct {
        enum sdp_srtp_use use;
        const char *answer;
        bool on;
        enum sdp_suite suite;
    } rows[] = {
        {SDP_SRTP_NEVER, AVP, false, 0},
        {SDP_SRTP_OPTIONAL, AVP, false, 0},
        {SDP_SRTP_OPTIONAL, AVP "a=crypto:3 " CM80 CM_A "\r\n", true, SDP_SUITE_AES_CM_128_HMAC_SHA1_80},
        {SDP_SRTP_OPTIONAL, SAVP "a=crypto:1 " GCM GCM_A "\r\n", true, SDP_SUITE_AEAD_AES_128_GCM},
        {SDP_SRTP_REQUIRED, SAVP "a=crypto:4 " CM32 CM_A "\r\n", true, SDP_SUITE_AES_CM_128_HMAC_SHA1_32},
        {SDP_SRTP_REQUIRED, SAVP "a=crypto:2 " GCM2 GCM2_A "\r\n", true, SDP_SUITE_AEAD_AES_256_GCM},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(rows[i].use);
        struct sdp_result r = accepted(rows[i].answer, &local);
        assert_int_equal(r.srtp.on, rows[i].on);
        if (!rows[i].on) continue;
        assert_int_equal(r.srtp.suite, rows[i].suite);
        assert_int_equal(r.srtp.send_key[0], 'a' + (int)rows[i].suite);
        assert_int_equal(r.srtp.receive_key[0], 'A');
    }
}

static void an_answer_that_falls_back_or_mixes_up_tags_is_no_agreement(void **state)
{
    (void)state;
    static const struct {
        enum sdp_srtp_use use;
        const char *answer;
    } rows[] = {
        {SDP_SRTP_REQUIRED, AVP},
        {SDP_SRTP_REQUIRED, SAVP},
        {SDP_SRTP_NEVER, SAVP "a=crypto:3 " CM80 CM_A "\r\n"},
        {SDP_SRTP_OPTIONAL, SAVP "a=crypto:1 " CM80 CM_A "\r\n"},
        {SDP_SRTP_OPTIONAL, AVP "a=crypto:9 " CM80 CM_A "\r\n"},
        {SDP_SRTP_OPTIONAL, AVP "a=crypto:3 " CM80 CM_A " UNENCRYPTED_SRTP\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(rows[i].use);
        assert_non_null(not_accepted(rows[i].answer, &local));
    }
}

/** Each way in which two of us may want it, an offer and its answer: both sides come to the same. */
static void two_of_us_agree_on_keys_or_on_none(void **state)
{
    (void)state;
    static const int outcomes[3][3] = {/* by whoever offers, by whoever answers: 0 plain, 1 encrypted, -1 refused */
                                       {0, 0, -1},
                                       {0, 1, 1},
                                       {-1, 1, 1}};
    for (int i = 0; i < 9; i++) {
        struct sdp_local alice = us_with((enum sdp_srtp_use)(i / 3)), bob = us_with((enum sdp_srtp_use)(i % 3));
        for (int suite = 0; suite < SDP_SUITES; suite++)
            memset(bob.keys.of[suite], 'B', SDP_KEY_BYTES_MAX);
        struct buffer offer, answer;
        const char *text = offered(&offer, &alice);
        if (outcomes[i / 3][i % 3] < 0) {
            refused(text, &bob);
        } else {
            struct sdp_result at_bob;
            struct sdp_result at_alice = accepted(answer_text(&answer, text, &bob, NULL, &at_bob), &alice);
            assert_int_equal(at_bob.srtp.on, outcomes[i / 3][i % 3]);
            assert_int_equal(at_alice.srtp.on, at_bob.srtp.on);
            assert_int_equal(at_alice.srtp.suite, at_bob.srtp.suite);
            assert_memory_equal(at_alice.srtp.send_key, at_bob.srtp.receive_key, SDP_KEY_BYTES_MAX);
            assert_memory_equal(at_bob.srtp.send_key, at_alice.srtp.receive_key, SDP_KEY_BYTES_MAX);
            buffer_clear(&answer);
        }
        buffer_clear(&offer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_with_keys_is_answered_with_ours),
        cmocka_unit_test(the_key_identifier_of_the_peer_is_told),
        cmocka_unit_test(keys_on_a_plain_line_are_taken_where_we_may),
        cmocka_unit_test(what_may_not_be_is_refused_with_its_reason),
        cmocka_unit_test(of_two_lines_the_first_that_may_be_is_taken),
        cmocka_unit_test(our_key_stays_as_long_as_the_peers),
        cmocka_unit_test(our_offer_says_how_much_encryption_we_want),
        cmocka_unit_test(an_answer_takes_one_of_our_keys),
        cmocka_unit_test(an_answer_that_falls_back_or_mixes_up_tags_is_no_agreement),
        cmocka_unit_test(two_of_us_agree_on_keys_or_on_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
