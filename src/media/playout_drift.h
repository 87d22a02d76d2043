/**
 * @file playout_drift.h  How much faster than ours a sender's clock runs, from the arrival times of its packets.
 *
 * A packet's transit is its arrival less its place on the sender's time line. Jitter only ever adds to it, so the least
 * transit of each half second lies close to a line, whose slope is the difference of the clocks. A rate is told only
 * where it is several times what the line may be wrong by. A network that changes (its delay steps, and stays there) is
 * learnt anew.
 *
 * Part of playout.h. Pure. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_DRIFT_H
#define PARLEY_MEDIA_PLAYOUT_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

enum { PLAYOUT_DRIFT_POINTS = 64, PLAYOUT_DRIFT_STRAYS = 4 };

struct playout_drift_point {
    int64_t at_us, transit_us;
};

/** Transit as a straight line in time. */
struct playout_drift_line {
    bool known;
    int64_t middle_us; /**< where its points have their centre */
    double transit_us; /**< there */
    double slope;      /**< transit gained in a unit of time */
    double rms_us;     /**< how far points lie from it */
    double error;      /**< standard error of the slope */
};

struct playout_drift {
    int64_t window_end_us;           /**< of the half second that is being watched; 0: none is */
    struct playout_drift_point best; /**< its least transit */
    struct playout_drift_line line;
    uint32_t count;  /**< points there are */
    uint32_t next;   /**< where the next one goes */
    uint32_t strays; /**< points in a row that the line does not explain */
    struct playout_drift_point points[PLAYOUT_DRIFT_POINTS];
    struct playout_drift_point stray[PLAYOUT_DRIFT_STRAYS];
};

/** Forgets all. */
void playout_drift_reset(struct playout_drift *d);

/** One packet came. @param transit_us  arrival less media position, any constant offset */
void playout_drift_put(struct playout_drift *d, int64_t arrival_us, int64_t transit_us);

/** How much faster the sender's clock runs, in parts a million, at most 5,000; 0 where nothing is sure. */
float playout_drift_ppm(const struct playout_drift *d);

#endif
