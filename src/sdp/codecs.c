#include "sdp/codecs.h"

#include <assert.h>
#include <strings.h>

/* Of L16 at 48 kHz 20 ms are 1,920 bytes, of L16 at 16 kHz 40 ms are 1,280: more than SDP_PAYLOAD_MAX. An Opus packet
 * holds one frame, and there are none of 30 or 50 ms (RFC 6716 section 2.1.4). */
enum { ALL = 0x3F, TO_10_MS = 0x01, TO_30_MS = 0x07, OPUS_FRAMES = 0x2B };

static const struct sdp_codec codecs[SDP_CODECS] = {
    {"opus", "opus", 48000, 2, 96, "useinbandfec=1", true, OPUS_FRAMES},
    {"G722", "G722", 8000, 1, 9, NULL, false, ALL}, /* its clock is a mistake that stays: RFC 3551 section 4.5.2 */
    {"PCMU", "PCMU", 8000, 1, 0, NULL, false, ALL},
    {"PCMA", "PCMA", 8000, 1, 8, NULL, false, ALL},
    {"L16/48000", "L16", 48000, 1, 97, NULL, false, TO_10_MS},
    {"L16/16000", "L16", 16000, 1, 98, NULL, false, TO_30_MS},
    {"L16/8000", "L16", 8000, 1, 99, NULL, false, ALL},
};

const struct sdp_codec *sdp_codec_at(size_t index)
{
    assert(index < SDP_CODECS);
    return &codecs[index];
}

const struct sdp_codec *sdp_codec_find(const char *name)
{
    for (size_t i = 0; i < SDP_CODECS; i++) {
        if (strcasecmp(name, codecs[i].name) == 0) return &codecs[i];
    }
    return NULL;
}

uint16_t sdp_codec_ptime(const struct sdp_codec *codec, uint32_t wanted_ms)
{
    uint32_t ms = wanted_ms > SDP_PTIME_MAX_MS ? SDP_PTIME_MAX_MS : wanted_ms - wanted_ms % 10;
    while (ms > SDP_PTIME_MIN_MS && !(codec->ptimes & 1u << (ms / 10 - 1)))
        ms -= 10;
    return (uint16_t)(ms < SDP_PTIME_MIN_MS ? SDP_PTIME_MIN_MS : ms);
}
