/**
 * @file negotiate.h  Offer and answer (RFC 3264) for one audio stream: what both sides can, in the offerer's order.
 *
 * The first audio line with a usable port, protocol (RTP/AVP) and codec is taken; every other media line is answered
 * with port 0, in its place. An answer names one codec, so that nobody switches in mid-call, and the telephone-event of
 * the same clock (RFC 4733 section 2.1): the offer's first codec that we have, or at a renegotiation the codec in force
 * where the offer still has it. Nothing is remembered here: the caller keeps the outcome and the o= version.
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
#include "sdp/crypto.h"
#include "sdp/sdp.h"

enum { SDP_ADDRESS_SIZE = 64, SDP_PTIME_DEFAULT_MS = 20, SDP_PTIME_MIN_MS = 10, SDP_PTIME_MAX_MS = 60 };

/** A codec we can do, in our order of preference. */
struct sdp_codec {
    const char *encoding; /**< "PCMU", "PCMA" */
    uint32_t clock_hz;
    uint8_t channels;
    uint8_t payload_type; /**< the one we offer: static, or from 96 on; each codec another */
    const char *fmtp;     /**< in our offer and answer; NULL for none */
};

/** Our side of a session. */
struct sdp_local {
    const char *address; /**< literal that the peer can reach */
    uint16_t rtp_port;   /**< RTCP is on rtp_port + 1 unless mux is agreed */
    uint64_t session_id; /**< o= line; stays for the life of the dialog */
    uint64_t version;    /**< o= line; one more with each changed description (see above) */
    const struct sdp_codec *codecs;
    uint8_t codec_count;
    bool telephone_event;         /**< offer and accept RFC 4733 events 0-15 */
    uint16_t ptime_ms;            /**< what we prefer to receive: 20; we take up to SDP_PTIME_MAX_MS */
    enum sdp_direction direction; /**< what we want; an answer is the reverse of the offer's at most */
};

/** What the peer says of how it plays and speaks, in the fmtp of an Opus line (RFC 7587); all zero for other codecs. */
struct sdp_peer {
    uint32_t play_rate_hz;  /**< maxplaybackrate: it plays no more than this; 8000 to 48000, 0: not said */
    uint32_t speak_rate_hz; /**< sprop-maxcapturerate: it sends no more than this; likewise */
    uint32_t bitrate_bps;   /**< maxaveragebitrate, 6000 to 510000, and no more than fits our payloads; 0: not said */
    bool fec;               /**< useinbandfec: it can make use of it */
    bool dtx;               /**< usedtx: silence may be left unsent */
    bool stereo;            /**< it would rather have stereo; we send mono all the same */
    bool speaks_stereo;     /**< sprop-stereo: it may send stereo */
};

/** The outcome: all that a leg needs to send and to receive. */
struct sdp_result {
    uint8_t codec;                /**< index into sdp_local.codecs */
    uint8_t send_payload_type;    /**< as the peer numbered it */
    uint8_t receive_payload_type; /**< as we numbered it (an answer uses the offer's numbers) */
    bool has_telephone_event;
    uint8_t send_event_type, receive_event_type;
    bool has_comfort_noise; /**< RFC 3389, of the codec's clock */
    uint8_t send_cn_type, receive_cn_type;
    struct sdp_peer peer;
    struct sdp_srtp srtp;
    uint16_t send_ptime_ms; /**< 10 to 60, a multiple of 10; peer's ptime, within its maxptime; 20 by default */
    char remote_address[SDP_ADDRESS_SIZE]; /**< unicast IPv4 or IPv6 literal; empty where the peer gave
                                                anything else (a name, 0.0.0.0): learnt from what arrives */
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

/** Appends our offer: one audio line, all our codecs, rtcp-mux. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status sdp_offer(struct buffer *offer, const struct sdp_local *local);

/**
 * Reads the answer to our offer, made from the same *local: its first codec that we offered, under whatever number.
 * Not receiving is no hold where we did not offer to send.
 * @return as sdp_answer(); STATUS_UNSUPPORTED also where the answer refuses our line
 */
MUST_CHECK status sdp_accept(struct sdp_result *out, const struct sdp *answer, const struct sdp_local *local,
                             struct fault *fault);

#endif
