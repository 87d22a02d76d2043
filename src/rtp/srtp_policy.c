#include "rtp/srtp_policy.h"

/* Packets that come later than this many after newer ones are too old: more than a second at 10 ms. */
enum { REPLAY_WINDOW = 128 };

static void fill(srtp_policy_t *policy, enum srtp_suite suite)
{
    switch (suite) {
    case SRTP_AES_CM_128_HMAC_SHA1_32:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
        srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
        break;
    case SRTP_AEAD_AES_128_GCM:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
        break;
    case SRTP_AEAD_AES_256_GCM:
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
        break;
    default:
        srtp_crypto_policy_set_rtp_default(&policy->rtp);
        srtp_crypto_policy_set_rtcp_default(&policy->rtcp);
        break;
    }
}

size_t srtp_policy_tag(enum srtp_suite suite, bool rtcp)
{
    srtp_policy_t policy = {0};
    fill(&policy, suite);
    return (size_t)(rtcp ? policy.rtcp.auth_tag_len : policy.rtp.auth_tag_len);
}

/* @param copy  of the key: the library does not promise to leave it alone; borrowed by the policy */
static srtp_policy_t policy_of(struct srtp_key *copy, srtp_ssrc_t ssrc)
{
    srtp_policy_t policy = {.ssrc = ssrc, .key = copy->bytes, .window_size = REPLAY_WINDOW};
    fill(&policy, copy->suite);
    return policy;
}

status srtp_policy_context(srtp_t *out, const struct srtp_key *key, srtp_ssrc_type_t direction)
{
    if (key->suite >= SRTP_SUITES) return STATUS_INVALID;
    struct srtp_key copy = *key;
    srtp_policy_t policy = policy_of(&copy, (srtp_ssrc_t){.type = direction});
    srtp_t context;
    srtp_err_status_t result = srtp_create(&context, &policy);
    srtp_key_forget(&copy);
    if (result != srtp_err_status_ok) return STATUS_NO_MEMORY;
    *out = context;
    return STATUS_OK;
}

status srtp_policy_add_stream(srtp_t context, const struct srtp_key *key, uint32_t ssrc)
{
    struct srtp_key copy = *key;
    srtp_policy_t policy = policy_of(&copy, (srtp_ssrc_t){.type = ssrc_specific, .value = ssrc});
    srtp_err_status_t result = srtp_add_stream(context, &policy);
    srtp_key_forget(&copy);
    return result == srtp_err_status_ok ? STATUS_OK : STATUS_NO_MEMORY;
}
