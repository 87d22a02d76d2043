#include "media/pcm_frame.h"

#include <assert.h>
#include <string.h>

static void push(struct ring *frames, const struct pcm_frame *frame)
{
    bool fits = ring_push(frames, frame);
    assert(fits);
    (void)fits;
}

/* @param kept  places that must stay free */
static bool push_audio(struct ring *frames, struct pcm_frame *frame, const int16_t *pcm, uint32_t kept)
{
    uint32_t parts = pcm_frame_parts(frame->rate_hz);
    if (ring_space(frames) < parts + kept) return false;
    for (uint32_t i = 0; i < parts; i++) {
        frame->part = (uint8_t)i;
        memcpy(frame->pcm, pcm + i * PCM_FRAME_SAMPLES, sizeof frame->pcm);
        push(frames, frame);
    }
    return true;
}

bool pcm_frame_push(struct ring *frames, uint64_t tick, uint32_t rate_hz, const int16_t *pcm)
{
    struct pcm_frame frame = {.tick = tick, .rate_hz = rate_hz, .kind = PCM_FRAME_AUDIO};
    return push_audio(frames, &frame, pcm, 1);
}

bool pcm_frame_push_track(struct ring *frames, uint64_t tick, uint16_t track, enum pcm_frame_kind kind,
                          uint32_t rate_hz, const int16_t *pcm)
{
    struct pcm_frame frame = {.tick = tick, .rate_hz = rate_hz, .kind = (uint8_t)kind, .track = track};
    return push_audio(frames, &frame, pcm, PCM_FRAME_PARTS_MAX + 1);
}

bool pcm_frame_push_mark(struct ring *frames, uint64_t tick, uint16_t track, const struct pcm_mark *mark)
{
    struct pcm_frame frame = {.tick = tick, .kind = PCM_FRAME_MARK, .track = track, .mark = *mark};
    if (ring_space(frames) < PCM_FRAME_PARTS_MAX + 2) return false;
    push(frames, &frame);
    return true;
}

void pcm_frame_push_end(struct ring *frames, uint64_t tick)
{
    struct pcm_frame end = {.tick = tick, .kind = PCM_FRAME_END};
    push(frames, &end);
}
