#include "call/terms.h"

#include <strings.h>

static void add(struct terms *terms, const struct sdp_codec *codec)
{
    for (uint8_t i = 0; i < terms->codec_count; i++) {
        if (terms->codecs[i].payload_type == codec->payload_type) return;
    }
    terms->codecs[terms->codec_count++] = *codec;
}

void terms_set_codecs(struct terms *terms, const char *const *names, size_t count)
{
    terms->codec_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sdp_codec *codec = sdp_codec_find(names[i]);
        if (codec) add(terms, codec);
    }
    for (size_t i = 0; count == 0 && i < SDP_CODECS; i++)
        add(terms, sdp_codec_at(i));
}

bool terms_parse_srtp(const char *word, enum sdp_srtp_use *out)
{
    static const char *const words[] = {
        [SDP_SRTP_NEVER] = "never", [SDP_SRTP_OPTIONAL] = "optional", [SDP_SRTP_REQUIRED] = "required"};
    for (int i = SDP_SRTP_NEVER; i <= SDP_SRTP_REQUIRED; i++) {
        if (strcasecmp(word, words[i]) != 0) continue;
        *out = (enum sdp_srtp_use)i;
        return true;
    }
    return false;
}

bool terms_parse_order(const char *word, bool *own)
{
    bool is_own = strcasecmp(word, "own") == 0;
    if (!is_own && strcasecmp(word, "caller") != 0) return false;
    *own = is_own;
    return true;
}
