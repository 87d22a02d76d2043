#include "load/g711.h"

#include <stdbool.h>

static int segment_of(int magnitude, int first_end)
{
    int segment = 0;
    while (segment < 8 && magnitude > first_end) {
        first_end = (first_end << 1) | 1;
        segment++;
    }
    return segment;
}

static uint8_t mu_encode(int16_t sample)
{
    bool negative = sample < 0;
    int magnitude = negative ? -(int)sample : sample;
    magnitude = (magnitude > 32635 ? 32635 : magnitude) + 132;
    int segment = segment_of(magnitude, 0xff);
    int code = segment > 7 ? 0x7f : (segment << 4) | ((magnitude >> (segment + 3)) & 0xf);
    return (uint8_t)(~(code | (negative ? 0x80 : 0)) & 0xff);
}

static int16_t mu_decode(uint8_t code)
{
    int bits = ~code & 0xff;
    int magnitude = ((((bits & 0xf) << 3) + 132) << ((bits >> 4) & 7)) - 132;
    return (int16_t)((bits & 0x80) ? -magnitude : magnitude);
}

static uint8_t a_encode(int16_t sample)
{
    bool negative = sample < 0;
    int magnitude = (negative ? ~(int)sample : sample) >> 3; /* 12 bits of magnitude */
    int segment = segment_of(magnitude, 0x1f);
    int code = (segment << 4) | ((magnitude >> (segment < 2 ? 1 : segment)) & 0xf);
    return (uint8_t)((code | (negative ? 0 : 0x80)) ^ 0x55);
}

static int16_t a_decode(uint8_t code)
{
    int bits = code ^ 0x55;
    int segment = (bits >> 4) & 7;
    int magnitude = ((bits & 0xf) << 4) + 8;
    if (segment > 0) magnitude = (magnitude + 0x100) << (segment - 1);
    return (int16_t)((bits & 0x80) ? magnitude : -magnitude);
}

uint8_t g711_encode(enum g711_law law, int16_t sample)
{
    return law == G711_MU ? mu_encode(sample) : a_encode(sample);
}

int16_t g711_decode(enum g711_law law, uint8_t code)
{
    return law == G711_MU ? mu_decode(code) : a_decode(code);
}

uint8_t g711_silence(enum g711_law law)
{
    return law == G711_MU ? 0xff : 0xd5;
}
