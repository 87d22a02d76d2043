#include "srtp_reference.h"

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { RTP_HEADER = 12, RTCP_HEADER = 8, GCM_TAG = 16, GCM_IV = 12, SALT = 14, RTCP_TAG = 10 };

static void demand(int good)
{
    assert(good);
    (void)good;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void xor_bytes(uint8_t *at, const uint8_t *with, size_t count)
{
    for (size_t i = 0; i < count; i++)
        at[i] ^= with[i];
}

static bool is_gcm(enum srtp_suite suite)
{
    return suite == SRTP_AEAD_AES_128_GCM || suite == SRTP_AEAD_AES_256_GCM;
}

/* AES in counter mode over zeroes. */
static void counter_mode(const uint8_t *key, size_t key_bytes, const uint8_t iv[16], uint8_t *out, size_t count)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int written;
    demand(EVP_EncryptInit_ex(c, key_bytes == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), NULL, key, iv) == 1);
    memset(out, 0, count);
    demand(EVP_EncryptUpdate(c, out, &written, out, (int)count) == 1);
    EVP_CIPHER_CTX_free(c);
}

static void derive(const struct srtp_key *key, uint8_t label, uint8_t *out, size_t count)
{
    size_t key_bytes = srtp_suite_key_bytes(key->suite);
    uint8_t iv[16] = {0};
    memcpy(iv, key->bytes + key_bytes, srtp_suite_salt_bytes(key->suite));
    iv[7] ^= label;
    counter_mode(key->bytes, key_bytes, iv, out, count);
}

struct srtp_session_keys srtp_reference_derive(const struct srtp_key *key, bool rtcp)
{
    struct srtp_session_keys keys = {0};
    uint8_t first = rtcp ? 3 : 0;
    derive(key, first, keys.cipher, srtp_suite_key_bytes(key->suite));
    derive(key, first + 1, keys.auth, sizeof keys.auth);
    derive(key, first + 2, keys.salt, srtp_suite_salt_bytes(key->suite));
    return keys;
}

void srtp_reference_stream(const struct srtp_session_keys *keys, uint32_t ssrc, uint64_t index, uint8_t *out,
                           size_t count)
{
    uint8_t iv[16] = {0}, number[10];
    put32(number, ssrc);
    for (int i = 0; i < 6; i++)
        number[4 + i] = (uint8_t)(index >> (40 - 8 * i));
    memcpy(iv, keys->salt, SALT);
    xor_bytes(iv + 4, number, sizeof number);
    counter_mode(keys->cipher, 16, iv, out, count);
}

static void encrypt_counter(const struct srtp_session_keys *keys, uint32_t ssrc, uint64_t index, uint8_t *at,
                            size_t count)
{
    uint8_t stream[2048];
    demand(count <= sizeof stream);
    srtp_reference_stream(keys, ssrc, index, stream, count);
    xor_bytes(at, stream, count);
}

static void authenticate(const struct srtp_session_keys *keys, const uint8_t *bytes, size_t len, uint8_t *tag,
                         size_t tag_bytes)
{
    uint8_t whole[EVP_MAX_MD_SIZE];
    unsigned got;
    demand(HMAC(EVP_sha1(), keys->auth, sizeof keys->auth, bytes, len, whole, &got) != NULL);
    memcpy(tag, whole, tag_bytes);
}

/* Encrypts in place and puts the tag behind. */
static void encrypt_gcm(const struct srtp_session_keys *keys, enum srtp_suite suite, const uint8_t number[GCM_IV],
                        const uint8_t *open, size_t open_len, uint8_t *at, size_t count)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    uint8_t iv[GCM_IV];
    int written;
    memcpy(iv, keys->salt, sizeof iv);
    xor_bytes(iv, number, sizeof iv);
    const EVP_CIPHER *cipher = suite == SRTP_AEAD_AES_256_GCM ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
    demand(EVP_EncryptInit_ex(c, cipher, NULL, keys->cipher, iv) == 1);
    demand(EVP_EncryptUpdate(c, NULL, &written, open, (int)open_len) == 1);
    demand(EVP_EncryptUpdate(c, at, &written, at, (int)count) == 1);
    demand(EVP_EncryptFinal_ex(c, at + written, &written) == 1);
    demand(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, GCM_TAG, at + count) == 1);
    EVP_CIPHER_CTX_free(c);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

size_t srtp_reference_protect(const struct srtp_session_keys *keys, enum srtp_suite suite, uint32_t roc,
                              uint8_t *packet, size_t len)
{
    uint32_t ssrc = get32(packet + 8);
    if (is_gcm(suite)) {
        uint8_t number[GCM_IV] = {0};
        memcpy(number + 2, packet + 8, 4);
        put32(number + 6, roc);
        memcpy(number + 10, packet + 2, 2);
        encrypt_gcm(keys, suite, number, packet, RTP_HEADER, packet + RTP_HEADER, len - RTP_HEADER);
        return len + GCM_TAG;
    }
    uint64_t index = (uint64_t)roc << 16 | (uint64_t)packet[2] << 8 | packet[3];
    size_t tag = suite == SRTP_AES_CM_128_HMAC_SHA1_32 ? 4 : 10;
    encrypt_counter(keys, ssrc, index, packet + RTP_HEADER, len - RTP_HEADER);
    put32(packet + len, roc);
    authenticate(keys, packet, len + 4, packet + len, tag);
    return len + tag;
}

size_t srtp_reference_protect_rtcp(const struct srtp_session_keys *keys, enum srtp_suite suite, uint32_t index,
                                   uint8_t *packet, size_t len)
{
    uint8_t trailer[4];
    put32(trailer, index | 0x80000000u);
    if (is_gcm(suite)) {
        uint8_t number[GCM_IV] = {0}, open[RTCP_HEADER + 4];
        memcpy(number + 2, packet + 4, 4);
        put32(number + 8, index);
        memcpy(open, packet, RTCP_HEADER);
        memcpy(open + RTCP_HEADER, trailer, sizeof trailer);
        encrypt_gcm(keys, suite, number, open, sizeof open, packet + RTCP_HEADER, len - RTCP_HEADER);
        memcpy(packet + len + GCM_TAG, trailer, sizeof trailer);
        return len + GCM_TAG + sizeof trailer;
    }
    encrypt_counter(keys, get32(packet + 4), index, packet + RTCP_HEADER, len - RTCP_HEADER);
    memcpy(packet + len, trailer, sizeof trailer);
    authenticate(keys, packet, len + 4, packet + len + 4, RTCP_TAG);
    return len + 4 + RTCP_TAG;
}
