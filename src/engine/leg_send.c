#include "engine/leg_send.h"

#include <assert.h>
#include <string.h>

#include "engine/leg_media.h"

enum { EVENT_ENDS = 3, EVENT_DBM0 = 10 };

static uint32_t units(const struct leg_media *leg, uint32_t ms)
{
    return leg->media.codec->clock_hz / 1000 * ms;
}

void leg_send_drop(struct leg_media *leg)
{
    leg->timestamp += units(leg, leg->queued_ms);
    leg->queued_bytes = leg->queued_ms = 0;
    leg->wait_ms = 0;
}

bool leg_send_needs_half_tick(const struct leg_media *leg)
{
    return leg->media.send_ptime_ms % FRAME_MS != 0;
}

/* One packet whose payload stands ready behind room for the header. */
static void send_packet(struct leg_media *leg, const struct leg_context *context, uint8_t payload_type,
                        uint32_t timestamp, uint8_t *packet, uint32_t len)
{
    struct media_counters *counters = context->counters;
    rtp_packet_write_plain(packet, leg->marker, payload_type, leg->seq, timestamp, leg->stream.sender.ssrc);
    if (leg->connected || source_lock_destination(&leg->source)->ss_family != AF_UNSPEC) {
        if (leg_srtp_send(leg, context, false, packet, RTP_HEADER_BYTES + len)) {
            leg->stats.packets_out++;
            leg->stats.bytes_out += len;
            media_count(&counters->packets_out, 1);
            media_count(&counters->bytes_out, len);
            rtp_stream_sent(&leg->stream, len);
        } else {
            media_count(&counters->send_errors, 1);
        }
    }
    leg->marker = false;
    leg->seq++;
}

static void send_payload(struct leg_media *leg, const struct leg_context *context, uint8_t *packet, uint32_t len)
{
    send_packet(leg, context, leg->media.send_payload_type, leg->timestamp, packet, len);
    leg->timestamp += units(leg, leg->media.send_ptime_ms);
}

static void begin_event(struct leg_media *leg, uint8_t code)
{
    leg_send_drop(leg);
    leg->in_event = leg->marker = true;
    leg->event = (struct dtmf_payload){.event = code, .volume = EVENT_DBM0};
    leg->event_timestamp = leg->timestamp;
}

static void send_event_packet(struct leg_media *leg, const struct leg_context *context, uint16_t duration)
{
    uint8_t packet[RTP_HEADER_BYTES + DTMF_PAYLOAD_BYTES];
    leg->event.duration = duration;
    dtmf_payload_write(&leg->event, packet + RTP_HEADER_BYTES);
    send_packet(leg, context, leg->media.send_event_type, leg->event_timestamp, packet, DTMF_PAYLOAD_BYTES);
}

/* What the field cannot hold, 1.4 s at 48 kHz, goes into a further segment (RFC 4733 section 2.5.1.3). */
static uint16_t event_length(struct leg_media *leg, const struct leg_context *context)
{
    uint32_t codec_hz = leg->media.codec->clock_hz;
    uint32_t event_hz = leg->media.event_clock_hz ? leg->media.event_clock_hz : codec_hz;
    uint64_t length = (uint64_t)(leg->timestamp - leg->event_timestamp) * event_hz / codec_hz;
    if (length <= UINT16_MAX) return (uint16_t)length;
    send_event_packet(leg, context, UINT16_MAX);
    leg->event_timestamp += (uint32_t)((uint64_t)UINT16_MAX * codec_hz / event_hz);
    return (uint16_t)(length - UINT16_MAX);
}

void leg_send_event(struct leg_media *leg, const struct leg_context *context, const struct leg_event *event)
{
    if (event->on && !(leg->in_event && leg->event.event == event->code)) begin_event(leg, event->code);
    assert(leg->in_event);
    leg->timestamp += units(leg, FRAME_MS);
    uint16_t duration = event_length(leg, context);
    leg->event.end = event->last || !event->on;
    for (int i = 0; i < (leg->event.end ? EVENT_ENDS : 1); i++)
        send_event_packet(leg, context, duration);
    leg->in_event = !leg->event.end;
}

static void send_queued(struct leg_media *leg, const struct leg_context *context)
{
    uint32_t ptime_ms = leg->media.send_ptime_ms;
    uint32_t len = leg->queued_bytes * ptime_ms / leg->queued_ms;
    send_payload(leg, context, leg->packet, len);
    leg->queued_ms -= ptime_ms;
    leg->queued_bytes -= len;
    if (leg->queued_bytes > 0)
        memmove(leg->packet + RTP_HEADER_BYTES, leg->packet + RTP_HEADER_BYTES + len, leg->queued_bytes);
}

static void step(struct leg_media *leg, const struct leg_context *context, int32_t step_ms)
{
    if (leg->wait_ms <= 0 && leg->queued_ms >= leg->media.send_ptime_ms) {
        send_queued(leg, context);
        leg->wait_ms = leg->media.send_ptime_ms;
    }
    leg->wait_ms -= step_ms;
}

void leg_send_frame(struct leg_media *leg, const struct leg_context *context, uint8_t *packet, size_t len)
{
    if (!packet) {
        leg_send_drop(leg);
        leg->timestamp += units(leg, FRAME_MS);
        leg->marker = true;
        return;
    }
    if (leg->media.send_ptime_ms == FRAME_MS && leg->queued_ms == 0 && leg->wait_ms <= 0) {
        send_payload(leg, context, packet, (uint32_t)len);
        leg->wait_ms = 0;
        return;
    }
    if (leg->queued_bytes + len > LEG_QUEUE_BYTES) leg_send_drop(leg);
    memcpy(leg->packet + RTP_HEADER_BYTES + leg->queued_bytes, packet + RTP_HEADER_BYTES, len);
    leg->queued_bytes += (uint32_t)len;
    leg->queued_ms += FRAME_MS;
    step(leg, context, leg_send_needs_half_tick(leg) ? FRAME_MS / 2 : FRAME_MS);
}

void leg_send_whole(struct leg_media *leg, const struct leg_context *context, uint8_t *packet, size_t len)
{
    if (leg->queued_bytes > 0) leg_send_drop(leg); /* the time between the ticks has not been used */
    leg->wait_ms = 0;
    if (len > 0) {
        send_payload(leg, context, packet, (uint32_t)len);
        return;
    }
    leg->timestamp += units(leg, leg->media.send_ptime_ms);
    leg->marker = true;
}

void leg_send_later(struct leg_media *leg, const uint8_t *packet, size_t len)
{
    if (len == 0) {
        leg->timestamp += units(leg, leg->media.send_ptime_ms);
        leg->marker = true;
        return;
    }
    memcpy(leg->packet + RTP_HEADER_BYTES, packet + RTP_HEADER_BYTES, len);
    leg->queued_bytes = (uint32_t)len;
    leg->queued_ms = leg->media.send_ptime_ms;
}

void leg_send_half_tick(struct leg_media *leg, const struct leg_context *context)
{
    if (leg->media.send && leg_send_needs_half_tick(leg)) step(leg, context, FRAME_MS / 2);
}

void leg_send_skip_tick(struct leg_media *leg)
{
    leg_send_drop(leg);
    leg->timestamp += units(leg, FRAME_MS);
}
