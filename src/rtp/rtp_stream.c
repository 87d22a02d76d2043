#include "rtp/rtp_stream.h"

#include <string.h>

/* RFC 3550 A.1. */
enum { SEQ_MOD = 65536, MAX_DROPOUT = 3000, MAX_MISORDER = 100, NO_BAD_SEQ = SEQ_MOD + 1 };

/* Seconds from 1900 (NTP) to 1970. */
static const uint64_t ntp_unix_offset_s = 2208988800u;

/* The next report, 0.5 to 1.5 intervals from now (RFC 3550 A.7 for two members, without reconsideration). */
static int64_t next_report(int64_t now_us, struct rng *rng)
{
    int64_t interval_us = (int64_t)RTCP_INTERVAL_MS * 1000;
    return now_us + interval_us / 2 + (int64_t)((double)interval_us * rng_unit(rng));
}

void rtp_stream_init(struct rtp_stream *s, uint32_t clock_hz, uint32_t probation, const char *cname, struct rng *rng,
                     int64_t now_us)
{
    memset(s, 0, sizeof(*s));
    s->clock_hz = clock_hz;
    s->cname = cname;
    s->sender.ssrc = rng_u32(rng);
    s->receiver.probation = probation;
    s->receiver.bad_seq = NO_BAD_SEQ;
    /* The first one comes in half the time (section 6.2). */
    s->rtcp_due_us = now_us + (next_report(now_us, rng) - now_us) / 2;
}

void rtp_stream_set_clock(struct rtp_stream *s, uint32_t clock_hz)
{
    if (s->clock_hz == clock_hz) return;
    s->clock_hz = clock_hz;
    s->receiver.has_transit = false;
    s->receiver.jitter_q4 = 0;
}

void rtp_stream_renew_source(struct rtp_stream *s, struct rng *rng)
{
    uint32_t before = s->sender.ssrc;
    while (s->sender.ssrc == before)
        s->sender = (struct rtp_sender){.ssrc = rng_u32(rng)};
}

static uint32_t extended_seq(const struct rtp_receiver *r)
{
    return r->cycles + r->max_seq;
}

static uint32_t expected(const struct rtp_receiver *r)
{
    return r->known ? extended_seq(r) - r->base_seq + 1 : 0;
}

/* Of the present source, and not below 0. */
static uint32_t missing(const struct rtp_receiver *r)
{
    uint32_t packets = expected(r);
    return packets > r->received ? packets - r->received : 0;
}

/* RFC 3550 A.1, init_seq. */
static void begin_sequence(struct rtp_receiver *r, uint16_t seq)
{
    r->lost_before += missing(r);
    r->base_seq = seq;
    r->max_seq = seq;
    r->bad_seq = NO_BAD_SEQ;
    r->cycles = 0;
    r->received = 0;
    r->received_prior = 0;
    r->expected_prior = 0;
    r->has_transit = false;
    r->jitter_q4 = 0;
}

static void begin_source(struct rtp_receiver *r, const struct rtp_packet *packet)
{
    begin_sequence(r, packet->seq);
    r->known = true;
    r->ssrc = packet->ssrc;
    r->last_sr = 0;
}

/* RFC 3550 A.1, update_seq, for a source past its probation. */
static enum rtp_verdict follow_sequence(struct rtp_receiver *r, uint16_t seq)
{
    uint16_t delta = (uint16_t)(seq - r->max_seq);
    if (delta < MAX_DROPOUT) {
        if (seq < r->max_seq) r->cycles += SEQ_MOD;
        r->max_seq = seq;
        r->bad_seq = NO_BAD_SEQ;
    } else if (delta <= SEQ_MOD - MAX_MISORDER) {
        if (seq != r->bad_seq) {
            r->bad_seq = (seq + 1u) & (SEQ_MOD - 1);
            return RTP_PROBATION;
        }
        begin_sequence(r, seq);
        return RTP_RESTARTED;
    }
    return RTP_ACCEPT;
}

/* RFC 3550 A.8. Packets of one timestamp (events, late repetitions) say nothing about the spread of arrivals. */
static void follow_jitter(struct rtp_stream *s, uint32_t timestamp, int64_t arrival_us)
{
    struct rtp_receiver *r = &s->receiver;
    uint32_t arrival = (uint32_t)(uint64_t)(arrival_us / 1000000 * s->clock_hz +
                                            arrival_us % 1000000 * (int64_t)s->clock_hz / 1000000);
    int32_t transit = (int32_t)(arrival - timestamp);
    if (r->has_transit && timestamp != r->last_timestamp) {
        int64_t d = (int32_t)((uint32_t)transit - (uint32_t)r->transit);
        if (d < 0) d = -d;
        /* Timestamps that jump are another beginning, or an event's that count by another clock. */
        if (d < s->clock_hz) r->jitter_q4 = (uint32_t)(r->jitter_q4 + d - ((r->jitter_q4 + 8) >> 4));
    }
    r->transit = transit;
    r->last_timestamp = timestamp;
    r->has_transit = true;
}

/* RFC 3550 A.1: a new source is believed after so many packets in sequence. */
static bool on_probation(struct rtp_receiver *r, uint16_t seq)
{
    if (r->probation <= 1) {
        r->probation = 0;
        return false;
    }
    bool in_sequence = r->bad_seq == seq;
    r->bad_seq = (seq + 1u) & (SEQ_MOD - 1);
    r->probation -= in_sequence;
    return r->probation > 1;
}

enum rtp_verdict rtp_stream_receive(struct rtp_stream *s, const struct rtp_packet *packet, int64_t arrival_us)
{
    struct rtp_receiver *r = &s->receiver;
    enum rtp_verdict verdict = RTP_NEW_SOURCE;
    if (r->known && packet->ssrc == r->ssrc) {
        verdict = follow_sequence(r, packet->seq);
        if (verdict == RTP_PROBATION) return verdict;
    } else {
        if (!r->known && on_probation(r, packet->seq)) return RTP_PROBATION;
        begin_source(r, packet);
    }
    r->received++;
    follow_jitter(s, packet->timestamp, arrival_us);
    return verdict;
}

void rtp_stream_sent(struct rtp_stream *s, uint32_t payload_bytes)
{
    s->sender.packets++;
    s->sender.octets += payload_bytes;
}

/* RFC 3550 section 6.4.1: round trip = now - LSR - DLSR, in 1/65536 s; our own NTP clock made LSR. */
static void read_report(struct rtp_stream *s, const struct rtcp_report *report, int64_t arrival_us)
{
    struct rtp_remote *remote = &s->remote;
    remote->known = true;
    remote->fraction_lost = report->fraction_lost;
    remote->cumulative_lost = report->cumulative_lost;
    remote->jitter = report->jitter;
    if (report->last_sr == 0 || report->last_sr != s->sender.last_sr) return;
    int64_t held_us = (int64_t)(((uint64_t)report->delay_since_sr * 1000000u) >> 16);
    int64_t round_trip_us = arrival_us - s->sender.last_sr_us - held_us;
    if (round_trip_us >= 0 && round_trip_us < 60 * 1000000LL) remote->round_trip_us = (uint32_t)round_trip_us;
}

static void read_block(struct rtp_stream *s, const struct rtcp_block *block, int64_t arrival_us)
{
    struct rtp_receiver *r = &s->receiver;
    if (block->kind == RTCP_SR && (!r->known || block->ssrc == r->ssrc)) {
        r->last_sr = (uint32_t)(block->sender.ntp >> 16);
        r->last_sr_us = arrival_us;
    }
    for (uint8_t i = 0; i < block->report_count; i++) {
        struct rtcp_report report = rtcp_report_at(block, i);
        if (report.ssrc == s->sender.ssrc) read_report(s, &report, arrival_us);
    }
}

status rtp_stream_receive_rtcp(struct rtp_stream *s, const uint8_t *bytes, size_t len, int64_t arrival_us)
{
    struct rtcp_cursor cursor;
    struct rtcp_block block;
    status result = rtcp_open(&cursor, bytes, len);
    if (result != STATUS_OK) return result;
    while ((result = rtcp_next(&cursor, &block)) == STATUS_OK)
        read_block(s, &block, arrival_us);
    return result == STATUS_CLOSED ? STATUS_OK : result;
}

uint32_t rtp_stream_extended_seq(const struct rtp_stream *s)
{
    return extended_seq(&s->receiver);
}

int32_t rtp_stream_lost(const struct rtp_stream *s)
{
    return (int32_t)(expected(&s->receiver) - s->receiver.received);
}

uint64_t rtp_stream_lost_of_all(const struct rtp_stream *s)
{
    return s->receiver.lost_before + missing(&s->receiver);
}

uint32_t rtp_stream_jitter_us(const struct rtp_stream *s)
{
    return (uint32_t)((uint64_t)(s->receiver.jitter_q4 >> 4) * 1000000u / s->clock_hz);
}

uint32_t rtp_stream_peer_jitter_us(const struct rtp_stream *s)
{
    uint64_t us = (uint64_t)s->remote.jitter * 1000000u / s->clock_hz;
    return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* RFC 3550 A.3. */
static uint8_t fraction_lost(struct rtp_stream *s)
{
    struct rtp_receiver *r = &s->receiver;
    uint32_t expected_now = expected(r);
    uint32_t expected_interval = expected_now - r->expected_prior;
    uint32_t received_interval = r->received - r->received_prior;
    r->expected_prior = expected_now;
    r->received_prior = r->received;
    if (expected_interval == 0 || received_interval >= expected_interval) return 0;
    uint64_t fraction = ((uint64_t)(expected_interval - received_interval) << 8) / expected_interval;
    return fraction > 255 ? 255 : (uint8_t)fraction;
}

static struct rtcp_report make_report(struct rtp_stream *s, int64_t now_us)
{
    const struct rtp_receiver *r = &s->receiver;
    struct rtcp_report report = {
        .ssrc = r->ssrc,
        .fraction_lost = fraction_lost(s),
        .cumulative_lost = rtp_stream_lost(s),
        .highest_seq = rtp_stream_extended_seq(s),
        .jitter = r->jitter_q4 >> 4,
        .last_sr = r->last_sr,
    };
    if (r->last_sr != 0) {
        uint64_t held_us = now_us > r->last_sr_us ? (uint64_t)(now_us - r->last_sr_us) : 0;
        uint64_t held = (held_us << 16) / 1000000u;
        report.delay_since_sr = held > UINT32_MAX ? UINT32_MAX : (uint32_t)held;
    }
    return report;
}

size_t rtp_stream_report(struct rtp_stream *s, int64_t now_us, int64_t wall_unix_us, uint32_t rtp_timestamp, bool bye,
                         struct rng *rng, uint8_t *out, size_t size)
{
    uint64_t wall_us = (uint64_t)wall_unix_us;
    struct rtcp_compound compound = {
        .ssrc = s->sender.ssrc,
        .sends = s->sender.packets != s->sender.packets_reported,
        .cname = s->cname,
        .bye = bye,
    };
    compound.sender.ntp = (wall_us / 1000000u + ntp_unix_offset_s) << 32 | ((wall_us % 1000000u) << 32) / 1000000u;
    compound.sender.rtp_timestamp = rtp_timestamp;
    compound.sender.packets = s->sender.packets;
    compound.sender.octets = s->sender.octets;
    struct rtcp_report report;
    if (s->receiver.known) {
        report = make_report(s, now_us);
        compound.reports = &report;
        compound.report_count = 1;
    }
    s->rtcp_due_us = next_report(now_us, rng);
    if (compound.sends) {
        s->sender.packets_reported = s->sender.packets;
        s->sender.last_sr = (uint32_t)(compound.sender.ntp >> 16);
        s->sender.last_sr_us = now_us;
    }
    return rtcp_build(&compound, out, size);
}
