/**
 * @file sdp.h  Session descriptions (RFC 8866): parsed into slices of the text, and built from a struct.
 *
 * Only what a media bridge needs: the origin, connection addresses, media lines with their rtpmap, fmtp, ptime,
 * maxptime, direction, rtcp, rtcp-mux and crypto attributes. The rest is skipped, not refused. Nothing is allocated:
 * sizes are fixed, and what exceeds them is refused with a fault (media lines) or left out (formats past the 32nd).
 * Thread: any.
 */
#ifndef PARLEY_SDP_SDP_H
#define PARLEY_SDP_SDP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { SDP_MEDIA_MAX = 16, SDP_FORMATS_MAX = 32, SDP_CRYPTO_MAX = 8, SDP_TEXT_MAX = 65536 };

/** RFC 3264 section 5.1, seen from the one who wrote it. */
enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_format {
    uint8_t payload_type;  /**< 0 to 127 */
    struct slice encoding; /**< "PCMU"; the static name of RFC 3551 where there is no rtpmap; empty where unknown */
    uint32_t clock_hz;     /**< RTP clock; 0 where unknown */
    uint8_t channels;      /**< at least 1 */
    struct slice fmtp;     /**< parameters after the payload type; empty where none */
};

struct sdp_media {
    struct slice kind;     /**< "audio", "video" ... */
    struct slice protocol; /**< "RTP/AVP", "RTP/SAVP" ... */
    uint16_t port;         /**< 0: refused or disabled */
    struct slice formats;  /**< the format list as written, for refusing a media line word by word */
    struct sdp_format format[SDP_FORMATS_MAX]; /**< RTP media only */
    uint8_t format_count;
    struct slice address; /**< connection address in force (media or session level), IPv4 or IPv6 literal, or a name */
    bool ipv6;
    enum sdp_direction direction; /**< in force (media or session level); 0.0.0.0 (RFC 2543 hold) counts as its sender's
                                     sendonly or inactive */
    uint16_t rtcp_port;           /**< a=rtcp; 0: port + 1 */
    bool rtcp_mux;
    uint16_t ptime_ms, maxptime_ms;      /**< 0: not said */
    struct slice crypto[SDP_CRYPTO_MAX]; /**< values of a=crypto */
    uint8_t crypto_count;
};

struct sdp {
    struct slice origin_user, origin_address;
    uint64_t origin_id, origin_version;
    struct sdp_media media[SDP_MEDIA_MAX];
    uint8_t media_count;
};

/**
 * Reads a description. CRLF, LF and a missing last line end are accepted.
 *
 * @param text  borrowed: the slices in *out point into it
 * @param[out] fault  where and why, on STATUS_INVALID
 * @return STATUS_OK; STATUS_INVALID
 */
MUST_CHECK status sdp_parse(struct sdp *out, struct slice text, struct fault *fault);

#endif
