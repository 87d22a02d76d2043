#include "conf/conference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conference_effects.h"

/* Two for each participant who is put out (LEG_OUT, CALL_LEFT), and the most that any event says
 * besides: SAVE, RECORD_STOP, AUDIO, two STATUS, CLOSED, or SAVE, AUDIO, RECORD_START, LEG_IN, BEEP, JOINED, STATUS,
 * STATUS. */
enum { EFFECTS_PER_PARTICIPANT = 2, EFFECTS_BESIDES = 8 };

/* One event being applied. */
struct change {
    struct conference *c;
    const struct conference_event *event;
    int64_t now_unix_ms;
    struct conference_effects *effects;
};

/* ---- Making and copying ---- */

/** Copies an optional string. @return false where memory is short */
static bool text_copy(char **out, const char *text)
{
    if (!text) return true;
    *out = slice_dup(slice_of(text));
    return *out != NULL;
}

static bool urls_copy(struct conference *c, const char *wait, const char *status_callback, const char *action)
{
    return text_copy(&c->wait_url, wait) && text_copy(&c->status_callback_url, status_callback) &&
           text_copy(&c->action_url, action);
}

static void id_copy(id_text out, const char *id)
{
    bool fits = slice_copy(slice_of(id), out, ID_SIZE);
    assert(fits);
    (void)fits;
}

status conference_create(struct conference **out, const char *id, const char *account,
                         const struct conference_options *options, int64_t now_unix_ms)
{
    if (!conference_alias_valid(options->alias)) return STATUS_INVALID;
    struct conference *c = calloc(1, sizeof *c);
    if (!c) return STATUS_NO_MEMORY;
    list_init(&c->participants);
    if (!urls_copy(c, options->wait_url, options->status_callback_url, options->action_url)) {
        conference_destroy(c);
        return STATUS_NO_MEMORY;
    }
    id_copy(c->id, id);
    id_copy(c->account, account);
    slice_copy(options->alias, c->alias, sizeof c->alias);
    c->play_beep = options->play_beep;
    c->record = options->record;
    c->record_tracks = options->record_tracks;
    c->auto_end_s = options->auto_end_s;
    c->participants_max = options->participants_max;
    c->talkers_max = options->talkers_max;
    c->created_unix_ms = c->updated_unix_ms = now_unix_ms;
    *out = c;
    return STATUS_OK;
}

static void participants_free(struct conference *c)
{
    struct list *link;
    while ((link = list_pop_front(&c->participants)))
        free(list_object(link, struct participant, link));
    c->participant_count = 0;
}

void conference_destroy(struct conference *c)
{
    if (!c) return;
    participants_free(c);
    free(c->wait_url);
    free(c->status_callback_url);
    free(c->action_url);
    free(c);
}

static bool participants_copy(struct conference *copy, const struct conference *c)
{
    list_each (link, &c->participants) {
        struct participant *p = malloc(sizeof *p);
        if (!p) return false;
        *p = *list_object(link, struct participant, link);
        list_push_back(&copy->participants, &p->link);
    }
    return true;
}

status conference_clone(struct conference **out, const struct conference *c)
{
    struct conference *copy = malloc(sizeof *copy);
    if (!copy) return STATUS_NO_MEMORY;
    *copy = *c;
    copy->wait_url = copy->status_callback_url = copy->action_url = NULL;
    list_init(&copy->participants);
    if (!urls_copy(copy, c->wait_url, c->status_callback_url, c->action_url) || !participants_copy(copy, c)) {
        conference_destroy(copy);
        return STATUS_NO_MEMORY;
    }
    *out = copy;
    return STATUS_OK;
}

/* ---- What is ---- */

static enum conference_audio audio_of(enum conference_status s)
{
    if (s == CONFERENCE_POPULATED) return CONFERENCE_AUDIO_WAIT;
    if (s == CONFERENCE_IN_PROGRESS) return CONFERENCE_AUDIO_MIX;
    return CONFERENCE_AUDIO_NONE;
}

enum conference_audio conference_audio(const struct conference *c)
{
    return audio_of(c->status);
}

struct participant *conference_participant(const struct conference *c, const char *call)
{
    list_each (link, &c->participants) {
        struct participant *p = list_object(link, struct participant, link);
        if (strcmp(p->call, call) == 0) return p;
    }
    return NULL;
}

static bool beeps_on_entry(const struct conference *c)
{
    return c->play_beep == PLAY_BEEP_ALWAYS || c->play_beep == PLAY_BEEP_ENTRY_ONLY;
}

static bool beeps_on_exit(const struct conference *c)
{
    return c->play_beep == PLAY_BEEP_ALWAYS || c->play_beep == PLAY_BEEP_EXIT_ONLY;
}

/* ---- What is said ---- */

static struct conference_effect *say(struct change *x, enum conference_effect_type type)
{
    return conference_effects_add(x->effects, type);
}

static struct conference_effect *say_call(struct change *x, enum conference_effect_type type, const char *call)
{
    struct conference_effect *effect = say(x, type);
    id_copy(effect->call, call);
    return effect;
}

static void say_leg(struct change *x, enum conference_effect_type type, const struct participant *p)
{
    struct conference_effect *effect = say_call(x, type, p->call);
    effect->talk = p->talk;
    effect->listen = p->listen;
    effect->on = p->dtmf_pass_through;
    effect->voice = p->voice;
}

static void say_beep(struct change *x, enum conference_beep beep)
{
    say(x, EFFECT_BEEP)->beep = beep;
}

/** The audio and the recording of the status that is coming; the status itself changes with transition(). */
static void say_audio_of(struct change *x, enum conference_status coming)
{
    enum conference_audio was = audio_of(x->c->status), is = audio_of(coming);
    if (was == is) return;
    if (x->c->record && was == CONFERENCE_AUDIO_MIX) say(x, EFFECT_RECORD_STOP);
    say(x, EFFECT_AUDIO)->audio = is;
    if (x->c->record && is == CONFERENCE_AUDIO_MIX) say(x, EFFECT_RECORD_START);
}

static void touch(struct change *x)
{
    x->c->revision++;
    x->c->updated_unix_ms = x->now_unix_ms;
}

static void transition(struct change *x, enum conference_status to)
{
    x->c->status = to;
    touch(x);
    struct conference_effect *effect = say(x, EFFECT_STATUS);
    effect->status = to;
    effect->event = ++x->c->events;
}

/* ---- The events ---- */

static status apply_open(struct change *x)
{
    say(x, EFFECT_SAVE);
    transition(x, CONFERENCE_EMPTY);
    return STATUS_OK;
}

static struct participant *participant_create(const struct conference_event *event, int64_t now_unix_ms)
{
    struct participant *p = malloc(sizeof *p);
    if (!p) return NULL;
    *p = (struct participant){
        .talk = event->talk,
        .listen = event->listen,
        .dtmf_pass_through = event->dtmf,
        .start_conf_on_enter = event->start,
        .voice = event->voice,
        .revision = 1,
        .created_unix_ms = now_unix_ms,
        .updated_unix_ms = now_unix_ms,
    };
    id_copy(p->call, event->call);
    return p;
}

static bool gain_valid(int gain_db)
{
    return gain_db >= PARTICIPANT_GAIN_MIN_DB && gain_db <= PARTICIPANT_GAIN_MAX_DB;
}

static status apply_join(struct change *x)
{
    struct conference *c = x->c;
    if (!gain_valid(x->event->voice.gain_db)) return STATUS_INVALID;
    if (conference_participant(c, x->event->call)) return STATUS_EXISTS;
    if (c->participants_max > 0 && c->participant_count >= c->participants_max) return STATUS_FULL;
    struct participant *p = participant_create(x->event, x->now_unix_ms);
    if (!p) return STATUS_NO_MEMORY;
    list_push_back(&c->participants, &p->link);
    c->participant_count++;

    bool populates = c->status == CONFERENCE_EMPTY;
    bool starts = p->start_conf_on_enter && c->status != CONFERENCE_IN_PROGRESS;
    if (populates || starts) {
        say(x, EFFECT_SAVE);
        say_audio_of(x, starts ? CONFERENCE_IN_PROGRESS : CONFERENCE_POPULATED);
    }
    say_leg(x, EFFECT_LEG_IN, p);
    if (beeps_on_entry(c)) say_beep(x, CONFERENCE_BEEP_ENTER);
    say_call(x, EFFECT_JOINED, p->call);
    if (populates) transition(x, CONFERENCE_POPULATED);
    if (starts) transition(x, CONFERENCE_IN_PROGRESS);
    return STATUS_OK;
}

static status apply_leave(struct change *x, bool put_out)
{
    struct conference *c = x->c;
    struct participant *p = conference_participant(c, x->event->call);
    if (!p) return STATUS_NOT_FOUND;
    bool last = c->participant_count == 1;
    if (last) say(x, EFFECT_SAVE);
    say_call(x, EFFECT_LEG_OUT, p->call);
    if (last)
        say_audio_of(x, CONFERENCE_EMPTY);
    else if (beeps_on_exit(c))
        say_beep(x, CONFERENCE_BEEP_EXIT);
    struct conference_effect *left = say_call(x, EFFECT_CALL_LEFT, p->call);
    left->put_out = put_out;
    left->reason = CALL_ENDED_REMOVED_FROM_CONFERENCE;
    if (last) transition(x, CONFERENCE_EMPTY);
    list_remove(&p->link);
    c->participant_count--;
    free(p);
    return STATUS_OK;
}

/** Gives a participant new privileges and says what changed; nothing where they are what it has. */
static void participant_set(struct change *x, struct participant *p, const struct participant *new)
{
    bool roles = new->talk != p->talk || new->listen != p->listen;
    bool digits = new->dtmf_pass_through != p->dtmf_pass_through;
    bool voice = new->voice.gain_db != p->voice.gain_db || new->voice.automatic_gain != p->voice.automatic_gain ||
                 new->voice.noise_suppression != p->voice.noise_suppression;
    if (!roles && !digits && !voice) return;
    p->talk = new->talk;
    p->listen = new->listen;
    p->dtmf_pass_through = new->dtmf_pass_through;
    p->voice = new->voice;
    p->revision++;
    p->updated_unix_ms = x->now_unix_ms;
    if (roles) say_leg(x, EFFECT_LEG_ROLES, p);
    if (digits) say_leg(x, EFFECT_LEG_DTMF, p);
    if (voice) say_leg(x, EFFECT_LEG_VOICE, p);
}

static void take_update(struct participant *p, const struct conference_event *e)
{
    if (e->set_talk) p->talk = e->talk;
    if (e->set_listen) p->listen = e->listen;
    if (e->set_dtmf) p->dtmf_pass_through = e->dtmf;
    if (e->set_gain) p->voice.gain_db = e->voice.gain_db;
    if (e->set_noise_suppression) p->voice.noise_suppression = e->voice.noise_suppression;
    if (e->set_automatic_gain) p->voice.automatic_gain = e->voice.automatic_gain;
}

static status apply_privileges(struct change *x)
{
    const struct conference_event *e = x->event;
    struct participant *p = conference_participant(x->c, e->call);
    if (!p) return STATUS_NOT_FOUND;
    struct participant new = *p;
    switch (e->type) {
    case CONFERENCE_SET_TALK: new.talk = e->on; break;
    case CONFERENCE_SET_LISTEN: new.listen = e->on; break;
    case CONFERENCE_SET_DTMF: new.dtmf_pass_through = e->on; break;
    default: take_update(&new, e);
    }
    if (!gain_valid(new.voice.gain_db)) return STATUS_INVALID;
    participant_set(x, p, &new);
    return STATUS_OK;
}

static status apply_attributes(struct change *x)
{
    const struct conference_event *e = x->event;
    if (e->set_alias && !conference_alias_valid(e->alias)) return STATUS_INVALID;
    bool renamed = e->set_alias && !slice_is(e->alias, x->c->alias);
    bool beeps_otherwise = e->set_play_beep && e->play_beep != x->c->play_beep;
    if (!renamed && !beeps_otherwise) return STATUS_OK;
    if (renamed) slice_copy(e->alias, x->c->alias, sizeof x->c->alias);
    if (beeps_otherwise) x->c->play_beep = e->play_beep;
    touch(x);
    say(x, EFFECT_SAVE);
    return STATUS_OK;
}

/** Everybody out: the legs, the audio, then the calls. The status is left to the caller. */
static void put_all_out(struct change *x, enum call_ended_reason reason)
{
    struct conference *c = x->c;
    list_each (link, &c->participants)
        say_call(x, EFFECT_LEG_OUT, list_object(link, struct participant, link)->call);
    say_audio_of(x, CONFERENCE_EMPTY);
    list_each (link, &c->participants) {
        struct conference_effect *left =
            say_call(x, EFFECT_CALL_LEFT, list_object(link, struct participant, link)->call);
        left->put_out = true;
        left->reason = reason;
    }
    participants_free(c);
}

static status apply_make_empty(struct change *x)
{
    if (x->c->status == CONFERENCE_EMPTY) return STATUS_OK;
    say(x, EFFECT_SAVE);
    put_all_out(x, CALL_ENDED_CONFERENCE_EMPTIED);
    transition(x, CONFERENCE_EMPTY);
    return STATUS_OK;
}

static status apply_terminate(struct change *x)
{
    bool was_empty = x->c->status == CONFERENCE_EMPTY;
    say(x, EFFECT_SAVE);
    put_all_out(x, CALL_ENDED_CONFERENCE_TERMINATED);
    if (!was_empty) transition(x, CONFERENCE_EMPTY);
    transition(x, CONFERENCE_TERMINATED);
    say(x, EFFECT_CLOSED);
    return STATUS_OK;
}

static status apply_fail(struct change *x)
{
    say(x, EFFECT_SAVE);
    put_all_out(x, CALL_ENDED_INTERNAL_ERROR);
    transition(x, CONFERENCE_INTERNAL_ERROR);
    say(x, EFFECT_CLOSED);
    return STATUS_OK;
}

static status apply_recorded(struct change *x)
{
    say(x, EFFECT_SAVE);
    struct conference_effect *effect = say(x, EFFECT_RECORDED);
    id_copy(effect->recording, x->event->recording);
    effect->event = ++x->c->events;
    return STATUS_OK;
}

/** Whether the state takes this kind of event at all. */
static status admits(enum conference_status s, enum conference_event_type type)
{
    switch (s) {
    case CONFERENCE_CREATING: return type == CONFERENCE_OPEN || type == CONFERENCE_FAIL ? STATUS_OK : STATUS_CONFLICT;
    case CONFERENCE_TERMINATED:
    case CONFERENCE_INTERNAL_ERROR: return type == CONFERENCE_RECORDED ? STATUS_OK : STATUS_NOT_FOUND;
    case CONFERENCE_EMPTY:
    case CONFERENCE_POPULATED:
    case CONFERENCE_IN_PROGRESS: break;
    }
    return type == CONFERENCE_OPEN ? STATUS_CONFLICT : STATUS_OK;
}

status conference_apply(struct conference *c, const struct conference_event *event, int64_t now_unix_ms,
                        struct conference_effects *effects)
{
    struct change x = {c, event, now_unix_ms, effects};
    status s = admits(c->status, event->type);
    if (s != STATUS_OK) return s;
    s = conference_effects_reserve(effects, EFFECTS_PER_PARTICIPANT * (size_t)c->participant_count + EFFECTS_BESIDES);
    if (s != STATUS_OK) return s;
    switch (event->type) {
    case CONFERENCE_OPEN: return apply_open(&x);
    case CONFERENCE_JOIN: return apply_join(&x);
    case CONFERENCE_LEAVE: return apply_leave(&x, false);
    case CONFERENCE_REMOVE: return apply_leave(&x, true);
    case CONFERENCE_SET_TALK:
    case CONFERENCE_SET_LISTEN:
    case CONFERENCE_SET_DTMF:
    case CONFERENCE_UPDATE: return apply_privileges(&x);
    case CONFERENCE_SET_ATTRIBUTES: return apply_attributes(&x);
    case CONFERENCE_MAKE_EMPTY: return apply_make_empty(&x);
    case CONFERENCE_TERMINATE: return apply_terminate(&x);
    case CONFERENCE_FAIL: return apply_fail(&x);
    case CONFERENCE_RECORDED: return apply_recorded(&x);
    case CONFERENCE_EVENTS: break;
    }
    assert(false && "a conference event of no known type");
    return STATUS_INVALID;
}
