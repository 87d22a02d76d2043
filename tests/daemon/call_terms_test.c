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
    struct config_list list = {names, 2};
    struct terms terms;
    call_terms_make(&terms, &list, "own", "required");
    assert_int_equal(terms.codec_count, 2);
    assert_string_equal(terms.codecs[1].name, "L16/8000");
    assert_true(terms.own_order);
    assert_int_equal(terms.srtp, SDP_SRTP_REQUIRED);
    call_terms_make(&terms, NULL, "caller", "never");
    assert_true(terms.codec_count >= 2);
    assert_false(terms.own_order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_codec_that_is_negotiated_is_one_that_can_be_heard),
        cmocka_unit_test(the_words_of_the_file_become_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
