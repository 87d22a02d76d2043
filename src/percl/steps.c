#include <assert.h>
#include <string.h>

#include "percl/turn.h"

typedef void step_fn(struct turn *t, const struct percl_command *c);

static const char in_no_conference[] = "the call is in no conference; skipped";
static const char alone_only[] = "is not possible in a conference; skipped";

/** True where a legacy callId names another call. */
static bool names_another(const struct turn *t, const char *call)
{
    return call[0] && strcmp(call, t->run->call) != 0;
}

static void play(struct turn *t, const struct percl_command *c, enum percl_effect_type type)
{
    if (c->play.conference[0]) {
        struct percl_effect *e = turn_item(t, type, c);
        memcpy(e->conference, c->play.conference, sizeof e->conference);
        t->run->awaited = 0;
        return;
    }
    turn_item(t, type, c)->on = c->type == PERCL_PLAY_EARLY_MEDIA;
    t->run->phase = PHASE_PLAYING;
}

static void step_say(struct turn *t, const struct percl_command *c)
{
    if (!c->play.text[0]) return;
    if (!c->play.conference[0]) t->run->ahead_count = 0;
    play(t, c, PERCL_DO_SAY);
}

static void step_play(struct turn *t, const struct percl_command *c)
{
    play(t, c, PERCL_DO_PLAY);
}

static void step_play_early(struct turn *t, const struct percl_command *c)
{
    if (t->run->answered) {
        turn_log(t, PERCL_WARNING, c, "the call is answered already; skipped", NULL);
    } else {
        play(t, c, PERCL_DO_PLAY);
    }
}

static void step_pause(struct turn *t, const struct percl_command *c)
{
    if (c->pause.length_ms == 0) return;
    t->run->deadline_us = turn_after_ms(t, c->pause.length_ms);
    t->run->phase = PHASE_PAUSING;
}

static void step_get_digits(struct turn *t, const struct percl_command *c)
{
    if (t->run->joined) {
        turn_log(t, PERCL_WARNING, c, alone_only, NULL);
    } else {
        collect_start(t, c);
    }
}

static void step_record(struct turn *t, const struct percl_command *c)
{
    if (t->run->joined) {
        turn_log(t, PERCL_WARNING, c, alone_only, NULL);
    } else {
        utterance_start(t, c);
    }
}

static void step_send_digits(struct turn *t, const struct percl_command *c)
{
    turn_item(t, PERCL_DO_SEND_DIGITS, c);
    t->run->phase = PHASE_PLAYING;
}

static void step_out_dial(struct turn *t, const struct percl_command *c)
{
    if (c->out_dial.if_machine)
        turn_log(t, PERCL_WARNING, c, "ifMachine is accepted, but machines are not detected", NULL);
    turn_say(t, PERCL_DO_OUT_DIAL, c);
    t->run->phase = PHASE_DIALING;
}

static void step_create(struct turn *t, const struct percl_command *c)
{
    turn_say(t, PERCL_DO_CREATE_CONFERENCE, c);
    t->run->phase = PHASE_CREATING;
}

static void say_of_call(struct turn *t, enum percl_effect_type type, const struct percl_command *c, const char *call)
{
    struct percl_effect *e = turn_say(t, type, c);
    slice_copy(slice_of(call), e->call, sizeof e->call);
    e->on = c->target.on;
}

static void step_add(struct turn *t, const struct percl_command *c)
{
    if (names_another(t, c->add.call)) {
        struct percl_effect *e = turn_say(t, PERCL_DO_ADD_TO_CONFERENCE, c);
        memcpy(e->call, c->add.call, sizeof e->call);
        memcpy(e->conference, c->add.conference, sizeof e->conference);
        e->add = &c->add;
        return;
    }
    struct percl_command *own = &t->run->script->commands[c->index];
    membership_enter(t, &own->add, c);
}

static void step_remove(struct turn *t, const struct percl_command *c)
{
    if (names_another(t, c->target.call)) {
        say_of_call(t, PERCL_DO_REMOVE_FROM_CONFERENCE, c, c->target.call);
    } else if (!t->run->joined) {
        turn_log(t, PERCL_WARNING, c, in_no_conference, NULL);
    } else {
        say_of_call(t, PERCL_DO_REMOVE_FROM_CONFERENCE, c, t->run->call);
        t->run->phase = PHASE_IDLE;
    }
}

static void step_terminate(struct turn *t, const struct percl_command *c)
{
    const char *own = t->run->joined ? t->run->add.conference : "";
    const char *named = c->target.conference[0] ? c->target.conference : own;
    if (!named[0]) {
        turn_log(t, PERCL_WARNING, c, in_no_conference, NULL);
        return;
    }
    struct percl_effect *e = turn_say(t, PERCL_DO_TERMINATE_CONFERENCE, c);
    slice_copy(slice_of(named), e->conference, sizeof e->conference);
    if (strcmp(named, own) == 0) t->run->phase = PHASE_IDLE;
}

static void set(struct turn *t, const struct percl_command *c, enum percl_effect_type type)
{
    if (names_another(t, c->target.call)) {
        say_of_call(t, type, c, c->target.call);
    } else if (t->run->joined) {
        say_of_call(t, type, c, t->run->call);
    } else {
        turn_log(t, PERCL_WARNING, c, in_no_conference, NULL);
    }
}

static void step_set_talk(struct turn *t, const struct percl_command *c)
{
    set(t, c, PERCL_DO_SET_TALK);
}

static void step_set_listen(struct turn *t, const struct percl_command *c)
{
    set(t, c, PERCL_DO_SET_LISTEN);
}

static void step_set_dtmf(struct turn *t, const struct percl_command *c)
{
    set(t, c, PERCL_DO_SET_DTMF_PASS_THROUGH);
}

static void step_hangup(struct turn *t, const struct percl_command *c)
{
    if (names_another(t, c->hangup.call)) {
        turn_log(t, PERCL_WARNING, c, "only the call itself can be hung up; skipped", c->hangup.call);
    } else {
        turn_end(t, PERCL_END_APP_HANGUP, c);
    }
}

static void step_reject(struct turn *t, const struct percl_command *c)
{
    if (t->run->answered || t->run->origin != PERCL_HOOK_INBOUND_CALL || c->index != 0) {
        turn_log(t, PERCL_WARNING, c, "counts only as the first command of a call; skipped", NULL);
        return;
    }
    turn_say(t, PERCL_DO_REJECT, c)->end = PERCL_END_APP_REJECT;
    t->run->phase = PHASE_ENDED;
}

static void step_redirect(struct turn *t, const struct percl_command *c)
{
    if (t->run->redirects == PERCL_REDIRECTS_MAX) {
        turn_log(t, PERCL_ERROR, c, "a call may be redirected 256 times at most", NULL);
        turn_end(t, PERCL_END_MAX_REDIRECTS_ERROR, NULL);
        return;
    }
    t->run->redirects++;
    struct percl_extra extra = {.original = percl_webhook_name(t->run->origin)};
    turn_request(t, PERCL_HOOK_REDIRECT, c->redirect.action_url, &extra);
}

static void step_start_record_call(struct turn *t, const struct percl_command *c)
{
    if (t->run->call_recorded) {
        turn_log(t, PERCL_WARNING, c, "the call is being recorded already; skipped", NULL);
        return;
    }
    t->run->call_recorded = true;
    turn_say(t, PERCL_DO_START_RECORD_CALL, c);
}

static step_fn *const steps[PERCL_COMMAND_TYPES] = {
    [PERCL_CREATE_CONFERENCE] = step_create,
    [PERCL_ADD_TO_CONFERENCE] = step_add,
    [PERCL_REMOVE_FROM_CONFERENCE] = step_remove,
    [PERCL_TERMINATE_CONFERENCE] = step_terminate,
    [PERCL_SET_TALK] = step_set_talk,
    [PERCL_SET_LISTEN] = step_set_listen,
    [PERCL_SET_DTMF_PASS_THROUGH] = step_set_dtmf,
    [PERCL_SAY] = step_say,
    [PERCL_PLAY] = step_play,
    [PERCL_PLAY_EARLY_MEDIA] = step_play_early,
    [PERCL_PAUSE] = step_pause,
    [PERCL_GET_DIGITS] = step_get_digits,
    [PERCL_SEND_DIGITS] = step_send_digits,
    [PERCL_OUT_DIAL] = step_out_dial,
    [PERCL_HANGUP] = step_hangup,
    [PERCL_REJECT] = step_reject,
    [PERCL_REDIRECT] = step_redirect,
    [PERCL_RECORD_UTTERANCE] = step_record,
    [PERCL_START_RECORD_CALL] = step_start_record_call,
};

static bool works_unanswered(enum percl_command_type type)
{
    return type == PERCL_REJECT || type == PERCL_PLAY_EARLY_MEDIA || type == PERCL_PAUSE;
}

static void used_up(struct turn *t)
{
    if (t->run->joined) {
        t->run->phase = PHASE_IDLE;
        return;
    }
    turn_log(t, PERCL_INFO, NULL, "the script is used up", NULL);
    turn_end(t, PERCL_END_APP_NO_PERCL, NULL);
}

void steps_go_on(struct turn *t)
{
    struct percl_run *run = t->run;
    run->phase = PHASE_RUNNING;
    run->awaited = 0;
    run->deadline_us = UINT64_MAX;
    while (run->phase == PHASE_RUNNING) {
        if (!run->script || run->next == run->script->count) {
            used_up(t);
            return;
        }
        const struct percl_command *c = &run->script->commands[run->next];
        if (!run->answered && !works_unanswered(c->type)) {
            turn_say(t, PERCL_DO_ANSWER, NULL);
            run->phase = PHASE_ANSWERING;
            return;
        }
        run->next++;
        run->command = c;
        steps[c->type](t, c);
    }
}
