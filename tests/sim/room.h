/**
 * @file room.h  A conference of up to eight phones with PCMU, each a mouth that says a tone and an ear that keeps what
 * it hears: what tests of one conference have in common.
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_SIM_ROOM_H
#define PARLEY_TESTS_SIM_ROOM_H

#include "media/tone.h"
#include "sim.h"

enum { ROOM_PEOPLE = 8, ROOM_SLOT = 5, ROOM_KEPT = 160000 };

/** A mouth and an ear. */
struct person {
    struct tone tone;
    bool mute;
    int16_t hiss;            /**< in place of the tone: this and its like below 0, at random */
    int16_t kept[ROOM_KEPT]; /**< what it hears from when count was 0 on, as long as there is room */
    uint32_t count;
    int64_t first_loud_us; /**< when the first sample over 1000 was sent to it; while it keeps what it hears */
};

extern struct sim sim;
extern struct conference_media *conference;
extern struct person people[ROOM_PEOPLE];
extern struct sim_party *parties[ROOM_PEOPLE];

/** The conference is there, without audio yet, and nobody in it. */
void room_open(uint64_t seed);

/** As a teardown of cmocka. */
int room_finish(void **state);

/** Party i calls; it says a tone of -15 dBFS. Of config its speak, hear, user and slot are set here. */
void room_call(int i, double hz, struct sim_party_config config);

/** The largest step between two neighbouring samples of what party i has kept. */
int room_steepest(int i);

/** The mouth and the ear of any party whose user is a person. */
void person_say(struct sim_party *p, int16_t *pcm, uint32_t samples);
void person_hear(struct sim_party *p, const int16_t *pcm, uint32_t samples);

#endif
