/**
 * @file numbering.h  The payload types of what an offer of ours has beside its codecs: telephone events and comfort
 * noise, one of each clock (RFC 4733 section 2.1, RFC 3389 section 4).
 *
 * The same codecs get the same numbers each time, so that an offer that says nothing new is the same text. Events begin
 * at 101, as everybody's do, comfort noise goes on from there; both go round the dynamic types, past those that codecs
 * have. Comfort noise at 8 kHz is 13 (RFC 3551). Pure. Thread: any.
 */
#ifndef PARLEY_SDP_NUMBERING_H
#define PARLEY_SDP_NUMBERING_H

#include <stdbool.h>
#include <stdint.h>

#include "sdp/codecs.h"

enum extra_kind { EXTRA_EVENT, EXTRA_COMFORT_NOISE };

struct extra {
    enum extra_kind kind;
    uint32_t clock_hz;
    uint8_t payload_type;
};

struct numbering {
    struct extra extra[2 * SDP_CODECS];
    uint8_t count;
};

/** @param count  at most SDP_CODECS */
void numbering_make(struct numbering *out, const struct sdp_codec *codecs, uint8_t count, bool events,
                    bool comfort_noise);

#endif
