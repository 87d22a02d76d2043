#include "record/wav_header.h"

#include <string.h>

enum { DS64_AT = 12, DS64_BYTES = 28, FMT_BYTES = 16, CHUNK_HEAD = 8, SAMPLE_BYTES = 2 };

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *at++ = (uint8_t)(value >> 8 * i);
    return at;
}

static uint8_t *put_chunk(uint8_t *at, const char *name, uint64_t bytes)
{
    memcpy(at, name, 4);
    return put(at + 4, bytes, 4);
}

static uint64_t get(const uint8_t *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

size_t wav_header_bytes_for(uint64_t samples)
{
    return samples > (UINT32_MAX - WAV_HEADER_LONG) / SAMPLE_BYTES ? WAV_HEADER_LONG : WAV_HEADER_SHORT;
}

void wav_header_make(const struct wav_header *h, uint8_t out[WAV_HEADER_LONG])
{
    uint64_t data = h->samples * SAMPLE_BYTES, riff = data + h->bytes - CHUNK_HEAD;
    bool wide = riff > UINT32_MAX;
    uint8_t *at = put_chunk(out, wide && h->bytes == WAV_HEADER_LONG ? "RF64" : "RIFF", wide ? UINT32_MAX : riff);
    memcpy(at, "WAVE", 4);
    at += 4;
    if (h->bytes == WAV_HEADER_LONG) {
        at = put_chunk(at, wide ? "ds64" : "JUNK", DS64_BYTES);
        at = put(at, wide ? riff : 0, 8);
        at = put(at, wide ? data : 0, 8);
        at = put(at, wide ? h->samples : 0, 8);
        at = put(at, 0, 4); /* no table of further chunks */
    }
    at = put_chunk(at, "fmt ", FMT_BYTES);
    at = put(at, 1, 2); /* PCM */
    at = put(at, 1, 2); /* mono */
    at = put(at, h->rate_hz, 4);
    at = put(at, (uint64_t)h->rate_hz * SAMPLE_BYTES, 4);
    at = put(at, SAMPLE_BYTES, 2);
    at = put(at, 16, 2);
    put_chunk(at, "data", wide ? UINT32_MAX : data);
}

static bool is_name(const uint8_t *at, const char *name)
{
    return memcmp(at, name, 4) == 0;
}

bool wav_header_read(const uint8_t *b, size_t len, struct wav_header *out)
{
    if (len < WAV_HEADER_SHORT || !is_name(b + 8, "WAVE")) return false;
    bool wide = is_name(b, "RF64");
    if (!wide && !is_name(b, "RIFF")) return false;
    bool is_long = is_name(b + DS64_AT, wide ? "ds64" : "JUNK") && get(b + DS64_AT + 4, 4) == DS64_BYTES;
    if ((wide && !is_long) || (is_long && len < WAV_HEADER_LONG)) return false;
    struct wav_header h = {.bytes = is_long ? WAV_HEADER_LONG : WAV_HEADER_SHORT};
    const uint8_t *fmt = b + h.bytes - 2 * CHUNK_HEAD - FMT_BYTES, *data = b + h.bytes - CHUNK_HEAD;
    if (!is_name(fmt, "fmt ") || get(fmt + 4, 4) != FMT_BYTES || !is_name(data, "data")) return false;
    h.rate_hz = (uint32_t)get(fmt + 12, 4);
    h.samples = (wide ? get(b + DS64_AT + CHUNK_HEAD + 8, 8) : get(data + 4, 4)) / SAMPLE_BYTES;
    *out = h;
    return h.rate_hz > 0;
}
