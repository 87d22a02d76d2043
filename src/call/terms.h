/**
 * @file terms.h  On what a call may be agreed: its codecs, in which order, whether it is encrypted; whether its audio
 * is searched for keys, and how its voice is treated. Each route and each trunk has terms.
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_CALL_TERMS_H
#define PARLEY_CALL_TERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdp/negotiate.h"

struct terms {
    struct sdp_codec codecs[SDP_CODECS]; /**< in order of preference */
    uint8_t codec_count;                 /**< at least one, or the call cannot be agreed on */
    bool own_order;                      /**< of an offer, our first codec is taken and not the caller's */
    enum sdp_srtp_use srtp;
    bool dtmf_inband;                       /**< keys are looked for in what the other side says */
    bool noise_suppression, automatic_gain; /**< of what it says, when it joins a conference */
};

/**
 * Puts codecs into *terms: those named, each once, in this order; all where no name is given. Names that are unknown
 * are left out.
 */
void terms_set_codecs(struct terms *terms, const char *const *names, size_t count);

/** "never", "optional", "required". @return false (*out untouched) for any other word */
bool terms_parse_srtp(const char *word, enum sdp_srtp_use *out);

/** Whose order of codecs counts, "caller" or "own". @return false (*own untouched) for any other word */
bool terms_parse_order(const char *word, bool *own);

#endif
