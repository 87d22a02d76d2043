/**
 * @file conference_stage.h  Carries the audible effects of one conference to the engine, all of an event in one tick.
 *
 * The engine's conference exists only while somebody is in. Thread: control.
 */
#ifndef PARLEY_DAEMON_CONFERENCE_STAGE_H
#define PARLEY_DAEMON_CONFERENCE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conference.h"
#include "daemon/bridge.h"
#include "engine/engine.h"

struct sound;

struct conference_stage {
    struct bridge *bridge;
    struct engine_conference *engine; /**< NULL while nobody is in */
    uint32_t talkers_max;             /**< of the conference; 0: all are heard */
    id_text recording;                /**< that is under way with tracks; "" for none */
    struct sound *music;              /**< of the waitUrl, one reference; NULL: the default plays */
};

void conference_stage_init(struct conference_stage *m, struct bridge *bridge, uint32_t talkers_max);

/** Closes what is open. */
void conference_stage_clear(struct conference_stage *m);

/**
 * Carries out the effects that concern the engine, in order, as one batch.
 *
 * @param conference its id: a leg that has moved on to another meanwhile is left alone
 * @param recording  id of the recording that EFFECT_RECORD_START begins; "" where there is none
 * @param token      comes back in ENGINE_DONE where this returns STATUS_OK; 0: nothing comes back
 * @return STATUS_OK (a batch is under way); STATUS_AGAIN (there was nothing for the engine); STATUS_FULL,
 *         STATUS_NO_MEMORY (the engine has no room: nothing was done)
 */
MUST_CHECK status conference_stage_carry(struct conference_stage *m, const struct conference_effects *effects,
                                         const char *conference, const char *recording, uint64_t token);

/** The waitUrl's music is there: given. Where the default plays, they cross-fade. */
void conference_stage_set_music(struct conference_stage *m, struct sound *sound);

#endif
