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

/** Us with all codecs, and encryption as this says. */
static struct sdp_local us_with(enum sdp_srtp_use use, struct sdp_codec codecs[SDP_CODECS])
{
    for (size_t i = 0; i < SDP_CODECS; i++)
        codecs[i] = *sdp_codec_at(i);
    return (struct sdp_local){.address = "192.0.2.1",
                              .rtp_port = 20000,
                              .session_id = 1,
                              .version = 1,
                              .codecs = codecs,
                              .codec_count = SDP_CODECS,
                              .own_order = use == SDP_SRTP_REQUIRED,
                              .telephone_event = true,
                              .comfort_noise = true,
                              .ptime_ms = 20,
                              .direction = SDP_SENDRECV,
                              .srtp = use};
}

static void demand(int truth)
{
    if (!truth) abort();
}

static void demand_sane(const struct sdp_result *r, const struct sdp_local *local)
{
    demand(r->codec < local->codec_count);
    demand(r->send_ptime_ms == sdp_codec_ptime(&local->codecs[r->codec], r->send_ptime_ms));
    demand(r->send_payload_type < 128 && r->receive_payload_type < 128);
    demand(r->send_cn_type < 128 && r->receive_cn_type < 128);
    demand(r->peer.bitrate_bps / 8 * r->send_ptime_ms / 1000 <= SDP_PAYLOAD_MAX);
    demand(memchr(r->remote_address, '\0', SDP_ADDRESS_SIZE) != NULL);
    demand(!(r->peer_holds && r->send));
    demand(!(r->srtp.on && local->srtp == SDP_SRTP_NEVER) && (r->srtp.on || local->srtp != SDP_SRTP_REQUIRED));
    demand(r->srtp.suite < SDP_SUITES && r->srtp.mki_bytes <= SDP_MKI_BYTES_MAX);
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

static void negotiate(const struct sdp *sdp, const struct sdp_local *local)
{
    struct fault fault;
    struct sdp_result result, again;
    struct buffer answer;
    buffer_init(&answer);
    if (sdp_answer(&answer, &result, sdp, local, NULL, &fault) == STATUS_OK) {
        demand_sane(&result, local);
        demand_answers(sdp, slice_of(buffer_text(&answer)));
        /* The same offer once more changes nothing. */
        buffer_clear(&answer);
        demand(sdp_answer(&answer, &again, sdp, local, &result, &fault) == STATUS_OK);
        demand(again.codec == result.codec && again.srtp.suite == result.srtp.suite);
    }
    buffer_clear(&answer);
    demand(sdp_offer(&answer, local) == STATUS_OK);
    struct sdp sent;
    demand(sdp_parse(&sent, slice_of(buffer_text(&answer)), &fault) == STATUS_OK);
    if (sdp_accept(&result, sdp, &sent, local, &fault) == STATUS_OK) demand_sane(&result, local);
    buffer_clear(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct sdp sdp;
    struct fault fault;
    struct sdp_codec codecs[SDP_CODECS];
    demand(sdp_says_same(text, text));
    if (sdp_parse(&sdp, text, &fault) != STATUS_OK) {
        demand(fault.at <= size && fault.what != NULL);
        return 0;
    }
    for (int use = SDP_SRTP_NEVER; use <= SDP_SRTP_REQUIRED; use++) {
        struct sdp_local local = us_with((enum sdp_srtp_use)use, codecs);
        negotiate(&sdp, &local);
    }
    return 0;
}
