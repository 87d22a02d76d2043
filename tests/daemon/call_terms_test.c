/* What SDP and the engine say of a codec stands in two tables: they have to say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/call_terms.h"
#include "media/codec.h"

static void each_codec_that_is_negotiated_is_one_that_can_be_heard(void **state)
{
    (void)state;
    for (size_t i = 0; i < SDP_CODECS; i++) {
        const struct sdp_codec *said = sdp_codec_at(i);
        const struct codec *heard = codec_find(said->encoding, said->clock_hz, said->channels);
        assert_non_null(heard);
        assert_int_equal(said->ptimes, heard->packet_lengths);
        if (heard->static_payload_type >= 0)
            assert_int_equal(said->payload_type, heard->static_payload_type);
        else
            assert_in_range(said->payload_type, 96, 127);
    }
    assert_int_equal(SDP_CODECS, CODEC_COUNT);
    assert_int_equal(SDP_PAYLOAD_MAX, CODEC_PAYLOAD_OUT_MAX);
}

static void the_words_of_the_file_become_terms(void **state)
{
    (void)state;
    char *names[] = {"PCMA", "L16/8000"};
    const struct config_terms words = {
        .codecs = {names, 2}, .srtp = "required", .dtmf_inband = true, .automatic_gain = true};
    struct terms terms;
    call_terms_make(&terms, &words, "own");
    assert_int_equal(terms.codec_count, 2);
    assert_string_equal(terms.codecs[1].name, "L16/8000");
    assert_true(terms.own_order);
    assert_int_equal(terms.srtp, SDP_SRTP_REQUIRED);
    assert_true(terms.dtmf_inband && terms.automatic_gain && !terms.noise_suppression);
    const struct config_terms none = {.srtp = "never", .noise_suppression = true};
    call_terms_make(&terms, &none, "caller");
    assert_int_equal(terms.codec_count, SDP_CODECS);
    assert_false(terms.own_order);
    assert_true(terms.noise_suppression && !terms.dtmf_inband && !terms.automatic_gain);
}

static void a_call_without_a_trunk_has_the_terms_of_one_on_which_nothing_is_said(void **state)
{
    (void)state;
    struct config c;
    struct config_trunk *trunk;
    struct terms plain, without;
    assert_int_equal(config_defaults(&c), STATUS_OK);
    assert_int_equal(config_trunk_add(&c, "t", &trunk), STATUS_OK);
    call_terms_make(&plain, &trunk->terms, "own");
    call_terms_without_trunk(&without);
    assert_int_equal(without.codec_count, plain.codec_count);
    for (uint8_t i = 0; i < plain.codec_count; i++)
        assert_string_equal(without.codecs[i].name, plain.codecs[i].name);
    assert_int_equal(without.own_order, plain.own_order);
    assert_int_equal(without.srtp, plain.srtp);
    config_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_codec_that_is_negotiated_is_one_that_can_be_heard),
        cmocka_unit_test(the_words_of_the_file_become_terms),
        cmocka_unit_test(a_call_without_a_trunk_has_the_terms_of_one_on_which_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
