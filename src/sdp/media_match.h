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
    const struct sdp_result *previous; /**< in force; NULL: none */
    bool is_answer;                    /**< the lines answer our offer; else they offer */
};

struct media_match {
    const struct sdp_media *media;
    const struct sdp_format *format;        /**< the codec as the peer lists it */
    uint8_t codec;                          /**< as we list it */
    const struct sdp_format *event;         /**< NULL: none */
    const struct sdp_format *comfort_noise; /**< NULL: none */
    bool encrypted;
    struct sdp_crypto crypto; /**< of the peer, where encrypted */
};

/** The tag of this suite's line in our offers. */
uint32_t media_match_tag(enum sdp_suite suite);

/** Whether the key that the peer sends with is the one in force: then ours stays as well. */
bool media_match_keeps_key(const struct sdp_result *previous, const struct sdp_crypto *crypto);

/**
 * Takes the first usable one of some media lines.
 * @return STATUS_OK; STATUS_UNSUPPORTED: none is, and *fault says what the one that came nearest lacks
 */
MUST_CHECK status media_match_first(struct media_match *match, const struct sdp_media *media, uint8_t count,
                                    const struct media_question *question, struct fault *fault);

#endif
