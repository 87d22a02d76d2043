#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdp/codecs.h"

static void every_codec_has_a_name_and_a_payload_type_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < SDP_CODECS; i++) {
        const struct sdp_codec *codec = sdp_codec_at(i);
        assert_ptr_equal(sdp_codec_find(codec->name), codec);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(sdp_codec_at(k)->payload_type, codec->payload_type);
    }
    assert_string_equal(sdp_codec_at(0)->name, "opus");
    assert_non_null(sdp_codec_find("OPUS"));
    assert_non_null(sdp_codec_find("l16/8000"));
    assert_null(sdp_codec_find("L16"));
    assert_null(sdp_codec_find("G729"));
    assert_null(sdp_codec_find(""));
}

static void packets_are_as_long_as_wanted_where_the_codec_has_such(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t ms[9]; /* for 0, 10, 20, 25, 30, 40, 50, 60 and 65535 */
    } rows[] = {
        {"opus", {10, 10, 20, 20, 20, 40, 40, 60, 60}},      {"G722", {10, 10, 20, 20, 30, 40, 50, 60, 60}},
        {"PCMU", {10, 10, 20, 20, 30, 40, 50, 60, 60}},      {"L16/8000", {10, 10, 20, 20, 30, 40, 50, 60, 60}},
        {"L16/16000", {10, 10, 20, 20, 30, 30, 30, 30, 30}}, {"L16/48000", {10, 10, 10, 10, 10, 10, 10, 10, 10}},
    };
    static const uint32_t wanted[] = {0, 10, 20, 25, 30, 40, 50, 60, UINT16_MAX};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < 9; k++)
            assert_int_equal(sdp_codec_ptime(sdp_codec_find(rows[i].name), wanted[k]), rows[i].ms[k]);
    }
}

static void no_payload_of_l16_is_longer_than_a_packet_may_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < SDP_CODECS; i++) {
        const struct sdp_codec *codec = sdp_codec_at(i);
        if (strcmp(codec->encoding, "L16") != 0) continue;
        uint32_t bytes = 2 * codec->clock_hz / 1000 * sdp_codec_ptime(codec, SDP_PTIME_MAX_MS);
        assert_in_range(bytes, 1, SDP_PAYLOAD_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_has_a_name_and_a_payload_type_of_its_own),
        cmocka_unit_test(packets_are_as_long_as_wanted_where_the_codec_has_such),
        cmocka_unit_test(no_payload_of_l16_is_longer_than_a_packet_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
