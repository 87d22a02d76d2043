#include "rtp/srtp_key.h"

#include <assert.h>
#include <string.h>

#include "rtp/srtp_policy.h"

struct suite {
    const char *name;
    uint8_t key_bytes, salt_bytes;
};

static const struct suite suites[SRTP_SUITES] = {
    [SRTP_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16, 14},
    [SRTP_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16, 14},
    [SRTP_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16, 12},
    [SRTP_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32, 12},
};

const char *srtp_suite_name(enum srtp_suite suite)
{
    assert(suite < SRTP_SUITES);
    return suites[suite].name;
}

status srtp_suite_named(struct slice name, enum srtp_suite *out)
{
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        if (!slice_is_nocase(name, suites[suite].name)) continue;
        *out = suite;
        return STATUS_OK;
    }
    return STATUS_UNSUPPORTED;
}

size_t srtp_suite_key_bytes(enum srtp_suite suite)
{
    assert(suite < SRTP_SUITES);
    return suites[suite].key_bytes;
}

size_t srtp_suite_salt_bytes(enum srtp_suite suite)
{
    assert(suite < SRTP_SUITES);
    return suites[suite].salt_bytes;
}

bool srtp_key_same(const struct srtp_key *a, const struct srtp_key *b)
{
    if (a->suite != b->suite || a->mki_bytes != b->mki_bytes || memcmp(a->mki, b->mki, a->mki_bytes) != 0) return false;
    return memcmp(a->bytes, b->bytes, srtp_suite_key_bytes(a->suite) + srtp_suite_salt_bytes(a->suite)) == 0;
}

void srtp_key_forget(struct srtp_key *key)
{
    explicit_bzero(key, sizeof *key);
}

status srtp_library_start(void)
{
    static bool started;
    if (!started && srtp_init() != srtp_err_status_ok) return STATUS_IO;
    started = true;
    return STATUS_OK;
}
