#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/digest.h"

#define PARAMS(...)                                                                                                    \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

/** The example of RFC 2617 section 3.5. */
static void the_example_of_the_rfc_comes_out(void **state)
{
    (void)state;
    struct digest d;
    struct buffer b;
    digest_init(&d);
    buffer_init(&b);
    assert_int_equal(digest_learn(&d, false, "Digest",
                                  PARAMS("realm=\"testrealm@host.com\"", "qop=\"auth,auth-int\"",
                                         "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"",
                                         "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"")),
                     DIGEST_NEW);
    digest_append(&d, &b, "Mufasa", "Circle Of Life", "GET", "/dir/index.html", "0a4f113b");
    assert_string_equal(buffer_text(&b),
                        "Authorization: Digest realm=\"testrealm@host.com\", "
                        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", username=\"Mufasa\", uri=\"/dir/index.html\", "
                        "response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5, qop=auth, nc=00000001, "
                        "cnonce=\"0a4f113b\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n");
    buffer_clear(&b);
    digest_clear(&d);
}

static void without_qop_the_old_form_is_used(void **state)
{
    (void)state;
    struct digest d;
    struct buffer b;
    digest_init(&d);
    buffer_init(&b);
    assert_int_equal(digest_learn(&d, true, "digest", PARAMS("nonce=n", "realm=\"r\"")), DIGEST_NEW);
    digest_append(&d, &b, "u\"x", "p", "INVITE", "sip:a@b", "c");
    assert_non_null(
        strstr(buffer_text(&b), "Proxy-Authorization: Digest realm=\"r\", nonce=\"n\", username=\"u\\\"x\""));
    assert_null(strstr(buffer_text(&b), "qop"));
    assert_null(strstr(buffer_text(&b), "nc="));
    buffer_clear(&b);
    digest_clear(&d);
}

static void the_count_grows_with_each_use_and_begins_anew_with_a_nonce(void **state)
{
    (void)state;
    static const char *const counts[] = {"nc=00000001", "nc=00000002", "nc=00000001"};
    struct digest d;
    digest_init(&d);
    for (int i = 0; i < 3; i++) {
        struct buffer b;
        buffer_init(&b);
        if (i == 0)
            assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"1\"", "qop=auth")),
                             DIGEST_NEW);
        if (i == 2)
            assert_int_equal(
                digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"2\"", "qop=auth", "stale=TRUE")),
                DIGEST_NEW);
        digest_append(&d, &b, "u", "p", "BYE", "sip:a@b", "c");
        assert_non_null(strstr(buffer_text(&b), counts[i]));
        buffer_clear(&b);
    }
    digest_clear(&d);
}

static void what_was_asked_before_is_known(void **state)
{
    (void)state;
    struct digest d;
    digest_init(&d);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"1\"")), DIGEST_NEW);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"2\"")), DIGEST_REPEATED);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"2\"", "stale=true")), DIGEST_NEW);
    assert_int_equal(digest_learn(&d, true, "Digest", PARAMS("realm=\"r\"", "nonce=\"2\"")), DIGEST_NEW);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"s\"", "nonce=\"2\"")), DIGEST_NEW);
    assert_int_equal(d.count, 3);
    digest_clear(&d);
}

static void what_we_cannot_answer_is_passed_over(void **state)
{
    (void)state;
    struct digest d;
    digest_init(&d);
    assert_int_equal(digest_learn(&d, false, "Basic", PARAMS("realm=\"r\"")), DIGEST_UNSUPPORTED);
    assert_int_equal(digest_learn(&d, false, "Digest", NULL), DIGEST_UNSUPPORTED);
    assert_int_equal(digest_learn(&d, false, NULL, PARAMS("realm=\"r\"")), DIGEST_UNSUPPORTED);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"")), DIGEST_UNSUPPORTED);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"1\"", "algorithm=SHA-256")),
                     DIGEST_UNSUPPORTED);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\"", "nonce=\"1\"", "qop=\"auth-int\"")),
                     DIGEST_UNSUPPORTED);
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=\"r\r\nX: y\"", "nonce=\"1\"")),
                     DIGEST_UNSUPPORTED);
    assert_int_equal(d.count, 0);
    for (int i = 0; i < DIGEST_CHALLENGES_MAX; i++) {
        const char realm[] = {'r', 'e', 'a', 'l', 'm', '=', (char)('a' + i), '\0'};
        assert_int_equal(digest_learn(&d, false, "Digest", PARAMS(realm, "nonce=1")), DIGEST_NEW);
    }
    assert_int_equal(digest_learn(&d, false, "Digest", PARAMS("realm=more", "nonce=1")), DIGEST_UNSUPPORTED);
    digest_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_comes_out),
        cmocka_unit_test(without_qop_the_old_form_is_used),
        cmocka_unit_test(the_count_grows_with_each_use_and_begins_anew_with_a_nonce),
        cmocka_unit_test(what_was_asked_before_is_known),
        cmocka_unit_test(what_we_cannot_answer_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
