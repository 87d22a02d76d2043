/**
 * @file playout_arrivals.h  How much delay the network needs: what the packets of the last 2.2 to 2.7 s demanded.
 *
 * The offset of playout is the media position at a tick less the tick's number in samples: the less it is, the longer
 * everything waits. Each packet allows a highest offset; the network needs the least of these, whatever the lengths of
 * packets and however they lie to the ticks; and packets that never came have no say in it. Arrivals are summed up in
 * buckets of 100 ms, so that the worst 100 ms can be left out.
 *
 * Three things are asked at once: to be there a guard before the tick (roof), to be there at all (rim), and to be there
 * a guard before the tick however ticks and packets come to lie to each other (even): the last is what the packets of a
 * clock that drifts need, because they will lie to the ticks in every way.
 *
 * Part of playout.h. Pure. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_ARRIVALS_H
#define PARLEY_MEDIA_PLAYOUT_ARRIVALS_H

#include <stdbool.h>
#include <stdint.h>

enum { PLAYOUT_TICK_US = 20000, PLAYOUT_BUCKET_TICKS = 5, PLAYOUT_BUCKETS = 22 };

/** Offset that would have suited all packets, and all but those of the worst 100 ms. */
struct playout_limit {
    int64_t least, usual;
};

struct playout_demand {
    bool known; /**< there was a packet */
    struct playout_limit roof, rim, even;
    int64_t early_us, late_us; /**< least and greatest transit */
};

struct playout_bucket {
    int64_t number; /**< tick / PLAYOUT_BUCKET_TICKS it stands for */
    int64_t roof, rim, even;
    int64_t early_us, late_us;
};

struct playout_arrivals {
    int64_t frame; /**< samples */
    int64_t guard_us;
    bool ticked;
    int64_t tick, tick_us;        /**< the last tick */
    bool stale;                   /**< a packet has come that changes the demand */
    int64_t before_number;        /**< bucket up to which (not included) they are summed up, since they do not change */
    struct playout_demand before; /**< their sum */
    struct playout_demand demand; /**< and with the bucket that is being filled */
    struct playout_bucket buckets[PLAYOUT_BUCKETS];
};

/** @param frame  samples in a tick; @param guard_us  at most a tick */
void playout_arrivals_init(struct playout_arrivals *a, uint32_t frame, int64_t guard_us);

/** Forgets what came, but not the time. */
void playout_arrivals_reset(struct playout_arrivals *a);

/** It is tick_us now. @return whole ticks since the last one, at least 1 */
int64_t playout_arrivals_advance(struct playout_arrivals *a, int64_t tick_us);

/** The highest offset at which a packet is there a guard before the tick of its first sample. */
int64_t playout_arrivals_allowed(const struct playout_arrivals *a, int64_t media, int64_t arrival_us);

/** One packet came. @param transit_us  its arrival less media */
void playout_arrivals_put(struct playout_arrivals *a, int64_t media, int64_t arrival_us, int64_t transit_us);

/** What is demanded now; borrowed until the next call. */
const struct playout_demand *playout_arrivals_demand(struct playout_arrivals *a);

#endif
