/**
 * @file conference_talkers.h  A conference that mixes the loudest talkers only: chooses among those of a tick.
 *
 * Who begins to speak is heard from the first sample of that frame on where there is a seat (media/loudest.h); else
 * voices come and go in 5 ms. Levels are compared as they were received.
 *
 * Thread: media.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_TALKERS_H
#define PARLEY_ENGINE_CONFERENCE_TALKERS_H

#include <stdint.h>

struct conference_media;

/** Before anybody talks. @param max  0: everybody is heard, else up to LOUDEST_MAX */
void conference_talkers_limit(struct conference_media *c, uint32_t max);

/** Goes through c->talkers: those who are not to be heard say nothing. Where there is a limit. */
void conference_talkers_choose(struct conference_media *c);

#endif
