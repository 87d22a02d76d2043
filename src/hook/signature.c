#include "hook/signature.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

enum { MAC_BYTES = 32 };

/* Appends ",v1=HEX" at *len. */
static bool append_mac(char out[SIGNATURE_SIZE], size_t *len, const char *secret, const struct buffer *message)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)message->at, message->len, mac,
              &mac_len) ||
        mac_len != MAC_BYTES)
        return false;
    *len += (size_t)snprintf(out + *len, SIGNATURE_SIZE - *len, ",v1=");
    for (unsigned i = 0; i < mac_len; i++)
        *len += (size_t)snprintf(out + *len, SIGNATURE_SIZE - *len, "%02x", mac[i]);
    return true;
}

bool signature_write(char out[SIGNATURE_SIZE], const struct hook_secrets *secrets, int64_t unix_s, struct slice body)
{
    struct buffer message;
    assert(secrets->count <= HOOK_SECRETS_MAX && unix_s >= 0);
    buffer_init(&message);
    buffer_printf(&message, "%" PRId64 ".", unix_s);
    buffer_append_slice(&message, body);
    bool ok = buffer_ok(&message) && secrets->count > 0;
    size_t len = (size_t)snprintf(out, SIGNATURE_SIZE, "t=%" PRId64, unix_s);
    for (size_t i = 0; i < secrets->count && ok; i++)
        ok = append_mac(out, &len, secrets->secret[i], &message);
    buffer_clear(&message);
    if (!ok) out[0] = '\0';
    return ok;
}
