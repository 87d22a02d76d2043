#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdp/crypto.h"

/* 30, 28 and 44 bytes: 1, 2, 3 ... */
#define KEY30 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e"
#define KEY28 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA=="
#define KEY44 "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKyw="
#define CM80  "AES_CM_128_HMAC_SHA1_80"

static void lines_that_can_be_used_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint32_t tag;
        enum sdp_suite suite;
        uint8_t mki_bytes, mki[SDP_MKI_BYTES_MAX];
    } rows[] = {
        {"1 " CM80 " inline:" KEY30, 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, {0}},
        {"0 aes_cm_128_hmac_sha1_32 INLINE:" KEY30, 0, SDP_SUITE_AES_CM_128_HMAC_SHA1_32, 0, {0}},
        {"999999999 AEAD_AES_128_GCM inline:" KEY28, 999999999, SDP_SUITE_AEAD_AES_128_GCM, 0, {0}},
        {"2 AEAD_AES_128_GCM inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHA", 2, SDP_SUITE_AEAD_AES_128_GCM, 0, {0}},
        {"3 AEAD_AES_256_GCM inline:" KEY44, 3, SDP_SUITE_AEAD_AES_256_GCM, 0, {0}},
        {"  1   " CM80 "  inline:" KEY30, 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, {0}},
        {"1 " CM80 " inline:" KEY30 "|2^31", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, {0}},
        {"1 " CM80 " inline:" KEY30 "|1048576", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, {0}},
        {"1 " CM80 " inline:" KEY30 "|2^20|1:4", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 4, {0, 0, 0, 1}},
        {"1 " CM80 " inline:" KEY30 "|258:2", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 2, {1, 2}},
        {"1 " CM80 " inline:" KEY30 "|4294967295:4", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 4, {255, 255, 255, 255}},
        {"1 " CM80 " inline:" KEY30 " WSH=128", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, {0}},
        {"1 " CM80 " inline:" KEY30 " -X-OURS=3  wsh=64", 1, SDP_SUITE_AES_CM_128_HMAC_SHA1_80, 0, {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_crypto c;
        if (!sdp_crypto_parse(&c, slice_of(rows[i].value))) fail_msg("refused: %s", rows[i].value);
        assert_int_equal(c.tag, rows[i].tag);
        assert_int_equal(c.suite, rows[i].suite);
        for (size_t k = 0; k < SDP_KEY_BYTES_MAX; k++)
            assert_int_equal(c.key[k], k < sdp_suite_key_bytes(c.suite) ? k + 1 : 0);
        assert_int_equal(c.mki_bytes, rows[i].mki_bytes);
        assert_memory_equal(c.mki, rows[i].mki, sizeof c.mki);
    }
}

static void lines_that_cannot_be_used_are_passed_over(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "1",
        "1 " CM80,
        "1 " CM80 " ",
        "x " CM80 " inline:" KEY30,
        "-1 " CM80 " inline:" KEY30,
        "1234567890 " CM80 " inline:" KEY30,
        "1 F8_128_HMAC_SHA1_80 inline:" KEY30,
        "1 AES_256_CM_HMAC_SHA1_80 inline:" KEY44,
        "1 " CM80 " uri:https://example.org/key",
        "1 " CM80 " inline:",
        "1 " CM80 " inline:" KEY28,
        "1 " CM80 " inline:" KEY44,
        "1 " CM80 " inline:AQID*",
        "1 AEAD_AES_128_GCM inline:" KEY30,
        "1 AEAD_AES_256_GCM inline:" KEY44 "AAAA",
        "1 " CM80 " inline:" KEY30 ";inline:" KEY30,
        "1 " CM80 " inline:" KEY30 "|2^49",
        "1 " CM80 " inline:" KEY30 "|2^",
        "1 " CM80 " inline:" KEY30 "|0",
        "1 " CM80 " inline:" KEY30 "|soon",
        "1 " CM80 " inline:" KEY30 "|1:0",
        "1 " CM80 " inline:" KEY30 "|1:5",
        "1 " CM80 " inline:" KEY30 "|256:1",
        "1 " CM80 " inline:" KEY30 "|:4",
        "1 " CM80 " inline:" KEY30 "|1:4|2^20",
        "1 " CM80 " inline:" KEY30 "|2^20|1:4|1:4",
        "1 " CM80 " inline:" KEY30 " KDR=0",
        "1 " CM80 " inline:" KEY30 " UNENCRYPTED_SRTP",
        "1 " CM80 " inline:" KEY30 " WSH=128 UNENCRYPTED_SRTCP",
        "1 " CM80 " inline:" KEY30 " UNAUTHENTICATED_SRTP",
        "1 " CM80 " inline:" KEY30 " FEC_ORDER=FEC_SRTP",
        "1 " CM80 " inline:" KEY30 " WSH=wide",
        "1 " CM80 " inline:" KEY30 " FUTURE=1",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_crypto c, untouched;
        memset(&c, 0x5A, sizeof c);
        memset(&untouched, 0x5A, sizeof untouched);
        if (sdp_crypto_parse(&c, slice_of(rows[i]))) fail_msg("taken: %s", rows[i]);
        assert_memory_equal(&c, &untouched, sizeof c);
    }
}

static void a_line_of_ours_can_be_read(void **state)
{
    (void)state;
    for (int suite = 0; suite < SDP_SUITES; suite++) {
        struct buffer line;
        struct sdp_crypto c;
        uint8_t key[SDP_KEY_BYTES_MAX] = {0};
        size_t bytes = sdp_suite_key_bytes((enum sdp_suite)suite);
        for (size_t i = 0; i < bytes; i++)
            key[i] = (uint8_t)(0xA0 + 7 * i);
        buffer_init(&line);
        sdp_crypto_put(&line, 5, (enum sdp_suite)suite, key);
        struct slice text = slice_of(buffer_text(&line));
        assert_memory_equal(text.at, "a=crypto:5 ", 9);
        assert_memory_equal(text.at + text.len - 2, "\r\n", 2);
        slice_cut(&text, ':');
        assert_true(sdp_crypto_parse(&c, slice_trim(text)));
        assert_int_equal(c.suite, suite);
        assert_int_equal(c.tag, 5);
        assert_memory_equal(c.key, key, sizeof key);
        buffer_clear(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_can_be_used_are_read),
        cmocka_unit_test(lines_that_cannot_be_used_are_passed_over),
        cmocka_unit_test(a_line_of_ours_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
