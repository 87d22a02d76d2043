#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exchange.h"

static const struct sdp_codec g711[] = {{"PCMU", "PCMU", 8000, 1, 0, NULL, false, 0x3F},
                                        {"PCMA", "PCMA", 8000, 1, 8, NULL, false, 0x3F}};

const struct sdp_local us = {.address = "198.51.100.1",
                             .rtp_port = 20000,
                             .session_id = 7,
                             .version = 3,
                             .codecs = g711,
                             .codec_count = 2,
                             .telephone_event = true,
                             .ptime_ms = 20,
                             .direction = SDP_SENDRECV};

uint8_t codecs_named(struct sdp_codec *out, const char *names)
{
    struct slice rest = slice_of(names);
    uint8_t count = 0;
    while (rest.len > 0) {
        char name[32];
        assert_true(slice_copy(slice_cut(&rest, ' '), name, sizeof name));
        assert_true(count < SDP_CODECS);
        assert_non_null(sdp_codec_find(name));
        out[count++] = *sdp_codec_find(name);
    }
    return count;
}

struct sdp parsed(const char *text)
{
    struct sdp sdp;
    struct fault fault = {0, NULL};
    status s = sdp_parse(&sdp, slice_of(text), &fault);
    if (s != STATUS_OK) fail_msg("refused at %lu: %s\n%s", fault.at, fault.what, text);
    return sdp;
}

const char *answer_text(struct buffer *b, const char *offer, const struct sdp_local *local,
                        const struct sdp_result *previous, struct sdp_result *out)
{
    struct sdp sdp = parsed(offer);
    struct fault fault = {0, NULL};
    buffer_init(b);
    status s = sdp_answer(b, out, &sdp, local, previous, &fault);
    if (s != STATUS_OK) fail_msg("refused at %lu: %s\n%s", fault.at, fault.what, offer);
    return buffer_text(b);
}

struct sdp_result answered(const char *offer, const struct sdp_local *local, const struct sdp_result *previous,
                           const char *expected)
{
    struct buffer answer;
    struct sdp_result result;
    const char *text = answer_text(&answer, offer, local, previous, &result);
    if (expected) assert_string_equal(text, expected);
    buffer_clear(&answer);
    return result;
}

const char *refused(const char *offer, const struct sdp_local *local)
{
    struct buffer answer;
    struct sdp sdp = parsed(offer);
    struct sdp_result result;
    struct fault fault = {0, NULL};
    buffer_init(&answer);
    if (sdp_answer(&answer, &result, &sdp, local, NULL, &fault) != STATUS_UNSUPPORTED) fail_msg("taken:\n%s", offer);
    assert_int_equal(answer.len, 0);
    return fault.what;
}

const char *offered(struct buffer *b, const struct sdp_local *local)
{
    buffer_init(b);
    assert_int_equal(sdp_offer(b, local), STATUS_OK);
    return buffer_text(b);
}

struct sdp_result accepted_after(const char *sent, const char *answer, const struct sdp_local *local)
{
    struct sdp ours = parsed(sent), sdp = parsed(answer);
    struct sdp_result result;
    struct fault fault = {0, NULL};
    status s = sdp_accept(&result, &sdp, &ours, local, &fault);
    if (s != STATUS_OK) fail_msg("refused at %lu: %s\n%s", fault.at, fault.what, answer);
    return result;
}

struct sdp_result accepted(const char *answer, const struct sdp_local *local)
{
    struct buffer offer;
    struct sdp_result result = accepted_after(offered(&offer, local), answer, local);
    buffer_clear(&offer);
    return result;
}

const char *not_accepted(const char *answer, const struct sdp_local *local)
{
    struct buffer offer;
    struct sdp ours = parsed(offered(&offer, local)), sdp = parsed(answer);
    struct sdp_result result;
    struct fault fault = {0, NULL};
    if (sdp_accept(&result, &sdp, &ours, local, &fault) != STATUS_UNSUPPORTED) fail_msg("taken:\n%s", answer);
    buffer_clear(&offer);
    return fault.what;
}
