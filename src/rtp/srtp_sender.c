#include "rtp/srtp_sender.h"

#include <limits.h>
#include <stdlib.h>

#include "rtp/srtp_policy.h"

struct srtp_sender {
    srtp_t context;
};

status srtp_sender_create(struct srtp_sender **out, const struct srtp_key *key)
{
    if (key->mki_bytes > 0) return STATUS_UNSUPPORTED;
    struct srtp_sender *s = calloc(1, sizeof *s);
    if (!s) return STATUS_NO_MEMORY;
    status result = srtp_policy_context(&s->context, key, ssrc_any_outbound);
    if (result != STATUS_OK) {
        free(s);
        return result;
    }
    *out = s;
    return STATUS_OK;
}

void srtp_sender_destroy(struct srtp_sender *s)
{
    if (!s) return;
    srtp_dealloc(s->context);
    free(s);
}

static status outcome(srtp_err_status_t result)
{
    switch (result) {
    case srtp_err_status_ok: return STATUS_OK;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old: return STATUS_CONFLICT;
    case srtp_err_status_key_expired: return STATUS_FULL;
    case srtp_err_status_alloc_fail:
    case srtp_err_status_cipher_fail: return STATUS_NO_MEMORY; /* NSS makes its contexts a packet */
    default: return STATUS_INVALID;
    }
}

static bool has_room(size_t len, size_t size)
{
    return size <= INT_MAX && len <= size && size - len >= SRTP_TRAILER_MAX;
}

status srtp_sender_protect(struct srtp_sender *s, uint8_t *packet, size_t *len, size_t size)
{
    if (!has_room(*len, size)) return STATUS_INVALID;
    int grown = (int)*len;
    status result = outcome(srtp_protect(s->context, packet, &grown));
    if (result == STATUS_OK) *len = (size_t)grown;
    return result;
}

status srtp_sender_protect_rtcp(struct srtp_sender *s, uint8_t *packet, size_t *len, size_t size)
{
    if (*len < 8 || !has_room(*len, size)) return STATUS_INVALID;
    int grown = (int)*len;
    status result = outcome(srtp_protect_rtcp(s->context, packet, &grown));
    if (result == STATUS_OK) *len = (size_t)grown;
    return result;
}

bool srtp_sender_has_wrapped(const struct srtp_sender *s, uint32_t ssrc)
{
    uint32_t roc;
    return srtp_get_stream_roc(s->context, ssrc, &roc) == srtp_err_status_ok && roc > 0;
}
