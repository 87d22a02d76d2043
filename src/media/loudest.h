/**
 * @file loudest.h  Who is heard where only so many voices are mixed: those who hold a seat.
 *
 * Whoever has something to hear takes a free seat at once; where there is none, who speaks takes the seat of one who
 * does not, from the first frame of its first word on. Only where all who hold seats speak does somebody wait: until
 * one of them pauses, or until it has been 6 dB louder than the softest of them for 200 ms. Nobody loses a seat that
 * nobody wants, so that nothing is switched on and off in a conversation of few.
 *
 * A tick is loudest_begin(), then loudest_put() for each who has something to hear. It only says who is heard; the
 * fades are the caller's. In the tick in which a seat changes hands both may be heard, so that there are more than
 * seats: whoever was put before the other knew nothing of it yet.
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_LOUDEST_H
#define PARLEY_MEDIA_LOUDEST_H

#include <stdbool.h>
#include <stdint.h>

enum { LOUDEST_MAX = 32, LOUDEST_RIVAL_TICKS = 10, LOUDEST_RIVAL_DB = 6 };

struct loudest_seat {
    const void *who;
    float level_dbfs;
    bool speaks;
    bool seen; /**< in this tick */
};

struct loudest {
    uint32_t max, count;
    struct loudest_seat seats[LOUDEST_MAX];
    struct loudest_seat rival; /**< the loudest speaker without a seat, of this tick; who is NULL: none */
    const void *rival_before;
    uint32_t rival_ticks; /**< for so long it has been the same, and loud enough */
};

/** @param max  seats, 1 to LOUDEST_MAX */
void loudest_init(struct loudest *l, uint32_t max);

void loudest_begin(struct loudest *l);

/**
 * @param who         only compared
 * @param level_dbfs  smoothed, as talker.h has it
 * @param speaks      says something that stands out of its noise, or has just done so
 * @return true where it is heard in this tick
 */
bool loudest_put(struct loudest *l, const void *who, float level_dbfs, bool speaks);

/** It has gone; harmless where it holds no seat. */
void loudest_leave(struct loudest *l, const void *who);

#endif
