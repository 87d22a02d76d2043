/** G.711: 20 ms frames encoded and decoded, both laws. */
#include <stdlib.h>

#include "media/codec.h"
#include "media/g711.h"
#include "media/tone.h"
#include "timing.h"

enum { FRAMES = 500, SAMPLES = 160 };

struct work {
    const struct codec *codec;
    int16_t pcm[SAMPLES];
    uint8_t payload[SAMPLES];
};

static void encode(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        w->pcm[i % SAMPLES] ^= 1;
        if (w->codec->encode(NULL, w->pcm, SAMPLES, w->payload, SAMPLES) != SAMPLES) abort();
    }
}

static void decode(void *state)
{
    struct work *w = state;
    size_t samples;
    for (int i = 0; i < FRAMES; i++) {
        w->payload[i % SAMPLES] ^= 1;
        if (w->codec->decode(NULL, w->payload, SAMPLES, w->pcm, SAMPLES, &samples) != STATUS_OK) abort();
    }
}

int main(int argc, char **argv)
{
    struct timing t;
    timing_init(&t, "g711", argc, argv);
    for (int id = 0; id <= CODEC_PCMA; id++) {
        struct work w = {.codec = codec_by_id((enum codec_id)id)};
        struct tone tone;
        tone_init(&tone, 8000, 1013.0, -12.0);
        tone_read(&tone, w.pcm, SAMPLES);
        timing_run(&t, id == CODEC_PCMU ? "PCMU encode" : "PCMA encode", "ns per frame", FRAMES, encode, &w);
        timing_run(&t, id == CODEC_PCMU ? "PCMU decode" : "PCMA decode", "ns per frame", FRAMES, decode, &w);
    }
    return 0;
}
