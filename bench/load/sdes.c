#include "load/sdes.h"

#include <string.h>

#include "base/base64.h"
#include "os/random.h"

static const struct {
    const char *name;
    size_t key_bytes;
} suites[SDES_SUITES] = {
    [SDES_CM_80] = {"AES_CM_128_HMAC_SHA1_80", 30},
    [SDES_CM_32] = {"AES_CM_128_HMAC_SHA1_32", 30},
    [SDES_GCM_128] = {"AEAD_AES_128_GCM", 28},
    [SDES_GCM_256] = {"AEAD_AES_256_GCM", 44},
};

const char *sdes_suite_name(enum sdes_suite suite)
{
    return suites[suite].name;
}

bool sdes_suite_named(struct slice name, enum sdes_suite *out)
{
    for (int i = 0; i < SDES_SUITES; i++) {
        if (!slice_is(name, suites[i].name)) continue;
        *out = (enum sdes_suite)i;
        return true;
    }
    return false;
}

struct sdes_line sdes_make(uint32_t tag, enum sdes_suite suite)
{
    struct sdes_line line = {.tag = tag, .suite = suite};
    random_bytes(line.key, suites[suite].key_bytes);
    return line;
}

void sdes_write(struct buffer *out, const struct sdes_line *line)
{
    buffer_printf(out, "a=crypto:%u %s inline:", line->tag, suites[line->suite].name);
    base64_encode(out, line->key, suites[line->suite].key_bytes);
    buffer_append_text(out, "\r\n");
}

bool sdes_read(struct slice value, struct sdes_line *out)
{
    static const char method[] = "inline:";
    struct slice tag = slice_cut(&value, ' '), suite = slice_cut(&value, ' '), key = slice_cut(&value, ' ');
    struct sdes_line line = {.tag = 0};
    char bytes[SDES_KEY_MAX + 4];
    size_t len, skip = sizeof method - 1;
    if (!slice_to_u32(tag, UINT32_MAX, &line.tag) || !sdes_suite_named(suite, &line.suite)) return false;
    if (key.len < skip || memcmp(key.at, method, skip) != 0) return false;
    key = (struct slice){key.at + skip, key.len - skip};
    if (!base64_decode(slice_cut(&key, '|'), bytes, sizeof bytes, &len) || len != suites[line.suite].key_bytes)
        return false;
    memcpy(line.key, bytes, len);
    *out = line;
    return true;
}
