/**
 * @file g711.h  The two companding laws of ITU-T G.711, sample by sample.
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_MEDIA_G711_H
#define PARLEY_MEDIA_G711_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "media/codec.h"

extern const struct codec codec_pcmu; /**< mu-law, payload type 0; g711_ulaw.c */
extern const struct codec codec_pcma; /**< A-law, payload type 8; g711_alaw.c */

/** One sample to mu-law by the recommendation's decision values, 16-bit scale (full scale of the code is 32124). */
uint8_t g711_ulaw_encode(int16_t sample);
int16_t g711_ulaw_decode(uint8_t code);

/** One sample to A-law by the recommendation's decision values, 16-bit scale (full scale of the code is 32256). */
uint8_t g711_alaw_encode(int16_t sample);
int16_t g711_alaw_decode(uint8_t code);

/** A struct codec's duration: a sample a byte. */
size_t g711_duration(const uint8_t *payload, size_t len);

/** A struct codec's decode, by the law's table of what each code stands for. */
static inline status g711_decode(const int16_t values[256], const uint8_t *payload, size_t len, int16_t *pcm,
                                 size_t max_samples, size_t *samples)
{
    if (len == 0 || len > max_samples) return STATUS_INVALID;
    for (size_t i = 0; i < len; i++)
        pcm[i] = values[payload[i]];
    *samples = len;
    return STATUS_OK;
}

/** True where all codes are this one but for their sign. */
static inline bool g711_is_silence(const uint8_t *payload, size_t len, uint8_t code)
{
    const uint64_t each = 0x0101010101010101u;
    uint64_t other = 0;
    size_t i = 0;
    for (; i + 8 <= len && other == 0; i += 8) {
        uint64_t word;
        memcpy(&word, payload + i, sizeof(word));
        other = (word & (0x7f * each)) ^ (code * each);
    }
    for (; i < len && other == 0; i++)
        other = (payload[i] & 0x7fu) ^ code;
    return other == 0;
}

#endif
