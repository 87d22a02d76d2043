/**
 * @file leg_own.h  What concerns one leg alone: a sound that only it hears, digits sent to it, its recording, the watch
 * for its silence.
 *
 * Knows nothing of packets (leg_media.h) nor of who hears whom (conference_media.h), which asks here every tick.
 * What is held for control (sounds, lists of digits) goes back with an event.
 *
 * Thread: media; leg_own_drop() control, when no thread has the leg.
 */
#ifndef PARLEY_ENGINE_LEG_OWN_H
#define PARLEY_ENGINE_LEG_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ring.h"
#include "engine/engine.h"
#include "media/codec.h"
#include "media/dtmf_tone.h"
#include "media/limiter.h"
#include "media/ramp.h"
#include "media/resample.h"
#include "media/sound.h"

struct leg_context;
struct leg_media;

/** A list of digits on its way; made by control. */
struct leg_digits {
    uint64_t token;
    size_t count;
    struct engine_digit list[];
};

struct leg_play {
    struct sound *sound; /**< shared; NULL: nothing plays */
    struct sound_cursor cursor;
    uint32_t loops; /**< to come after this one; UINT32_MAX: for ever */
    uint64_t token;
    struct ramp ramp;
    struct resample_line line; /**< of what it has played */
};

/** What a leg is sent in a tick besides audio: an event in place of it. */
struct leg_event {
    bool on, last;
    uint8_t code;
};

struct leg_recording {
    struct ring *frames; /**< borrowed; NULL: not recording */
    uint64_t tick;
};

struct leg_own {
    bool speaks;  /**< plays or sends digits: leg_own_lay_over() is wanted */
    bool records; /**< leg_own_record_tick() is wanted */
    bool listens; /**< records or watches: leg_own_said() is wanted */

    struct leg_play play, before; /**< the latter fades, replaced */
    struct ramp duck;             /**< of what the leg hears otherwise */

    struct leg_digits *digits; /**< NULL: none */
    size_t next;               /**< digit */
    bool stopping;
    uint32_t pause_ms, on_ticks;
    struct dtmf_tone tone;

    struct leg_recording recordings[ENGINE_LEG_SIDES]; /**< one of each kind at a time */
    struct limiter limiter;                            /**< of ENGINE_LEG_BOTH */
    uint32_t limiter_samples;                          /**< in its frames; 0: it has not begun */

    uint32_t silence_ms, quiet_ms; /**< 0: no watch */
    uint32_t loud_ticks;           /**< in a row */
    uint64_t silence_token;

    bool said_something; /**< said[] holds this tick's voice; else it is all zero */
    int16_t said[FRAME_SAMPLES_MAX];
};

void leg_own_init(struct leg_own *own);

/** As engine_leg_play(). @param sound  given: goes back with MEDIA_LEG_PLAYED */
void leg_own_play(struct leg_own *own, const struct leg_context *context, struct leg_media *leg, struct sound *sound,
                  uint32_t loops, uint64_t token);

/** What plays fades out; of the digits the one that sounds is the last. */
void leg_own_stop(struct leg_own *own);

/** As engine_leg_send_digits(). @param digits  given: goes back with MEDIA_LEG_DIGITS_SENT */
void leg_own_send_digits(struct leg_own *own, const struct leg_context *context, struct leg_media *leg,
                         struct leg_digits *digits);

/** As engine_leg_record(): what was recorded before gets its END. @param frames  borrowed; NULL: none */
void leg_own_record(struct leg_own *own, struct ring *frames, enum engine_leg_sides sides);

/** As engine_leg_watch_silence(): MEDIA_LEG_SILENT, once. @param silence_ms  0: no watch */
void leg_own_watch_silence(struct leg_own *own, uint32_t silence_ms, uint64_t token);

/** What the leg says in this tick. @param pcm  NULL: nothing */
void leg_own_said(struct leg_own *own, const struct leg_context *context, struct leg_media *leg, const int16_t *pcm,
                  uint32_t samples);

/**
 * Lays over what the leg hears what is its own.
 *
 * @param heard       NULL: silence
 * @param[out] out    where the result is made
 * @param[out] event  what is to be sent in place of it
 * @return heard, out, or NULL for silence
 */
const int16_t *leg_own_lay_over(struct leg_own *own, const struct leg_context *context, struct leg_media *leg,
                                const int16_t *heard, int16_t *out, uint32_t samples, struct leg_event *event);

/** The tick's frame for the recordings. @param heard  what the leg is sent; NULL: silence */
void leg_own_record_tick(struct leg_own *own, const struct leg_context *context, const int16_t *heard,
                         uint32_t samples);

/** A tick that did not run. */
void leg_own_skip_tick(struct leg_own *own);

/** Everything ends, and is told. */
void leg_own_close(struct leg_own *own, const struct leg_context *context, struct leg_media *leg);

/** Everything ends without a word. */
void leg_own_drop(struct leg_own *own);

#endif
