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
    unsigned long at;      /**< where its m= line begins, in bytes from the start of the text: for faults */
    struct slice kind;     /**< "audio", "video" ... */
    struct slice protocol; /**< "RTP/AVP", "RTP/SAVP" ... */
    uint16_t port;         /**< 0: refused or disabled */
    struct slice formats;  /**< the format list as written, for refusing a media line word by word */
    struct sdp_format format[SDP_FORMATS_MAX]; /**< RTP media only (protocol with "RTP/"), in the order written */
    uint8_t format_count;
    struct slice address; /**< connection address in force (media or session level), without "/ttl": IPv4 or IPv6
                               literal (a group too), or a host name; empty only where port is 0 */
    bool ipv6;
    enum sdp_direction direction; /**< in force (media or session level); an address 0.0.0.0 or :: (RFC 2543 hold)
                                       turns sendrecv into sendonly and recvonly into inactive */
    uint16_t rtcp_port;           /**< a=rtcp; 0: port + 1. An address in a=rtcp is not kept */
    bool rtcp_mux;
    uint16_t ptime_ms, maxptime_ms;      /**< whole milliseconds; 0: not said */
    struct slice crypto[SDP_CRYPTO_MAX]; /**< values of a=crypto; those past the 8th are left out */
    uint8_t crypto_count;
};

struct sdp {
    struct slice origin_user, origin_address;
    uint64_t origin_id, origin_version; /**< the largest uint64_t where more was written */
    struct sdp_media media[SDP_MEDIA_MAX];
    uint8_t media_count;
};

/**
 * Reads a description. CRLF, LF, a missing last line end and empty lines are accepted. It must begin with v=0 and o=;
 * s= and t= are not asked for, since nothing here depends on them. Lines of an unknown letter and attributes of an
 * unknown name are skipped.
 *
 * @param text  borrowed: the slices in *out point into it
 * @param[out] out  untouched on error
 * @param[out] fault  where and why, on STATUS_INVALID
 * @return STATUS_OK; STATUS_INVALID
 */
MUST_CHECK status sdp_parse(struct sdp *out, struct slice text, struct fault *fault);

/**
 * Whether two descriptions say the same apart from their o= lines: where they do not, the later one needs a higher
 * version (RFC 3264 section 8), and where they do, it must keep the version.
 */
bool sdp_says_same(struct slice a, struct slice b);

#endif
