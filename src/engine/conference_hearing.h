/**
 * @file conference_hearing.h  The second half of a conference's tick: what each leg hears, encoded and sent; what is
 * recorded.
 *
 * Part of conference_media.h. Thread: media.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_HEARING_H
#define PARLEY_ENGINE_CONFERENCE_HEARING_H

#include "engine/conference_media.h"

/** Encodes silence once for all. */
void conference_scratch_init(struct conference_scratch *s);

/** Sends a leg what it hears. Those who share an encoder are sent it by conference_shares_send(). */
void conference_hearing_send(struct conference_media *c, const struct leg_context *context,
                             struct conference_scratch *s, struct leg_media *leg);

/**
 * The mix of all, as it is recorded: without music, be it on its way out. Whoever reads it leads over from one graph to
 * the other by itself: it has more time for that.
 */
void conference_hearing_record(struct conference_media *c, const struct leg_context *context,
                               struct conference_scratch *s);

#endif
