/**
 * @file exchange.h  The offers and answers of one call: described, read, and taken into force in its world.
 *
 * It knows the call's terms, what was sent and what is in force, and nothing of its states or messages (call.h). The
 * version in o= grows with what is new (RFC 3264 section 8). RTP ports are taken with the first description.
 *
 * Inside of call/ only. Thread: control.
 */
#ifndef PARLEY_CALL_EXCHANGE_H
#define PARLEY_CALL_EXCHANGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/status.h"

struct call;

/** Draws the keys of a call that begins. */
void exchange_init(struct call *c);

/**
 * Answers an offer, and takes the outcome into force.
 * @param[out] answer  appended to
 * @param[out] fault   says why it was not possible; untouched where memory was short
 * @return STATUS_OK, or what sdp_parse(), sdp_answer(), media_reserve() or media_apply() say
 */
MUST_CHECK status exchange_answer(struct call *c, const char *offer, struct buffer *answer, struct fault *fault);

/** Makes an offer. @return STATUS_OK, STATUS_NO_MEMORY, or what media_reserve() says */
MUST_CHECK status exchange_offer(struct call *c, struct buffer *offer);

/** Whether what we sent last was an offer. */
bool exchange_offers(const struct call *c);

/**
 * Takes the answer to our last offer into force.
 * @param[out] fault  says what is wrong with the answer; untouched where it is not its own fault
 * @return STATUS_OK; STATUS_CONFLICT (there was no offer); what sdp_parse(), sdp_accept() or media_apply() say
 */
MUST_CHECK status exchange_accept(struct call *c, const char *answer, struct fault *fault);

/** The same where our last description, an offer or not, was sent once more as an offer. */
MUST_CHECK status exchange_accept_again(struct call *c, const char *answer, struct fault *fault);

#endif
