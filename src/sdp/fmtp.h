/**
 * @file fmtp.h  Format parameters: what a peer says of how it decodes and what it sends.
 *
 * What is malformed counts as not said; what is out of its range, as the nearest that is within.
 * Pure. Thread: any. RFC 7587 section 6.1.
 */
#ifndef PARLEY_SDP_FMTP_H
#define PARLEY_SDP_FMTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/** What an Opus line's fmtp says; all zero for other codecs. */
struct sdp_peer {
    uint32_t play_rate_hz;  /**< maxplaybackrate: it plays no more than this; 8000 to 48000, 0: not said */
    uint32_t speak_rate_hz; /**< sprop-maxcapturerate: it sends no more than this; likewise */
    uint32_t bitrate_bps;   /**< maxaveragebitrate, 6000 to 510000; 0: not said */
    bool fec;               /**< useinbandfec: it can make use of it */
    bool dtx;               /**< usedtx: silence may be left unsent */
};

/**
 * The value of a parameter in "name=value;name=value", names without case; the first of several.
 * @return false (*value untouched) where it is not there
 */
bool fmtp_value(struct slice fmtp, const char *name, struct slice *value);

struct sdp_peer fmtp_read_opus(struct slice fmtp);

#endif
