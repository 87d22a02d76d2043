#include "daemon/playback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/audio_cache.h"
#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "daemon/say.h"
#include "media/sound.h"

struct playback {
    struct list link;
    struct playbacks *playbacks;
    id_text call, conference;
    uint32_t loop;       /* times that are left; 0: for ever */
    uint64_t token;      /* of the engine; 0: not playing */
    struct sound *sound; /* one reference, for the next time round */
    struct say_request *say;
    struct audio_request *audio;
    playback_done_fn *done;
    void *arg;
};

struct playbacks {
    struct bridge *bridge;
    struct list playing;
    uint64_t tokens;
};

status playbacks_create(struct playbacks **out, struct bridge *bridge)
{
    struct playbacks *ps = calloc(1, sizeof *ps);
    if (!ps) return STATUS_NO_MEMORY;
    ps->bridge = bridge;
    list_init(&ps->playing);
    *out = ps;
    return STATUS_OK;
}

static void release(struct playback *p)
{
    list_remove(&p->link);
    if (p->say) say_cancel(p->say);
    if (p->audio) audio_cache_cancel(p->audio);
    sound_unref(p->sound);
    free(p);
}

void playbacks_destroy(struct playbacks *ps)
{
    if (!ps) return;
    list_each_safe (link, &ps->playing) {
        struct playback *p = list_object(link, struct playback, link);
        p->say = NULL; /* what they asked has gone before */
        p->audio = NULL;
        release(p);
    }
    free(ps);
}

static void finish(struct playback *p, const char *why)
{
    playback_done_fn *done = p->done;
    void *arg = p->arg;
    release(p);
    done(arg, why);
}

static void play(struct playback *p)
{
    struct bridge *bridge = p->playbacks->bridge;
    struct engine_conference *conference =
        p->conference[0] ? conferences_engine(bridge->conferences, p->conference) : NULL;
    struct engine_leg *leg = p->call[0] ? calls_leg(bridge->calls, p->call) : NULL;
    if (!conference && !leg) {
        finish(p, "nobody is there to hear it");
        return;
    }
    p->token = ++p->playbacks->tokens;
    if (conference)
        engine_conference_play(conference, p->sound, p->token);
    else
        engine_leg_play(leg, p->sound, p->loop, p->token);
}

static void on_sound(struct playback *p, struct sound *sound, const char *why)
{
    p->say = NULL;
    p->audio = NULL;
    p->sound = sound;
    if (sound)
        play(p);
    else
        finish(p, why);
}

static void on_spoken(void *arg, struct sound *sound, const char *why)
{
    on_sound(arg, sound, why);
}

static void on_fetched(void *arg, struct sound *sound, const char *why)
{
    on_sound(arg, sound, why);
}

static status prepare(struct playback *p, const struct playback_item *item)
{
    struct bridge *bridge = p->playbacks->bridge;
    struct say_text text = {
        .text = item->text, .language = item->language, .engine = item->engine, .rate_hz = SOUND_RATE_HZ};
    if (item->text) return say_speak(bridge->say, &text, on_spoken, p, &p->say);
    return audio_cache_fetch(bridge->audio_cache, item->file, SOUND_RATE_HZ, on_fetched, p, &p->audio);
}

status playback_start(struct playbacks *ps, const struct playback_item *item, playback_done_fn *done, void *arg,
                      struct playback **out)
{
    struct playback *p = calloc(1, sizeof *p);
    if (!p) return STATUS_NO_MEMORY;
    *p = (struct playback){.playbacks = ps, .loop = item->loop, .done = done, .arg = arg};
    snprintf(p->call, sizeof p->call, "%s", item->conference && item->conference[0] ? "" : item->call);
    snprintf(p->conference, sizeof p->conference, "%s", item->conference ? item->conference : "");
    list_push_back(&ps->playing, &p->link);
    status s = prepare(p, item);
    if (s != STATUS_OK) {
        p->say = NULL;
        p->audio = NULL;
        release(p);
        return s;
    }
    *out = p;
    return STATUS_OK;
}

void playback_stop(struct playback *p)
{
    struct bridge *bridge = p->playbacks->bridge;
    struct engine_conference *conference =
        p->conference[0] ? conferences_engine(bridge->conferences, p->conference) : NULL;
    struct engine_leg *leg = p->call[0] ? calls_leg(bridge->calls, p->call) : NULL;
    if (p->token && conference) engine_conference_stop(conference, p->token);
    if (p->token && leg) engine_leg_stop(leg);
    release(p);
}

/* A conference plays a sound once at a time: further times are started here, unless it was cut. */
void playbacks_report(struct playbacks *ps, const struct engine_report *report)
{
    list_each_safe (link, &ps->playing) {
        struct playback *p = list_object(link, struct playback, link);
        if (p->token == 0 || p->token != report->token) continue;
        p->token = 0;
        bool again = report->completed && p->conference[0] && (p->loop == 0 || --p->loop > 0);
        if (again)
            play(p);
        else
            finish(p, NULL);
        return;
    }
}
