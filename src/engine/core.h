/**
 * @file core.h  The work of one media thread without the thread: commands, slots, ticks. No clock, no socket, no wait.
 *
 * Time is cut into milliseconds. A conference ticks every 20 ms in the slot that it was given (tick time modulo 20 ms),
 * so that a core is evenly busy; only slots with legs in them ever need a wake-up. A thread that comes late runs the
 * missed ticks in order, each with its nominal time; those more than CORE_LATE_MAX_US late are skipped, and RTP
 * timestamps stay true.
 *
 * Thread: the media thread; core_create() and core_destroy() by control while it does not run.
 */
#ifndef PARLEY_ENGINE_CORE_H
#define PARLEY_ENGINE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/conference_media.h"
#include "engine/leg_media.h"
#include "engine/media_io.h"

enum { CORE_SLOTS = 20, CORE_SLOT_US = 1000, CORE_LATE_MAX_US = 60000, CORE_LATE_US = 5000 };

enum core_command_type {
    CORE_LEG_OPEN,   /**< leg, slot: into the lobby of that slot */
    CORE_LEG_CHANGE, /**< leg, change */
    CORE_LEG_CLOSE,  /**< leg */
    CORE_LEG_DETACH, /**< leg: to another thread */
    CORE_LEG_JOIN,   /**< leg, conference, talk, listen */
    CORE_LEG_ROLES,  /**< leg, talk, listen */
    CORE_LEG_LEAVE,  /**< leg */
    CORE_LEG_DTMF,   /**< leg, on */
    CORE_LEG_VOICE,  /**< leg, gain, noise_suppression, automatic_gain, preprocess or NULL: exchanged for the old one */
    CORE_LEG_PRESS,  /**< leg, key, number: milliseconds */
    CORE_LEG_TRACK,  /**< leg, number: of its track in the recording */
    CORE_LEG_PLAY,   /**< leg, sound, number: loops, token */
    CORE_LEG_STOP,   /**< leg */
    CORE_LEG_DIGITS, /**< leg, digits */
    CORE_LEG_RECORD, /**< leg, frames, sides */
    CORE_LEG_WATCH,  /**< leg, number: milliseconds, token */
    CORE_CONFERENCE_OPEN,
    CORE_CONFERENCE_AUDIO,   /**< audio */
    CORE_CONFERENCE_MUSIC,   /**< sound */
    CORE_CONFERENCE_PLAY,    /**< sound, token */
    CORE_CONFERENCE_STOP,    /**< token */
    CORE_CONFERENCE_RECORD,  /**< frames, on: with tracks */
    CORE_CONFERENCE_TALKERS, /**< number: how many are heard at a time */
    CORE_CONFERENCE_RATE,    /**< graph: of another rate */
    CORE_CONFERENCE_MIXER,   /**< mixer: a larger one, of the last rate; exchanged for the old one */
    CORE_CONFERENCE_CLOSE,
};

/** What a re-INVITE brings along; freed with its batch. */
struct core_change {
    struct engine_leg_media media;
    struct playout *playout;     /**< for another codec, else NULL; afterwards the old one */
    struct leg_encoder *encoder; /**< likewise */
    struct leg_srtp srtp;        /**< what it needs anew; afterwards what it needs no more */
};

struct core_command {
    enum core_command_type type;
    struct leg_media *leg;
    struct conference_media *conference;
    struct core_change *change;
    bool talk, listen, on;
    bool noise_suppression, automatic_gain;
    float gain; /**< a factor */
    uint8_t slot;
    uint8_t key; /**< 0 to 15, as in RFC 4733 */
    enum engine_audio audio;
    enum engine_leg_sides sides;
    uint32_t number;
    struct leg_digits *digits;
    struct sound *sound;
    struct ring *frames;
    struct mixer *mixer;
    struct preprocess *preprocess;
    struct conference_graph *graph; /**< NULL once it has been taken */
    uint64_t token;
};

/** Commands that take effect in one tick. Given back by MEDIA_BATCH_DONE. */
struct core_batch {
    struct list link; /**< in control's outbox, then in conference->done */
    uint64_t token;   /**< 0: nobody asks */
    uint32_t awaits;  /**< control: legs that have not been let go of by other threads yet */
    uint32_t count, size;
    struct core_command *commands; /**< owned */
};

struct core;

/**
 * @param io        borrowed for the core's life
 * @param counters  borrowed
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status core_create(struct core **out, const struct media_io *io, struct media_counters *counters,
                              int64_t rtp_timeout_us);
void core_destroy(struct core *core);

/** Carries out a batch between two ticks. It comes back at the next tick of its conference, or at once without one. */
void core_execute(struct core *core, struct core_batch *batch, int64_t now_us);

/** When core_run() has something to do; INT64_MAX: nobody is there. */
int64_t core_deadline(const struct core *core);

/** Runs all that was due up to now. */
void core_run(struct core *core, int64_t now_us);

/** At the end: appends the batches that wait for a tick in a lobby. */
void core_take_done(struct core *core, struct list *out);

#endif
