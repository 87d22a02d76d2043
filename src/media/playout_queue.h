/**
 * @file playout_queue.h  The decoded samples of one leg: written packet by packet, read tick by tick at a pace that may
 * differ from the ticks' by parts in a thousand.
 *
 * Reading lags PLAYOUT_QUEUE_LAG samples behind the reading position, so that the samples around a place between two of
 * them are there without waiting for any of the future. The lag is the same at every pace: engaging makes no step. At
 * pace 0 and on a whole sample what was written is read as it is, bit for bit.
 *
 * Not here: what samples mean in media time (playout.c).
 *
 * Part of playout.h. Pure: memory is taken by playout_queue_init() alone. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_QUEUE_H
#define PARLEY_MEDIA_PLAYOUT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "media/interpolate.h"
#include "media/playout.h"

enum {
    PLAYOUT_QUEUE_LAG = INTERPOLATE_AFTER,
    PLAYOUT_QUEUE_HISTORY_MS = 60, /**< kept behind the reading position */
    PLAYOUT_QUEUE_AHEAD_MS = 240,  /**< room in front of it */
    PLAYOUT_QUEUE_FADE_MS = 5,     /**< of a splice */
};

/** What samples are that come to the end. */
enum playout_sound {
    PLAYOUT_SOUND_VOICE,   /**< the sender's */
    PLAYOUT_SOUND_MADE_UP, /**< for what was lost */
    PLAYOUT_SOUND_TAIL,    /**< the sender falls silent */
    PLAYOUT_SOUND_NOISE,   /**< comfort noise */
};

struct playout_queue {
    uint32_t frame, ms;           /**< samples in a tick and in a millisecond */
    size_t read, write, capacity; /**< positions in samples */
    uint32_t fraction;            /**< the reading position lies that much behind read, in 2^-32 samples */
    uint64_t step;                /**< samples read for each one that goes out, in 2^-32 */
    size_t made_up_end;           /**< up to where there are made-up samples */
    size_t voice_end;             /**< up to where there is anything but silence */
    size_t loud_end;              /**< up to where samples may be other than 0 */
    bool blank;                   /**< every sample of the memory is 0 */
    int16_t *samples;             /**< owned */
    struct interpolate *table;    /**< owned */
};

/** @return STATUS_OK, STATUS_NO_MEMORY (it may be cleared all the same) */
MUST_CHECK status playout_queue_init(struct playout_queue *q, uint32_t rate_hz);

void playout_queue_clear(struct playout_queue *q);

/** Digital silence, with a history of it. */
void playout_queue_reset(struct playout_queue *q);

/** Samples that are there from the reading position on. */
static inline size_t playout_queue_ahead(const struct playout_queue *q)
{
    return q->write - q->read;
}

/** Room for n samples at the end, to be written and then added. What is before it is the history. */
int16_t *playout_queue_room(struct playout_queue *q, size_t n);

/** The n samples that were just written into the room now belong to it. */
void playout_queue_add(struct playout_queue *q, size_t n, enum playout_sound sound);

/** Adds n samples of 0: the sender's, or nobody's. Once all that can still be read is 0 they cost nothing. */
void playout_queue_add_zeroes(struct playout_queue *q, size_t n, bool voice);

/**
 * Sets the pace of reading. Going back to 0 first slides, unheard, to the nearest whole sample behind.
 * @param ppm  parts a million faster than the ticks
 */
void playout_queue_set_pace(struct playout_queue *q, float ppm);

/** Samples that a frame needs at this pace. */
static inline size_t playout_queue_need(const struct playout_queue *q)
{
    uint64_t last = q->fraction + (q->frame - 1) * q->step;
    size_t touched = (size_t)(last >> 32) + 1, passed = (size_t)((last + q->step) >> 32);
    return touched > passed ? touched : passed;
}

/** Where reading stands in memory, its lag taken off: what is heard next. */
static inline const int16_t *playout_queue_here(const struct playout_queue *q)
{
    return q->samples + q->read - PLAYOUT_QUEUE_LAG;
}

/** Cuts `lag` samples out (shrink) or plays them again, with a cross-fade at what is heard next. */
void playout_queue_splice(struct playout_queue *q, size_t lag, bool shrink);

/** One frame goes out. @param[out] pcm  left as it is where the frame is zero */
struct playout_frame playout_queue_read(struct playout_queue *q, int16_t *pcm);

/** Passes over n samples, which must be there. */
static inline void playout_queue_pass(struct playout_queue *q, size_t n)
{
    q->read += n;
}

#endif
