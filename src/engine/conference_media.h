/**
 * @file conference_media.h  The media thread's half of a conference: who is in it, what they hear, tick by tick.
 *
 * In ENGINE_AUDIO_MIX everybody hears the sum of all others, out of the mixer. In ENGINE_AUDIO_WAIT the music and the
 * sounds laid over it go through a limiter of their own, so that no sample of music is ever in the mixer, and hence in
 * no recording: where the mix begins, what is left of the music fades over the mix for the listeners only.
 *
 * Everybody who hears the same thing in the same codec is sent one and the same encoded frame; where the encoder
 * remembers, as far as conference_shares.h can bring them together.
 *
 * Each leg says and hears at its codec's rate, each sound plays at its own; what they have in common is mixed at one
 * rate, by a graph (conference_graph.h).
 *
 * A conference without legs has no ticks. Each media thread also has lobbies: conferences of its own for legs that are
 * in none, where nothing is heard.
 *
 * Thread: media, from the command that opens it to the event that gives it back.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_MEDIA_H
#define PARLEY_ENGINE_CONFERENCE_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/ring.h"
#include "engine/conference_graph.h"
#include "engine/conference_keys.h"
#include "engine/conference_shares.h"
#include "engine/conference_source.h"
#include "engine/conference_tracks.h"
#include "engine/engine.h"
#include "engine/leg_media.h"
#include "engine/media_io.h"
#include "media/loudest.h"
#include "media/pcm_frame.h"

enum { CONFERENCE_PLAYS_MAX = 8 };

/** A sound that is being played. */
struct conference_play {
    struct conference_source source;
    uint64_t token, order;
};

/** Where a change of rate stands: conference_graph.h. */
enum conference_change { CONFERENCE_STEADY, CONFERENCE_WARMS, CONFERENCE_CROSSES };

struct conference_media {
    struct list link; /**< in its slot of the core */
    void *owner;
    uint8_t slot; /**< millisecond of the 20 in which it ticks */
    struct list legs;
    uint32_t leg_count, half_tick_legs;
    struct conference_graph *graph; /**< owned; NULL in a lobby */
    struct conference_graph *next;  /**< owned; NULL in CONFERENCE_STEADY */
    enum conference_change change;
    uint64_t tick;   /**< counts 20 ms while there are legs */
    int64_t tick_us; /**< of the last one */

    enum engine_audio audio;
    struct conference_source music, music_before; /**< the latter while it fades out of a cross-fade */
    struct conference_play plays[CONFERENCE_PLAYS_MAX];
    uint64_t play_order;
    struct conference_keys keys;
    struct conference_shares shares;
    struct loudest loudest;    /**< of max 0: everybody is heard */
    struct leg_media *talkers; /**< who says something in this tick, by next_talker */

    /* The last voice of those who left since the last tick, fading out, at graph's rate. */
    int32_t tail[FRAME_SAMPLES_MAX];
    bool has_tail;

    struct ring *frames; /**< borrowed; NULL: not recording */
    struct conference_tracks tracks;
    uint32_t frames_lost; /**< not told yet */
    uint32_t lost_told_ticks;
    struct list done; /**< batches that wait for the tick in which they take effect (core.h) */
};

/** While the rate changes there are two graphs: the recording is of one of them in each tick, and has the other too. */
static inline enum pcm_frame_kind conference_media_kind(const struct conference_media *c,
                                                        const struct conference_graph *g)
{
    return g == (c->change == CONFERENCE_CROSSES ? c->next : c->graph) ? PCM_FRAME_AUDIO : PCM_FRAME_OTHER;
}

/** An encoded frame, behind room for the header of the packet in which it goes out. */
struct conference_payload {
    bool made;
    size_t len;
    uint8_t packet[RTP_HEADER_BYTES + LEG_PAYLOAD_MAX];
};

/** Scratch memory of a thread: made once, used by one conference at a time. */
struct conference_scratch {
    int16_t pcm[FRAME_SAMPLES_MAX], room[FRAME_SAMPLES_MAX], laid_over[FRAME_SAMPLES_MAX];
    int16_t heard[FRAME_SAMPLES_MAX], heard_next[FRAME_SAMPLES_MAX];
    int16_t sounds[CONFERENCE_PLAYS_MAX + 2][FRAME_SAMPLES_MAX]; /**< plays, music, music_before: read this tick */
    const int16_t *sounding[CONFERENCE_PLAYS_MAX + 2];           /**< of these; NULL: silence */
    struct conference_bridge_track bridge;
    struct graph_common crossed[RESAMPLE_RATES];
    struct conference_payload common[CODEC_COUNT], silence[CODEC_COUNT], own;
};

/** @param graph  given; NULL for a lobby */
void conference_media_init(struct conference_media *c, struct conference_graph *graph, uint8_t slot, void *owner);

/** Takes in a leg that is in no conference; it is heard and hears from the next tick on, faded in. */
void conference_media_add(struct conference_media *c, struct leg_media *leg, bool talk, bool listen);

/** A leg that stops to be heard here fades out in the next tick. */
void conference_media_remove(struct conference_media *c, const struct leg_context *context, struct leg_media *leg);

/** What the leg says is cut off here, as it leaves or takes another codec: the end fades out in the next tick. */
void conference_media_end_voice(struct conference_media *c, const struct leg_context *context, struct leg_media *leg);

void conference_media_roles(struct conference_media *c, struct leg_media *leg, bool talk, bool listen);

/** The legs' ptimes may have changed. */
void conference_media_count_half_ticks(struct conference_media *c);

void conference_media_audio(struct conference_media *c, enum engine_audio audio);

/** As engine_conference_music(). @param music  given: goes back with MEDIA_SOUND_BACK; NULL: silence */
void conference_media_music(struct conference_media *c, const struct leg_context *context, struct sound *music);

/** As engine_conference_play(). @param sound  given: goes back with MEDIA_PLAYED */
void conference_media_play(struct conference_media *c, const struct leg_context *context, struct sound *sound,
                           uint64_t token);

/** The sound with this token fades out, where it still plays. */
void conference_media_stop(struct conference_media *c, uint64_t token);
void conference_media_pass_digits(struct leg_media *leg, bool pass);

/** @param tracks  beside the mix, a track each of those that conference_media_track() is told of, and marks */
void conference_media_record(struct conference_media *c, struct ring *frames, bool tracks);

/** The number of a leg's track in the recording that runs; until it leaves, or the recording ends. */
void conference_media_track(struct leg_media *leg, uint16_t track);

/**
 * Goes over to another rate, within two ticks, without a gap; where nobody is there, at once. The graph that is not
 * needed any more is told to control.
 * @param graph  given; with at least as many places
 */
void conference_media_change_rate(struct conference_media *c, const struct leg_context *context,
                                  struct conference_graph *graph);

/** A larger mixer takes over from the one at hand, of the last rate. @return the old one, for control to destroy */
struct mixer *conference_media_exchange_mixer(struct conference_media *c, struct mixer *mixer);

/** Ends sounds and recording, gives back what it holds; legs must have left. */
void conference_media_close(struct conference_media *c, const struct leg_context *context);

/** One tick of 20 ms. @param tick_us  its nominal time; @param now_us  the time of day of this thread */
void conference_media_tick(struct conference_media *c, const struct leg_context *context,
                           struct conference_scratch *scratch, int64_t tick_us, int64_t now_us);

/** Ten milliseconds later: legs of 10, 30 and 50 ms. */
void conference_media_half_tick(struct conference_media *c, const struct leg_context *context);

/** A tick that was missed for good. */
void conference_media_skip_tick(struct conference_media *c);

/* ---- for the halves of the tick: conference_mix.h, conference_hearing.h ---- */

/** The graph at which a change of rate will end: who comes gets a place there. */
struct conference_graph *conference_media_latest(const struct conference_media *c);

/** A sound has ended, or is cut: control is told. */
void conference_media_end_play(struct conference_media *c, const struct leg_context *context,
                               struct conference_play *play);

/** Music that is not needed any more goes back with MEDIA_SOUND_BACK; without a sound nothing happens. */
void conference_media_let_go(const struct leg_context *context, struct conference_source *music);

/** Into the recording's timeline, where it has one. @param leg  NULL: of the conference itself */
void conference_media_mark(struct conference_media *c, const struct leg_media *leg, struct pcm_mark mark);

#endif
