#include "media/g711.h"

/* ITU-T G.711, mu-law: the value of each code, on a 16-bit scale. */
static const int16_t decoded[256] = {
    -32124, -31100, -30076, -29052, -28028, -27004, -25980, -24956, -23932, -22908, -21884, -20860, -19836, -18812,
    -17788, -16764, -15996, -15484, -14972, -14460, -13948, -13436, -12924, -12412, -11900, -11388, -10876, -10364,
    -9852,  -9340,  -8828,  -8316,  -7932,  -7676,  -7420,  -7164,  -6908,  -6652,  -6396,  -6140,  -5884,  -5628,
    -5372,  -5116,  -4860,  -4604,  -4348,  -4092,  -3900,  -3772,  -3644,  -3516,  -3388,  -3260,  -3132,  -3004,
    -2876,  -2748,  -2620,  -2492,  -2364,  -2236,  -2108,  -1980,  -1884,  -1820,  -1756,  -1692,  -1628,  -1564,
    -1500,  -1436,  -1372,  -1308,  -1244,  -1180,  -1116,  -1052,  -988,   -924,   -876,   -844,   -812,   -780,
    -748,   -716,   -684,   -652,   -620,   -588,   -556,   -524,   -492,   -460,   -428,   -396,   -372,   -356,
    -340,   -324,   -308,   -292,   -276,   -260,   -244,   -228,   -212,   -196,   -180,   -164,   -148,   -132,
    -120,   -112,   -104,   -96,    -88,    -80,    -72,    -64,    -56,    -48,    -40,    -32,    -24,    -16,
    -8,     0,      32124,  31100,  30076,  29052,  28028,  27004,  25980,  24956,  23932,  22908,  21884,  20860,
    19836,  18812,  17788,  16764,  15996,  15484,  14972,  14460,  13948,  13436,  12924,  12412,  11900,  11388,
    10876,  10364,  9852,   9340,   8828,   8316,   7932,   7676,   7420,   7164,   6908,   6652,   6396,   6140,
    5884,   5628,   5372,   5116,   4860,   4604,   4348,   4092,   3900,   3772,   3644,   3516,   3388,   3260,
    3132,   3004,   2876,   2748,   2620,   2492,   2364,   2236,   2108,   1980,   1884,   1820,   1756,   1692,
    1628,   1564,   1500,   1436,   1372,   1308,   1244,   1180,   1116,   1052,   988,    924,    876,    844,
    812,    780,    748,    716,    684,    652,    620,    588,    556,    524,    492,    460,    428,    396,
    372,    356,    340,    324,    308,    292,    276,    260,    244,    228,    212,    196,    180,    164,
    148,    132,    120,    112,    104,    96,     88,     80,     72,     64,     56,     48,     40,     32,
    24,     16,     8,      0,
};

/*
 * A magnitude plus the bias of 132 has its highest bit at 7 to 14, which is the segment; the four bits below it are the
 * step; a code stands for the middle of what it is cut from.
 */
static inline uint8_t encode_one(int16_t sample)
{
    int value = sample;
    int sign = value < 0 ? 0x80 : 0;
    unsigned magnitude = (unsigned)(value < 0 ? -value : value);
    if (magnitude > 32635) magnitude = 32635;
    magnitude += 132;
    unsigned segment = 24 - (unsigned)__builtin_clz(magnitude);
    unsigned step = (magnitude >> (segment + 3)) & 15;
    return (uint8_t) ~(sign | (int)(segment << 4) | (int)step);
}

uint8_t g711_ulaw_encode(int16_t sample)
{
    return encode_one(sample);
}

int16_t g711_ulaw_decode(uint8_t code)
{
    return decoded[code];
}

size_t g711_duration(const uint8_t *payload, size_t len)
{
    (void)payload;
    return len;
}

static size_t ulaw_encode(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size)
{
    (void)state;
    if (size < samples) return 0;
    for (size_t i = 0; i < samples; i++)
        out[i] = encode_one(pcm[i]);
    return samples;
}

static status ulaw_decode(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples,
                          size_t *samples)
{
    (void)state;
    return g711_decode(decoded, payload, len, pcm, max_samples, samples);
}

/* Both codes of 0: 0xff and 0x7f. */
static bool ulaw_is_silence(const uint8_t *payload, size_t len)
{
    return g711_is_silence(payload, len, 0x7f);
}

const struct codec codec_pcmu = {
    .id = CODEC_PCMU,
    .name = "PCMU",
    .clock_hz = 8000,
    .channels = 1,
    .rate_hz = 8000,
    .static_payload_type = 0,
    .max_payload_bytes = 480,
    .packet_lengths = CODEC_10_TO_60_MS,
    .joins = true,
    .encode = ulaw_encode,
    .decode = ulaw_decode,
    .duration = g711_duration,
    .is_silence = ulaw_is_silence,
};
