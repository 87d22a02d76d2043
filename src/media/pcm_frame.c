#include "media/pcm_frame.h"

#include <assert.h>
#include <string.h>

static void push(struct ring *frames, const struct pcm_frame *frame)
{
    bool fits = ring_push(frames, frame);
    assert(fits);
    (void)fits;
}

bool pcm_frame_push(struct ring *frames, uint64_t tick, uint32_t rate_hz, const int16_t *pcm)
{
    struct pcm_frame frame = {.tick = tick, .rate_hz = rate_hz, .kind = PCM_FRAME_AUDIO};
    uint32_t parts = pcm_frame_parts(rate_hz);
    if (ring_space(frames) < parts + 1) return false;
    for (uint32_t i = 0; i < parts; i++) {
        frame.part = (uint8_t)i;
        memcpy(frame.pcm, pcm + i * PCM_FRAME_SAMPLES, sizeof frame.pcm);
        push(frames, &frame);
    }
    return true;
}

void pcm_frame_push_end(struct ring *frames, uint64_t tick)
{
    struct pcm_frame end = {.tick = tick, .kind = PCM_FRAME_END};
    push(frames, &end);
}
