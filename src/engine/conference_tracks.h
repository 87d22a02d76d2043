/**
 * @file conference_tracks.h  What of a conference goes into a recording's ring beside the mix: a track a leg, one for
 * what the bridge itself adds, and marks of what happens.
 *
 * Of a leg that is what went into the mixer for it in this tick: at the conference's rate, after everything that is
 * done to a voice. Of the bridge it is what went in for nobody, and digits that are passed on. Their sum is the mix,
 * but for the limiter, which is 2 ms behind.
 *
 * While the conference changes its rate both of its graphs are put in, for the two ticks beside the change: so whoever
 * converts them goes over from the one to the other without guessing.
 *
 * What finds no room in the ring is counted, and marked as soon as there is room again.
 *
 * Thread: media.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_TRACKS_H
#define PARLEY_ENGINE_CONFERENCE_TRACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "media/codec.h"
#include "media/pcm_frame.h"

struct leg_media;

struct conference_tracks {
    struct ring *frames; /**< borrowed, the recording's; NULL: without tracks */
    float least_gain;    /**< of the mix's limiter, in this second */
    uint32_t gain_ticks; /**< of this second */
    uint32_t lost;       /**< ticks that are not marked yet */
    bool changes;        /**< of rate: this tick is made by two graphs, and silence is put in too */
};

/** The sum of the bridge's own sounds in a tick, as one graph has it: a thread's scratch memory. */
struct conference_bridge_track {
    bool sounds;
    int32_t sum[FRAME_SAMPLES_MAX];
};

/** @param frames  NULL: from now on without tracks */
void conference_tracks_start(struct conference_tracks *t, struct ring *frames);

/**
 * A leg's voice of this tick; NULL for silence.
 * @param kind  PCM_FRAME_AUDIO; or PCM_FRAME_OTHER, of the graph that is not recorded in this tick
 */
void conference_tracks_voice(struct conference_tracks *t, uint64_t tick, const struct leg_media *leg,
                             enum pcm_frame_kind kind, uint32_t rate_hz, const int16_t *pcm);

/** Something of the bridge's own in this tick; NULL for nothing. */
void conference_tracks_sound(const struct conference_tracks *t, struct conference_bridge_track *bridge,
                             const int16_t *pcm, uint32_t samples);

/** What the bridge has added in this tick. @param kind  as of a voice */
void conference_tracks_bridge(struct conference_tracks *t, uint64_t tick, enum pcm_frame_kind kind,
                              struct conference_bridge_track *bridge, uint32_t rate_hz);

/** The tick is mixed. @param gain  the least of the mix's limiter in it */
void conference_tracks_tick(struct conference_tracks *t, uint64_t tick, float gain);

/** Something has happened. @param leg  whose it is; NULL: nobody's */
void conference_tracks_mark(struct conference_tracks *t, uint64_t tick, const struct leg_media *leg,
                            struct pcm_mark mark);

#endif
