/**
 * Playout: 20 ms in and a frame out each tick, heard and unheard, clean and with every tenth packet lost, digital
 * silence, a clock that drifts, and L16 at the other rates. Packets are encoded beforehand.
 */
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/playout.h"
#include "media/tone.h"
#include "timing.h"

enum { FRAMES = 500, TICK_US = 20000 };

struct work {
    enum codec_id codec;
    bool heard, silent;
    int lost_each;    /* 0: none */
    double drift_ppm; /* of the sender's clock */
    struct playout *playout;
    uint16_t seq;
    uint32_t timestamp, in_tick; /* packets in a tick */
    int64_t now_us;
    double arrival_us;
    uint8_t payload[CODEC_PAYLOAD_OUT_MAX];
    uint16_t len;
};

static void send(struct work *w)
{
    uint32_t length = codec_by_id(w->codec)->clock_hz / 50 / w->in_tick;
    struct playout_packet packet = {.seq = w->seq,
                                    .timestamp = w->timestamp,
                                    .payload = w->payload,
                                    .len = w->len,
                                    .arrival_us = (int64_t)w->arrival_us};
    if (w->lost_each == 0 || w->seq % w->lost_each != 0) (void)playout_put(w->playout, &packet);
    w->seq++;
    w->timestamp += length;
    w->arrival_us += TICK_US / w->in_tick * (1.0 - w->drift_ppm * 1e-6);
}

static void run(void *state)
{
    struct work *w = state;
    int16_t pcm[FRAME_SAMPLES_MAX];
    for (int i = 0; i < FRAMES; i++) {
        w->now_us += TICK_US;
        while (w->arrival_us <= (double)w->now_us)
            send(w);
        if (w->heard)
            (void)playout_take(w->playout, w->now_us, pcm);
        else
            (void)playout_skip(w->playout, w->now_us);
    }
}

static void measure(const struct timing *t, const char *label, struct work w)
{
    int16_t pcm[FRAME_SAMPLES_MAX] = {0};
    struct tone tone;
    struct playout_config config = {.codec = codec_by_id(w.codec)};
    if (playout_create(&w.playout, &config) != STATUS_OK) exit(1);
    w.in_tick = 20 / codec_packet_ms(config.codec, 20);
    size_t samples = frame_samples(config.codec->rate_hz) / w.in_tick;
    tone_init(&tone, config.codec->rate_hz, 1013.0, -12.0);
    if (!w.silent) tone_read(&tone, pcm, samples);
    w.len = (uint16_t)config.codec->encode(NULL, pcm, samples, w.payload, sizeof(w.payload));
    run(&w); /* a drift has been found out then */
    timing_run(t, label, "ns per frame", FRAMES, run, &w);
    playout_destroy(w.playout);
}

int main(int argc, char **argv)
{
    struct timing t;
    timing_init(&t, "playout", argc, argv);
    measure(&t, "codec=PCMU heard=1 loss=0", (struct work){.heard = true});
    measure(&t, "codec=PCMU heard=1 loss=10%", (struct work){.heard = true, .lost_each = 10});
    measure(&t, "codec=PCMU heard=0 loss=0", (struct work){.heard = false});
    measure(&t, "codec=PCMU heard=1 silent=1", (struct work){.heard = true, .silent = true});
    measure(&t, "codec=PCMU heard=1 drift=300ppm", (struct work){.heard = true, .drift_ppm = 300.0});
    measure(&t, "codec=L16/16 heard=1 drift=0", (struct work){.codec = CODEC_L16_16, .heard = true});
    measure(&t, "codec=L16/48 heard=1 drift=0", (struct work){.codec = CODEC_L16_48, .heard = true});
    measure(&t, "codec=L16/48 heard=1 drift=300ppm",
            (struct work){.codec = CODEC_L16_48, .heard = true, .drift_ppm = 300.0});
    measure(&t, "codec=L16/48 heard=1 loss=10%", (struct work){.codec = CODEC_L16_48, .heard = true, .lost_each = 10});
    return 0;
}
