/**
 * @file rtcp_packet.h  RTCP: walks a compound packet, builds our reports.
 *
 * Reduced-size packets (RFC 5506) are taken in too: a single block of any known kind. Unknown blocks are skipped.
 * Pure. Thread: any. RFC 3550 section 6.
 */
#ifndef PARLEY_RTP_RTCP_PACKET_H
#define PARLEY_RTP_RTCP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { RTCP_REPORTS_MAX = 31, RTCP_COMPOUND_MAX = 512 };

enum rtcp_kind {
    RTCP_SR = 200,
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_BYE = 203,
    RTCP_APP = 204,
    RTCP_RTPFB = 205, /**< RFC 4585; only its SSRCs are read */
    RTCP_PSFB = 206,
    RTCP_XR = 207,
};

/** What one receiver says of one source. */
struct rtcp_report {
    uint32_t ssrc;           /**< the source it is about */
    uint8_t fraction_lost;   /**< of 256, since the report before */
    int32_t cumulative_lost; /**< 24 bits, signed */
    uint32_t highest_seq;    /**< extended */
    uint32_t jitter;         /**< in timestamp units */
    uint32_t last_sr;        /**< middle 32 bits of the NTP time of the last SR; 0 = none yet */
    uint32_t delay_since_sr; /**< in 1/65536 s */
};

/** What a sender says of itself. */
struct rtcp_sender {
    uint64_t ntp; /**< seconds since 1900 in the upper half, fractions in the lower */
    uint32_t rtp_timestamp;
    uint32_t packets, octets;
};

/** One block of a compound packet. */
struct rtcp_block {
    enum rtcp_kind kind;
    uint32_t ssrc;             /**< of its sender; for SDES and BYE the first one named (0 where none is) */
    struct rtcp_sender sender; /**< RTCP_SR only */
    uint8_t report_count;      /**< RTCP_SR and RTCP_RR */
    const uint8_t *reports;    /**< borrowed; read with rtcp_report_at() */
    struct slice cname;        /**< RTCP_SDES: of the first chunk, empty where it has none; borrowed */
    struct slice reason;       /**< RTCP_BYE: borrowed, may be empty */
    uint8_t source_count;      /**< RTCP_BYE and RTCP_SDES */
    const uint8_t *sources;    /**< RTCP_BYE: source_count SSRCs, read with rtcp_source_at(); borrowed */
};

/** A place in a compound packet. */
struct rtcp_cursor {
    const uint8_t *at;
    size_t left;
};

/**
 * Checks all lengths of a datagram and starts to walk it.
 * @return STATUS_OK; STATUS_INVALID (version, a length that does not fit, padding anywhere but in the last block)
 */
MUST_CHECK status rtcp_open(struct rtcp_cursor *out, const uint8_t *bytes, size_t len);

/**
 * The next block; kinds that we do not know are passed over.
 * @return STATUS_OK; STATUS_CLOSED at the end; STATUS_INVALID (a block shorter than its kind and counts need)
 */
MUST_CHECK status rtcp_next(struct rtcp_cursor *c, struct rtcp_block *out);

/** @param index  less than block->report_count */
struct rtcp_report rtcp_report_at(const struct rtcp_block *block, uint8_t index);

/** @param index  less than block->source_count; RTCP_BYE only */
uint32_t rtcp_source_at(const struct rtcp_block *block, uint8_t index);

/** What goes into one compound packet of ours. */
struct rtcp_compound {
    uint32_t ssrc;             /**< ours */
    bool sends;                /**< we have sent since the report before: SR, else RR */
    struct rtcp_sender sender; /**< where it sends */
    const struct rtcp_report *reports;
    uint8_t report_count; /**< up to 31 */
    const char *cname;    /**< up to 255 bytes; every compound packet has it */
    bool bye;             /**< the stream ends with this packet */
};

/** Builds SR or RR, SDES with CNAME, and BYE where wanted. @return bytes written; 0 where size is too small */
size_t rtcp_build(const struct rtcp_compound *compound, uint8_t *out, size_t size);

#endif
