#include "media/g711.h"

/* ITU-T G.711, A-law, even bits inverted: the value of each code, on a 16-bit scale. */
static const int16_t decoded[256] = {
    -5504,  -5248,  -6016,  -5760,  -4480,  -4224,  -4992,  -4736,  -7552,  -7296,  -8064,  -7808,  -6528,  -6272,
    -7040,  -6784,  -2752,  -2624,  -3008,  -2880,  -2240,  -2112,  -2496,  -2368,  -3776,  -3648,  -4032,  -3904,
    -3264,  -3136,  -3520,  -3392,  -22016, -20992, -24064, -23040, -17920, -16896, -19968, -18944, -30208, -29184,
    -32256, -31232, -26112, -25088, -28160, -27136, -11008, -10496, -12032, -11520, -8960,  -8448,  -9984,  -9472,
    -15104, -14592, -16128, -15616, -13056, -12544, -14080, -13568, -344,   -328,   -376,   -360,   -280,   -264,
    -312,   -296,   -472,   -456,   -504,   -488,   -408,   -392,   -440,   -424,   -88,    -72,    -120,   -104,
    -24,    -8,     -56,    -40,    -216,   -200,   -248,   -232,   -152,   -136,   -184,   -168,   -1376,  -1312,
    -1504,  -1440,  -1120,  -1056,  -1248,  -1184,  -1888,  -1824,  -2016,  -1952,  -1632,  -1568,  -1760,  -1696,
    -688,   -656,   -752,   -720,   -560,   -528,   -624,   -592,   -944,   -912,   -1008,  -976,   -816,   -784,
    -880,   -848,   5504,   5248,   6016,   5760,   4480,   4224,   4992,   4736,   7552,   7296,   8064,   7808,
    6528,   6272,   7040,   6784,   2752,   2624,   3008,   2880,   2240,   2112,   2496,   2368,   3776,   3648,
    4032,   3904,   3264,   3136,   3520,   3392,   22016,  20992,  24064,  23040,  17920,  16896,  19968,  18944,
    30208,  29184,  32256,  31232,  26112,  25088,  28160,  27136,  11008,  10496,  12032,  11520,  8960,   8448,
    9984,   9472,   15104,  14592,  16128,  15616,  13056,  12544,  14080,  13568,  344,    328,    376,    360,
    280,    264,    312,    296,    472,    456,    504,    488,    408,    392,    440,    424,    88,     72,
    120,    104,    24,     8,      56,     40,     216,    200,    248,    232,    152,    136,    184,    168,
    1376,   1312,   1504,   1440,   1120,   1056,   1248,   1184,   1888,   1824,   2016,   1952,   1632,   1568,
    1760,   1696,   688,    656,    752,    720,    560,    528,    624,    592,    944,    912,    1008,   976,
    816,    784,    880,    848,
};

/*
 * The lowest two segments share one step; from 512 (16-bit scale) on the highest bit, 8 to 14, is the segment. Negative
 * values are counted from -1, so that the two halves mirror each other: A-law has no code for 0.
 */
static inline uint8_t encode_one(int16_t sample)
{
    int value = sample;
    int sign = value >= 0 ? 0x80 : 0;
    unsigned magnitude = (unsigned)(value < 0 ? -1 - value : value);
    unsigned segment = 0;
    unsigned step = magnitude >> 4;
    if (magnitude >= 256) {
        segment = 24 - (unsigned)__builtin_clz(magnitude);
        step = (magnitude >> (segment + 3)) & 15;
    }
    return (uint8_t)((sign | (int)(segment << 4) | (int)step) ^ 0x55);
}

uint8_t g711_alaw_encode(int16_t sample)
{
    return encode_one(sample);
}

int16_t g711_alaw_decode(uint8_t code)
{
    return decoded[code];
}

static size_t alaw_encode(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size)
{
    (void)state;
    if (size < samples) return 0;
    for (size_t i = 0; i < samples; i++)
        out[i] = encode_one(pcm[i]);
    return samples;
}

static status alaw_decode(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples,
                          size_t *samples)
{
    (void)state;
    return g711_decode(decoded, payload, len, pcm, max_samples, samples);
}

/* A-law has no zero: the two codes next to it, 8 and -8, are what silence is sent as. */
static bool alaw_is_silence(const uint8_t *payload, size_t len)
{
    return g711_is_silence(payload, len, 0x55);
}

const struct codec codec_pcma = {
    .id = CODEC_PCMA,
    .name = "PCMA",
    .clock_hz = 8000,
    .channels = 1,
    .rate_hz = 8000,
    .static_payload_type = 8,
    .max_payload_bytes = 480,
    .packet_lengths = CODEC_10_TO_60_MS,
    .joins = true,
    .encode = alaw_encode,
    .decode = alaw_decode,
    .duration = g711_duration,
    .is_silence = alaw_is_silence,
};
