#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hook/signature.h"

enum { TOLERANCE_S = 300 };

/*
 * A receiver, as strict as the strictest of the published ones: elements apart by single commas, no blank, the time in
 * decimal seconds and not too old, lower-case hex of the full length, no third v1.
 */
static bool receiver_accepts(const char *header, const char *secret, const char *body, int64_t now_s)
{
    char wanted[65], message[512];
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len;
    int64_t time_s = -1;
    size_t signatures = 0;
    bool right = false;
    struct slice rest = slice_of(header);
    if (strchr(header, ' ')) return false;
    struct slice time = slice_cut(&rest, ',');
    char digits[24];
    if (time.len < 3 || memcmp(time.at, "t=", 2) != 0) return false;
    if (!slice_copy((struct slice){time.at + 2, time.len - 2}, digits, sizeof digits)) return false;
    if (strspn(digits, "0123456789") != strlen(digits)) return false;
    time_s = strtoll(digits, NULL, 10);
    if (now_s - time_s > TOLERANCE_S) return false;
    snprintf(message, sizeof message, "%s.%s", digits, body);
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (unsigned char *)message, strlen(message), mac, &mac_len);
    for (unsigned i = 0; i < mac_len; i++)
        snprintf(wanted + (size_t)2 * i, 3, "%02x", mac[i]);
    while (rest.len > 0) {
        struct slice element = slice_cut(&rest, ',');
        if (element.len != 67 || memcmp(element.at, "v1=", 3) != 0 || ++signatures > 2) return false;
        right = right || memcmp(element.at + 3, wanted, 64) == 0;
    }
    return right;
}

static void a_signature_is_that_of_the_known_answers(void **state)
{
    (void)state;
    const struct {
        const char *secrets[2];
        int64_t unix_s;
        const char *body, *header;
    } rows[] = {
        {{"sigsec_1", NULL},
         1700000000,
         "{\"requestType\":\"inboundCall\"}",
         "t=1700000000,v1=bc59ffde83ae2b2eeeb4146ec14754b5700fb6717f0082da1bded802753e0c6b"},
        {{"sigsec_1", "other-secret"},
         1700000000,
         "{\"requestType\":\"inboundCall\"}",
         "t=1700000000,v1=bc59ffde83ae2b2eeeb4146ec14754b5700fb6717f0082da1bded802753e0c6b,"
         "v1=0114ed59f190386eef4ac2d8d2240955838c7c1eeb6ac5d9f72440584c499e9e"},
        {{"k", NULL}, 0, "", "t=0,v1=6b4a4b8b3c40f1e8f53a3d36682e5f99f7ad2ac1df1c93dfe336f329167641e7"},
        {{"schl\xc3\xbcssel", NULL},
         1795419284,
         "{\"from\":\"+1\"}",
         "t=1795419284,v1=fa81e1c8e32920fd44cfebf1c28a3586eb061c23425b9c757e3364eb181f88b8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[SIGNATURE_SIZE];
        struct hook_secrets secrets = {{rows[i].secrets[0], rows[i].secrets[1]}, rows[i].secrets[1] ? 2 : 1};
        assert_true(signature_write(out, &secrets, rows[i].unix_s, slice_of(rows[i].body)));
        assert_string_equal(out, rows[i].header);
    }
}

static void a_receiver_accepts_either_secret_and_nothing_else(void **state)
{
    (void)state;
    const char *body = "{\"callId\":\"CA1\"}";
    char out[SIGNATURE_SIZE];
    struct hook_secrets secrets = {{"old", "new"}, 2};
    assert_true(signature_write(out, &secrets, 1000000, slice_of(body)));
    assert_true(receiver_accepts(out, "old", body, 1000000));
    assert_true(receiver_accepts(out, "new", body, 1000000 + TOLERANCE_S));
    assert_false(receiver_accepts(out, "new", body, 1000001 + TOLERANCE_S));
    assert_false(receiver_accepts(out, "older", body, 1000000));
    assert_false(receiver_accepts(out, "old", "{\"callId\":\"CA2\"}", 1000000));
    char later[SIGNATURE_SIZE];
    assert_true(signature_write(later, &secrets, 1000001, slice_of(body)));
    memcpy(later, out, strlen("t=1000000"));
    assert_false(receiver_accepts(later, "old", body, 1000000)); /* the time is signed too */
}

static void the_longest_header_fits(void **state)
{
    (void)state;
    char out[SIGNATURE_SIZE];
    struct hook_secrets secrets = {{"old", "new"}, 2};
    assert_true(signature_write(out, &secrets, INT64_MAX, slice_of("{}")));
    assert_int_equal(strlen(out), strlen("t=9223372036854775807") + 2 * 68);
}

static void without_a_secret_there_is_no_header(void **state)
{
    (void)state;
    char out[SIGNATURE_SIZE] = "before";
    struct hook_secrets secrets = {.count = 0};
    assert_false(signature_write(out, &secrets, 1, slice_of("{}")));
    assert_string_equal(out, "");
}

static void bytes_after_a_nul_are_signed_too(void **state)
{
    (void)state;
    char one[SIGNATURE_SIZE], other[SIGNATURE_SIZE];
    struct hook_secrets secrets = {{"s", NULL}, 1};
    assert_true(signature_write(one, &secrets, 1, (struct slice){"a\0b", 3}));
    assert_true(signature_write(other, &secrets, 1, (struct slice){"a\0c", 3}));
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_that_of_the_known_answers),
        cmocka_unit_test(a_receiver_accepts_either_secret_and_nothing_else),
        cmocka_unit_test(the_longest_header_fits),
        cmocka_unit_test(without_a_secret_there_is_no_header),
        cmocka_unit_test(bytes_after_a_nul_are_signed_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
