#include "daemon/conference_stage.h"

#include <stdio.h>

#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "daemon/music.h"
#include "daemon/recordings.h"
#include "media/sound.h"

void conference_stage_init(struct conference_stage *m, struct bridge *bridge, uint32_t talkers_max)
{
    *m = (struct conference_stage){.bridge = bridge, .talkers_max = talkers_max};
}

void conference_stage_clear(struct conference_stage *m)
{
    if (m->engine) engine_conference_close(m->engine);
    sound_unref(m->music);
    *m = (struct conference_stage){.bridge = m->bridge, .talkers_max = m->talkers_max};
}

static bool for_engine(enum conference_effect_type type)
{
    switch (type) {
    case EFFECT_AUDIO:
    case EFFECT_LEG_IN:
    case EFFECT_LEG_ROLES:
    case EFFECT_LEG_DTMF:
    case EFFECT_LEG_VOICE:
    case EFFECT_LEG_OUT:
    case EFFECT_BEEP:
    case EFFECT_RECORD_START:
    case EFFECT_RECORD_STOP: return true;
    default: return false;
    }
}

static bool any_for_engine(const struct conference_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        if (for_engine(effects->items[i].type)) return true;
    }
    return false;
}

static enum engine_audio engine_audio(enum conference_audio audio)
{
    switch (audio) {
    case CONFERENCE_AUDIO_NONE: return ENGINE_AUDIO_NONE;
    case CONFERENCE_AUDIO_WAIT: return ENGINE_AUDIO_WAIT;
    case CONFERENCE_AUDIO_MIX: return ENGINE_AUDIO_MIX;
    }
    return ENGINE_AUDIO_NONE;
}

/* A call that comes in later gets its track as it comes. */
static void give_track(struct conference_stage *m, struct engine_leg *leg, const char *call)
{
    if (!m->recording[0]) return;
    uint16_t track = recordings_track(m->bridge->recordings, m->recording, call);
    if (track != 0) engine_leg_track(leg, track);
}

static void give_tracks(struct conference_stage *m, const struct conference *c)
{
    list_each (link, &c->participants) {
        const char *call = list_object(link, struct participant, link)->call;
        struct engine_leg *leg = calls_leg(m->bridge->calls, call);
        if (leg && engine_leg_is_in(leg, m->engine)) give_track(m, leg, call);
    }
}

static void start_recording(struct conference_stage *m, const char *conference, const char *recording)
{
    const struct conference *c = conferences_find(m->bridge->conferences, conference);
    struct ring *ring = recordings_begin(m->bridge->recordings, recording);
    if (!ring) return;
    if (!c || !recordings_has_tracks(m->bridge->recordings, recording)) {
        engine_conference_record(m->engine, ring);
        return;
    }
    engine_conference_record_tracks(m->engine, ring);
    snprintf(m->recording, sizeof m->recording, "%s", recording);
    give_tracks(m, c);
}

static void stop_recording(struct conference_stage *m)
{
    engine_conference_record(m->engine, NULL);
    m->recording[0] = '\0';
}

/* A call may have moved on to another conference while the change waited for its turn: its leg is that one's then. */
static void carry_leg(struct conference_stage *m, const struct conference_effect *e, const char *conference)
{
    struct engine_leg *leg = calls_leg(m->bridge->calls, e->call);
    if (!leg) return;
    struct engine_leg_voice voice = {.gain_db = e->voice.gain_db,
                                     .noise_suppression = e->voice.noise_suppression,
                                     .automatic_gain = e->voice.automatic_gain};
    if (e->type == EFFECT_LEG_IN) {
        if (!calls_belongs(m->bridge->calls, e->call, conference)) return;
        engine_leg_join(leg, m->engine, e->talk, e->listen);
        engine_leg_dtmf(leg, e->on);
        engine_leg_voice(leg, &voice);
        give_track(m, leg, e->call);
        return;
    }
    if (!engine_leg_is_in(leg, m->engine)) return;
    if (e->type == EFFECT_LEG_DTMF) engine_leg_dtmf(leg, e->on);
    if (e->type == EFFECT_LEG_VOICE) engine_leg_voice(leg, &voice);
    if (e->type == EFFECT_LEG_ROLES) engine_leg_roles(leg, e->talk, e->listen);
    if (e->type == EFFECT_LEG_OUT) engine_leg_leave(leg);
}

static void carry_one(struct conference_stage *m, const struct conference_effect *e, const char *conference,
                      const char *recording)
{
    switch (e->type) {
    case EFFECT_AUDIO: engine_conference_audio(m->engine, engine_audio(e->audio)); break;
    case EFFECT_LEG_IN:
    case EFFECT_LEG_DTMF:
    case EFFECT_LEG_VOICE:
    case EFFECT_LEG_ROLES:
    case EFFECT_LEG_OUT: carry_leg(m, e, conference); break;
    case EFFECT_BEEP: engine_conference_play(m->engine, music_beep(m->bridge->music, e->beep), 0); break;
    case EFFECT_RECORD_START: start_recording(m, conference, recording); break;
    case EFFECT_RECORD_STOP: stop_recording(m); break;
    default: break;
    }
}

status conference_stage_carry(struct conference_stage *m, const struct conference_effects *effects,
                              const char *conference, const char *recording, uint64_t token)
{
    if (!any_for_engine(effects)) return STATUS_AGAIN;
    bool silent = false;
    if (!m->engine) {
        status s = engine_conference_open(m->bridge->engine, NULL, &m->engine);
        if (s != STATUS_OK) return s;
        engine_conference_music(m->engine, m->music ? m->music : music_default(m->bridge->music));
        if (m->talkers_max > 0) engine_conference_talkers(m->engine, m->talkers_max);
    }
    engine_batch_begin(m->bridge->engine);
    for (size_t i = 0; i < effects->count; i++) {
        const struct conference_effect *e = &effects->items[i];
        carry_one(m, e, conference, recording);
        if (e->type == EFFECT_AUDIO) silent = e->audio == CONFERENCE_AUDIO_NONE;
    }
    engine_batch_end(m->bridge->engine, token);
    if (silent) {
        engine_conference_close(m->engine);
        m->engine = NULL;
    }
    return STATUS_OK;
}

void conference_stage_set_music(struct conference_stage *m, struct sound *sound)
{
    sound_unref(m->music);
    m->music = sound;
    if (m->engine) engine_conference_music(m->engine, sound ? sound : music_default(m->bridge->music));
}
