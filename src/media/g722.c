#include "media/g722.h"

#include <string.h>

/* spandsp.h names all of the library; these are the parts with G.722. */
#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include <spandsp/private/g722.h>

enum { BITS_PER_SECOND = 64000, SAMPLES_MAX = 960, WINDOW = 80 };

/* Mean square of an error that may always be: -70 dBFS as a sine. */
enum { FLOOR_POWER = 54 };

static size_t g722_encoder_bytes(void)
{
    return sizeof(struct g722_encode_state_s);
}

static size_t g722_decoder_bytes(void)
{
    return sizeof(struct g722_decode_state_s);
}

static void encoder_init(void *state, const struct codec_params *params)
{
    (void)params;
    (void)g722_encode_init(state, BITS_PER_SECOND, 0);
}

static void encoder_change(void *state, const struct codec_params *params)
{
    (void)state;
    (void)params;
}

/* A decoder in step with an encoder, but for the history of its filters. */
static void decode_with(const g722_band_t bands[2], const uint8_t *codes, size_t len, int16_t *pcm,
                        g722_band_t after[2])
{
    struct g722_decode_state_s d;
    (void)g722_decode_init(&d, BITS_PER_SECOND, 0);
    memcpy(d.band, bands, sizeof d.band);
    (void)g722_decode(&d, pcm, codes, (int)len);
    memcpy(after, d.band, sizeof d.band);
}

static int64_t difference(const int16_t *a, const int16_t *b, size_t samples)
{
    int64_t sum = 0;
    for (size_t i = 0; i < samples; i++)
        sum += ((int64_t)a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/*
 * The noises of two good encodings are independent, so their difference has twice the power of one: half of it is what
 * the error may add.
 */
static bool is_close(const int16_t *mixed, const int16_t *own, const int16_t *other, size_t samples)
{
    for (size_t i = 0; i + WINDOW <= samples; i += WINDOW) {
        int64_t error = difference(mixed + i, other + i, WINDOW), noise = difference(own + i, other + i, WINDOW) / 2;
        if (error > noise && error > (int64_t)FLOOR_POWER * WINDOW) return false;
    }
    return true;
}

/*
 * Two encoders of one signal never come into step by themselves, but decoders that read the same codes do: their
 * predictors and step sizes leak, and are equal bit for bit after some 300 ms.
 */
static enum codec_step encoder_approach(void *state, const void *other, const int16_t *pcm, size_t samples)
{
    struct g722_encode_state_s *e = state, own = *e, theirs;
    g722_band_t after[2];
    uint8_t own_codes[SAMPLES_MAX / 2], codes[SAMPLES_MAX / 2];
    int16_t own_pcm[SAMPLES_MAX], their_pcm[SAMPLES_MAX], mixed_pcm[SAMPLES_MAX];
    memcpy(&theirs, other, sizeof theirs);
    if (samples > SAMPLES_MAX) return CODEC_APART;
    decode_with(e->band, own_codes, (size_t)g722_encode(&own, own_codes, pcm, (int)samples), own_pcm, after);
    g722_band_t before[2];
    memcpy(before, theirs.band, sizeof before);
    size_t len = (size_t)g722_encode(&theirs, codes, pcm, (int)samples);
    decode_with(before, codes, len, their_pcm, after);
    decode_with(e->band, codes, len, mixed_pcm, after);
    if (!is_close(mixed_pcm, own_pcm, their_pcm, samples)) return CODEC_APART;
    *e = own;
    memcpy(e->band, after, sizeof e->band);
    return memcmp(e->band, theirs.band, sizeof e->band) == 0 ? CODEC_IN_STEP : CODEC_NEARER;
}

static void decoder_init(void *state)
{
    (void)g722_decode_init(state, BITS_PER_SECOND, 0);
}

/*
 * An encoder in step with the decoder makes codes of what was played, and the decoder reads them. What it gives out is
 * late by CODEC_FOLLOW_AFTER samples, so what it is told is taken so much early.
 */
static void decoder_follow(void *state, const int16_t *pcm, size_t samples)
{
    struct g722_decode_state_s *d = state;
    struct g722_encode_state_s e;
    uint8_t codes[FRAME_SAMPLES_MAX / 2];
    int16_t unheard[FRAME_SAMPLES_MAX];
    samples -= samples % 2;
    if (samples > FRAME_SAMPLES_MAX) return;
    (void)g722_encode_init(&e, BITS_PER_SECOND, 0);
    pcm += CODEC_FOLLOW_AFTER;
    (void)g722_encode(&e, codes, pcm - CODEC_FOLLOW_BEFORE, CODEC_FOLLOW_BEFORE); /* fills the filters' history */
    memcpy(e.band, d->band, sizeof e.band);
    int len = g722_encode(&e, codes, pcm, (int)samples);
    (void)g722_decode(d, unheard, codes, len);
}

static size_t encode(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size)
{
    if (size < samples / 2) return 0;
    return (size_t)g722_encode(state, out, pcm, (int)samples);
}

static size_t duration(const uint8_t *payload, size_t len)
{
    (void)payload;
    return 2 * len;
}

static status decode(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples, size_t *samples)
{
    if (len == 0 || 2 * len > max_samples) return STATUS_INVALID;
    *samples = (size_t)g722_decode(state, pcm, payload, (int)len);
    return STATUS_OK;
}

const struct codec codec_g722 = {
    .id = CODEC_G722,
    .name = "G722",
    .clock_hz = 8000,
    .channels = 1,
    .rate_hz = 16000,
    .static_payload_type = 9,
    .max_payload_bytes = 480,
    .packet_lengths = CODEC_10_TO_60_MS,
    .joins = true,
    .encoder_bytes = g722_encoder_bytes,
    .decoder_bytes = g722_decoder_bytes,
    .encoder_init = encoder_init,
    .encoder_change = encoder_change,
    .encoder_approach = encoder_approach,
    .decoder_init = decoder_init,
    .decoder_follow = decoder_follow,
    .encode = encode,
    .decode = decode,
    .duration = duration,
};
