/**
 * @file codecs.h  The codecs that can be negotiated: what SDP says of each, and how long its packets may be.
 *
 * What they sound like is media/codec.h's business. A codec is named as owners write it in the configuration: its
 * encoding, and its clock where there are several of that encoding: "opus", "L16/16000".
 * Pure. Thread: any. RFC 3551 (G.711, G.722, L16), RFC 7587 (Opus).
 */
#ifndef PARLEY_SDP_CODECS_H
#define PARLEY_SDP_CODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SDP_CODECS = 7,
    SDP_PTIME_DEFAULT_MS = 20,
    SDP_PTIME_MIN_MS = 10,
    SDP_PTIME_MAX_MS = 60,
    SDP_PAYLOAD_MAX = 1200
};

struct sdp_codec {
    const char *name;     /**< "PCMU", "L16/16000" */
    const char *encoding; /**< of its rtpmap: "PCMU", "L16" */
    uint32_t clock_hz;
    uint8_t channels;
    uint8_t payload_type; /**< the one we offer: static, or from 96 on; each codec another */
    const char *fmtp;     /**< in our offer and answer; NULL for none */
    bool has_dtx;         /**< it tells silence by itself: comfort noise (RFC 3389) is not for it */
    uint8_t ptimes;       /**< bit n: packets of (n + 1) * 10 ms can be sent, 10 ms always */
};

/** All of them, in the order of a route on which none is said. @param index  below SDP_CODECS */
const struct sdp_codec *sdp_codec_at(size_t index);

/** By name, case-insensitive. NULL where there is none. */
const struct sdp_codec *sdp_codec_find(const char *name);

/** The longest packet that can be sent within so many milliseconds. @return 10 to 60; 10 where that is too short */
uint16_t sdp_codec_ptime(const struct sdp_codec *codec, uint32_t wanted_ms);

#endif
