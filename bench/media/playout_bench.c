/** Playout: a packet in and a frame out each tick, heard and unheard, clean and with every tenth packet lost. */
#include <stdlib.h>
#include <string.h>

#include "media/g711.h"
#include "media/playout.h"
#include "media/tone.h"
#include "timing.h"

enum { FRAMES = 500, SAMPLES = 160, TICK_US = 20000 };

struct work {
    struct playout *playout;
    struct tone tone;
    uint16_t seq;
    int64_t now_us;
    bool heard;
    int lost_each; /* 0: none */
};

static void run(void *state)
{
    struct work *w = state;
    int16_t pcm[SAMPLES];
    uint8_t payload[SAMPLES];
    tone_read(&w->tone, pcm, SAMPLES);
    codec_pcmu.encode(NULL, pcm, SAMPLES, payload, SAMPLES);
    for (int i = 0; i < FRAMES; i++) {
        struct playout_packet packet = {.seq = w->seq,
                                        .timestamp = (uint32_t)(w->now_us / 125),
                                        .payload = payload,
                                        .len = SAMPLES,
                                        .arrival_us = w->now_us};
        if (w->lost_each == 0 || i % w->lost_each != 0) (void)playout_put(w->playout, &packet);
        w->seq++;
        w->now_us += TICK_US;
        if (w->heard)
            (void)playout_get(w->playout, w->now_us, pcm);
        else
            (void)playout_skip(w->playout, w->now_us);
    }
}

static void measure(const struct timing *t, const char *label, bool heard, int lost_each)
{
    struct playout_config config = {.codec = &codec_pcmu};
    struct work w = {.heard = heard, .lost_each = lost_each};
    if (playout_create(&w.playout, &config) != STATUS_OK) exit(1);
    tone_init(&w.tone, 8000, 1013.0, -12.0);
    timing_run(t, label, "ns per frame", FRAMES, run, &w);
    playout_destroy(w.playout);
}

int main(int argc, char **argv)
{
    struct timing t;
    timing_init(&t, "playout", argc, argv);
    measure(&t, "heard=1 loss=0", true, 0);
    measure(&t, "heard=1 loss=10%", true, 10);
    measure(&t, "heard=0 loss=0", false, 0);
    return 0;
}
