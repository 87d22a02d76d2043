/**
 * Every codec: 20 ms of speech-like sound (10 where no longer packet fits) encoded, decoded and made up, beside the
 * library's own call; and what the hand-over of encoders costs.
 */
#include <opus/opus.h>
#include <spandsp/telephony.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp/g722.h>

#include "media/codec.h"
#include "media/comfort_noise.h"
#include "media/conceal.h"
#include "media/encoder_share.h"
#include "media/tone.h"
#include "timing.h"

enum { PACKETS = 100 };

struct work {
    const struct codec *codec;
    size_t samples;
    int16_t *pcm; /* PACKETS of them */
    uint8_t payload[PACKETS][CODEC_PAYLOAD_OUT_MAX];
    size_t len[PACKETS];
    void *encoder, *other, *decoder;
    struct conceal conceal;
    struct comfort_noise noise;
};

static void encode(void *state)
{
    struct work *w = state;
    for (int i = 0; i < PACKETS; i++) {
        const int16_t *pcm = w->pcm + (size_t)i * w->samples;
        w->len[i] = w->codec->encode(w->encoder, pcm, w->samples, w->payload[i], CODEC_PAYLOAD_OUT_MAX);
        if (w->len[i] == 0) abort();
    }
}

static void decode(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX];
    size_t samples;
    for (int i = 0; i < PACKETS; i++) {
        if (w->codec->decode(w->decoder, w->payload[i], w->len[i], pcm, w->samples, &samples) != STATUS_OK) abort();
    }
}

/* One lost packet after the other; the codec's own way, else the playout buffer's. */
static void make_up(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX];
    for (int i = 0; i < PACKETS; i++) {
        if (w->codec->conceal) {
            w->codec->conceal(w->decoder, NULL, 0, pcm, w->samples);
            continue;
        }
        conceal_begin(&w->conceal, w->pcm + (PACKETS - 1) * w->samples, 20, 40);
        conceal_read(&w->conceal, pcm, w->samples);
    }
}

static void make_up_from_next(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX];
    for (int i = 0; i < PACKETS; i++)
        w->codec->conceal(w->decoder, w->payload[i], w->len[i], pcm, w->samples);
}

static void approach(void *state)
{
    struct work *w = state;
    for (int i = 0; i < PACKETS; i++)
        (void)w->codec->encoder_approach(w->other, w->encoder, w->pcm + (size_t)i * w->samples, w->samples);
}

static void copy(void *state)
{
    struct work *w = state;
    for (int i = 0; i < PACKETS; i++)
        memcpy(w->other, w->encoder, codec_encoder_bytes(w->codec));
}

static void library_opus_encode(void *state)
{
    struct work *w = state;
    for (int i = 0; i < PACKETS; i++) {
        const int16_t *pcm = w->pcm + (size_t)i * w->samples;
        if (opus_encode(w->other, pcm, (int)w->samples, w->payload[i], CODEC_PAYLOAD_OUT_MAX) <= 0) abort();
    }
}

static void library_opus_decode(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX];
    for (int i = 0; i < PACKETS; i++) {
        if (opus_decode(w->other, w->payload[i], (int)w->len[i], pcm, FRAME_SAMPLES_MAX, 0) <= 0) abort();
    }
}

static void library_g722_encode(void *state)
{
    struct work *w = state;
    for (int i = 0; i < PACKETS; i++)
        (void)g722_encode(w->other, w->payload[i], w->pcm + (size_t)i * w->samples, (int)w->samples);
}

static void library_g722_decode(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX];
    for (int i = 0; i < PACKETS; i++)
        (void)g722_decode(w->other, pcm, w->payload[i], (int)w->len[i]);
}

static void comfort(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX] = {0};
    for (int i = 0; i < PACKETS; i++)
        comfort_noise_add(&w->noise, pcm, w->samples);
}

static void run(const struct timing *t, struct work *w, const char *what, void (*work)(void *state))
{
    char label[64];
    snprintf(label, sizeof(label), "codec=%s/%u ms=%u %s", w->codec->name, w->codec->rate_hz,
             (unsigned)(w->samples * 1000 / w->codec->rate_hz), what);
    timing_run(t, label, "ns per packet", PACKETS, work, w);
}

static void *need(void *memory)
{
    if (!memory) abort();
    return memory;
}

/* A voice is nearly this to a codec: a tone with overtones that swells and fades, over a little noise. */
static void fill(struct work *w)
{
    struct rng rng;
    rng_init(&rng, 1);
    size_t all = w->samples * PACKETS;
    w->pcm = need(calloc(all, sizeof(*w->pcm)));
    for (int overtone = 1; overtone <= 12; overtone++) {
        struct tone tone;
        tone_init(&tone, w->codec->rate_hz, 131.0 * overtone, -22 - overtone);
        tone_add(&tone, w->pcm, all);
    }
    for (size_t i = 0; i < all; i++) {
        size_t at = i % (w->codec->rate_hz / 4), part = at * 200 / w->codec->rate_hz;
        w->pcm[i] = (int16_t)(w->pcm[i] * (int)part / 50 + (int)rng_below(&rng, 33) - 16);
    }
}

static void library(const struct timing *t, struct work *w)
{
    int error;
    if (w->codec->id == CODEC_G722) {
        w->other = need(g722_encode_init(NULL, 64000, 0));
        run(t, w, "libspandsp's encode", library_g722_encode);
        (void)g722_encode_free(w->other);
        w->other = need(g722_decode_init(NULL, 64000, 0));
        run(t, w, "libspandsp's decode", library_g722_decode);
        (void)g722_decode_free(w->other);
    }
    if (w->codec->id != CODEC_OPUS) return;
    for (int complexity = 0; complexity <= 10; complexity += 5) {
        char label[40];
        snprintf(label, sizeof(label), "libopus's encode complexity=%d", complexity);
        w->other = need(opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, &error));
        (void)opus_encoder_ctl(w->other, OPUS_SET_BITRATE(40000));
        (void)opus_encoder_ctl(w->other, OPUS_SET_COMPLEXITY(complexity));
        run(t, w, label, library_opus_encode);
        opus_encoder_destroy(w->other);
    }
    encode(w);
    w->other = need(opus_decoder_create(48000, 1, &error));
    run(t, w, "libopus's decode", library_opus_decode);
    opus_decoder_destroy(w->other);
}

static void measure(const struct timing *t, const struct codec *codec)
{
    static const struct codec_params usual, with_fec = {.fec = true, .loss_percent = 10};
    struct work *w = need(calloc(1, sizeof(*w)));
    w->codec = codec;
    w->samples = codec->rate_hz / 1000 * codec_packet_ms(codec, FRAME_MS);
    w->encoder = codec->encoder_bytes ? need(malloc(codec_encoder_bytes(codec))) : NULL;
    w->decoder = codec->decoder_bytes ? need(malloc(codec_decoder_bytes(codec))) : NULL;
    if (w->encoder) codec->encoder_init(w->encoder, &usual);
    if (w->decoder) codec->decoder_init(w->decoder);
    conceal_init(&w->conceal, codec->rate_hz);
    fill(w);
    run(t, w, "encode", encode);
    run(t, w, "decode", decode);
    run(t, w, "conceal", make_up);
    if (codec->has_fec) {
        codec->encoder_change(w->encoder, &with_fec);
        run(t, w, "encode with FEC", encode);
        run(t, w, "conceal from FEC", make_up_from_next);
        codec->encoder_change(w->encoder, &usual);
    }
    if (w->encoder) {
        w->other = need(malloc(codec_encoder_bytes(codec)));
        run(t, w, "copy of an encoder", copy);
        codec->encoder_init(w->other, &usual);
        if (codec->encoder_approach) run(t, w, "a step back to the shared encoder", approach);
        free(w->other);
    }
    library(t, w);
    if (codec->id == CODEC_PCMU) {
        comfort_noise_init(&w->noise, codec->rate_hz, 1);
        comfort_noise_set(&w->noise, &(struct comfort_noise_packet){.level = 60, .order = 8, .reflection = {-0.6f}});
        run(t, w, "comfort noise of order 8", comfort);
    }
    free(w->encoder);
    free(w->decoder);
    free(w->pcm);
    free(w);
}

int main(int argc, char **argv)
{
    struct timing t;
    timing_init(&t, "codec", argc, argv);
    for (int id = 0; id < CODEC_COUNT; id++)
        measure(&t, codec_by_id((enum codec_id)id));
    return 0;
}
