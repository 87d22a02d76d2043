/**
 * @file key_room.h  A conference in which one person presses keys, and everybody and every file that could give one
 * away: listeners of several codecs, the recording of the conference with its tracks, recordings of single legs.
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_SIM_KEY_ROOM_H
#define PARLEY_TESTS_SIM_KEY_ROOM_H

#include "keypad.h"

enum key_ear {
    EAR_PCMU, /* listeners, by codec; they have not agreed to events */
    EAR_G722,
    EAR_L16_48,
    EAR_OPUS,
    EAR_EVENTS, /* PCMA, with events */
    EAR_MIX,    /* the recording of the conference: the mix, who presses, what the bridge adds */
    EAR_TRACK,
    EAR_BRIDGE,
    EAR_SAYS, /* recordings of legs: what the one who presses says; a listener with what it hears */
    EAR_BOTH,
    KEY_EARS,
};

extern const char *const key_ear_names[KEY_EARS];

/** Zero: of the usual. */
struct key_room_config {
    enum codec_id codec; /**< of who presses */
    uint32_t jitter_us;  /**< of its packets */
    int64_t phase_us;    /**< and where they come within 20 ms */
    double dbm0;         /**< of each tone, where there are tones */
    double snr_db;
    bool detect_dtmf; /**< else it has events */
    bool pass;        /**< its digits are passed on */
    bool silent;      /**< it says nothing at all: its keys are events alone */
};

struct key_room {
    struct sim sim;
    struct key_room_config config;
    struct conference_media *conference;
    struct keypad pad;
    struct sim_party *presser, *listeners[EAR_EVENTS + 1];
    struct ear *ears[KEY_EARS];
    struct ring *mix, *says, *both;
    uint64_t ticks[KEY_EARS]; /**< after the last that an ear was given */
};

/** The people are there, and have been for a second. Owned by the caller. */
struct key_room *key_room_open(const struct key_room_config *config);
void key_room_close(struct key_room *room);

/** Lets time pass, and gives the ears what comes. */
void key_room_run(struct key_room *room, uint32_t ms);

/** The tones of a key alone, from in_us on. */
void key_room_tone(struct key_room *room, char key, uint32_t in_us, uint32_t ms);

/** Tones, and events beside them that begin late_ms after now. */
void key_room_tone_and_events(struct key_room *room, char key, uint32_t in_us, uint32_t ms, uint32_t late_ms);

/** Forgets what all ears have heard. */
void key_room_clear(struct key_room *room);

#endif
