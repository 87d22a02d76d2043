#include "rtp/dtmf_event.h"

#include <assert.h>
#include <string.h>

#include "rtp/rtp_packet.h"

/* A segment that has come so near to its end is the one before the next: the rest is lost, for 200 ms of 48 kHz. */
enum { SILENT_END_US = 200000, SEGMENT_LOST_MAX = 9600 };

/* No packet is later than this. What comes later has another beginning of time, or half a circle lies between. */
enum { LATE_US = 1000000 };

status dtmf_payload_parse(struct dtmf_payload *out, const uint8_t *bytes, size_t len)
{
    if (len < DTMF_PAYLOAD_BYTES) return STATUS_INVALID;
    if (bytes[0] > DTMF_EVENT_MAX) return STATUS_UNSUPPORTED;
    out->event = bytes[0];
    out->end = bytes[1] & 0x80;
    out->volume = bytes[1] & 0x3f;
    out->duration = (uint16_t)(bytes[2] << 8 | bytes[3]);
    return STATUS_OK;
}

void dtmf_payload_write(const struct dtmf_payload *payload, uint8_t *out)
{
    out[0] = payload->event;
    out[1] = (uint8_t)((payload->end ? 0x80 : 0) | (payload->volume & 0x3f));
    out[2] = (uint8_t)(payload->duration >> 8);
    out[3] = (uint8_t)payload->duration;
}

static const char keys[] = "0123456789*#ABCD";

char dtmf_digit(uint8_t event)
{
    assert(event <= DTMF_EVENT_MAX);
    return keys[event];
}

status dtmf_event(char digit, uint8_t *event)
{
    const char *at = digit ? strchr(keys, digit) : NULL;
    if (!at) return STATUS_INVALID;
    *event = (uint8_t)(at - keys);
    return STATUS_OK;
}

void dtmf_receiver_init(struct dtmf_receiver *r)
{
    memset(r, 0, sizeof(*r));
}

static enum dtmf_step begin(struct dtmf_receiver *r, const struct dtmf_payload *payload, uint32_t rtp_timestamp)
{
    r->known = true;
    r->down = !payload->end;
    r->event = payload->event;
    r->timestamp = rtp_timestamp;
    r->duration = payload->duration;
    r->earlier = 0;
    return DTMF_BEGIN;
}

/*
 * A key held longer than 65535 units goes on in a further segment, whose timestamp is the old one plus the full
 * duration (RFC 4733 section 2.5.1.3).
 */
static bool is_next_segment(const struct dtmf_receiver *r, const struct dtmf_payload *payload, uint32_t rtp_timestamp)
{
    return r->down && payload->event == r->event && rtp_timestamp - r->timestamp == UINT16_MAX &&
           r->duration - r->earlier >= UINT16_MAX - SEGMENT_LOST_MAX;
}

enum dtmf_step dtmf_receiver_put(struct dtmf_receiver *r, const struct dtmf_payload *payload, uint32_t rtp_timestamp,
                                 int64_t arrival_us)
{
    bool may_be_late = r->known && arrival_us - r->last_us < LATE_US;
    if (may_be_late && rtp_ts_before(rtp_timestamp, r->timestamp)) return DTMF_NOTHING;
    bool same = r->known && rtp_timestamp == r->timestamp;
    if (!same && !is_next_segment(r, payload, rtp_timestamp)) {
        r->last_us = arrival_us;
        return begin(r, payload, rtp_timestamp);
    }

    /* After its end a press is over, whatever is repeated or comes late. */
    if (!r->down) return DTMF_NOTHING;
    r->timestamp = rtp_timestamp;
    r->last_us = arrival_us;
    if (!same) r->earlier += UINT16_MAX;
    if (r->earlier + payload->duration > r->duration) r->duration = r->earlier + payload->duration;
    if (!payload->end) return DTMF_NOTHING;
    r->down = false;
    return DTMF_END;
}

bool dtmf_receiver_expire(struct dtmf_receiver *r, int64_t now_us)
{
    if (!r->down || now_us - r->last_us < SILENT_END_US) return false;
    r->down = false;
    return true;
}
