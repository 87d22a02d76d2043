#include "media/g722.h"

/* spandsp.h names all of the library; these are the parts with G.722. */
#include <spandsp/telephony.h>

#include <spandsp/g722.h>

#include <spandsp/private/g722.h>

enum { BITS_PER_SECOND = 64000 };

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

static void decoder_init(void *state)
{
    (void)g722_decode_init(state, BITS_PER_SECOND, 0);
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
    .decoder_init = decoder_init,
    .encode = encode,
    .decode = decode,
    .duration = duration,
};
