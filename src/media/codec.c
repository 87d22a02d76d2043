#include "media/codec.h"

#include <assert.h>
#include <strings.h>

#include "media/g711.h"
#include "media/g722.h"
#include "media/l16.h"
#include "media/opus_codec.h"

static const struct codec *const table[CODEC_COUNT] = {
    [CODEC_PCMU] = &codec_pcmu,   [CODEC_PCMA] = &codec_pcma,     [CODEC_G722] = &codec_g722,
    [CODEC_L16_8] = &codec_l16_8, [CODEC_L16_16] = &codec_l16_16, [CODEC_L16_48] = &codec_l16_48,
    [CODEC_OPUS] = &codec_opus,
};

const struct codec *codec_by_id(enum codec_id id)
{
    assert((unsigned)id < CODEC_COUNT);
    return table[id];
}

const struct codec *codec_find(const char *name, uint32_t clock_hz, unsigned channels)
{
    if (channels == 0) channels = 1;
    for (int i = 0; i < CODEC_COUNT; i++) {
        const struct codec *c = table[i];
        if (c->clock_hz == clock_hz && c->channels == channels && strcasecmp(c->name, name) == 0) return c;
    }
    return NULL;
}

unsigned codec_packet_ms(const struct codec *codec, unsigned max_ms)
{
    unsigned best = 0;
    for (unsigned ms = 10; ms <= 60; ms += 10) {
        bool has = codec->packet_lengths & CODEC_10_MS << (ms / 10 - 1);
        if (has && (best == 0 || ms <= max_ms)) best = ms;
    }
    return best;
}
