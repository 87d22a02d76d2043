#include "percl/percl_run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "percl/turn.h"

status percl_run_create(struct percl_run **out, const char *call, const char *voice_fallback_url)
{
    struct percl_run *run = calloc(1, sizeof *run);
    char *fallback = voice_fallback_url ? slice_dup(slice_of(voice_fallback_url)) : NULL;
    if (!run || (voice_fallback_url && !fallback)) {
        free(run);
        free(fallback);
        return STATUS_NO_MEMORY;
    }
    bool fits = slice_copy(slice_of(call), run->call, sizeof run->call);
    assert(fits);
    (void)fits;
    run->fallback_url = fallback;
    run->deadline_us = UINT64_MAX;
    *out = run;
    return STATUS_OK;
}

void percl_run_destroy(struct percl_run *run)
{
    if (!run) return;
    percl_script_destroy(run->script);
    percl_script_destroy(run->retired);
    percl_add_clear(&run->add);
    percl_add_clear(&run->left);
    free(run->fallback_url);
    free(run);
}

static void started(struct turn *t, const struct percl_event *e)
{
    assert(t->run->phase == PHASE_FRESH);
    t->run->answered = e->answered;
    turn_request(t, e->webhook, e->url, &(struct percl_extra){0});
}

static void answered(struct turn *t)
{
    t->run->answered = true;
    if (t->run->phase == PHASE_ANSWERING) steps_go_on(t);
}

static void log_fault(struct turn *t, enum percl_level level, const struct percl_fault *fault)
{
    struct percl_effect *e = turn_say(t, PERCL_DO_LOG, NULL);
    e->level = level;
    e->fault = fault;
}

static void no_script(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (e->fault) {
        log_fault(t, PERCL_ERROR, e->fault);
        turn_end(t, percl_fault_end(e->fault), NULL);
        return;
    }
    if (run->awaited_hook == PERCL_HOOK_INBOUND_CALL && run->fallback_url && !run->fallback_used) {
        run->fallback_used = true;
        turn_log(t, PERCL_WARNING, NULL, "voiceUrl failed, voiceFallbackUrl is asked", e->why);
        turn_request(t, PERCL_HOOK_INBOUND_CALL, run->fallback_url, &(struct percl_extra){0});
        return;
    }
    turn_log(t, PERCL_ERROR, NULL, "a webhook failed", e->why);
    turn_end(t, PERCL_END_WEBHOOK_FAILED, NULL);
}

static void script(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (run->phase != PHASE_REQUESTING || run->awaited != e->id) {
        percl_script_destroy(e->script);
        return;
    }
    if (!e->script) {
        no_script(t, e);
        return;
    }
    turn_drop_script(t);
    run->script = e->script;
    run->origin = run->awaited_hook;
    for (size_t i = 0; i < run->script->warning_count; i++)
        log_fault(t, PERCL_WARNING, &run->script->warnings[i]);
    steps_go_on(t);
}

/** What was being played is not to be logged: nor is why it could not, which may name it. */
static bool plays_in_private(const struct percl_run *run)
{
    const struct percl_command *c = run->command;
    if (run->phase == PHASE_COLLECTING) c = run->prompt > 0 ? &c->get_digits.prompts[run->prompt - 1] : NULL;
    return c && (c->type == PERCL_SAY || c->type == PERCL_PLAY) && c->play.privacy;
}

static void played(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (run->awaited == 0 || run->awaited != e->id) return;
    if (run->phase != PHASE_PLAYING && run->phase != PHASE_COLLECTING) return;
    const char *why = e->why && plays_in_private(run) ? "privacyMode hides why" : e->why;
    if (e->why) turn_log(t, PERCL_WARNING, run->command, "it could not be played", why);
    if (run->phase == PHASE_PLAYING) {
        steps_go_on(t);
    } else {
        collect_played(t);
    }
}

static void key(struct turn *t, char pressed)
{
    struct percl_run *run = t->run;
    if (!percl_is_key(pressed)) return;
    if (run->phase == PHASE_COLLECTING) {
        collect_key(t, pressed);
    } else if (run->phase == PHASE_RECORDING) {
        utterance_key(t, pressed);
    } else if (run->add.conference[0]) {
        membership_key(t, pressed);
    } else if (run->ahead_count < PERCL_AHEAD_MAX) {
        run->ahead[run->ahead_count++] = pressed;
    }
}

static void created(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (run->phase != PHASE_CREATING) return;
    if (!e->conference) {
        turn_log(t, PERCL_ERROR, run->command, "the conference could not be made", e->why);
        turn_end(t, PERCL_END_PERCL_PROCESSING_ERROR, NULL);
        return;
    }
    struct percl_extra extra = {.conference = e->conference, .conference_status = "empty"};
    turn_request(t, PERCL_HOOK_CREATE_CONFERENCE, run->command->create.action_url, &extra);
}

static void dialed(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (run->phase != PHASE_DIALING) return;
    if (!e->call) {
        turn_log(t, PERCL_ERROR, run->command, "the call could not be made", e->why);
        turn_end(t, PERCL_END_PERCL_PROCESSING_ERROR, NULL);
        return;
    }
    struct percl_extra extra = {.dial_call = e->call};
    turn_request(t, PERCL_HOOK_OUT_DIAL_START, run->command->out_dial.action_url, &extra);
}

static void recorder(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (run->awaited == 0 || run->awaited != e->id) return;
    if (e->type == PERCL_ON_RECORDED && (run->phase == PHASE_RECORDING || run->phase == PHASE_ENDED)) {
        utterance_recorded(t, e->recording);
    } else if (run->phase == PHASE_RECORDING && e->type == PERCL_ON_RECORDING) {
        utterance_begun(t);
    } else if (run->phase == PHASE_RECORDING) {
        utterance_stop(t, "timeout");
    }
}

static void added(struct turn *t, struct percl_add_to_conference *add)
{
    if (!t->run->answered) {
        turn_log(t, PERCL_WARNING, NULL, "another call's AddToConference came before the call was answered; skipped",
                 NULL);
        percl_add_clear(add);
        return;
    }
    turn_abandon(t);
    membership_enter(t, add, NULL);
}

static void over(struct turn *t)
{
    struct percl_run *run = t->run;
    bool recording = run->phase == PHASE_RECORDING;
    if (run->phase == PHASE_COLLECTING) collect_over(t);
    if (recording) utterance_stop(t, "hangup");
    membership_leave(t);
    percl_add_clear(&run->add); /* of a conference it was on its way into */
    run->phase = PHASE_ENDED;
    if (!recording) run->awaited = 0;
    run->deadline_us = UINT64_MAX;
}

static void dispatch(struct turn *t, const struct percl_event *e, struct percl_add_to_conference *add)
{
    bool after_the_end = e->type == PERCL_ON_RECORDED || e->type == PERCL_ON_SCRIPT;
    if (t->run->phase == PHASE_ENDED && !after_the_end) {
        percl_add_clear(add);
        return;
    }
    switch (e->type) {
    case PERCL_ON_STARTED: started(t, e); break;
    case PERCL_ON_ANSWERED: answered(t); break;
    case PERCL_ON_SCRIPT: script(t, e); break;
    case PERCL_ON_PLAYED: played(t, e); break;
    case PERCL_ON_KEY: key(t, e->key); break;
    case PERCL_ON_CREATED: created(t, e); break;
    case PERCL_ON_JOINED: membership_joined(t, e); break;
    case PERCL_ON_LEFT: membership_left(t, e); break;
    case PERCL_ON_ADD: added(t, add); break;
    case PERCL_ON_DIALED: dialed(t, e); break;
    case PERCL_ON_RECORDING:
    case PERCL_ON_SILENCE:
    case PERCL_ON_RECORDED: recorder(t, e); break;
    case PERCL_ON_OVER: over(t); break;
    }
}

/** Room for whatever one turn says: each command says three things at most. */
static status begin(struct turn *t, const struct percl_script *next)
{
    enum { BESIDES = 16 };
    struct percl_run *run = t->run;
    size_t commands = run->script ? run->script->count : 0;
    if (next) commands += next->count;
    size_t warnings = next ? next->warning_count : 0;
    status s = percl_effects_reserve(t->effects, commands * 3 + warnings + BESIDES);
    if (s != STATUS_OK) return s;
    percl_script_destroy(run->retired);
    run->retired = NULL;
    percl_add_clear(&run->left);
    return STATUS_OK;
}

status percl_run_apply(struct percl_run *run, const struct percl_event *event, uint64_t now_us,
                       struct percl_effects *effects)
{
    struct turn t = {run, now_us, effects};
    struct percl_add_to_conference add = {0};
    status s = event->type == PERCL_ON_ADD ? percl_add_copy(&add, event->add) : STATUS_OK;
    if (s == STATUS_OK) s = begin(&t, event->type == PERCL_ON_SCRIPT ? event->script : NULL);
    if (s != STATUS_OK) {
        percl_add_clear(&add);
        return s;
    }
    dispatch(&t, event, &add);
    return STATUS_OK;
}

uint64_t percl_run_deadline(const struct percl_run *run)
{
    if (run->phase == PHASE_COLLECTING && run->digits.deadline_us < run->deadline_us) return run->digits.deadline_us;
    return run->deadline_us;
}

status percl_run_expire(struct percl_run *run, uint64_t now_us, struct percl_effects *effects)
{
    if (now_us < percl_run_deadline(run)) return STATUS_OK;
    struct turn t = {run, now_us, effects};
    status s = begin(&t, NULL);
    if (s != STATUS_OK) return s;
    if (run->phase == PHASE_PAUSING) {
        steps_go_on(&t);
    } else if (run->phase == PHASE_COLLECTING) {
        collect_expire(&t);
    } else if (run->phase == PHASE_RECORDING) {
        utterance_stop(&t, "maxLength");
    }
    return STATUS_OK;
}

bool percl_run_ended(const struct percl_run *run)
{
    return run->phase == PHASE_ENDED;
}

bool percl_run_done(const struct percl_run *run)
{
    return run->phase == PHASE_ENDED && run->awaited == 0;
}

const char *percl_run_conference(const struct percl_run *run)
{
    return run->add.conference;
}
