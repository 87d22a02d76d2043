/**
 * @file conference_source.h  A sound that a conference hears: music, a beep, an announcement; at whatever rate it has.
 *
 * Its frame of a tick is read once, at its own rate, and then given at the rate of each graph that wants it.
 *
 * Thread: media.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_SOURCE_H
#define PARLEY_ENGINE_CONFERENCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/codec.h"
#include "media/ramp.h"
#include "media/resample.h"
#include "media/sound.h"

struct conference_source {
    struct sound *sound; /**< shared; NULL: nothing plays */
    struct sound_cursor cursor;
    struct ramp ramp;          /**< of its gain */
    struct resample_line line; /**< what it has played */
};

/** From its beginning, at this gain. @param sound  NULL: nothing */
void conference_source_start(struct conference_source *source, struct sound *sound, bool loop, float gain);

/** Moves the gain. */
void conference_source_fade(struct conference_source *source, float gain, uint32_t ms);

/** The frame of this tick, at its own rate. @return pcm; NULL: silence, at its end what is left in the filters */
const int16_t *conference_source_read(struct conference_source *source, int16_t pcm[FRAME_SAMPLES_MAX]);

/** That frame at another rate. @return frame, room, or NULL for silence */
const int16_t *conference_source_at(const struct conference_source *source, struct resample_bank *bank,
                                    const int16_t *frame, uint32_t rate_hz, int16_t room[FRAME_SAMPLES_MAX]);

/** The frame has been given to whoever wanted it. */
void conference_source_pass(struct conference_source *source, const int16_t *frame);

/** True where it has played to its end, or has faded out, and nothing of it is left. @param rate_hz  that it is given
 * at */
bool conference_source_over(const struct conference_source *source, uint32_t rate_hz);

#endif
