/**
 * @file dtmf_event.h  Telephone events: each key press told once, however many packets carry it.
 *
 * Pure. Thread: one at a time. RFC 4733 sections 2.3 and 2.5.
 */
#ifndef PARLEY_RTP_DTMF_EVENT_H
#define PARLEY_RTP_DTMF_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { DTMF_PAYLOAD_BYTES = 4, DTMF_EVENT_MAX = 15 };

struct dtmf_payload {
    uint8_t event; /**< 0-9, 10 *, 11 #, 12-15 A-D; others are not ours */
    bool end;
    uint8_t volume;    /**< dBm0 below 0: 0 to 63 */
    uint16_t duration; /**< timestamp units so far */
};

/** @return STATUS_OK; STATUS_INVALID (shorter than 4 bytes); STATUS_UNSUPPORTED (an event over 15) */
MUST_CHECK status dtmf_payload_parse(struct dtmf_payload *out, const uint8_t *bytes, size_t len);

/** Writes DTMF_PAYLOAD_BYTES. */
void dtmf_payload_write(const struct dtmf_payload *payload, uint8_t *out);

/** '0'-'9', '*', '#', 'A'-'D'; @param event  0 to 15 */
char dtmf_digit(uint8_t event);

/** The event of a key; @return STATUS_OK; STATUS_INVALID (no such key) */
MUST_CHECK status dtmf_event(char digit, uint8_t *event);

/** What a packet means. */
enum dtmf_step {
    DTMF_NOTHING, /**< goes on, or a repetition */
    DTMF_BEGIN,   /**< a key went down: report the digit now */
    DTMF_END,     /**< it came up: duration is final */
};

struct dtmf_receiver {
    bool known;         /**< there was an event */
    bool down;          /**< it has not ended */
    uint8_t event;      /**< the last one */
    uint32_t timestamp; /**< its time: what tells one press from the next */
    uint32_t duration;  /**< of the press so far, timestamp units; long ones run over several segments */
    uint32_t earlier;   /**< duration of the segments before the present one */
    int64_t last_us;    /**< arrival of its last packet */
};

void dtmf_receiver_init(struct dtmf_receiver *r);

/**
 * Takes one packet of a source; for another one the receiver is to be initialised anew. A press that is lost but for
 * its end packets gives DTMF_BEGIN with the first of these (r->down is then false already), so that every digit is
 * reported by exactly one DTMF_BEGIN.
 */
enum dtmf_step dtmf_receiver_put(struct dtmf_receiver *r, const struct dtmf_payload *payload, uint32_t rtp_timestamp,
                                 int64_t arrival_us);

/** Ends a press whose end packets were all lost. @return true (once) 200 ms after its last packet */
bool dtmf_receiver_expire(struct dtmf_receiver *r, int64_t now_us);

#endif
