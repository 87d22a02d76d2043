/**
 * @file conference_shares.h  The encoders that several legs of a conference share, for codecs whose encoder remembers.
 *
 * A share stands for one codec with one set of parameters, in packets of one tick. Whoever hears what all hear follows
 * it as soon as its listener cannot tell (media/encoder_share.h), and has its own encoder again as soon as it hears
 * something else. What all who follow are sent is encoded once, after everybody's input of the tick is known.
 *
 * Not for packets of other lengths: those of different legs begin at different ticks.
 *
 * Thread: media.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_SHARES_H
#define PARLEY_ENGINE_CONFERENCE_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "media/codec.h"
#include "media/encoder_share.h"

struct leg_context;
struct leg_media;

/** Sets of parameters in one conference that are shared at one time; legs of any more have encoders of their own. */
enum { CONFERENCE_SHARES_MAX = 8 };

struct conference_share {
    struct encoder_share share; /**< share.codec NULL: never used */
    struct codec_params params;
    /* this tick */
    struct leg_media *waiting; /**< who is to be sent its packet, by next_waiting */
    const int16_t *pcm;        /**< that they hear */
};

struct conference_shares {
    struct conference_share list[CONFERENCE_SHARES_MAX];
};

void conference_shares_init(struct conference_shares *shares);

/**
 * Tells what a leg with an encoder hears in this tick.
 *
 * @param pcm     at its codec's rate, borrowed until conference_shares_send()
 * @param common  it is what all hear
 * @return true where conference_shares_send() sends to it, be it by its own encoder; false where the caller has to
 */
bool conference_shares_take(struct conference_shares *shares, struct leg_media *leg, const int16_t *pcm, bool common);

/** Sends to all who were taken: encodes once for each share, and once for each who is still on its way to it. */
void conference_shares_send(struct conference_shares *shares, const struct leg_context *context);

#endif
