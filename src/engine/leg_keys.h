/**
 * @file leg_keys.h  The keys that a leg presses: each told once, whichever ways it comes, and none left in its voice.
 *
 * There are three ways: telephone-events, the tones themselves, and signalling (SIP INFO). Many phones use two of them
 * for one press. A press that comes another way within a second of the first is the same one.
 *
 * Where the leg's audio is to be searched for keys (engine_leg_media.detect_dtmf) it goes on 20 ms later, without them.
 * A leg that has agreed to events is muted while they come. Its audio may have the tones too, from before the first
 * event and, being delayed, until after the last: these are muted where they are seen, without delay. Where such a leg
 * passes its digits on and no event has come within 100 ms, the tone is its only digit, and is heard; so are those
 * after it from their beginnings, until an event comes.
 *
 * The tone of a key that the leg is made to hear comes back from many lines as an echo. That is taken out like any
 * other, but is no press.
 *
 * Who else gets a digit is for conference_keys.h. Thread: media. RFC 4733.
 */
#ifndef PARLEY_ENGINE_LEG_KEYS_H
#define PARLEY_ENGINE_LEG_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "media/dtmf_detect.h"
#include "media/ramp.h"
#include "rtp/dtmf_event.h"

struct engine_leg_media;
struct leg_context;
struct leg_media;
struct rtp_packet;

enum leg_key_way { LEG_KEY_EVENT, LEG_KEY_TONE, LEG_KEY_SIGNAL, LEG_KEY_WAYS };

enum { LEG_KEYS_WAITING = 4, LEG_KEYS_KNOWN = 4 };

struct leg_press {
    int64_t at_us;
    uint32_t id; /**< tells one press of a leg from another; not 0 */
    uint8_t event, ways;
};

struct leg_keys {
    bool searches, finds_leaks; /**< its audio goes through leg->detect, for keys or for leaks */
    bool after_event;           /**< it is not heard: events come, or have come since it last said something */
    bool told_by_event;         /**< the tone in its audio is that of an event */
    bool tones_alone;           /**< the last tone had no event */
    uint8_t event_ticks;        /**< until events are taken for over */
    uint8_t waiting;
    struct leg_press waits[LEG_KEYS_WAITING]; /**< that went down since they were last looked at: the conference's */
    uint32_t presses;                         /**< the last id that was given */
    uint32_t held[LEG_KEY_WAYS];              /**< id of the last press that came this way */
    uint32_t signal_ticks;                    /**< until one that was signalled comes up */
    uint8_t heard, heard_ticks;               /**< the last key that it heard, and until no echo of it can come */
    struct leg_press known[LEG_KEYS_KNOWN];   /**< the latest, in turn */
    struct ramp ramp;
    uint32_t event_ssrc; /**< of the last event: another source has a time of its own */
    struct dtmf_receiver receiver;
};

/** For the media that the leg has; control. */
void leg_keys_init(struct leg_media *leg);

/** The leg's media have changed. */
void leg_keys_change(struct leg_media *leg, const struct engine_leg_media *before);

/** A telephone-event. @param rtp  its packet */
void leg_keys_event(struct leg_media *leg, const struct leg_context *context, const struct rtp_packet *rtp,
                    const struct dtmf_payload *payload, int64_t arrival_us);

/** A key that was signalled. @param code  0 to 15; @param ms  how long it is held */
void leg_keys_signal(struct leg_media *leg, const struct leg_context *context, uint8_t code, uint32_t ms,
                     int64_t now_us);

/** A tick's time passes. Before leg_keys_take_out(), heard or not. */
void leg_keys_tick(struct leg_media *leg, int64_t tick_us);

/**
 * Takes what is of keys out of the frame in leg->pcm, and tells those that are found there.
 * @param says  false: the frame is silence
 * @return false where what is left is silence
 */
bool leg_keys_take_out(struct leg_media *leg, const struct leg_context *context, bool says, int64_t tick_us);

/** It hears a key in this tick: the tone of that is no press of it for half a second, but may be the line's echo. */
void leg_keys_hear(struct leg_media *leg, uint8_t event);

/** True where it still holds the key of this press. */
bool leg_keys_holds(const struct leg_media *leg, uint32_t press);

#endif
