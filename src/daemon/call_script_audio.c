#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/announcements.h"
#include "daemon/call_control.h"
#include "daemon/call_digits.h"
#include "daemon/call_script_parts.h"
#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "daemon/music.h"
#include "daemon/playback.h"
#include "daemon/recordings.h"
#include "os/log.h"

/* A Say or Play that this call hears, under way. */
struct sound_item {
    struct list link;
    struct call_script *script;
    struct playback *playback;
    uint32_t id;
};

static void item_destroy(struct sound_item *item)
{
    list_remove(&item->link);
    free(item);
}

void script_sounds_drop(struct call_script *s)
{
    list_each_safe (link, &s->sounds) {
        struct sound_item *item = list_object(link, struct sound_item, link);
        if (!s->all->bridge->stopping) playback_stop(item->playback);
        item_destroy(item);
    }
}

static void played(struct call_script *s, uint32_t id, const char *why)
{
    struct percl_event event = {.type = PERCL_ON_PLAYED, .id = id, .why = why};
    script_event(s, &event);
}

static void on_played(void *arg, const char *why)
{
    struct sound_item *item = arg;
    struct call_script *s = item->script;
    uint32_t id = item->id;
    item_destroy(item);
    played(s, id, why);
}

static void announce(struct call_script *s, const struct percl_effect *e, const struct playback_item *what)
{
    id_text id;
    const struct conference *c = conferences_find(s->all->bridge->conferences, what->conference);
    status result = c && strcmp(c->account, s->account) == 0
                        ? announcements_start(s->all->bridge->announcements, what, id)
                        : STATUS_NOT_FOUND;
    if (result == STATUS_CONFLICT)
        script_warn(s, e, "nothing is played to a conference that is empty; skipped");
    else if (result != STATUS_OK)
        script_warn(s, e, "there is no such conference to play to, or it is terminated; skipped");
}

void script_play(struct call_script *s, const struct percl_effect *e)
{
    const struct percl_play *play = &e->command->play;
    bool early = e->type == PERCL_DO_PLAY && e->on; /* has no loop: once */
    struct playback_item what = {
        .text = e->type == PERCL_DO_SAY ? play->text : NULL,
        .file = play->file,
        .language = play->language,
        .engine = play->engine,
        .loop = early ? 1 : play->loop,
        .privacy = play->privacy,
        .call = s->call,
        .conference = e->conference,
    };
    if (e->conference[0]) {
        announce(s, e, &what);
        return;
    }
    struct sound_item *item = calloc(1, sizeof *item);
    if (!item) {
        played(s, e->id, "out of memory");
        return;
    }
    item->script = s;
    item->id = e->id;
    list_push_back(&s->sounds, &item->link);
    if (early) call_control_early(s->all->bridge->calls, s->call);
    if (playback_start(s->all->bridge->playbacks, &what, on_played, item, &item->playback) == STATUS_OK) return;
    item_destroy(item);
    played(s, e->id, "out of memory");
}

void script_stop_play(struct call_script *s, uint32_t id)
{
    struct engine_leg *leg = calls_leg(s->all->bridge->calls, s->call);
    if (id == s->digits_item) {
        if (leg) engine_leg_stop(leg);
        s->digits_item = 0;
    }
    list_each_safe (link, &s->sounds) {
        struct sound_item *item = list_object(link, struct sound_item, link);
        if (item->id != id) continue;
        playback_stop(item->playback);
        item_destroy(item);
    }
}

void script_send_digits(struct call_script *s, const struct percl_effect *e)
{
    const struct percl_send_digits *send = &e->command->send_digits;
    s->digits_item = e->id;
    if (!call_digits_send(s->all->bridge->calls, s->call, send->digits, send->pause_ms, e->id))
        call_script_digits_sent(s, e->id);
}

void call_script_digits_sent(struct call_script *s, uint64_t token)
{
    if (s->digits_item == 0 || token != s->digits_item) return;
    s->digits_item = 0;
    played(s, (uint32_t)token, NULL);
}

/* ---- recordings ---- */

static struct percl_recording facts_of(struct call_script *s, const struct store_recording *row, char **url)
{
    struct percl_recording facts = {.id = row->id, .size_bytes = row->bytes};
    *url = recordings_url(s->all->bridge->recordings, row);
    facts.url = *url;
    facts.duration_s = (uint32_t)((row->duration_ms + 999) / 1000);
    return facts;
}

static void on_utterance(void *arg, const struct store_recording *row)
{
    struct call_script *s = arg;
    char *url;
    struct percl_recording facts = facts_of(s, row, &url);
    bool kept = strcmp(row->state, "complete") == 0 && row->duration_ms > 0;
    struct percl_event event = {.type = PERCL_ON_RECORDED, .id = s->utterance_item, .recording = kept ? &facts : NULL};
    s->utterance[0] = '\0';
    script_event(s, &event);
    free(url);
}

void script_record_start(struct call_script *s, const struct percl_effect *e)
{
    const struct percl_record_utterance *what = &e->command->record;
    struct engine_leg *leg = calls_leg(s->all->bridge->calls, s->call);
    struct percl_event begun = {.type = PERCL_ON_RECORDING, .id = e->id};
    struct percl_event nothing = {.type = PERCL_ON_RECORDED, .id = e->id};
    /* One that another call's AddToConference broke off may still be on its way: nobody waits for it any more. */
    if (s->utterance[0]) recordings_forget(s->all->bridge->recordings, s->utterance);
    s->utterance[0] = '\0';
    struct ring *ring =
        leg ? recordings_begin_call(s->all->bridge->recordings, s->account, s->call, s->utterance, on_utterance, s)
            : NULL;
    s->utterance_item = e->id;
    if (!ring) {
        script_event(s, &nothing);
        return;
    }
    if (what->play_beep) engine_leg_play(leg, music_beep(s->all->bridge->music, CONFERENCE_BEEP_ENTER), 1, 0);
    engine_leg_record(leg, ring, ENGINE_LEG_SAYS);
    engine_leg_watch_silence(leg, what->silence_timeout_ms, e->id);
    script_event(s, &begun);
}

void script_record_stop(struct call_script *s, uint32_t id)
{
    struct engine_leg *leg = calls_leg(s->all->bridge->calls, s->call);
    (void)id;
    if (!leg) return; /* closed with its call: the recording has its end */
    engine_leg_watch_silence(leg, 0, 0);
    engine_leg_record(leg, NULL, ENGINE_LEG_SAYS);
}

void call_script_silent(struct call_script *s, uint64_t token)
{
    struct percl_event event = {.type = PERCL_ON_SILENCE, .id = (uint32_t)token};
    if (token == s->utterance_item && token != 0) script_event(s, &event);
}

/* It may come to a limit of its own long before the call's end. */
static void on_call_recorded(void *arg, const struct store_recording *row)
{
    struct call_script *s = arg;
    char *url;
    struct percl_recording facts = facts_of(s, row, &url);
    s->call_recording[0] = '\0';
    if (strcmp(row->state, "complete") == 0 && row->duration_ms > 0) {
        strcpy(s->recorded.id, row->id);
        s->recorded.url = url;
        s->recorded.bytes = facts.size_bytes;
        s->recorded.duration_s = facts.duration_s;
    } else {
        free(url);
    }
    if (!s->over) return;
    call_script_ending(s);
    script_post_status(s);
    script_store_end(s);
    loop_defer(s->all->bridge->loop, script_carry_on, s);
}

void script_record_call(struct call_script *s)
{
    struct engine_leg *leg = calls_leg(s->all->bridge->calls, s->call);
    if (!leg || s->call_recording[0] || s->recorded.id[0]) return;
    struct ring *ring =
        recordings_begin_call(s->all->bridge->recordings, s->account, s->call, s->call_recording, on_call_recorded, s);
    if (ring) engine_leg_record(leg, ring, ENGINE_LEG_BOTH);
}
