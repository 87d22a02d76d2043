/**
 * @file playout_line.h  The time line of one sender: gives every packet its extended number and its place in samples.
 *
 * Numbers and timestamps wrap; they may jump, then the packet is set where its arrival says and what follows is counted
 * from it. Remembers which numbers were here (duplicates) and which carried no audio.
 *
 * Part of playout.h. Pure. Thread: as its owner. RFC 3550 section 5.1.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_LINE_H
#define PARLEY_MEDIA_PLAYOUT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/playout.h"

enum {
    PLAYOUT_LINE_NOTED = 64,
    PLAYOUT_LINE_SEEN = 256, /**< packets among which a duplicate is told from a late one */
};

struct playout_line {
    uint32_t rate_hz, clock_hz;
    double us_each;        /**< of a sample */
    bool known;            /**< there was a packet. The last one in sequence: */
    uint16_t top_wire_seq; /**< top_seq as the packet had it; a jump sets them apart */
    uint32_t top_timestamp;
    int64_t top_seq, top_media, top_end; /**< end: of its audio */
    int64_t top_arrival_us;
    uint64_t jumps;
    int64_t noted[PLAYOUT_LINE_NOTED]; /**< numbers that were not audio, by their low bits */
    int64_t seen[PLAYOUT_LINE_SEEN];   /**< numbers of the last packets, by their low bits */
};

/** Where a packet belongs. */
struct playout_place {
    int64_t seq;   /**< extended */
    int64_t media; /**< its first sample */
    bool first;    /**< the line begins with it */
    bool jumped;   /**< it does not fit to those before it */
};

void playout_line_init(struct playout_line *line, uint32_t rate_hz, uint32_t clock_hz);

/** A new source: forgets all but the count of jumps. */
void playout_line_reset(struct playout_line *line);

/** Finds the packet's place. */
void playout_line_place(struct playout_line *line, const struct playout_packet *packet, struct playout_place *place);

/** True where a packet of that number was here before, be it played or waiting. Remembers it. */
bool playout_line_seen(struct playout_line *line, int64_t seq);

/** The packet, if the last in sequence, is what those to come are counted from. @param samples  of audio in it */
void playout_line_follow(struct playout_line *line, const struct playout_packet *packet,
                         const struct playout_place *place, uint32_t samples);

/** That number was not lost but carried something else. Before the first packet it is of no interest. */
void playout_line_note(struct playout_line *line, uint16_t seq);

/** Numbers between the two that neither were audio nor noted, as far as is known; may be below 1. */
int64_t playout_line_missing(const struct playout_line *line, int64_t before, int64_t after);

/** samples at rate_hz as microseconds. */
static inline int64_t playout_line_us(const struct playout_line *line, int64_t samples)
{
    return (int64_t)((double)samples * line->us_each);
}

#endif
