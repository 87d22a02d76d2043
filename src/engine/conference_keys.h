/**
 * @file conference_keys.h  Digits that are passed on in a conference: one at a time, in order, with a pause between
 * them.
 *
 * Says what of a digit is in a tick, and makes its tone; who gets the event is for conference_hearing.h, and who the
 * tone for conference_mix.h.
 *
 * Thread: media. RFC 4733.
 */
#ifndef PARLEY_ENGINE_CONFERENCE_KEYS_H
#define PARLEY_ENGINE_CONFERENCE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/leg_own.h"
#include "media/codec.h"
#include "media/dtmf_tone.h"
#include "media/resample.h"

struct leg_media;

/** Their tones are made at one rate, and converted like any voice. */
enum { CONFERENCE_KEYS_MAX = 16, CONFERENCE_KEYS_HZ = 8000 };

struct conference_key {
    const struct leg_media *leg; /**< who holds it; NULL: has left */
    uint8_t code;
    uint32_t press; /**< tells this press of the leg from its next */
};

struct conference_keys {
    uint32_t count;
    struct conference_key keys[CONFERENCE_KEYS_MAX]; /**< the first is the one that sounds */
    uint32_t ticks, pause_ticks;
    struct leg_event event; /**< in this tick */
    struct dtmf_tone tone;
    int16_t pcm[CONFERENCE_KEYS_HZ / 50]; /**< where event.on: its tone */
    struct resample_line line;            /**< of the tones before */
};

/** A key went down. More than can wait are dropped. */
void conference_keys_push(struct conference_keys *k, const struct leg_media *leg, uint8_t code, uint32_t press);

/** The leg is not there any more: what it still waits to say is dropped. */
void conference_keys_leave(struct conference_keys *k, const struct leg_media *leg);

void conference_keys_clear(struct conference_keys *k);

/** One tick: sets event and, where it is on, pcm. */
void conference_keys_tick(struct conference_keys *k);

/** This tick's tone at a rate. @return the tone, room, or NULL for silence */
const int16_t *conference_keys_at(const struct conference_keys *k, struct resample_bank *bank, uint32_t rate_hz,
                                  int16_t room[FRAME_SAMPLES_MAX]);

/** The tick's tone has been given to whoever wanted it. */
void conference_keys_pass(struct conference_keys *k);

/** True in the first tick of a digit. */
bool conference_keys_begins(const struct conference_keys *k);

/** Who holds the key that sounds in this tick; NULL: nobody, or it has left. */
const struct leg_media *conference_keys_holder(const struct conference_keys *k);

#endif
