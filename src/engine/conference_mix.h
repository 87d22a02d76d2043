/**
 * @file conference_mix.h  The first half of a conference's tick: what everybody says, and the sounds, into its graphs.
 *
 * Part of conference_media.h. Thread: media.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_MIX_H
#define PARLEY_ENGINE_CONFERENCE_MIX_H

#include <stdint.h>

#include "engine/conference_media.h"

/** Takes in what has come for each leg, and reads its voice of this tick; those who say something are talkers then. */
void conference_mix_listen(struct conference_media *c, const struct leg_context *context, int64_t tick_us);

/** Makes what they hear of it. */
void conference_mix_run(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s);

#endif
