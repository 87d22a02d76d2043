/**
 * @file sdp_text.h  The few lines of SDP that a G.711 phone writes and reads.
 *
 * Thread: any. RFC 8866, RFC 3264.
 */
#ifndef PARLEY_LOAD_SDP_TEXT_H
#define PARLEY_LOAD_SDP_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "load/g711.h"
#include "load/sdes.h"
#include "load/sip_message.h"

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };
const char *sdp_direction_name(enum sdp_direction d);

/** What we write: an offer or an answer. */
struct sdp_ours {
    struct address rtp; /**< our socket */
    enum g711_law law;
    uint32_t ptime_ms;
    enum sdp_direction direction;
    uint32_t version;
    const struct sdes_line *crypto; /**< borrowed for the call */
    unsigned crypto_count;          /**< 0: plain RTP */
    bool savp;                      /**< with crypto: RTP/SAVP, else RTP/AVP for who may ignore it */
};

void sdp_write(struct buffer *out, const struct sdp_ours *ours);

enum { SDP_CRYPTO_MAX = 8 };

/** What the other side says. */
struct sdp_theirs {
    struct address rtp;
    enum g711_law law;
    uint32_t ptime_ms;  /**< 0 where it does not say */
    int digits_payload; /**< of telephone-event; -1 without */
    enum sdp_direction direction;
    bool savp;
    struct sdes_line crypto[SDP_CRYPTO_MAX]; /**< those that we could use */
    unsigned crypto_count;
};

/** @return false where there is no active audio line with an address and PCMU or PCMA as its first codec */
bool sdp_read(struct slice text, struct sdp_theirs *out);

#endif
