#include "sdp/crypto.h"

#include <assert.h>
#include <string.h>

#include "base/base64.h"

static const struct {
    const char *name;
    size_t key_bytes;
} suites[SDP_SUITES] = {
    [SDP_SUITE_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 16 + 12},
    [SDP_SUITE_AEAD_AES_256_GCM] = {"AEAD_AES_256_GCM", 32 + 12},
    [SDP_SUITE_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 16 + 14},
    [SDP_SUITE_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 16 + 14},
};

size_t sdp_suite_key_bytes(enum sdp_suite suite)
{
    assert(suite < SDP_SUITES);
    return suites[suite].key_bytes;
}

static bool suite_parse(struct slice name, enum sdp_suite *out)
{
    for (int i = 0; i < SDP_SUITES; i++) {
        if (!slice_is_nocase(name, suites[i].name)) continue;
        *out = (enum sdp_suite)i;
        return true;
    }
    return false;
}

static bool tag_parse(struct slice text, uint32_t *out)
{
    return text.len <= SDP_TAG_DIGITS_MAX && slice_to_u32(text, UINT32_MAX, out);
}

static bool key_parse(struct sdp_crypto *c, struct slice text)
{
    char bytes[SDP_KEY_BYTES_MAX + 4];
    size_t len;
    if (!base64_decode(text, bytes, sizeof bytes, &len) || len != sdp_suite_key_bytes(c->suite)) return false;
    memcpy(c->key, bytes, len);
    return true;
}

/** "2^20" or "1048576": how many packets its writer encrypts with the key. */
static bool is_lifetime(struct slice text)
{
    uint64_t packets;
    uint32_t power;
    bool is_power = text.len > 2 && text.at[0] == '2' && text.at[1] == '^';
    if (is_power) return slice_to_u32((struct slice){text.at + 2, text.len - 2}, 48, &power);
    return slice_to_u64(text, &packets) && packets > 0;
}

/** "1:4": a number, and how many bytes it takes in each packet. */
static bool mki_parse(struct sdp_crypto *c, struct slice text)
{
    uint64_t value;
    uint32_t bytes;
    struct slice rest = text;
    struct slice number = slice_cut(&rest, ':');
    if (!slice_to_u64(number, &value) || !slice_to_u32(rest, SDP_MKI_BYTES_MAX, &bytes) || bytes == 0) return false;
    if (value >> (8 * bytes) != 0) return false;
    c->mki_bytes = (uint8_t)bytes;
    for (uint32_t i = bytes; i > 0; i--, value >>= 8)
        c->mki[i - 1] = (uint8_t)value;
    return true;
}

/** RFC 4568 section 6.1: inline:<key||salt>["|" lifetime]["|" MKI ":" length] */
static bool key_params_parse(struct sdp_crypto *c, struct slice text)
{
    static const char method[] = "inline:";
    enum { METHOD_LEN = sizeof method - 1 };
    if (text.len < METHOD_LEN || !slice_is_nocase((struct slice){text.at, METHOD_LEN}, method)) return false;
    struct slice rest = {text.at + METHOD_LEN, text.len - METHOD_LEN};
    if (!key_parse(c, slice_cut(&rest, '|'))) return false;
    struct slice part = slice_cut(&rest, '|');
    if (part.len > 0 && !memchr(part.at, ':', part.len)) {
        if (!is_lifetime(part)) return false;
        part = slice_cut(&rest, '|');
    }
    return rest.len == 0 && (part.len == 0 || mki_parse(c, part));
}

/**
 * A window size is a hint, and what begins with a hyphen may be ignored; everything else either weakens, or changes
 * how packets look (RFC 4568 section 6.3).
 */
static bool can_ignore(struct slice session_parameter)
{
    struct slice value = session_parameter;
    uint32_t packets;
    if (session_parameter.at[0] == '-') return true;
    return slice_is_nocase(slice_cut(&value, '='), "WSH") && slice_to_u32(value, UINT32_MAX, &packets);
}

static struct slice word(struct slice *rest)
{
    *rest = slice_trim(*rest);
    return slice_cut(rest, ' ');
}

bool sdp_crypto_parse(struct sdp_crypto *out, struct slice value)
{
    struct sdp_crypto c = {0};
    struct slice rest = value;
    struct slice tag = word(&rest), suite = word(&rest), key = word(&rest);
    if (!tag_parse(tag, &c.tag) || !suite_parse(suite, &c.suite) || !key_params_parse(&c, key)) return false;
    for (struct slice w = word(&rest); w.len > 0; w = word(&rest)) {
        if (!can_ignore(w)) return false;
    }
    *out = c;
    return true;
}

void sdp_crypto_put(struct buffer *b, uint32_t tag, enum sdp_suite suite, const uint8_t *key)
{
    assert(suite < SDP_SUITES);
    buffer_printf(b, "a=crypto:%u %s inline:", tag, suites[suite].name);
    base64_encode(b, key, sdp_suite_key_bytes(suite));
    buffer_append_text(b, "\r\n");
}
