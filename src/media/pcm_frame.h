/**
 * @file pcm_frame.h  A conference's or a leg's audio as it crosses a ring to another thread (a recording).
 *
 * A tick of 20 ms is one frame of 160 samples at 8000 Hz, two at 16000 and six at 48000, all in the ring or none: the
 * items are as small as the lowest rate needs, and the rate may change from one tick to the next.
 * Thread: any.
 */
#ifndef PARLEY_MEDIA_PCM_FRAME_H
#define PARLEY_MEDIA_PCM_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ring.h"

enum { PCM_FRAME_MS = 20, PCM_FRAME_SAMPLES = 160 };

enum pcm_frame_kind {
    PCM_FRAME_AUDIO,
    PCM_FRAME_END, /**< the writer's last: it never touches the ring again */
};

/** An item of the ring. */
struct pcm_frame {
    uint64_t tick;    /**< counts 20 ms; what is missing between two was lost. An END carries the tick after the last */
    uint32_t rate_hz; /**< a multiple of 8000, at most 48000; 0 in an END */
    uint8_t kind;     /**< enum pcm_frame_kind */
    uint8_t part;     /**< of the tick, from 0 */
    uint16_t reserved;
    int16_t pcm[PCM_FRAME_SAMPLES];
};

/** Frames in a tick. */
static inline uint32_t pcm_frame_parts(uint32_t rate_hz)
{
    return rate_hz / 50 / PCM_FRAME_SAMPLES;
}

/**
 * Puts a tick into the ring, whose last place is kept for the END.
 * @param pcm  rate_hz / 50 samples
 * @return false where there is no room for all of it: it is lost
 */
MUST_CHECK bool pcm_frame_push(struct ring *frames, uint64_t tick, uint32_t rate_hz, const int16_t *pcm);

/** The last. @param tick  after the last one of audio */
void pcm_frame_push_end(struct ring *frames, uint64_t tick);

#endif
