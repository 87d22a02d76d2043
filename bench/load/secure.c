#include "load/secure.h"

#include <string.h>

static status context_make(srtp_t *out, const struct sdes_line *line, srtp_ssrc_type_t direction)
{
    static bool started;
    if (!started && srtp_init() != srtp_err_status_ok) return STATUS_NO_MEMORY;
    started = true;
    struct sdes_line copy = *line;
    srtp_policy_t policy = {.ssrc = {.type = direction}, .key = copy.key, .window_size = 128};
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    if (line->suite == SDES_CM_32) srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
    if (line->suite == SDES_GCM_128) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else if (line->suite == SDES_GCM_256) {
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
    }
    return srtp_create(out, &policy) == srtp_err_status_ok ? STATUS_OK : STATUS_NO_MEMORY;
}

static void context_free(srtp_t *context)
{
    if (*context) srtp_dealloc(*context);
    *context = NULL;
}

static bool same(const struct sdes_line *a, const struct sdes_line *b)
{
    return a->suite == b->suite && memcmp(a->key, b->key, sizeof a->key) == 0;
}

status secure_set_out(struct secure *s, const struct sdes_line *ours)
{
    if (s->out && same(&s->ours, ours)) return STATUS_OK;
    context_free(&s->out);
    s->ours = *ours;
    return context_make(&s->out, ours, ssrc_any_outbound);
}

status secure_set(struct secure *s, const struct sdes_line *ours, const struct sdes_line *theirs)
{
    status result = secure_set_out(s, ours);
    s->on = true;
    if (result != STATUS_OK || (s->in && same(&s->theirs, theirs))) return result;
    context_free(&s->in_before);
    s->in_before = s->in;
    s->in = NULL;
    s->theirs = *theirs;
    return context_make(&s->in, theirs, ssrc_any_inbound);
}

void secure_clear(struct secure *s)
{
    context_free(&s->out);
    context_free(&s->in);
    context_free(&s->in_before);
    *s = (struct secure){.on = false};
}

bool secure_seal(struct secure *s, uint8_t *packet, size_t *len, size_t size)
{
    int grown = (int)*len;
    if (size < *len + SECURE_TRAILER || !s->out || srtp_protect(s->out, packet, &grown) != srtp_err_status_ok)
        return false;
    *len = (size_t)grown;
    return true;
}

static bool open_with(srtp_t context, bool rtcp, uint8_t *packet, size_t *len)
{
    uint8_t copy[2048];
    int shrunk = (int)*len;
    if (!context || *len > sizeof copy) return false;
    memcpy(copy, packet, *len);
    srtp_err_status_t result =
        rtcp ? srtp_unprotect_rtcp(context, copy, &shrunk) : srtp_unprotect(context, copy, &shrunk);
    if (result != srtp_err_status_ok) return false;
    *len = (size_t)shrunk;
    memcpy(packet, copy, *len);
    return true;
}

bool secure_open(struct secure *s, bool rtcp, uint8_t *packet, size_t *len)
{
    return open_with(s->in, rtcp, packet, len) || open_with(s->in_before, rtcp, packet, len);
}
