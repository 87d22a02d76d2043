/**
 * @file leg_voice.h  What is done to a leg's voice between its playout buffer and the mix: it is measured and judged,
 * freed of noise, made louder or softer.
 *
 * Runs at the codec's rate, before any conversion, on decoded frames only; of a leg that nobody hears nothing is
 * measured. That somebody begins or ends to talk is told to control with the tick in which it was so.
 *
 * Thread: media. Figures for control travel with the leg's stats.
 */
#ifndef PARLEY_ENGINE_LEG_VOICE_H
#define PARLEY_ENGINE_LEG_VOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/gain.h"
#include "media/level.h"
#include "media/playout.h"
#include "media/preprocess.h"
#include "media/ramp.h"
#include "media/talker.h"

struct engine_leg_stats;
struct leg_context;
struct leg_media;

struct leg_voice {
    struct level_meter meter;
    struct talker talker;
    struct gain gain;
    struct ramp gate;              /**< of a conference that mixes the loudest only */
    uint64_t gate_tick;            /**< the one after the last in which it was at the gate */
    bool raises;                   /**< it may make audible what was not */
    struct preprocess *preprocess; /**< owned; NULL: was never wanted */
    float speech_power;            /**< smoothed over the frames of about three seconds of speech; 0: none yet */
    uint32_t speech_ticks;         /**< frames in it, up to those three seconds */
};

void leg_voice_init(struct leg_voice *v);

/**
 * What is to be done to it from the next frame on.
 * @param gain        a factor
 * @param preprocess  exchanged for the one at hand where it is not NULL: of the codec's rate
 */
void leg_voice_set(struct leg_voice *v, float gain, bool noise_suppression, bool automatic_gain,
                   struct preprocess **preprocess);

/** Control: lets go of what it holds, when no thread has the leg. */
void leg_voice_drop(struct leg_voice *v);

/**
 * A tick's frame, which stands in leg->pcm where it is not zero.
 *
 * @param heard  it is on its way into a mix, and not the sound of a key: it is judged
 * @param flows  it is, or the rest of it fades out: it is treated
 * @return true where there is something to mix
 */
bool leg_voice_run(struct leg_voice *v, const struct leg_context *context, struct leg_media *leg,
                   struct playout_frame frame, bool heard, bool flows, int64_t tick_us);

/** A tick whose frame is not made. */
void leg_voice_rest(struct leg_voice *v, const struct leg_context *context, struct leg_media *leg, int64_t tick_us);

/** Fills in what is known here; once a second: levels are those since the last time. */
void leg_voice_stats(struct leg_voice *v, struct engine_leg_stats *out);

#endif
