#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "call/terms.h"

static void assert_codecs(const struct terms *t, const char *expected)
{
    char names[128] = "";
    for (uint8_t i = 0; i < t->codec_count; i++) {
        strcat(names, i > 0 ? " " : "");
        strcat(names, t->codecs[i].name);
    }
    assert_string_equal(names, expected);
}

static void codecs_are_those_named_in_their_order_or_all(void **state)
{
    (void)state;
    static const char *const some[] = {"pcma", "L16/16000", "GSM", "PCMA", "OPUS"};
    struct terms t = {.codec_count = 3};
    terms_set_codecs(&t, some, 5);
    assert_codecs(&t, "PCMA L16/16000 opus");
    terms_set_codecs(&t, NULL, 0);
    assert_codecs(&t, "opus G722 PCMU PCMA L16/48000 L16/16000 L16/8000");
    terms_set_codecs(&t, &some[2], 1);
    assert_codecs(&t, "");
}

static void words_of_the_configuration_are_read(void **state)
{
    (void)state;
    enum sdp_srtp_use use = SDP_SRTP_NEVER;
    bool own = false;
    assert_true(terms_parse_srtp("Required", &use));
    assert_int_equal(use, SDP_SRTP_REQUIRED);
    assert_true(terms_parse_srtp("optional", &use));
    assert_int_equal(use, SDP_SRTP_OPTIONAL);
    assert_true(terms_parse_srtp("never", &use));
    assert_int_equal(use, SDP_SRTP_NEVER);
    assert_false(terms_parse_srtp("yes", &use));
    assert_true(terms_parse_order("own", &own) && own);
    assert_true(terms_parse_order("caller", &own) && !own);
    assert_false(terms_parse_order("", &own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codecs_are_those_named_in_their_order_or_all),
        cmocka_unit_test(words_of_the_configuration_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
