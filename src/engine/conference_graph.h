/**
 * @file conference_graph.h  What of a conference runs at one rate: its mixer, the mix for those who wait, and what all
 * hear who have no mix of their own.
 *
 * A conference has one graph. While its rate changes it has two: both hear everything for a tick, so that every filter
 * and delay line of the new one is as full as if it had always been there; in the next tick everybody is led over from
 * what the old one gives to what the new one gives, in CONFERENCE_CHANGE_MS; then the old one goes.
 *
 * A tick is: conference_graph_begin(), voices and sources, conference_graph_mix(), the hearing of each leg,
 * conference_graph_end(). Memory is control's: an empty graph comes with a command.
 *
 * Thread: media; create and destroy control.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_GRAPH_H
#define PARLEY_ENGINE_CONFERENCE_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/engine.h"
#include "media/codec.h"
#include "media/limiter.h"
#include "media/resample.h"

struct leg_media;
struct mixer;

enum { CONFERENCE_CHANGE_MS = 10 };

/** What all hear, at one rate; made when the first asks for it. */
struct graph_common {
    bool made;
    const int16_t *pcm; /**< NULL: silence */
    int16_t room[FRAME_SAMPLES_MAX];
};

struct conference_graph {
    unsigned side; /**< 0 or 1: which half of a leg's hearing belongs to it */
    uint32_t rate_hz, samples;
    struct mixer *mixer;         /**< owned */
    struct limiter wait_limiter; /**< of music and what is laid over it while waiting */
    bool wait_runs;              /**< wait_limiter holds something */
    struct resample_line line;   /**< of common, at rate_hz */

    /* this tick */
    enum engine_audio audio;
    bool fading;           /**< music on its way out lies over the mixes */
    const int16_t *common; /**< what all hear who have no mix of their own; NULL: silence */
    int32_t wide[FRAME_SAMPLES_MAX];
    int16_t wait_pcm[FRAME_SAMPLES_MAX];
    int16_t room[FRAME_SAMPLES_MAX];
    struct graph_common at[RESAMPLE_RATES]; /**< common, converted */
};

/** @return STATUS_OK; STATUS_INVALID (rate, or no places); STATUS_NO_MEMORY */
MUST_CHECK status conference_graph_create(struct conference_graph **out, uint32_t rate_hz, uint16_t places);

/** NULL is allowed. */
void conference_graph_destroy(struct conference_graph *g);

/** Nobody is left to hear it: what lies in the delay lines must not be heard by the next who comes. */
void conference_graph_silence(struct conference_graph *g);

/** Starts a tick in which this is heard. */
void conference_graph_begin(struct conference_graph *g, enum engine_audio audio);

/** Something that everybody hears: over the music while waiting, in the mix else. @param pcm  at rate_hz; NULL: nothing
 */
void conference_graph_put_source(struct conference_graph *g, const int16_t *pcm);

/** The music, at rate_hz; NULL: silence. */
void conference_graph_put_music(struct conference_graph *g, const int16_t *pcm);

/** Makes what is heard. @param music_plays  music will sound in the next tick too, be it on its way out */
void conference_graph_mix(struct conference_graph *g, bool music_plays);

/**
 * What a leg hears, at its codec's rate; at most once a tick for a leg.
 *
 * @param room        where it may be made
 * @param[out] shared  false where it is for this leg alone, else untouched
 * @return borrowed until the next tick; NULL for silence
 */
const int16_t *conference_graph_heard(struct conference_graph *g, struct resample_bank *bank, struct leg_media *leg,
                                      int16_t room[FRAME_SAMPLES_MAX], bool *shared);

/** What all hear who have no mix of their own, at any rate; NULL for silence. Borrowed until the next tick. */
const int16_t *conference_graph_common_at(struct conference_graph *g, struct resample_bank *bank, uint32_t rate_hz);

/** The tick is over. */
void conference_graph_end(struct conference_graph *g);

#endif
