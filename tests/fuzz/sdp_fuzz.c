/**
 * @file sdp_fuzz.c  Any bytes as a session description: read, answered, accepted; what we answer must itself be
 * readable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "sdp/negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sdp_codec codecs[] = {
    {"opus", 48000, 2, 96, "useinbandfec=1"}, {"PCMU", 8000, 1, 0, NULL}, {"PCMA", 8000, 1, 8, NULL}};

static const struct sdp_local local = {.address = "192.0.2.1",
                                       .rtp_port = 20000,
                                       .session_id = 1,
                                       .version = 1,
                                       .codecs = codecs,
                                       .codec_count = 3,
                                       .telephone_event = true,
                                       .ptime_ms = 20,
                                       .direction = SDP_SENDRECV};

static void demand(int truth)
{
    if (!truth) abort();
}

static void demand_sane(const struct sdp_result *r)
{
    demand(r->codec < local.codec_count);
    demand(r->send_ptime_ms >= SDP_PTIME_MIN_MS && r->send_ptime_ms <= SDP_PTIME_MAX_MS && r->send_ptime_ms % 10 == 0);
    demand(r->send_payload_type < 128 && r->receive_payload_type < 128);
    demand(memchr(r->remote_address, '\0', SDP_ADDRESS_SIZE) != NULL);
    demand(!(r->peer_holds && r->send));
}

/** Our answer has as many lines as the offer, each of the same kind, and one of them is taken. */
static void demand_answers(const struct sdp *offer, struct slice text)
{
    struct sdp answer;
    struct fault fault;
    unsigned taken = 0;
    demand(sdp_parse(&answer, text, &fault) == STATUS_OK);
    demand(answer.media_count == offer->media_count);
    for (uint8_t i = 0; i < answer.media_count; i++) {
        const struct sdp_media *a = &answer.media[i], *o = &offer->media[i];
        demand(a->kind.len == o->kind.len && a->protocol.len == o->protocol.len);
        taken += a->port != 0;
    }
    demand(taken == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct sdp sdp;
    struct fault fault;
    struct sdp_result result;
    struct buffer answer;
    demand(sdp_says_same(text, text));
    if (sdp_parse(&sdp, text, &fault) != STATUS_OK) {
        demand(fault.at <= size && fault.what != NULL);
        return 0;
    }
    buffer_init(&answer);
    if (sdp_answer(&answer, &result, &sdp, &local, NULL, &fault) == STATUS_OK) {
        demand_sane(&result);
        demand_answers(&sdp, slice_of(buffer_text(&answer)));
    }
    buffer_clear(&answer);
    if (sdp_accept(&result, &sdp, &local, &fault) == STATUS_OK) demand_sane(&result);
    return 0;
}
