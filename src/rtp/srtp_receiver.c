#include "rtp/srtp_receiver.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_policy.h"

struct srtp_receiver {
    srtp_t context;
    uint8_t rtp_tag, rtcp_tag;
    bool tag_is_last; /* behind the MKI; in GCM it is part of what is encrypted */
    uint8_t mki_bytes, mki[SRTP_MKI_BYTES_MAX];
    uint8_t source_count;
    uint8_t sources[SRTP_SOURCES_MAX][4]; /* SSRCs that had the key, as on the wire */
};

status srtp_receiver_create(struct srtp_receiver **out, const struct srtp_key *key)
{
    if (key->mki_bytes > SRTP_MKI_BYTES_MAX) return STATUS_INVALID;
    struct srtp_receiver *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    status result = srtp_policy_context(&r->context, key, ssrc_any_inbound);
    if (result != STATUS_OK) {
        free(r);
        return result;
    }
    r->rtp_tag = (uint8_t)srtp_policy_tag(key->suite, false);
    r->rtcp_tag = (uint8_t)srtp_policy_tag(key->suite, true);
    r->tag_is_last = key->suite == SRTP_AES_CM_128_HMAC_SHA1_80 || key->suite == SRTP_AES_CM_128_HMAC_SHA1_32;
    r->mki_bytes = key->mki_bytes;
    memcpy(r->mki, key->mki, key->mki_bytes);
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
    case srtp_err_status_cipher_fail: /* how GCM says it */
    case srtp_err_status_cant_check: /* RTCP that says it is not encrypted */ return STATUS_REFUSED;
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

/*
 * Takes the MKI out of a packet, where the key has one. It is not left to the library, which before version 2.6 looks
 * in the wrong place for that of SRTCP where its tag is longer than that of SRTP.
 */
static bool take_mki(const struct srtp_receiver *r, uint8_t *packet, int *len, size_t tag)
{
    size_t behind = r->tag_is_last ? tag : 0;
    uint8_t *mki = packet + (size_t)*len - behind - r->mki_bytes;
    if (memcmp(mki, r->mki, r->mki_bytes) != 0) return false;
    memmove(mki, mki + r->mki_bytes, behind);
    *len -= r->mki_bytes;
    return true;
}

typedef srtp_err_status_t unprotect_fn(srtp_t context, void *packet, int *len);

/* What differs between RTP and RTCP. */
struct kind {
    unprotect_fn *unprotect;
    size_t header, ssrc_at, trailer; /* trailer: besides the tag */
};

static status unprotect(struct srtp_receiver *r, const struct kind *kind, size_t tag, uint8_t *packet, size_t *len)
{
    uint8_t ssrc[4];
    if (*len < kind->header + kind->trailer + tag + r->mki_bytes || *len > UINT16_MAX) return STATUS_INVALID;
    memcpy(ssrc, packet + kind->ssrc_at, sizeof ssrc);
    bool known = source_known(r, ssrc);
    if (!known && r->source_count == SRTP_SOURCES_MAX) return STATUS_FULL;
    int shrunk = (int)*len;
    if (!take_mki(r, packet, &shrunk, tag)) return STATUS_INVALID;
    status result = outcome(kind->unprotect(r->context, packet, &shrunk));
    if (result != STATUS_OK) return result;
    if (!known) memcpy(r->sources[r->source_count++], ssrc, sizeof ssrc);
    *len = (size_t)shrunk;
    return STATUS_OK;
}

status srtp_receiver_unprotect(struct srtp_receiver *r, uint8_t *packet, size_t *len)
{
    static const struct kind rtp = {.unprotect = srtp_unprotect, .header = RTP_HEADER_BYTES, .ssrc_at = 8};
    return unprotect(r, &rtp, r->rtp_tag, packet, len);
}

status srtp_receiver_unprotect_rtcp(struct srtp_receiver *r, uint8_t *packet, size_t *len)
{
    static const struct kind rtcp = {.unprotect = srtp_unprotect_rtcp, .header = 8, .ssrc_at = 4, .trailer = 4};
    return unprotect(r, &rtcp, r->rtcp_tag, packet, len);
}
