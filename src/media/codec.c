#include "media/codec.h"

#include <assert.h>
#include <strings.h>

#include "media/g711.h"

static const struct codec *const table[CODEC_COUNT] = {
    [CODEC_PCMU] = &codec_pcmu,
    [CODEC_PCMA] = &codec_pcma,
};

const struct codec *codec_by_id(enum codec_id id)
{
    assert((unsigned)id < CODEC_COUNT);
    return table[id];
}

const struct codec *codec_find(const char *name, uint32_t clock_hz)
{
    for (int i = 0; i < CODEC_COUNT; i++) {
        if (table[i]->clock_hz == clock_hz && strcasecmp(table[i]->name, name) == 0) return table[i];
    }
    return NULL;
}

const struct codec *codec_by_payload_type(int payload_type)
{
    for (int i = 0; i < CODEC_COUNT; i++) {
        if (payload_type >= 0 && table[i]->static_payload_type == payload_type) return table[i];
    }
    return NULL;
}
