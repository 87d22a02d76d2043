#include "rtp/srtp_receiver.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_policy.h"

enum { RTCP_HEADER_BYTES = 8, RTP_SSRC_AT = 8, RTCP_SSRC_AT = 4 };

struct srtp_receiver {
    srtp_t context;
    bool mki;
    uint8_t rtp_trailer, rtcp_trailer; /* bytes that every protected packet has more */
    uint8_t source_count;
    uint8_t sources[SRTP_SOURCES_MAX][4]; /* SSRCs that had the key, as on the wire */
};

status srtp_receiver_create(struct srtp_receiver **out, const struct srtp_key *key)
{
    struct srtp_receiver *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    status result = srtp_policy_context(&r->context, key, ssrc_any_inbound);
    if (result != STATUS_OK) {
        free(r);
        return result;
    }
    r->mki = key->mki_bytes > 0;
    r->rtp_trailer = (uint8_t)srtp_policy_trailer(key, false);
    r->rtcp_trailer = (uint8_t)srtp_policy_trailer(key, true);
    *out = r;
    return STATUS_OK;
}

void srtp_receiver_destroy(struct srtp_receiver *r)
{
    if (!r) return;
    srtp_dealloc(r->context);
    free(r);
}

static status outcome(srtp_err_status_t result)
{
    switch (result) {
    case srtp_err_status_ok: return STATUS_OK;
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail: return STATUS_REFUSED; /* how GCM says it */
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old: return STATUS_EXISTS;
    case srtp_err_status_key_expired: return STATUS_FULL;
    case srtp_err_status_alloc_fail: return STATUS_NO_MEMORY;
    default: return STATUS_INVALID;
    }
}

static bool source_known(const struct srtp_receiver *r, const uint8_t *ssrc)
{
    for (size_t i = r->source_count; i-- > 0;) {
        if (memcmp(r->sources[i], ssrc, 4) == 0) return true;
    }
    return false;
}

typedef srtp_err_status_t unprotect_fn(srtp_t context, void *packet, int *len, unsigned mki);

static status unprotect(struct srtp_receiver *r, unprotect_fn *run, uint8_t *packet, size_t *len, size_t ssrc_at)
{
    uint8_t ssrc[4];
    memcpy(ssrc, packet + ssrc_at, sizeof ssrc);
    bool known = source_known(r, ssrc);
    if (!known && r->source_count == SRTP_SOURCES_MAX) return STATUS_FULL;
    int shrunk = (int)*len;
    status result = outcome(run(r->context, packet, &shrunk, r->mki));
    if (result != STATUS_OK) return result;
    if (!known) memcpy(r->sources[r->source_count++], ssrc, sizeof ssrc);
    *len = (size_t)shrunk;
    return STATUS_OK;
}

status srtp_receiver_unprotect(struct srtp_receiver *r, uint8_t *packet, size_t *len)
{
    if (*len < RTP_HEADER_BYTES + (size_t)r->rtp_trailer || *len > UINT16_MAX) return STATUS_INVALID;
    return unprotect(r, srtp_unprotect_mki, packet, len, RTP_SSRC_AT);
}

status srtp_receiver_unprotect_rtcp(struct srtp_receiver *r, uint8_t *packet, size_t *len)
{
    if (*len < RTCP_HEADER_BYTES + (size_t)r->rtcp_trailer || *len > UINT16_MAX) return STATUS_INVALID;
    return unprotect(r, srtp_unprotect_rtcp_mki, packet, len, RTCP_SSRC_AT);
}
