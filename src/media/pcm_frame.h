/**
 * @file pcm_frame.h  One tick of a conference's audio as it crosses a ring to another thread (a recording).
 *
 * The ring's items are only as long as the rate needs: pcm_frame_bytes(). A reader pops into a whole struct.
 * Thread: any.
 */
#ifndef PARLEY_MEDIA_PCM_FRAME_H
#define PARLEY_MEDIA_PCM_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { PCM_FRAME_MS = 20, PCM_FRAME_SAMPLES_MAX = 960 };

enum pcm_frame_kind {
    PCM_FRAME_AUDIO,
    PCM_FRAME_END, /**< the writer's last: it never touches the ring again */
};

struct pcm_frame {
    uint64_t
        tick; /**< counts 20 ms; what is missing between two frames was lost. An END carries the tick after the last */
    uint16_t kind;    /**< enum pcm_frame_kind */
    uint16_t samples; /**< rate_hz / 50; 0 in an END */
    uint32_t reserved;
    int16_t pcm[PCM_FRAME_SAMPLES_MAX];
};

/** The size of a ring's item at this rate (at most 48000); keeps items aligned. */
static inline size_t pcm_frame_bytes(uint32_t rate_hz)
{
    return (offsetof(struct pcm_frame, pcm) + sizeof(int16_t) * (rate_hz / 50) + 7) & ~(size_t)7;
}

#endif
