/**
 * @file pcm_frame.h  A conference's or a leg's audio as it crosses a ring to another thread (a recording).
 *
 * A tick of 20 ms is one frame of 160 samples at 8000 Hz, two at 16000 and six at 48000: the items are as small as the
 * lowest rate needs, and the rate may change from one tick to the next. Either all frames of a tick go into the ring or
 * none, one after the other: the reader may find the first of them alone.
 *
 * A recording with tracks has these in the same ring, before the mix of the same tick: a track without a frame in a
 * tick is silent there. Marks say what happens in a tick.
 * Thread: any.
 */
#ifndef PARLEY_MEDIA_PCM_FRAME_H
#define PARLEY_MEDIA_PCM_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ring.h"

enum {
    PCM_FRAME_MS = 20,
    PCM_FRAME_SAMPLES = 160,
    PCM_FRAME_PARTS_MAX = 6, /**< at 48000 Hz */
    PCM_TRACK_MIX = 0,
    PCM_TRACK_BRIDGE = 1, /**< what the bridge itself adds: beeps, announcements, digits */
    PCM_TRACK_FIRST = 2,  /**< of those that stand for a leg each */
};

enum pcm_frame_kind {
    PCM_FRAME_AUDIO,
    PCM_FRAME_OTHER, /**< the same tick as it would be before, or after, a change of rate: both ticks beside it have one
                      */
    PCM_FRAME_MARK,
    PCM_FRAME_END, /**< the writer's last: it never touches the ring again */
};

enum pcm_mark_type {
    PCM_MARK_IN,     /**< on: the leg of the track is in the conference; else it is not any more */
    PCM_MARK_TALKS,  /**< on: may be heard; else it is muted */
    PCM_MARK_SPEAKS, /**< on: somebody begins to speak; else it is over */
    PCM_MARK_DIGIT,  /**< a digit that is passed on begins to sound; or a key went down, code '\0', that is not */
    PCM_MARK_SOUND,  /**< on: a sound begins; token as it was given, 0 for a beep */
    PCM_MARK_GAIN,   /**< the least gain of the mix's limiter over the last second, where it was below 1 */
    PCM_MARK_LOST,   /**< count ticks of tracks found no room in the ring */
};

struct pcm_mark {
    uint16_t type; /**< enum pcm_mark_type */
    bool on;
    char code;
    int32_t shift_ms; /**< of its time, from the tick's */
    uint32_t count;
    float gain;
    uint64_t token;
};

/** An item of the ring. */
struct pcm_frame {
    uint64_t tick;    /**< counts 20 ms; what is missing between two was lost. An END carries the tick after the last */
    uint32_t rate_hz; /**< a multiple of 8000, at most 48000; 0 but for audio */
    uint8_t kind;     /**< enum pcm_frame_kind */
    uint8_t part;     /**< of the tick, from 0 */
    uint16_t track;   /**< PCM_TRACK_... */
    union {
        int16_t pcm[PCM_FRAME_SAMPLES];
        struct pcm_mark mark;
    };
};

/** Frames in a tick. */
static inline uint32_t pcm_frame_parts(uint32_t rate_hz)
{
    return rate_hz / 50 / PCM_FRAME_SAMPLES;
}

/**
 * Puts a tick of the mix, or of a recording's only track, into the ring, whose last place is kept for the END.
 * @param pcm  rate_hz / 50 samples
 * @return false where there is no room for all of it: it is lost
 */
MUST_CHECK bool pcm_frame_push(struct ring *frames, uint64_t tick, uint32_t rate_hz, const int16_t *pcm);

/** The same for any track; the mix's place in the ring is kept too. @param kind  PCM_FRAME_AUDIO or PCM_FRAME_OTHER */
MUST_CHECK bool pcm_frame_push_track(struct ring *frames, uint64_t tick, uint16_t track, enum pcm_frame_kind kind,
                                     uint32_t rate_hz, const int16_t *pcm);

/** The same for a mark. */
MUST_CHECK bool pcm_frame_push_mark(struct ring *frames, uint64_t tick, uint16_t track, const struct pcm_mark *mark);

/** The last. @param tick  after the last one of audio */
void pcm_frame_push_end(struct ring *frames, uint64_t tick);

#endif
