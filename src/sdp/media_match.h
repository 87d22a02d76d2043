/**
 * @file media_match.h  What of a peer's media lines both sides can: the line, the codec, events and comfort noise of
 * its clock, and the key.
 *
 * Inside of sdp/ only. Pure. Thread: any.
 */
#ifndef PARLEY_SDP_MEDIA_MATCH_H
#define PARLEY_SDP_MEDIA_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "sdp/negotiate.h"

/** Who asks, and what about. */
struct media_question {
    const struct sdp_local *local;
    const struct sdp_result *previous; /**< in force, for an offer; NULL: none */
    const struct sdp_media *sent;      /**< our line that is answered; NULL: the peer offers */
};

struct media_match {
    const struct sdp_media *media;
    const struct sdp_format *format;        /**< the codec as the peer lists it */
    uint8_t codec;                          /**< as we list it */
    const struct sdp_format *event;         /**< NULL: none */
    const struct sdp_format *comfort_noise; /**< NULL: none */
    bool encrypted;
    struct sdp_crypto crypto;        /**< of the peer, where encrypted */
    uint8_t ours[SDP_KEY_BYTES_MAX]; /**< what we send with, where encrypted */
};

/** A format of a line, by its rtpmap; NULL: none. */
const struct sdp_format *media_match_format(const struct sdp_media *m, const char *encoding, uint32_t clock_hz);

/** The codec's format in a line; NULL: none. */
const struct sdp_format *media_match_codec(const struct sdp_media *m, const struct sdp_codec *codec);

/**
 * Takes the first usable one of some media lines.
 * @return STATUS_OK; STATUS_UNSUPPORTED: none is, and *fault says what the one that came nearest lacks
 */
MUST_CHECK status media_match_first(struct media_match *match, const struct sdp_media *media, uint8_t count,
                                    const struct media_question *question, struct fault *fault);

#endif
