#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

#define OPUS "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"

static struct sdp_codec codecs[SDP_CODECS];

/** Us with these codecs; valid until the next call. */
static struct sdp_local us_with(const char *names)
{
    struct sdp_local local = us;
    local.codecs = codecs;
    local.codec_count = codecs_named(codecs, names);
    local.comfort_noise = true;
    return local;
}

static const char all[] = "opus G722 PCMU PCMA L16/48000 L16/16000 L16/8000";

static void every_codec_is_known_by_its_rtpmap(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name; /* NULL: none of ours */
    } rows[] = {
        {"96\r\na=rtpmap:96 opus/48000/2", "opus"},
        {"120\r\na=rtpmap:120 OPUS/48000/2", "opus"},
        {"96\r\na=rtpmap:96 opus/48000", NULL}, /* RFC 7587 section 7 */
        {"96\r\na=rtpmap:96 opus/16000/2", NULL},
        {"9", "G722"},
        {"97\r\na=rtpmap:97 G722/8000", "G722"},
        {"97\r\na=rtpmap:97 G722/16000", NULL},
        {"0", "PCMU"},
        {"8", "PCMA"},
        {"98\r\na=rtpmap:98 L16/8000", "L16/8000"},
        {"98\r\na=rtpmap:98 L16/16000/1", "L16/16000"},
        {"98\r\na=rtpmap:98 L16/48000", "L16/48000"},
        {"98\r\na=rtpmap:98 L16/16000/2", NULL},
        {"11", NULL}, /* L16/44100 */
        {"18", NULL},
        {"13 101\r\na=rtpmap:101 telephone-event/8000", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(all);
        char offer[512];
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP %s\r\n", rows[i].line);
        if (rows[i].name)
            assert_string_equal(codecs[answered(offer, &local, NULL, NULL).codec].name, rows[i].name);
        else
            assert_string_equal(refused(offer, &local), "the audio line has no codec that is taken here");
    }
}

static void the_offers_order_decides_or_ours_as_we_are_told(void **state)
{
    (void)state;
    static const char offer[] = HEAD "m=audio 4000 RTP/AVP 0 8 9 111\r\na=rtpmap:111 opus/48000/2\r\n";
    struct sdp_local local = us_with("opus G722 PCMA");
    assert_string_equal(codecs[answered(offer, &local, NULL, NULL).codec].name, "PCMA");
    local.own_order = true;
    struct sdp_result r = answered(offer, &local, NULL, NULL);
    assert_string_equal(codecs[r.codec].name, "opus");
    assert_int_equal(r.receive_payload_type, 111);
    assert_string_equal(codecs[accepted(offer, &local).codec].name, "PCMA"); /* of an answer its order counts */
}

static void a_renegotiation_keeps_the_codec_against_both_orders(void **state)
{
    (void)state;
    struct sdp_local local = us_with(all);
    struct sdp_result r = answered(HEAD "m=audio 4000 RTP/AVP 8\r\n", &local, NULL, NULL);
    local.own_order = true;
    r = answered(HEAD "m=audio 4000 RTP/AVP 9 0 8\r\n", &local, &r, NULL);
    assert_string_equal(codecs[r.codec].name, "PCMA");
}

static void opus_is_answered_with_the_clock_of_its_events(void **state)
{
    (void)state;
    struct sdp_local local = us_with(all);
    struct sdp_result r =
        answered(HEAD "m=audio 4000 RTP/AVP 111 0 13 110 101 105\r\na=rtpmap:111 opus/48000/2\r\n"
                      "a=fmtp:111 maxplaybackrate=16000;stereo=1;sprop-stereo=1;usedtx=1;maxaveragebitrate=24000\r\n"
                      "a=rtpmap:110 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000\r\n"
                      "a=rtpmap:105 CN/48000\r\na=ptime:40\r\n",
                 &local, NULL,
                 OURS "m=audio 20000 RTP/AVP 111 110\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
                      "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n" TIMES "a=sendrecv\r\n");
    assert_int_equal(r.send_event_type, 110);
    assert_false(r.has_comfort_noise); /* Opus tells silence by itself */
    assert_int_equal(r.send_ptime_ms, 40);
    assert_int_equal(r.peer.play_rate_hz, 16000);
    assert_int_equal(r.peer.bitrate_bps, 24000);
    assert_true(r.peer.dtx && !r.peer.fec);
}

static void events_of_8_khz_alone_go_with_every_codec(void **state)
{
    (void)state;
    struct sdp_local local = us_with(all);
    struct sdp_result r = answered(HEAD "m=audio 4000 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\n" EVENT, &local,
                                   NULL, OURS "m=audio 20000 RTP/AVP 96 101\r\n" OPUS EVENT TIMES "a=sendrecv\r\n");
    assert_int_equal(r.event_clock_hz, 8000);
    r = answered(HEAD "m=audio 4000 RTP/AVP 96 101 100\r\na=rtpmap:96 opus/48000/2\r\n" EVENT
                      "a=rtpmap:100 telephone-event/48000\r\n",
                 &local, NULL, NULL);
    assert_int_equal(r.send_event_type, 100);
    assert_int_equal(r.event_clock_hz, 48000);
    local = us_with("opus PCMU");
    r = accepted(HEAD "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n",
                 &local);
    assert_int_equal(r.send_event_type, 97);
    assert_int_equal(r.receive_event_type, 102); /* as we numbered that of PCMU */
    local = us_with("opus");
    r = accepted(HEAD "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 telephone-event/8000\r\n",
                 &local); /* which we have not offered */
    assert_false(r.has_telephone_event);
}

/** Our last description was an answer, in the offer's numbers and places, and is sent once more. */
static void an_answer_is_read_against_what_was_sent(void **state)
{
    (void)state;
    static const char again[] = OURS "m=video 0 RTP/AVP 31\r\nm=audio 20000 RTP/AVP 111 110\r\n"
                                     "a=rtpmap:111 opus/48000/2\r\na=rtpmap:110 telephone-event/8000\r\n";
    struct sdp_local local = us_with(all);
    struct sdp_result r =
        accepted_after(again,
                       HEAD "m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0 96 101 100\r\n"
                            "a=rtpmap:96 opus/48000/2\r\na=rtpmap:100 telephone-event/48000\r\n" EVENT,
                       &local);
    assert_string_equal(codecs[r.codec].name, "opus");
    assert_int_equal(r.send_payload_type, 96);
    assert_int_equal(r.receive_payload_type, 111);
    assert_int_equal(r.event_clock_hz, 8000);
    assert_int_equal(r.send_event_type, 101);
    assert_int_equal(r.receive_event_type, 110);
    r = accepted_after(again,
                       HEAD "m=video 0 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 96 100\r\na=rtpmap:96 opus/48000/2\r\n"
                            "a=rtpmap:100 telephone-event/48000\r\n",
                       &local);
    assert_false(r.has_telephone_event);
}

static void parameters_of_other_codecs_are_not_opus_s(void **state)
{
    (void)state;
    struct sdp_local local = us_with(all);
    struct sdp_result r = answered(HEAD "m=audio 4000 RTP/AVP 0 96\r\na=fmtp:0 usedtx=1;maxplaybackrate=16000\r\n"
                                        "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n",
                                   &local, NULL, NULL);
    assert_int_equal(r.peer.play_rate_hz, 0);
    assert_false(r.peer.dtx || r.peer.fec);
}

static void packets_fit_the_codec(void **state)
{
    (void)state;
    static const struct {
        const char *name, *lines;
        uint16_t ms, ours_ms, max_ms;
    } rows[] = {
        {"opus", "a=ptime:30\r\n", 20, 20, 60},
        {"opus", "a=ptime:50\r\n", 40, 20, 60},
        {"opus", "a=ptime:60\r\na=maxptime:50\r\n", 40, 20, 60},
        {"opus", "a=ptime:120\r\n", 60, 20, 60},
        {"opus", "a=maxptime:10\r\n", 10, 20, 60},
        {"opus", "a=ptime:3\r\n", 10, 20, 60},
        {"G722", "a=ptime:30\r\n", 30, 20, 60},
        {"L16/8000", "a=ptime:60\r\n", 60, 20, 60},
        {"L16/16000", "", 20, 20, 30},
        {"L16/16000", "a=ptime:60\r\n", 30, 20, 30},
        {"L16/48000", "", 10, 10, 10},
        {"L16/48000", "a=ptime:20\r\na=maxptime:20\r\n", 10, 10, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(rows[i].name);
        struct buffer answer;
        struct sdp_result r;
        char offer[512], times[64];
        const char *slash = strchr(rows[i].name, '/');
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 %s%s\r\n%s", rows[i].name,
                 slash                     ? ""
                 : codecs[0].channels == 2 ? "/48000/2"
                                           : "/8000",
                 rows[i].lines);
        snprintf(times, sizeof times, "a=ptime:%u\r\na=maxptime:%u\r\n", rows[i].ours_ms, rows[i].max_ms);
        const char *text = answer_text(&answer, offer, &local, NULL, &r);
        assert_non_null(strstr(text, times));
        assert_int_equal(r.send_ptime_ms, rows[i].ms);
        buffer_clear(&answer);
    }
}

static void the_bitrate_fits_our_payloads(void **state)
{
    (void)state;
    static const struct {
        int ptime_ms;
        uint32_t asked_bps, bps;
    } rows[] = {{20, 510000, 480000}, {60, 510000, 160000}, {60, 64000, 64000}, {10, 510000, 510000}, {20, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with("opus");
        char offer[512], rate[64] = "";
        if (rows[i].asked_bps) snprintf(rate, sizeof rate, "a=fmtp:96 maxaveragebitrate=%u\r\n", rows[i].asked_bps);
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\na=ptime:%d\r\n%s",
                 rows[i].ptime_ms, rate);
        assert_int_equal(answered(offer, &local, NULL, NULL).peer.bitrate_bps, rows[i].bps);
    }
}

static void comfort_noise_goes_with_the_clock_of_the_codec(void **state)
{
    (void)state;
    static const struct {
        const char *formats;
        bool has;
        uint8_t type;
    } rows[] = {
        {"0 13\r\n", true, 13},
        {"9 13\r\n", true, 13}, /* the clock of G.722 is 8000 */
        {"0 97\r\na=rtpmap:97 CN/8000\r\n", true, 97},
        {"0 97\r\na=rtpmap:97 cn/16000\r\n", false, 0},
        {"98 13 97\r\na=rtpmap:98 L16/16000\r\na=rtpmap:97 cn/16000\r\n", true, 97},
        {"98 13\r\na=rtpmap:98 L16/16000\r\n", false, 0},
        {"98 97\r\na=rtpmap:98 L16/48000\r\na=rtpmap:97 CN/48000\r\n", true, 97},
        {"0\r\n", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_local local = us_with(all);
        char offer[512];
        snprintf(offer, sizeof offer, HEAD "m=audio 4000 RTP/AVP %s", rows[i].formats);
        struct sdp_result r = answered(offer, &local, NULL, NULL);
        if (r.has_comfort_noise != rows[i].has || r.send_cn_type != rows[i].type || r.receive_cn_type != rows[i].type)
            fail_msg("row %zu: type %u", i, r.send_cn_type);
        local.comfort_noise = false;
        assert_false(answered(offer, &local, NULL, NULL).has_comfort_noise);
    }
    struct sdp_local local = us_with("PCMU");
    answered(HEAD "m=audio 4000 RTP/AVP 0 13 101\r\n" EVENT, &local, NULL,
             OURS "m=audio 20000 RTP/AVP 0 101 13\r\na=rtpmap:0 PCMU/8000\r\n" EVENT "a=rtpmap:13 CN/8000\r\n" TIMES
                  "a=sendrecv\r\n");
}

static void an_offer_of_all_has_events_and_comfort_noise_of_every_clock(void **state)
{
    (void)state;
    struct sdp_local local = us_with(all);
    struct buffer b;
    assert_string_equal(offered(&b, &local),
                        OURS "m=audio 20000 RTP/AVP 96 9 0 8 97 98 99 101 102 103 13 104 105\r\n" OPUS
                             "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
                             "a=rtpmap:97 L16/48000\r\na=rtpmap:98 L16/16000\r\na=rtpmap:99 L16/8000\r\n"
                             "a=rtpmap:101 telephone-event/48000\r\na=fmtp:101 0-15\r\n"
                             "a=rtpmap:102 telephone-event/8000\r\na=fmtp:102 0-15\r\n"
                             "a=rtpmap:103 telephone-event/16000\r\na=fmtp:103 0-15\r\n"
                             "a=rtpmap:13 CN/8000\r\na=rtpmap:104 CN/48000\r\na=rtpmap:105 CN/16000\r\n" TIMES
                             "a=sendrecv\r\na=rtcp-mux\r\n");
    buffer_clear(&b);
    struct sdp_result r = accepted(HEAD "m=audio 4000 RTP/AVP 98 120 121\r\na=rtpmap:98 L16/16000\r\n"
                                        "a=rtpmap:120 CN/16000\r\na=rtpmap:121 telephone-event/16000\r\n",
                                   &local);
    assert_string_equal(codecs[r.codec].name, "L16/16000");
    assert_int_equal(r.send_cn_type, 120);
    assert_int_equal(r.receive_cn_type, 105);
    assert_int_equal(r.send_event_type, 121);
    assert_int_equal(r.receive_event_type, 103);
}

static void an_offer_has_the_packet_times_of_its_first_codec(void **state)
{
    (void)state;
    struct sdp_local local = us_with("L16/48000 PCMU");
    struct buffer b;
    assert_non_null(strstr(offered(&b, &local), "a=ptime:10\r\na=maxptime:10\r\n"));
    buffer_clear(&b);
}

static void profiles_for_feedback_are_answered_as_they_are_named(void **state)
{
    (void)state;
    struct sdp_local local = us_with("PCMU");
    answered(HEAD "m=audio 4000 RTP/AVPF 0\r\na=rtcp-fb:* nack\r\n", &local, NULL,
             OURS "m=audio 20000 RTP/AVPF 0\r\na=rtpmap:0 PCMU/8000\r\n" TIMES "a=sendrecv\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_is_known_by_its_rtpmap),
        cmocka_unit_test(the_offers_order_decides_or_ours_as_we_are_told),
        cmocka_unit_test(a_renegotiation_keeps_the_codec_against_both_orders),
        cmocka_unit_test(opus_is_answered_with_the_clock_of_its_events),
        cmocka_unit_test(events_of_8_khz_alone_go_with_every_codec),
        cmocka_unit_test(an_answer_is_read_against_what_was_sent),
        cmocka_unit_test(parameters_of_other_codecs_are_not_opus_s),
        cmocka_unit_test(packets_fit_the_codec),
        cmocka_unit_test(the_bitrate_fits_our_payloads),
        cmocka_unit_test(comfort_noise_goes_with_the_clock_of_the_codec),
        cmocka_unit_test(an_offer_of_all_has_events_and_comfort_noise_of_every_clock),
        cmocka_unit_test(an_offer_has_the_packet_times_of_its_first_codec),
        cmocka_unit_test(profiles_for_feedback_are_answered_as_they_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
