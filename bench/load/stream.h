/**
 * @file stream.h  One caller's RTP: a packet every ptime on its own phase, and what comes back, counted and decoded.
 *
 * Arrival times are the kernel's. RTCP is received on the next port and counted, not sent. Both are
 * encrypted where the owner has set keys.
 * Thread: the loop's. RFC 3550, RFC 3551, RFC 4733.
 */
#ifndef PARLEY_LOAD_STREAM_H
#define PARLEY_LOAD_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "load/loop.h"
#include "load/sdp_text.h"
#include "load/secure.h"
#include "load/source.h"

enum { STREAM_FRAME_MAX = 480 }; /**< samples of a 60 ms packet */

/** Counters since the stream was opened; the difference of two copies is a window. */
struct stream_counts {
    uint64_t due, sent, dropped, send_errors, late_sends; /**< late: more than 2 ms after its time */
    int64_t late_max_us;
    uint64_t received, gaps, duplicates, reordered, rtcp, rtcp_byes, other_payloads, source_changes;
    uint64_t unopened;  /**< RTP and RTCP that should be encrypted and is plain, or of another key; not in the others */
    int64_t gap_max_us; /**< longest time between two arrivals; the owner may set it to 0 at a window's start */
};

/** What the owner wants to be told; any may be NULL. All are called with the arrival time, monotonic. */
struct stream_events {
    void (*first_rtp)(void *context, int64_t arrival_us);
    /** Decoded audio in order; lost packets are put in as silence, marked so. Costs a decode of every packet. */
    void (*pcm)(void *context, const int16_t *samples, size_t count, int64_t arrival_us, bool lost);
    void (*digit)(void *context, char digit, int64_t arrival_us);
    /** A marker burst began in a packet that arrived at this time; and when, had its sample come by itself. */
    void (*burst)(void *context, int64_t arrival_us, int64_t onset_us);
    void *context;
};

struct stream {
    struct loop *loop;
    struct loop_watch rtp, rtcp;
    struct loop_timer timer;
    struct address local, remote;
    struct source source;
    struct stream_events events;
    struct stream_counts counts;
    struct secure secure; /**< the owner's to set */
    enum g711_law law;
    uint32_t ptime_ms, phase_ms;
    int digits_payload;
    double drop;           /**< share of packets not sent, their sequence numbers used up */
    int64_t burst_sent_us; /**< when the packet with the newest burst's first sample was sent */
    double jitter_us;
    /* private */
    bool running, heard, marker, in_digit;
    uint16_t out_seq, in_seq;
    uint32_t out_ts, out_ssrc, in_ssrc, in_ts, digit_ts, digit_heard_ts;
    int64_t in_us;
    uint32_t quiet_samples;
    int digit, digit_step;
};

/**
 * Binds a pair of ports at that local host. seed makes SSRC and first sequence number.
 * @return STATUS_OK, STATUS_IO
 */
MUST_CHECK status stream_open(struct stream *stream, struct loop *loop, const struct address *local_host,
                              enum g711_law law, uint32_t ptime_ms, uint32_t phase_ms, uint64_t seed);

/** Stops and closes; the struct can be opened again. */
void stream_close(struct stream *stream);

/** Sends to that side from the next due time on, or moves a running stream there. */
void stream_aim(struct stream *stream, const struct sdp_theirs *theirs, int64_t now_us);

/** No packets out until stream_aim() is called again; what comes in is still counted. */
void stream_pause(struct stream *stream);

/** Sends one digit as telephone-event over eight packets, in place of audio. @return false where the peer takes none */
bool stream_send_digit(struct stream *stream, char digit);

#endif
