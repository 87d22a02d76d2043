/**
 * @file playout_fuzz.c  Any packets at any time into playout buffers of every kind of codec; every tick must still give
 * one frame.
 *
 * Input: orders of 8 bytes: what to do, sequence step, timestamp step (16 bits), length (16 bits), lateness in ms (16).
 * They also make the first two bytes of a payload, which say what an Opus packet is: its mode, length and frames, and
 * whether it has a copy of what came before.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/playout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ORDER = 8, ORDERS_MAX = 4096 };

static void demand(int truth)
{
    if (!truth) abort();
}

struct run {
    struct playout *playout;
    uint8_t payload[1500];
    uint16_t seq;
    uint32_t timestamp, rate_hz;
    uint64_t concealed_samples; /* so far */
    int64_t now_us;
};

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put(struct run *r, const uint8_t *order)
{
    r->seq = (uint16_t)(r->seq + (order[0] & 0x08 ? order[1] * 257 : (int8_t)order[1]));
    r->timestamp += (uint32_t)(int16_t)read16(order + 2) << (order[0] & 0x10 ? 12 : 0);
    r->payload[0] = order[1] ^ order[7];
    r->payload[1] = order[3] ^ order[5];
    struct playout_packet packet = {.seq = r->seq,
                                    .timestamp = r->timestamp,
                                    .noise = (order[0] & 0xe0) == 0xc0,
                                    .payload = r->payload,
                                    .len = (uint16_t)(read16(order + 4) % (sizeof(r->payload) + 1)),
                                    .arrival_us = r->now_us - (int64_t)read16(order + 6) * 1000};
    playout_put(r->playout, &packet);
}

/* What is made up in one tick is what is played, or skipped, or at most what was guessed at shortly before. */
static void demand_little_concealed(struct run *r)
{
    struct playout_stats stats = playout_get_stats(r->playout);
    demand(stats.concealed_samples >= r->concealed_samples);
    demand(stats.concealed_samples - r->concealed_samples <= r->rate_hz);
    r->concealed_samples = stats.concealed_samples;
}

static void tick(struct run *r, const uint8_t *order)
{
    int16_t pcm[FRAME_SAMPLES_MAX + 1];
    r->now_us += order[0] & 0x40 ? 20000 * (int64_t)order[1] : 20000;
    if (order[0] & 0x80) {
        (void)playout_skip(r->playout, r->now_us);
        return;
    }
    memset(pcm, 0x55, sizeof pcm);
    struct playout_frame frame = playout_get(r->playout, r->now_us, pcm);
    demand_little_concealed(r);
    demand(pcm[playout_frame_samples(r->playout)] == 0x5555);
    for (uint32_t i = 0; frame.zero && i < playout_frame_samples(r->playout); i++)
        demand(pcm[i] == 0);
}

static void play(enum codec_id codec, const uint8_t *data, size_t size)
{
    struct playout_config config = {.codec = codec_by_id(codec)};
    struct run r = {.now_us = 1000000, .rate_hz = config.codec->rate_hz};
    if (size > ORDER * ORDERS_MAX) size = ORDER * ORDERS_MAX;
    demand(playout_create(&r.playout, &config) == STATUS_OK);
    for (size_t i = 0; i < sizeof(r.payload); i++)
        r.payload[i] = (uint8_t)(i * 37);
    for (; size >= ORDER; data += ORDER, size -= ORDER) {
        switch (data[0] & 0x07) {
        case 0:
        case 1:
        case 2: tick(&r, data); break;
        case 3: playout_note(r.playout, read16(data + 2)); break;
        case 4:
            if (data[1] == 0) playout_reset(r.playout);
            break;
        default: put(&r, data); break;
        }
    }
    playout_destroy(r.playout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    play(CODEC_PCMU, data, size);
    play(CODEC_G722, data, size);
    play(CODEC_OPUS, data, size);
    return 0;
}
