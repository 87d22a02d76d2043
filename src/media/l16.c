#include "media/l16.h"

#include <string.h>

static size_t l16_encode(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size)
{
    (void)state;
    if (size < 2 * samples) return 0;
    for (size_t i = 0; i < samples; i++) {
        uint16_t bits = (uint16_t)pcm[i];
        out[2 * i] = (uint8_t)(bits >> 8);
        out[2 * i + 1] = (uint8_t)bits;
    }
    return 2 * samples;
}

static size_t l16_duration(const uint8_t *payload, size_t len)
{
    (void)payload;
    return len % 2 == 0 ? len / 2 : 0;
}

static status l16_decode(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples,
                         size_t *samples)
{
    (void)state;
    size_t count = l16_duration(payload, len);
    if (count == 0 || count > max_samples) return STATUS_INVALID;
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)(uint16_t)(payload[2 * i] << 8 | payload[2 * i + 1]);
    *samples = count;
    return STATUS_OK;
}

static bool l16_is_silence(const uint8_t *payload, size_t len)
{
    return len > 0 && payload[0] == 0 && memcmp(payload, payload + 1, len - 1) == 0;
}

/* clang-format off */
#define L16(RATE)                             \
    .name = "L16",                            \
    .clock_hz = (RATE),                       \
    .channels = 1,                            \
    .rate_hz = (RATE),                        \
    .static_payload_type = -1,                \
    .joins = true,                            \
    .encode = l16_encode,                     \
    .decode = l16_decode,                     \
    .duration = l16_duration,                 \
    .is_silence = l16_is_silence
/* clang-format on */

const struct codec codec_l16_8 = {
    L16(8000),
    .id = CODEC_L16_8,
    .max_payload_bytes = 960,
    .packet_lengths = CODEC_10_TO_60_MS,
};

const struct codec codec_l16_16 = {
    L16(16000),
    .id = CODEC_L16_16,
    .max_payload_bytes = CODEC_PAYLOAD_IN_MAX,
    .packet_lengths = CODEC_10_MS | CODEC_20_MS | CODEC_30_MS,
};

const struct codec codec_l16_48 = {
    L16(48000),
    .id = CODEC_L16_48,
    .max_payload_bytes = CODEC_PAYLOAD_IN_MAX,
    .packet_lengths = CODEC_10_MS,
};
