/**
 * @file rtp_stream.h  The book-keeping of both directions of one RTP session with one peer.
 *
 * Counts what comes in (sequence validation, loss, jitter), what goes out, reads the peer's reports (round trip, loss
 * of our stream) and says when our next RTCP packet is due and what is in it. Does not hold audio (media/playout.h),
 * and a BYE means nothing to it: when a call is over, signalling says.
 *
 * Pure: times are arguments, random numbers a struct rng. Thread: one at a time.
 * RFC 3550 appendix A.1 (validation), A.3 (loss), A.7 (interval), A.8 (jitter), section 6.4.1 (round trip).
 */
#ifndef PARLEY_RTP_STREAM_H
#define PARLEY_RTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "rtp/rtcp_packet.h"
#include "rtp/rtp_packet.h"

enum { RTCP_INTERVAL_MS = 5000 };

/** What a packet is to the stream. */
enum rtp_verdict {
    RTP_ACCEPT,     /**< goes on, in order or not */
    RTP_NEW_SOURCE, /**< the first packet, or another SSRC: reset what plays it, then accept it */
    RTP_RESTARTED,  /**< same SSRC, sequence begun anew (two packets in a row said so): accept it */
    RTP_PROBATION,  /**< not enough packets in a row yet, or a lone wild sequence number: drop it */
};

struct rtp_receiver {
    bool known; /**< a packet has been taken */
    uint32_t ssrc;
    uint16_t max_seq; /**< highest seen */
    uint32_t cycles;  /**< 65536 a wrap */
    uint32_t base_seq;
    uint32_t bad_seq;   /**< the one that would confirm a restart; over 65535: none */
    uint32_t probation; /**< packets in sequence still wanted */
    uint32_t received;
    uint32_t expected_prior, received_prior;
    bool has_transit;
    int32_t transit; /**< of the last packet, timestamp units */
    uint32_t last_timestamp;
    uint32_t jitter_q4;   /**< timestamp units times 16 */
    uint64_t lost_before; /**< of sources and sequences before the present one */
    uint32_t last_sr;     /**< middle 32 bits of the peer's last SR; 0: none */
    int64_t last_sr_us;   /**< when it came */
};

struct rtp_sender {
    uint32_t ssrc;
    uint32_t packets, octets;  /**< of this session, as SR has them */
    uint32_t packets_reported; /**< at the last report: SR or RR? */
    uint32_t last_sr;          /**< middle 32 bits of the NTP stamp of our last SR; 0: none */
    int64_t last_sr_us;        /**< when it was made, on the monotonic clock */
};

/** What the peer says of our stream. */
struct rtp_remote {
    bool known;
    uint8_t fraction_lost;
    int32_t cumulative_lost;
    uint32_t jitter;        /**< timestamp units */
    uint32_t round_trip_us; /**< 0: not known yet */
};

struct rtp_stream {
    uint32_t clock_hz;
    struct rtp_receiver receiver;
    struct rtp_sender sender;
    struct rtp_remote remote;
    int64_t rtcp_due_us;
    const char *cname; /**< borrowed for the life of the stream */
};

/**
 * @param probation  packets in sequence that a new source must show: 0 or 1 where the address is known from signalling
 * @param cname      ours, borrowed
 * @param rng        gives our SSRC and the first report's time
 */
void rtp_stream_init(struct rtp_stream *s, uint32_t clock_hz, uint32_t probation, const char *cname, struct rng *rng,
                     int64_t now_us);

/** Another RTP clock after a renegotiation; counters stay. */
void rtp_stream_set_clock(struct rtp_stream *s, uint32_t clock_hz);

/** What we send bears another SSRC from now on; the counts of our reports begin anew. */
void rtp_stream_renew_source(struct rtp_stream *s, struct rng *rng);

/** Takes one incoming packet into the books. */
enum rtp_verdict rtp_stream_receive(struct rtp_stream *s, const struct rtp_packet *packet, int64_t arrival_us);

/** One packet has been sent. */
void rtp_stream_sent(struct rtp_stream *s, uint32_t payload_bytes);

/**
 * Reads one RTCP datagram of the peer.
 * @return STATUS_OK; STATUS_INVALID (malformed; what stood before the fault is taken in)
 */
MUST_CHECK status rtp_stream_receive_rtcp(struct rtp_stream *s, const uint8_t *bytes, size_t len, int64_t arrival_us);

/** True where our report is due. */
static inline bool rtp_stream_report_due(const struct rtp_stream *s, int64_t now_us)
{
    return now_us >= s->rtcp_due_us;
}

/**
 * Builds our report and sets when the next is due (5 s, times 0.5 to 1.5).
 *
 * @param wall_unix_us   time of day, for the NTP stamp; its steps do no harm, the peer only echoes it
 * @param rtp_timestamp  what a packet sent now would carry
 * @param bye            the stream ends
 * @return bytes written; 0 where size is too small (RTCP_COMPOUND_MAX is enough)
 */
size_t rtp_stream_report(struct rtp_stream *s, int64_t now_us, int64_t wall_unix_us, uint32_t rtp_timestamp, bool bye,
                         struct rng *rng, uint8_t *out, size_t size);

/** Highest sequence number with its wraps. */
uint32_t rtp_stream_extended_seq(const struct rtp_stream *s);

/** Expected less received of the present source; below 0 where packets were doubled. */
int32_t rtp_stream_lost(const struct rtp_stream *s);

/** What was lost of all sources so far, each counted as not below 0. */
uint64_t rtp_stream_lost_of_all(const struct rtp_stream *s);

/** Inter-arrival jitter, microseconds. A sender's clock that jumps is none. */
uint32_t rtp_stream_jitter_us(const struct rtp_stream *s);

/** The same as the peer has it of what we send. */
uint32_t rtp_stream_peer_jitter_us(const struct rtp_stream *s);

#endif
