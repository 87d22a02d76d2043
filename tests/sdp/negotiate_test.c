#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

static void the_first_codec_of_the_offer_is_taken_with_its_number(void **state)
{
    (void)state;
    struct sdp_result r =
        answered(HEAD "m=audio 4000 RTP/AVP 18 97 0 8 102\r\na=rtpmap:97 PCMA/8000\r\n"
                      "a=rtpmap:102 telephone-event/8000\r\na=fmtp:102 0-11\r\na=rtcp-mux\r\n",
                 &us, NULL,
                 OURS "m=audio 20000 RTP/AVP 97 102\r\na=rtpmap:97 PCMA/8000\r\n"
                      "a=rtpmap:102 telephone-event/8000\r\na=fmtp:102 0-15\r\n" TIMES "a=sendrecv\r\na=rtcp-mux\r\n");
    assert_int_equal(r.codec, 1);
    assert_int_equal(r.send_payload_type, 97);
    assert_int_equal(r.receive_payload_type, 97);
    assert_true(r.has_telephone_event);
    assert_int_equal(r.send_event_type, 102);
    assert_int_equal(r.receive_event_type, 102);
    assert_string_equal(r.remote_address, "192.0.2.1");
    assert_int_equal(r.remote_rtp_port, 4000);
    assert_int_equal(r.remote_rtcp_port, 4000);
    assert_true(r.rtcp_mux && r.send && r.receive && !r.peer_holds);
    assert_int_equal(r.send_ptime_ms, 20);
}

static void the_smallest_offer_is_enough(void **state)
{
    (void)state;
    struct sdp_result r = answered(HEAD "m=audio 4000 RTP/AVP 0\r\n", &us, NULL,
                                   OURS "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" TIMES "a=sendrecv\r\n");
    assert_int_equal(r.codec, 0);
    assert_false(r.has_telephone_event);
    assert_false(r.rtcp_mux);
    assert_int_equal(r.remote_rtcp_port, 4001);
}

static void other_media_lines_are_refused_in_their_places(void **state)
{
    (void)state;
    struct sdp_result r = answered(HEAD "m=video 5000 RTP/AVP 31 34\r\n"
                                        "m=audio 5002 RTP/SAVP 0 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
                                        "m=audio 0 RTP/AVP 0\r\n"
                                        "m=audio 5004 RTP/AVP 18\r\n"
                                        "m=audio 5006 RTP/AVP 8\r\nc=IN IP4 192.0.2.9\r\na=rtcp:6000\r\n"
                                        "m=audio 5008 RTP/AVP 0\r\n"
                                        "m=image 5010 udptl t38\r\n"
                                        "m=message 5012 TCP/MSRP *\r\n",
                                   &us, NULL,
                                   OURS "m=video 0 RTP/AVP 31 34\r\n"
                                        "m=audio 0 RTP/SAVP 0 8\r\n"
                                        "m=audio 0 RTP/AVP 0\r\n"
                                        "m=audio 0 RTP/AVP 18\r\n"
                                        "m=audio 20000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n" TIMES "a=sendrecv\r\n"
                                        "m=audio 0 RTP/AVP 0\r\n"
                                        "m=image 0 udptl t38\r\n"
                                        "m=message 0 TCP/MSRP *\r\n");
    assert_int_equal(r.codec, 1);
    assert_string_equal(r.remote_address, "192.0.2.9");
    assert_int_equal(r.remote_rtp_port, 5006);
    assert_int_equal(r.remote_rtcp_port, 6000);
}

static void an_offer_without_a_line_for_us_is_told_what_it_lacks(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *what;
    } table[] = {
        {"", HEAD, "no audio line"},
        {HEAD, "m=video 5000 RTP/AVP 31\r\n", "no audio line"},
        {HEAD "m=video 5000 RTP/AVP 31\r\n", "m=audio 0 RTP/AVP 0\r\n", "port 0"},
        {HEAD, "m=audio 4000 RTP/SAVP 0\r\nm=audio 0 RTP/AVP 0\r\n", "must be RTP/AVP"},
        {HEAD, "m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n", "RTP/AVP or RTP/SAVP"},
        {HEAD "m=audio 4000 RTP/SAVP 0\r\n", "m=audio 4000 RTP/AVP 18 3 101\r\n" EVENT, "no codec"},
        {HEAD, "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 PCMU/16000\r\na=rtpmap:97 PCMA/8000/2\r\n", "no codec"},
        {HEAD "m=audio 4000 RTP/AVP 18\r\n", "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.0.0.1/1\r\n", "be unicast"},
        {HEAD, "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 255.255.255.255\r\n", "be unicast"},
        {HEAD, "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 ff02::1\r\n", "be unicast"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer text, answer;
        struct sdp_result result, untouched;
        struct fault fault = {0, NULL};
        buffer_init(&text);
        buffer_init(&answer);
        buffer_printf(&text, "%s%s", table[i].before, table[i].after);
        struct sdp sdp = parsed(buffer_text(&text));
        memset(&result, 0x5A, sizeof result);
        memset(&untouched, 0x5A, sizeof untouched);
        assert_int_equal(sdp_answer(&answer, &result, &sdp, &us, NULL, &fault), STATUS_UNSUPPORTED);
        if (!strstr(fault.what, table[i].what)) fail_msg("row %zu: %s", i, fault.what);
        assert_int_equal(fault.at, strlen(table[i].before));
        assert_memory_equal(&result, &untouched, sizeof result);
        assert_int_equal(answer.len, 0);
        buffer_clear(&answer);
        buffer_clear(&text);
    }
}

static void a_direction_is_answered_by_its_reverse_at_most(void **state)
{
    (void)state;
    static const struct {
        enum sdp_direction ours;
        const char *offered, *answered;
        bool send, receive, peer_holds;
    } table[] = {
        {SDP_SENDRECV, "sendrecv", "sendrecv", true, true, false},
        {SDP_SENDRECV, "sendonly", "recvonly", false, true, true},
        {SDP_SENDRECV, "recvonly", "sendonly", true, false, false},
        {SDP_SENDRECV, "inactive", "inactive", false, false, true},
        {SDP_SENDONLY, "sendrecv", "sendonly", true, false, false},
        {SDP_SENDONLY, "sendonly", "inactive", false, false, true},
        {SDP_RECVONLY, "recvonly", "inactive", false, false, false},
        {SDP_RECVONLY, "sendrecv", "recvonly", false, true, false},
        {SDP_INACTIVE, "sendrecv", "inactive", false, false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct sdp_local local = us;
        char offer[512], expected[512];
        local.direction = table[i].ours;
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP 0\r\na=%s\r\n", table[i].offered);
        snprintf(expected, sizeof expected, OURS "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" TIMES "a=%s\r\n",
                 table[i].answered);
        struct sdp_result r = answered(offer, &local, NULL, expected);
        assert_int_equal(r.send, table[i].send);
        assert_int_equal(r.receive, table[i].receive);
        assert_int_equal(r.peer_holds, table[i].peer_holds);
    }
}

static void the_unspecified_address_holds_and_cannot_be_sent_to(void **state)
{
    (void)state;
    struct sdp_result r = answered(HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", &us, NULL, NULL);
    assert_true(r.peer_holds && !r.send && r.receive);
    assert_string_equal(r.remote_address, "");
    r = answered(HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 ::\r\n", &us, NULL, NULL);
    assert_true(r.peer_holds && !r.send);
    assert_string_equal(r.remote_address, "");
}

static void only_a_unicast_literal_is_sent_to(void **state)
{
    (void)state;
    static const struct {
        const char *connection, *address;
    } table[] = {
        {"IN IP4 phone.example", ""},
        {"IN IP4 other.example", ""},
        {"IN IP4 2001:db8::1", ""},
        {"IN IP6 192.0.2.1", ""},
        {"IN IP6 2001:db8::1", "2001:db8::1"},
        {"IN IP6 ::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"IN IP4 0.0.0.1", "0.0.0.1"},
        {"IN IP4 223.255.255.255", "223.255.255.255"},
        {"IN IP4 a-name-that-is-much-longer-than.any-literal-address-can-be-in-any-family.example", ""},
    };
    uint32_t marks[sizeof table / sizeof *table];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char offer[512];
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP 0\r\nc=%s\r\n", table[i].connection);
        struct sdp_result r = answered(offer, &us, NULL, NULL);
        assert_string_equal(r.remote_address, table[i].address);
        assert_int_equal(r.remote_mark, answered(offer, &us, NULL, NULL).remote_mark);
        marks[i] = r.remote_mark;
        for (size_t k = 0; k < i; k++)
            assert_int_equal(marks[k] == marks[i], strcmp(table[k].connection + 7, table[i].connection + 7) == 0);
    }
}

static void we_answer_with_the_family_of_our_own_address(void **state)
{
    (void)state;
    struct sdp_local local = us;
    local.address = "2001:db8::2";
    answered("v=0\r\no=- 1 1 IN IP6 ::1\r\nc=IN IP6 2001:db8::1\r\nm=audio 4000 RTP/AVP 0\r\n", &local, NULL,
             "v=0\r\no=- 7 3 IN IP6 2001:db8::2\r\ns=-\r\nc=IN IP6 2001:db8::2\r\nt=0 0\r\n"
             "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" TIMES "a=sendrecv\r\n");
}

static void packet_times_stay_on_the_grid_and_within_what_the_peer_takes(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint16_t ms;
    } table[] = {
        {"", 20},
        {"a=ptime:10\r\n", 10},
        {"a=ptime:30\r\n", 30},
        {"a=ptime:25\r\n", 20},
        {"a=ptime:5\r\n", 10},
        {"a=ptime:0\r\n", 20},
        {"a=ptime:99999999999999999999\r\n", 60},
        {"a=ptime:60\r\na=maxptime:40\r\n", 40},
        {"a=ptime:40\r\na=maxptime:35\r\n", 30},
        {"a=maxptime:10\r\n", 10},
        {"a=maxptime:1\r\n", 10},
        {"a=maxptime:240\r\n", 20},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char offer[512];
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP 0\r\n%s", table[i].lines);
        assert_int_equal(answered(offer, &us, NULL, NULL).send_ptime_ms, table[i].ms);
    }
}

static void a_renegotiation_keeps_the_codec_where_it_can(void **state)
{
    (void)state;
    struct sdp_result first = answered(HEAD "m=audio 4000 RTP/AVP 8 0\r\n", &us, NULL, NULL);
    assert_int_equal(first.codec, 1);
    struct sdp_result again = answered(HEAD "m=audio 4000 RTP/AVP 0 8\r\n", &us, &first, NULL);
    assert_int_equal(again.codec, 1);
    again = answered(HEAD "m=audio 4000 RTP/AVP 0\r\n", &us, &first, NULL);
    assert_int_equal(again.codec, 0);
    again = answered(HEAD "m=audio 4000 RTP/AVP 0 8\r\n", &us, NULL, NULL);
    assert_int_equal(again.codec, 0);
}

static void telephone_event_goes_only_with_the_clock_of_the_codec(void **state)
{
    (void)state;
    struct sdp_result r = answered(HEAD "m=audio 4000 RTP/AVP 0 100 101\r\na=rtpmap:100 telephone-event/48000\r\n"
                                        "a=rtpmap:101 TELEPHONE-EVENT/8000\r\n",
                                   &us, NULL, NULL);
    assert_true(r.has_telephone_event);
    assert_int_equal(r.send_event_type, 101);
    assert_int_equal(r.event_clock_hz, 8000);
    r = answered(HEAD "m=audio 4000 RTP/AVP 0 100\r\na=rtpmap:100 telephone-event/48000\r\n", &us, NULL, NULL);
    assert_false(r.has_telephone_event);
    assert_int_equal(r.event_clock_hz, 0);
    struct sdp_local deaf = us;
    deaf.telephone_event = false;
    r = answered(HEAD "m=audio 4000 RTP/AVP 0 101\r\n" EVENT, &deaf, NULL,
                 OURS "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n" TIMES "a=sendrecv\r\n");
    assert_false(r.has_telephone_event);
}

/* ---- Our own offers ---- */

static void an_offer_lists_all_we_have(void **state)
{
    (void)state;
    struct buffer b;
    assert_string_equal(offered(&b, &us), OURS "m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\n"
                                               "a=rtpmap:8 PCMA/8000\r\n" EVENT TIMES "a=sendrecv\r\na=rtcp-mux\r\n");
    buffer_clear(&b);
}

static void an_offer_numbers_one_telephone_event_a_clock_around_the_codecs(void **state)
{
    (void)state;
    struct sdp_codec wide[SDP_CODECS];
    struct sdp_local local = us;
    local.codecs = wide;
    local.codec_count = codecs_named(wide, "opus G722 PCMU L16/16000");
    wide[0].payload_type = 101;
    wide[3].payload_type = 103;
    struct buffer b;
    assert_string_equal(offered(&b, &local),
                        OURS "m=audio 20000 RTP/AVP 101 9 0 103 102 104 105\r\n"
                             "a=rtpmap:101 opus/48000/2\r\na=fmtp:101 useinbandfec=1\r\n"
                             "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:103 L16/16000\r\n"
                             "a=rtpmap:102 telephone-event/48000\r\na=fmtp:102 0-15\r\n"
                             "a=rtpmap:104 telephone-event/8000\r\na=fmtp:104 0-15\r\n"
                             "a=rtpmap:105 telephone-event/16000\r\na=fmtp:105 0-15\r\n" TIMES
                             "a=sendrecv\r\na=rtcp-mux\r\n");
    buffer_clear(&b);
    struct sdp_result r = accepted(HEAD "m=audio 4000 RTP/AVP 9 99\r\na=rtpmap:99 telephone-event/8000\r\n", &local);
    assert_int_equal(r.codec, 1);
    assert_int_equal(r.send_event_type, 99);
    assert_int_equal(r.receive_event_type, 104);
}

static void an_answer_may_number_its_codecs_otherwise(void **state)
{
    (void)state;
    struct sdp_result r = accepted(HEAD "m=audio 4000 RTP/AVP 98 97\r\na=rtpmap:98 PCMA/8000\r\n"
                                        "a=rtpmap:97 telephone-event/8000\r\n",
                                   &us);
    assert_int_equal(r.codec, 1);
    assert_int_equal(r.send_payload_type, 98);
    assert_int_equal(r.receive_payload_type, 8);
    assert_int_equal(r.send_event_type, 97);
    assert_int_equal(r.receive_event_type, 101);
    assert_false(r.rtcp_mux);
    assert_int_equal(r.remote_rtcp_port, 4001);
}

static void an_answer_that_refuses_or_misses_the_line_is_no_agreement(void **state)
{
    (void)state;
    static const char *const table[] = {
        HEAD,
        HEAD "m=audio 0 RTP/AVP 0\r\n",
        HEAD "m=audio 4000 RTP/SAVP 0\r\n",
        HEAD "m=audio 4000 RTP/AVP 18\r\n",
        HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 239.1.2.3\r\n",
        HEAD "m=video 4000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\n", /* the answer to our line is the first */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_non_null(not_accepted(table[i], &us));
    }
}

static void a_hold_is_heard_in_an_answer_too_unless_we_did_not_offer_to_send(void **state)
{
    (void)state;
    struct sdp_local local = us;
    struct sdp_result r = accepted(HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", &local);
    assert_true(r.peer_holds && !r.send && r.receive);
    local.direction = SDP_RECVONLY;
    r = accepted(HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", &local);
    assert_true(!r.peer_holds && !r.send && r.receive);
    local.direction = SDP_SENDONLY;
    r = accepted(HEAD "m=audio 4000 RTP/AVP 0\r\n", &local); /* wider than the offer: ours holds */
    assert_true(!r.peer_holds && r.send && !r.receive);
}

/** Both sides are us, in every pair of directions and codec lists: what one sends the other receives. */
static void two_of_us_agree(void **state)
{
    (void)state;
    struct sdp_codec other[SDP_CODECS];
    codecs_named(other, "PCMA PCMU");
    int pairs = 0;
    for (int i = 0; i < 4 * 4 * 2; i++, pairs++) {
        struct sdp_local alice = us, bob = us;
        alice.direction = (enum sdp_direction)(i % 4);
        bob.direction = (enum sdp_direction)(i / 4 % 4);
        bob.codecs = i / 16 ? other : us.codecs;
        bob.address = "203.0.113.5";
        bob.rtp_port = 30000;
        struct buffer offer, answer;
        buffer_init(&answer);
        struct sdp sdp = parsed(offered(&offer, &alice));
        struct sdp_result at_bob, at_alice;
        struct fault fault;
        assert_int_equal(sdp_answer(&answer, &at_bob, &sdp, &bob, NULL, &fault), STATUS_OK);
        at_alice = accepted(buffer_text(&answer), &alice);
        assert_string_equal(alice.codecs[at_alice.codec].encoding, bob.codecs[at_bob.codec].encoding);
        assert_int_equal(at_alice.send_payload_type, at_bob.receive_payload_type);
        assert_int_equal(at_bob.send_payload_type, at_alice.receive_payload_type);
        assert_int_equal(at_alice.send_event_type, at_bob.receive_event_type);
        assert_true(at_alice.has_telephone_event && at_bob.has_telephone_event);
        assert_int_equal(at_alice.send, at_bob.receive);
        assert_int_equal(at_bob.send, at_alice.receive);
        assert_true(at_alice.rtcp_mux && at_bob.rtcp_mux);
        assert_string_equal(at_alice.remote_address, bob.address);
        assert_string_equal(at_bob.remote_address, alice.address);
        assert_int_equal(at_alice.remote_rtcp_port, 30000);
        assert_int_equal(at_bob.remote_rtp_port, 20000);
        buffer_clear(&offer);
        buffer_clear(&answer);
    }
    assert_int_equal(pairs, 32);
}

static void the_version_rises_only_with_what_is_said(void **state)
{
    (void)state;
    struct buffer sent, same, held;
    struct sdp_local local = us;
    offered(&sent, &local);
    local.version++;
    offered(&same, &local);
    local.direction = SDP_SENDONLY;
    offered(&held, &local);
    assert_true(sdp_says_same(slice_of(buffer_text(&sent)), slice_of(buffer_text(&same))));
    assert_false(sdp_says_same(slice_of(buffer_text(&sent)), slice_of(buffer_text(&held))));
    buffer_clear(&sent);
    buffer_clear(&same);
    buffer_clear(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_codec_of_the_offer_is_taken_with_its_number),
        cmocka_unit_test(the_smallest_offer_is_enough),
        cmocka_unit_test(other_media_lines_are_refused_in_their_places),
        cmocka_unit_test(an_offer_without_a_line_for_us_is_told_what_it_lacks),
        cmocka_unit_test(a_direction_is_answered_by_its_reverse_at_most),
        cmocka_unit_test(the_unspecified_address_holds_and_cannot_be_sent_to),
        cmocka_unit_test(only_a_unicast_literal_is_sent_to),
        cmocka_unit_test(we_answer_with_the_family_of_our_own_address),
        cmocka_unit_test(packet_times_stay_on_the_grid_and_within_what_the_peer_takes),
        cmocka_unit_test(a_renegotiation_keeps_the_codec_where_it_can),
        cmocka_unit_test(telephone_event_goes_only_with_the_clock_of_the_codec),
        cmocka_unit_test(an_offer_lists_all_we_have),
        cmocka_unit_test(an_offer_numbers_one_telephone_event_a_clock_around_the_codecs),
        cmocka_unit_test(an_answer_may_number_its_codecs_otherwise),
        cmocka_unit_test(an_answer_that_refuses_or_misses_the_line_is_no_agreement),
        cmocka_unit_test(a_hold_is_heard_in_an_answer_too_unless_we_did_not_offer_to_send),
        cmocka_unit_test(two_of_us_agree),
        cmocka_unit_test(the_version_rises_only_with_what_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
