#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "sdp/sdp.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

static struct sdp parsed(const char *text)
{
    struct sdp sdp;
    struct fault fault = {0, NULL};
    status s = sdp_parse(&sdp, slice_of(text), &fault);
    if (s != STATUS_OK) fail_msg("refused at %lu: %s\n%s", fault.at, fault.what, text);
    return sdp;
}

static void assert_slice(struct slice s, const char *text)
{
    if (!slice_is(s, text)) fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARGS(s), text);
}

static void a_phone_s_offer_is_read_whole(void **state)
{
    (void)state;
    struct sdp sdp = parsed("v=0\r\n"
                            "o=alice 2890844526 18446744073709551615 IN IP4 host.example\r\n"
                            "s=a call\r\n"
                            "c=IN IP4 192.0.2.7/127\r\n"
                            "t=0 0\r\n"
                            "m=audio 49170 RTP/AVP 0 8 96 101\r\n"
                            "a=rtpmap:0 PCMU/8000\r\n"
                            "a=rtpmap:96 opus/48000/2\r\n"
                            "a=fmtp:96 useinbandfec=1; maxplaybackrate=16000 \r\n"
                            "a=rtpmap:101 telephone-event/8000\r\n"
                            "a=fmtp:101 0-16\r\n"
                            "a=ptime:30\r\n"
                            "a=maxptime:60.5\r\n"
                            "a=rtcp:53020 IN IP4 192.0.2.9\r\n"
                            "a=rtcp-mux\r\n"
                            "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:key\r\n"
                            "a=recvonly\r\n");
    assert_slice(sdp.origin_user, "alice");
    assert_int_equal(sdp.origin_id, 2890844526);
    assert_true(sdp.origin_version == UINT64_MAX);
    assert_slice(sdp.origin_address, "host.example");
    assert_int_equal(sdp.media_count, 1);
    const struct sdp_media *m = &sdp.media[0];
    assert_slice(m->kind, "audio");
    assert_slice(m->protocol, "RTP/AVP");
    assert_slice(m->formats, "0 8 96 101");
    assert_slice(m->address, "192.0.2.7");
    assert_int_equal(m->port, 49170);
    assert_int_equal(m->at, 107);
    assert_int_equal(m->format_count, 4);
    assert_slice(m->format[1].encoding, "PCMA"); /* static: no rtpmap */
    assert_int_equal(m->format[1].clock_hz, 8000);
    assert_slice(m->format[2].encoding, "opus");
    assert_int_equal(m->format[2].channels, 2);
    assert_int_equal(m->format[2].clock_hz, 48000);
    assert_slice(m->format[2].fmtp, "useinbandfec=1; maxplaybackrate=16000");
    assert_slice(m->format[3].fmtp, "0-16");
    assert_int_equal(m->ptime_ms, 30);
    assert_int_equal(m->maxptime_ms, 60);
    assert_int_equal(m->rtcp_port, 53020);
    assert_true(m->rtcp_mux);
    assert_int_equal(m->crypto_count, 1);
    assert_slice(m->crypto[0], "1 AES_CM_128_HMAC_SHA1_80 inline:key");
    assert_int_equal(m->direction, SDP_RECVONLY);
}

static void static_types_are_known_without_an_rtpmap(void **state)
{
    (void)state;
    struct sdp sdp = parsed(HEAD "m=audio 4000 RTP/AVP 0 3 8 9 10 11 13 18 2 77\r\n");
    static const struct {
        const char *encoding;
        uint32_t clock_hz;
        uint8_t channels;
    } expected[] = {{"PCMU", 8000, 1}, {"GSM", 8000, 1}, {"PCMA", 8000, 1}, {"G722", 8000, 1}, {"L16", 44100, 2},
                    {"L16", 44100, 1}, {"CN", 8000, 1},  {"G729", 8000, 1}, {"", 0, 1},        {"", 0, 1}};
    assert_int_equal(sdp.media[0].format_count, 10);
    for (int i = 0; i < 10; i++) {
        assert_slice(sdp.media[0].format[i].encoding, expected[i].encoding);
        assert_int_equal(sdp.media[0].format[i].clock_hz, expected[i].clock_hz);
        assert_int_equal(sdp.media[0].format[i].channels, expected[i].channels);
    }
}

static void an_rtpmap_overrides_a_static_type_and_one_of_no_format_is_skipped(void **state)
{
    (void)state;
    struct sdp sdp = parsed(HEAD "m=audio 4000 RTP/AVP 3 0\r\na=rtpmap:3 X-mine/16000\r\na=rtpmap:99 opus/48000/2\r\n"
                                 "a=rtpmap:0 PCMU/8000/\r\na=fmtp:98 x\r\na=fmtp:t38 x\r\n");
    assert_int_equal(sdp.media[0].format_count, 2);
    assert_slice(sdp.media[0].format[0].encoding, "X-mine");
    assert_int_equal(sdp.media[0].format[0].clock_hz, 16000);
    assert_int_equal(sdp.media[0].format[1].channels, 1);
}

static void media_level_lines_override_those_of_the_session(void **state)
{
    (void)state;
    struct sdp sdp = parsed("v=0\no=- 1 1 IN IP6 ::1\nc=IN IP6 2001:db8::1\na=sendonly\n"
                            "m=audio 4000 RTP/AVP 0\n"
                            "m=audio 4002 RTP/AVP 0\nc=IN IP4 192.0.2.2\na=sendrecv\n"
                            "m=audio 0 RTP/AVP 0");
    assert_int_equal(sdp.media_count, 3);
    assert_slice(sdp.media[0].address, "2001:db8::1");
    assert_true(sdp.media[0].ipv6);
    assert_int_equal(sdp.media[0].direction, SDP_SENDONLY);
    assert_slice(sdp.media[1].address, "192.0.2.2");
    assert_false(sdp.media[1].ipv6);
    assert_int_equal(sdp.media[1].direction, SDP_SENDRECV);
    assert_int_equal(sdp.media[2].port, 0);
}

static void the_unspecified_address_is_a_hold(void **state)
{
    (void)state;
    static const struct {
        const char *connection, *direction;
        enum sdp_direction in_force;
    } table[] = {
        {"IN IP4 0.0.0.0", "sendrecv", SDP_SENDONLY}, {"IN IP4 0.0.0.0", "recvonly", SDP_INACTIVE},
        {"IN IP4 0.0.0.0", "sendonly", SDP_SENDONLY}, {"IN IP4 0.0.0.0", "inactive", SDP_INACTIVE},
        {"IN IP6 ::", "sendrecv", SDP_SENDONLY},      {"IN IP4 192.0.2.1", "sendrecv", SDP_SENDRECV},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer text;
        buffer_init(&text);
        buffer_printf(&text, HEAD "m=audio 4000 RTP/AVP 0\r\nc=%s\r\na=%s\r\n", table[i].connection,
                      table[i].direction);
        assert_int_equal(parsed(buffer_text(&text)).media[0].direction, table[i].in_force);
        buffer_clear(&text);
    }
}

static void what_is_not_rtp_keeps_its_formats_as_words(void **state)
{
    (void)state;
    struct sdp sdp = parsed(HEAD "m=image 4000 udptl t38\r\na=rtpmap:nonsense\r\n"
                                 "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
                                 "m=audio 4000/2 RTP/SAVP 0 8\r\n");
    assert_int_equal(sdp.media_count, 3);
    assert_slice(sdp.media[0].formats, "t38");
    assert_int_equal(sdp.media[0].format_count, 0);
    assert_slice(sdp.media[1].protocol, "UDP/DTLS/SCTP");
    assert_int_equal(sdp.media[2].format_count, 2);
    assert_int_equal(sdp.media[2].port, 4000);
}

static void what_nobody_needs_is_skipped(void **state)
{
    (void)state;
    struct sdp sdp =
        parsed(HEAD "b=AS:64\r\nz=0 0\r\nk=clear:x\r\na=group:BUNDLE 0\r\n\r\nx=what\r\na=\r\n"
                    "m=audio 4000 RTP/AVP 0 0 0\r\ni=title\r\na=candidate:1 1 udp 1 192.0.2.1 4 typ host\r\n"
                    "a=rtcp-mux-only\r\na=PTIME: 20 \r\n\r\n\r\n");
    assert_int_equal(sdp.media_count, 1);
    assert_int_equal(sdp.media[0].format_count, 1);
    assert_false(sdp.media[0].rtcp_mux);
    assert_int_equal(sdp.media[0].ptime_ms, 20);
}

static void formats_and_keys_past_the_last_place_are_left_out(void **state)
{
    (void)state;
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, HEAD "m=audio 4000 RTP/AVP");
    for (int i = 0; i < 128; i++)
        buffer_printf(&text, " %d", i);
    for (int i = 0; i < 20; i++)
        buffer_printf(&text, "\r\na=crypto:%d x", i);
    struct sdp sdp = parsed(buffer_text(&text));
    assert_int_equal(sdp.media[0].format_count, SDP_FORMATS_MAX);
    assert_int_equal(sdp.media[0].format[SDP_FORMATS_MAX - 1].payload_type, SDP_FORMATS_MAX - 1);
    assert_int_equal(sdp.media[0].crypto_count, SDP_CRYPTO_MAX);
    buffer_clear(&text);
}

/** Each row is the text up to the fault, and from the fault on. */
static void a_fault_is_where_it_is_said_to_be(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *what;
    } table[] = {
        {"", "", "v= and o="},
        {"\r\n", "x", "a letter and ="},
        {"", "o=- 1 1 IN IP4 h\r\n", "begin with v=0"},
        {"", "v=1\r\n", "begin with v=0"},
        {"v=0\r\n", "", "v= and o="},
        {"v=0\r\n", "s=-\r\n", "o= must follow"},
        {"v=0\r\n", "o\r\n", "a letter and ="},
        {"v=0\r\no=- ", "x 1 IN IP4 h\r\n", "session id"},
        {"v=0\r\no=- 1 ", "-1 IN IP4 h\r\n", "session version"},
        {"v=0\r\no=-", "", "session id"},
        {"v=0\r\no=", "- 1 1 IN IP4\r\n", "six fields"},
        {"v=0\r\no=- 1 1 IN IP4 h\r\nc=", "TN IP4 h\r\n", "must be IN"},
        {"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN ", "IP5 h\r\n", "IP4 or IP6"},
        {"v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4", "\r\n", "address is missing"},
        {HEAD "c=IN IP4 ", "127.0..1\r\n", "or a host name"},
        {HEAD "c=IN IP4 ", "192.0.2.256\r\n", "or a host name"},
        {HEAD "c=IN IP4 ", "192.0.2\r\n", "or a host name"},
        {HEAD "c=IN IP6 ", "2001:db8:::1\r\n", "or a host name"},
        {HEAD "c=IN IP6 ", "fe80::1%eth0\r\n", "or a host name"},
        {HEAD "c=IN IP4 ", "-phone.example\r\n", "or a host name"},
        {HEAD "c=IN IP4 ", "a_phone.example\r\n", "or a host name"},
        {HEAD "m=audio 1 RTP/AVP 0\r\nc=IN IP4 ", "\xff\r\n", "or a host name"},
        {HEAD, "m\r\n", "a letter and ="},
        {HEAD, "nonsense\r\n", "a letter and ="},
        {HEAD "m=audio ", "65536 RTP/AVP 0\r\n", "port"},
        {HEAD "m=audio ", "-1 RTP/AVP 0\r\n", "port"},
        {HEAD "m=audio ", "x/2 RTP/AVP 0\r\n", "port"},
        {HEAD "m=audio", "", "port"},
        {HEAD "m=", "", "name its media"},
        {HEAD "m=audio 1", "", "protocol"},
        {HEAD "m=audio 1 RTP/AVP", "", "a format"},
        {HEAD "m=audio 1 RTP/AVP ", "128\r\n", "0 to 127"},
        {HEAD "m=audio 1 RTP/AVP 0 ", "t38\r\n", "0 to 127"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:", "x PCMU/8000\r\n", "0 to 127"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:0 ", "/8000\r\n", "name an encoding"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:0 PCMU/", "0\r\n", "clock rate"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:0 PCMU/", "4294967296\r\n", "clock rate"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:0 PCMU", "\r\n", "clock rate"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=ptime:", "fast\r\n", "milliseconds"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=maxptime:", "2.x\r\n", "milliseconds"},
        {HEAD "m=audio 1 RTP/AVP 0\r\na=rtcp:", "70000\r\n", "RTCP port"},
        {HEAD "s=a", "\rb\r\n", "before LF"},
        {"v=0\r\no=- 1 1 IN IP4 h\r\n", "m=audio 1 RTP/AVP 0\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 h\r\n",
         "no connection address"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer text;
        struct fault fault = {999, "not set"};
        static struct sdp sdp, untouched;
        buffer_init(&text);
        buffer_printf(&text, "%s%s", table[i].before, table[i].after);
        memset(&sdp, 0x5A, sizeof sdp);
        memset(&untouched, 0x5A, sizeof untouched);
        assert_int_equal(sdp_parse(&sdp, slice_of(buffer_text(&text)), &fault), STATUS_INVALID);
        if (!strstr(fault.what, table[i].what)) fail_msg("row %zu: \"%s\"", i, fault.what);
        if (fault.at != strlen(table[i].before)) fail_msg("row %zu (%s): at %lu", i, fault.what, fault.at);
        assert_memory_equal(&sdp, &untouched, sizeof sdp);
        buffer_clear(&text);
    }
}

static void too_much_is_refused_where_it_begins(void **state)
{
    (void)state;
    struct buffer text;
    struct sdp sdp;
    struct fault fault;
    buffer_init(&text);
    buffer_append_text(&text, HEAD);
    for (int i = 0; i < SDP_MEDIA_MAX; i++)
        buffer_append_text(&text, "m=audio 0 RTP/AVP 0\r\n");
    size_t full = text.len;
    assert_int_equal(sdp_parse(&sdp, slice_of(buffer_text(&text)), &fault), STATUS_OK);
    assert_int_equal(sdp.media_count, SDP_MEDIA_MAX);
    buffer_append_text(&text, "m=audio 0 RTP/AVP 0\r\n");
    assert_int_equal(sdp_parse(&sdp, slice_of(buffer_text(&text)), &fault), STATUS_INVALID);
    assert_int_equal(fault.at, full);
    while (text.len <= SDP_TEXT_MAX)
        buffer_append_text(&text, "a=long\r\n");
    assert_int_equal(sdp_parse(&sdp, slice_of(buffer_text(&text)), &fault), STATUS_INVALID);
    assert_int_equal(fault.at, SDP_TEXT_MAX);
    static const char nul[] = "v=0\0";
    assert_int_equal(sdp_parse(&sdp, (struct slice){nul, 4}, &fault), STATUS_INVALID);
    assert_int_equal(fault.at, 3);
    buffer_clear(&text);
}

static void every_prefix_of_a_description_is_read_or_refused(void **state)
{
    (void)state;
    static const char text[] = HEAD "m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 x=1\r\n"
                                    "a=rtcp:1\r\na=ptime:20.0\r\na=crypto:1 x\r\nm=video 0 RTP/AVP 31\r\n";
    for (size_t len = 0; len < sizeof text; len++) {
        char *exact = malloc(len > 0 ? len : 1); /* so that the sanitizer sees a read past the end */
        struct sdp sdp;
        struct fault fault = {0, NULL};
        assert_non_null(exact);
        memcpy(exact, text, len);
        status s = sdp_parse(&sdp, (struct slice){exact, len}, &fault);
        assert_true(s == STATUS_OK || fault.at <= len);
        free(exact);
    }
}

static void descriptions_are_compared_without_their_origin(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } table[] = {
        {"v=0\r\no=- 1 1 x\r\ns=-\r\n", "v=0\r\no=- 1 2 x\r\ns=-\r\n", true},
        {"v=0\r\no=- 1 1 x\r\ns=-\r\n", "v=0\no=- 1 2 x\ns=-", true},
        {"v=0\r\no=- 1 1 x\r\ns=-\r\n", "v=0\r\no=- 1 1 x\r\ns=a\r\n", false},
        {"v=0\r\no=- 1 1 x\r\ns=-\r\n", "v=0\r\no=- 1 1 x\r\n", false},
        {"v=0\r\no=- 1 1 x", "v=0\r\n", true},
        {"", "", true},
        {"", "v=0", false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(sdp_says_same(slice_of(table[i].a), slice_of(table[i].b)), table[i].same);
        assert_int_equal(sdp_says_same(slice_of(table[i].b), slice_of(table[i].a)), table[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phone_s_offer_is_read_whole),
        cmocka_unit_test(static_types_are_known_without_an_rtpmap),
        cmocka_unit_test(an_rtpmap_overrides_a_static_type_and_one_of_no_format_is_skipped),
        cmocka_unit_test(media_level_lines_override_those_of_the_session),
        cmocka_unit_test(the_unspecified_address_is_a_hold),
        cmocka_unit_test(what_is_not_rtp_keeps_its_formats_as_words),
        cmocka_unit_test(what_nobody_needs_is_skipped),
        cmocka_unit_test(formats_and_keys_past_the_last_place_are_left_out),
        cmocka_unit_test(a_fault_is_where_it_is_said_to_be),
        cmocka_unit_test(too_much_is_refused_where_it_begins),
        cmocka_unit_test(every_prefix_of_a_description_is_read_or_refused),
        cmocka_unit_test(descriptions_are_compared_without_their_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
