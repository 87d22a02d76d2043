#include <assert.h>
#include <stdlib.h>

#include "engine/engine_parts.h"
#include "media/mixer.h"
#include "media/sound.h"
#include "os/thread.h"

enum { MIXER_SLOTS_FIRST = 4, RATE_FIRST_HZ = 8000 };

status engine_conference_open(struct engine *e, void *user, struct engine_conference **out)
{
    thread_assert(THREAD_CONTROL);
    if (e->conference_count >= e->config.conferences_max) return STATUS_FULL;
    struct conference_graph *graph;
    status result = conference_graph_create(&graph, RATE_FIRST_HZ, MIXER_SLOTS_FIRST);
    if (result != STATUS_OK) return result;
    struct engine_conference *c = calloc(1, sizeof *c);
    if (!c) {
        conference_graph_destroy(graph);
        return STATUS_NO_MEMORY;
    }
    c->engine = e;
    c->user = user;
    c->worker = engine_least_loaded(e);
    c->slot = engine_take_slot(e);
    c->places = MIXER_SLOTS_FIRST;
    list_init(&c->legs);
    c->rate_hz = RATE_FIRST_HZ;
    conference_media_init(&c->media, graph, c->slot, c);
    list_push_back(&e->conferences, &c->link);
    e->workers[c->worker].conferences++;
    e->conference_count++;
    engine_command(e, c->worker, (struct core_command){.type = CORE_CONFERENCE_OPEN, .conference = &c->media});
    engine_commit(e);
    *out = c;
    return STATUS_OK;
}

uint32_t engine_conference_rate_hz(const struct engine_conference *c)
{
    return c->rate_hz;
}

static void conference_command(struct engine_conference *c, struct core_command command_for_it)
{
    thread_assert(THREAD_CONTROL);
    assert(!c->closing);
    command_for_it.conference = &c->media;
    engine_command(c->engine, c->worker, command_for_it);
    engine_commit(c->engine);
}

void engine_conference_audio(struct engine_conference *c, enum engine_audio audio)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_AUDIO, .audio = audio});
}

void engine_conference_music(struct engine_conference *c, struct sound *sound)
{
    if (sound) sound_ref(sound);
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_MUSIC, .sound = sound});
}

void engine_conference_play(struct engine_conference *c, struct sound *sound, uint64_t token)
{
    sound_ref(sound);
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_PLAY, .sound = sound, .token = token});
}

static_assert((int)ENGINE_TALKERS_MAX == (int)LOUDEST_MAX, "as many as there are seats");

void engine_conference_talkers(struct engine_conference *c, uint32_t max)
{
    assert(max <= ENGINE_TALKERS_MAX);
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_TALKERS, .number = max});
}

void engine_conference_stop(struct engine_conference *c, uint64_t token)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_STOP, .token = token});
}

void engine_conference_record(struct engine_conference *c, struct ring *frames)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_RECORD, .frames = frames});
}

void engine_conference_record_tracks(struct engine_conference *c, struct ring *frames)
{
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_RECORD, .frames = frames, .on = true});
}

void engine_conference_close(struct engine_conference *c)
{
    list_each_safe (link, &c->legs) {
        engine_leg_out(list_object(link, struct engine_leg, in_conference));
    }
    conference_command(c, (struct core_command){.type = CORE_CONFERENCE_CLOSE});
    c->closing = true;
}

void engine_conference_destroy(struct engine_conference *c)
{
    list_remove(&c->link);
    c->engine->conference_count--;
    c->engine->workers[c->worker].conferences--;
    conference_graph_destroy(c->media.graph);
    conference_graph_destroy(c->media.next);
    free(c);
}

void engine_conference_drop(struct engine_conference *c)
{
    struct conference_media *m = &c->media;
    for (struct list *link; (link = list_pop_front(&m->done));)
        engine_batch_destroy(list_object(link, struct core_batch, link));
    sound_unref(m->music.sound);
    sound_unref(m->music_before.sound);
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        sound_unref(m->plays[i].source.sound);
    }
    if (m->frames) pcm_frame_push_end(m->frames, m->tick); /* the legs are gone already */
    engine_conference_destroy(c);
}
