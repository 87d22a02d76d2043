/**
 * @file negotiate_memory_test.c  Offers and answers for which memory is short (the linker wraps realloc).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "sdp/negotiate.h"

void *__real_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size);

static int until_failure; /**< 0: memory is ample; n: the n-th allocation from now fails */

void *__wrap_realloc(void *at, size_t size)
{
    return until_failure > 0 && --until_failure == 0 ? NULL : __real_realloc(at, size);
}

static const struct sdp_codec pcmu = {"PCMU", "PCMU", 8000, 1, 0, NULL, false, 0x3F};
static const struct sdp_local us = {.address = "198.51.100.1", .codecs = &pcmu, .codec_count = 1, .ptime_ms = 20};

static void an_offer_or_answer_without_memory_is_no_agreement(void **state)
{
    (void)state;
    static const char text[] = "v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n";
    struct sdp offer;
    struct sdp_result result, untouched;
    struct fault fault;
    int failures = 0;
    assert_int_equal(sdp_parse(&offer, slice_of(text), &fault), STATUS_OK);
    for (bool sufficed = false; !sufficed; failures += !sufficed) {
        struct buffer answer, ours;
        buffer_init(&answer);
        buffer_init(&ours);
        memset(&result, 0x5A, sizeof result);
        memset(&untouched, 0x5A, sizeof untouched);
        until_failure = failures + 1;
        status s = sdp_answer(&answer, &result, &offer, &us, NULL, &fault);
        sufficed = until_failure > 0;
        assert_int_equal(s, sufficed ? STATUS_OK : STATUS_NO_MEMORY);
        if (!sufficed) assert_memory_equal(&result, &untouched, sizeof result);
        until_failure = failures + 1;
        s = sdp_offer(&ours, &us);
        assert_int_equal(s, until_failure > 0 ? STATUS_OK : STATUS_NO_MEMORY);
        until_failure = 0;
        buffer_clear(&answer);
        buffer_clear(&ours);
    }
    assert_true(failures >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_or_answer_without_memory_is_no_agreement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
