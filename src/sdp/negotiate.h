/**
 * @file negotiate.h  Offer and answer (RFC 3264) for one audio stream: what both sides can, and in whose order.
 *
 * The first audio line with a usable port, protocol, key and codec is taken; every other media line is answered with
 * port 0, in its place. An answer names one codec, so that nobody switches in mid-call, with the telephone-event (RFC
 * 4733 section 2.1) and the comfort noise of the same clock: the offer's first codec that we have, or ours, as
 * own_order says, or at a renegotiation the codec in force where the offer still has it. Who offers telephone-event at
 * 8 kHz alone beside a codec of another clock, as many phones with Opus do, has it: digits are worth more than the
 * unit of their length. Protocols are RTP/AVP and RTP/SAVP and their variants for feedback. Nothing is remembered here:
 * the caller keeps the outcome and the o= version.
 *
 * The version: describe with the version last sent, compare with what was last sent (sdp_says_same()), and describe
 * again with one more where they differ.
 * Pure. Thread: any.
 */
#ifndef PARLEY_SDP_NEGOTIATE_H
#define PARLEY_SDP_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sdp/codecs.h"
#include "sdp/crypto.h"
#include "sdp/fmtp.h"
#include "sdp/sdp.h"

enum { SDP_ADDRESS_SIZE = 64 };

/** Whether audio is encrypted (SRTP with keys in SDP, RFC 4568). */
enum sdp_srtp_use {
    SDP_SRTP_NEVER,    /**< RTP/AVP only; keys that come with it are left out of account */
    SDP_SRTP_OPTIONAL, /**< as the peer likes; our offer is RTP/AVP with keys, which those who cannot encrypt ignore */
    SDP_SRTP_REQUIRED, /**< our offer is RTP/SAVP; a line that cannot be encrypted is not taken */
};

/** Our side of a session. */
struct sdp_local {
    const char *address;            /**< literal that the peer can reach */
    uint16_t rtp_port;              /**< RTCP is on rtp_port + 1 unless mux is agreed */
    uint64_t session_id;            /**< o= line; stays for the life of the dialog */
    uint64_t version;               /**< o= line; one more with each changed description (see above) */
    const struct sdp_codec *codecs; /**< in our order of preference */
    uint8_t codec_count;            /**< at most SDP_CODECS */
    bool own_order;                 /**< of an offer the first codec in our order is taken, not the offer's first */
    bool telephone_event;           /**< offer and accept RFC 4733 events 0-15 */
    bool comfort_noise;             /**< offer and accept RFC 3389, with codecs that have nothing of their own */
    uint16_t ptime_ms;              /**< what we prefer to receive: 20; we take up to SDP_PTIME_MAX_MS */
    enum sdp_direction direction;   /**< what we want; an answer is the reverse of the offer's at most */
    enum sdp_srtp_use srtp;
    struct sdp_keys keys; /**< to send with: of an offer always; of an answer where the peer's key is a new one */
};

/** The outcome: all that a leg needs to send and to receive. */
struct sdp_result {
    uint8_t codec;                /**< index into sdp_local.codecs */
    uint8_t send_payload_type;    /**< as the peer numbered it */
    uint8_t receive_payload_type; /**< as we numbered it (an answer uses the offer's numbers) */
    bool has_telephone_event;
    uint8_t send_event_type, receive_event_type;
    uint32_t event_clock_hz; /**< in which the length of events counts: the codec's, or 8000; 0 without events */
    bool has_comfort_noise;  /**< RFC 3389, of the codec's clock */
    uint8_t send_cn_type, receive_cn_type;
    struct sdp_peer peer;   /**< bitrate_bps: no more than fits SDP_PAYLOAD_MAX */
    struct sdp_srtp srtp;   /**< the send key in force stays where the peer's does */
    uint16_t send_ptime_ms; /**< peer's ptime, within its maxptime and what the codec can; 20 by default */
    char remote_address[SDP_ADDRESS_SIZE]; /**< unicast IPv4 or IPv6 literal; empty where the peer gave
                                                anything else (a name, 0.0.0.0): learnt from what arrives */
    uint32_t remote_mark; /**< of the text that remote_address stands for, empty or not: where it is another, so is
                             this, but for a chance of 1 in 2^32 */
    uint16_t remote_rtp_port;
    uint16_t remote_rtcp_port; /**< equals remote_rtp_port with rtcp_mux; 0: none (the port after 65535) */
    bool rtcp_mux;
    bool send, receive; /**< ours, on the wire, after both directions */
    bool peer_holds;    /**< the peer's direction is sendonly or inactive, or its address 0.0.0.0: whatever is still
                             received, the leg neither talks into nor hears the conference */
};

/**
 * Answers an offer: appends our description to *answer and fills *out.
 *
 * @param previous  the outcome in force, or NULL for the first
 * @return STATUS_OK; STATUS_UNSUPPORTED (no audio line that we can take: 488), fault->what names what was missing and
 *         fault->at the media line that came nearest; STATUS_NO_MEMORY. On an error *out is untouched, and *answer
 *         holds nothing to send.
 */
MUST_CHECK status sdp_answer(struct buffer *answer, struct sdp_result *out, const struct sdp *offer,
                             const struct sdp_local *local, const struct sdp_result *previous, struct fault *fault);

/** Appends our offer: one audio line, all our codecs, rtcp-mux, and a key of each suite where we may encrypt. @return
 * STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status sdp_offer(struct buffer *offer, const struct sdp_local *local);

/**
 * Reads the answer to what we sent: an offer of sdp_offer(), or our last answer, sent once more as an offer (as session
 * refreshes do). The first codec in it that we sent is taken, under whatever number. Not receiving is no hold where we
 * did not offer to send.
 *
 * @param sent  ours, parsed; made from the same codecs as *local
 * @return as sdp_answer(); STATUS_UNSUPPORTED also where the answer refuses our line
 */
MUST_CHECK status sdp_accept(struct sdp_result *out, const struct sdp *answer, const struct sdp *sent,
                             const struct sdp_local *local, struct fault *fault);

#endif
