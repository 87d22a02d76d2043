#include "rtp/srtp_receiver.h"

#include <stdlib.h>
#include <string.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_policy.h"

enum { FOLLOW_TRIES = 100 };

struct srtp_receiver {
    srtp_t context;
    uint8_t rtp_tag, rtcp_tag;
    bool tag_is_last; /* behind the MKI; in GCM it is part of what is encrypted */
    uint8_t mki_bytes, mki[SRTP_MKI_BYTES_MAX];
    uint8_t source_count;
    uint8_t sources[SRTP_SOURCES_MAX][4]; /* SSRCs that had the key, as on the wire */
    uint8_t latest[4];                    /* of them, the one of the last RTP packet */
    bool has_latest;

    /* A source of another key before, whose roll-over counter may go on. */
    uint8_t followed_tries; /* left; 0: there is none */
    uint8_t followed[4];
    uint32_t followed_roc;
    struct srtp_key key;
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
    r->key = *key;
    r->mki_bytes = key->mki_bytes;
    memcpy(r->mki, key->mki, key->mki_bytes);
    *out = r;
    return STATUS_OK;
}

void srtp_receiver_destroy(struct srtp_receiver *r)
{
    if (!r) return;
    srtp_dealloc(r->context);
    srtp_key_forget(&r->key);
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

static uint32_t read_ssrc(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
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

void srtp_receiver_follow(struct srtp_receiver *r, const struct srtp_receiver *before)
{
    uint32_t roc;
    if (!before->has_latest) return;
    if (srtp_get_stream_roc(before->context, read_ssrc(before->latest), &roc) != srtp_err_status_ok || roc == 0) return;
    memcpy(r->followed, before->latest, sizeof r->followed);
    r->followed_roc = roc;
    r->followed_tries = FOLLOW_TRIES;
}

bool srtp_receiver_follows(const struct srtp_receiver *r)
{
    return r->followed_tries > 0;
}

/* Every other packet of the followed source is tried with the counter that it had before. */
static bool begin_try(struct srtp_receiver *r, const uint8_t *ssrc, bool known)
{
    if (r->followed_tries == 0 || memcmp(ssrc, r->followed, sizeof r->followed) != 0) return false;
    if (r->followed_tries-- % 2 != 0) return false;
    if (!known && srtp_policy_add_stream(r->context, &r->key, read_ssrc(ssrc)) != STATUS_OK) return false;
    return srtp_set_stream_roc(r->context, read_ssrc(ssrc), r->followed_roc) == srtp_err_status_ok;
}

static void undo_try(struct srtp_receiver *r, const uint8_t *ssrc, bool known)
{
    uint32_t as_on_the_wire;
    memcpy(&as_on_the_wire, ssrc, sizeof as_on_the_wire);
    if (known)
        srtp_set_stream_roc(r->context, read_ssrc(ssrc), 0); /* none */
    else
        srtp_remove_stream(r->context, as_on_the_wire);
}

static void note_rtp(struct srtp_receiver *r, const uint8_t *ssrc)
{
    memcpy(r->latest, ssrc, sizeof r->latest);
    r->has_latest = true;
    r->followed_tries = 0;
}

typedef srtp_err_status_t unprotect_fn(srtp_t context, void *packet, int *len);

/* What differs between RTP and RTCP. */
struct kind {
    unprotect_fn *unprotect;
    bool is_rtp;                     /* has sequence numbers that wrap */
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
    bool tried = kind->is_rtp && begin_try(r, ssrc, known);
    status result = outcome(kind->unprotect(r->context, packet, &shrunk));
    if (result != STATUS_OK) {
        if (tried) undo_try(r, ssrc, known);
        return result;
    }
    if (!known) memcpy(r->sources[r->source_count++], ssrc, sizeof ssrc);
    if (kind->is_rtp) note_rtp(r, ssrc);
    *len = (size_t)shrunk;
    return STATUS_OK;
}

status srtp_receiver_unprotect(struct srtp_receiver *r, uint8_t *packet, size_t *len)
{
    static const struct kind rtp = {
        .unprotect = srtp_unprotect, .is_rtp = true, .header = RTP_HEADER_BYTES, .ssrc_at = 8};
    return unprotect(r, &rtp, r->rtp_tag, packet, len);
}

status srtp_receiver_unprotect_rtcp(struct srtp_receiver *r, uint8_t *packet, size_t *len)
{
    static const struct kind rtcp = {.unprotect = srtp_unprotect_rtcp, .header = 8, .ssrc_at = 4, .trailer = 4};
    return unprotect(r, &rtcp, r->rtcp_tag, packet, len);
}
