/**
 * @file rtp_packet.h  One RTP packet: parsed from bytes of the network, or built.
 *
 * Says whether the bytes are a well-formed packet; whether it belongs to a stream is rtp_stream.h's business, what is
 * in the payload the codec's. Pure. Thread: any. RFC 3550 section 5.1, RFC 5761 section 4 (RTP and RTCP on one port).
 */
#ifndef PARLEY_RTP_PACKET_H
#define PARLEY_RTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { RTP_HEADER_BYTES = 12, RTP_CSRC_MAX = 15 };

struct rtp_packet {
    bool marker;
    uint8_t payload_type; /**< 0 to 127 */
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t csrc_count;
    uint32_t csrc[RTP_CSRC_MAX];
    bool has_extension;
    uint16_t extension_profile;
    const uint8_t *extension; /**< borrowed from the datagram; the words after the extension's own header */
    uint16_t extension_bytes;
    const uint8_t *payload; /**< borrowed from the datagram; padding is taken off */
    uint16_t payload_bytes; /**< may be 0 */
};

/** True where the second byte says RTCP (packet types 192 to 223), for ports that carry both. */
bool rtp_is_rtcp(const uint8_t *bytes, size_t len);

/**
 * @param[out] out  points into bytes; unchanged on error
 * @return STATUS_OK; STATUS_INVALID (version, or a length inside that does not fit into len)
 */
MUST_CHECK status rtp_packet_parse(struct rtp_packet *out, const uint8_t *bytes, size_t len);

/**
 * Writes header, CSRC list and extension (extension_bytes a multiple of 4), not the payload: that may already stand
 * behind it, and its fields are not looked at.
 * @return bytes written, 12 without CSRC and extension; 0 where size is too small
 */
size_t rtp_packet_write_header(const struct rtp_packet *packet, uint8_t *out, size_t size);

/** Writes a header of RTP_HEADER_BYTES, without CSRC and extension. */
void rtp_packet_write_plain(uint8_t *out, bool marker, uint8_t payload_type, uint16_t seq, uint32_t timestamp,
                            uint32_t ssrc);

/** True where a comes before b, on the circle of 2^16. */
static inline bool rtp_seq_before(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b) < 0;
}

/** True where a comes before b, on the circle of 2^32. */
static inline bool rtp_ts_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

#endif
