/**
 * @file playout_pace.h  Decides how the delay of a leg moves: not at all, by reading a little faster or slower, or,
 * where much has to be done soon, by a splice.
 *
 * A packet that comes within its guard is a warning, and there is time to glide; one that comes too late means a
 * splice. Where the sender's clock drifts, its rate is the pace and a share of what the delay is off is added.
 *
 * Part of playout.h. Pure. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_PACE_H
#define PARLEY_MEDIA_PLAYOUT_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/playout_arrivals.h"

struct playout_pace {
    int64_t frame, ms;   /**< samples */
    int64_t max_delay;   /**< samples */
    int64_t packet;      /**< samples in a packet that carries a copy of the one before it */
    int64_t reserve;     /**< delay that is kept so that copies are there in time: packet, or 0 */
    float drift_ppm;     /**< of the sender's clock; 0: none is known */
    bool drifts;         /**< ... and so much that it matters */
    bool hurries;        /**< much delay is to go, splice by splice */
    int glides;          /**< 1: to less delay; -1: to more; 0: not */
    float ppm;           /**< pace of reading now */
    int64_t spare_tick;  /**< since when there is delay to spare */
    int64_t splice_tick; /**< last splice */
    int64_t need_tick;   /**< since when one is wanted */
};

struct playout_plan {
    float ppm;
    int64_t shrink; /**< samples to be cut out; 0: none */
    bool stretch;
};

void playout_pace_init(struct playout_pace *pace, uint32_t rate_hz, uint32_t max_delay_ms);

/** What is known of the sender's clock. @param ppm  how much faster it runs; 0: none is known */
void playout_pace_set_drift(struct playout_pace *pace, float ppm);

/** What share of the packets is lost, and whether those that come carry copies of the ones before them. */
void playout_pace_set_lossy(struct playout_pace *pace, float loss, bool copies);

/** The highest offset that suits the packets of the last seconds; they must have been some. */
int64_t playout_pace_limit(const struct playout_pace *pace, const struct playout_demand *demand);

/**
 * @param tick    now
 * @param offset  of playout, see playout_arrivals.h
 */
struct playout_plan playout_pace_plan(struct playout_pace *pace, const struct playout_demand *demand, int64_t tick,
                                      int64_t offset);

/** Ticks since the last splice. */
static inline int64_t playout_pace_rested(const struct playout_pace *pace, int64_t tick)
{
    return tick - pace->splice_tick;
}

/** How like itself the signal must be for a splice now: less with every tick that has been waited for a better place.
 */
float playout_pace_likeness_to_shrink(const struct playout_pace *pace, int64_t tick, int64_t amount);
float playout_pace_likeness_to_stretch(const struct playout_pace *pace, int64_t tick);

/** A splice was made. */
void playout_pace_spliced(struct playout_pace *pace, int64_t tick);

#endif
