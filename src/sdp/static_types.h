/**
 * @file static_types.h  What a payload type below 96 means without an rtpmap (RFC 3551, tables 4 and 5).
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_SDP_STATIC_TYPES_H
#define PARLEY_SDP_STATIC_TYPES_H

#include "sdp/sdp.h"

/** Fills encoding, clock and channels from format->payload_type; leaves it unknown where the type is not assigned. */
void static_type_describe(struct sdp_format *format);

#endif
