#include <string.h>

#include "percl/turn.h"

/** The membership is over; its strings live on for the effects of this turn. */
static const struct percl_add_to_conference *forget(struct turn *t)
{
    struct percl_run *run = t->run;
    percl_add_clear(&run->left);
    run->left = run->add;
    memset(&run->add, 0, sizeof run->add);
    run->joined = false;
    percl_control_reset(&run->control);
    return &run->left;
}

static void notify_left(struct turn *t, const struct percl_add_to_conference *left)
{
    struct percl_extra extra = {.conference = left->conference};
    turn_notify(t, PERCL_HOOK_LEAVE_CONFERENCE, left->leave_conference_url, &extra);
}

void membership_leave(struct turn *t)
{
    if (t->run->joined) notify_left(t, forget(t));
}

static void say_roles(struct turn *t, const struct percl_command *c)
{
    const struct percl_add_to_conference *add = &t->run->add;
    const struct {
        enum percl_effect_type type;
        bool on;
    } roles[] = {{PERCL_DO_SET_TALK, add->talk},
                 {PERCL_DO_SET_LISTEN, add->listen},
                 {PERCL_DO_SET_DTMF_PASS_THROUGH, add->dtmf_pass_through}};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct percl_effect *e = turn_say(t, roles[i].type, c);
        memcpy(e->call, t->run->call, sizeof e->call);
        e->on = roles[i].on;
    }
}

/** AddToConference into the conference the call is in: its privileges and URLs change, and it does not leave. */
static void renew(struct turn *t, struct percl_add_to_conference *add, const struct percl_command *c)
{
    struct percl_run *run = t->run;
    run->left = run->add;
    run->add = *add;
    memset(add, 0, sizeof *add);
    percl_control_reset(&run->control);
    say_roles(t, c);
    run->phase = PHASE_IDLE;
}

void membership_enter(struct turn *t, struct percl_add_to_conference *add, const struct percl_command *c)
{
    struct percl_run *run = t->run;
    if (run->joined && strcmp(run->add.conference, add->conference) == 0) {
        renew(t, add, c);
        return;
    }
    if (run->add.conference[0]) {
        struct percl_effect *e = turn_say(t, PERCL_DO_LEAVE_CONFERENCE, c);
        memcpy(e->conference, run->add.conference, sizeof e->conference);
    }
    membership_leave(t);
    percl_add_clear(&run->add); /* one it was on its way into */
    run->add = *add;
    memset(add, 0, sizeof *add);
    run->ahead_count = 0;
    struct percl_effect *e = turn_say(t, PERCL_DO_ADD_TO_CONFERENCE, c);
    memcpy(e->call, run->call, sizeof e->call);
    memcpy(e->conference, run->add.conference, sizeof e->conference);
    e->add = &run->add;
    run->phase = PHASE_JOINING;
}

static void notify_joined(struct turn *t, const struct percl_add_to_conference *add)
{
    struct percl_extra extra = {.conference = add->conference};
    turn_notify(t, PERCL_HOOK_ADD_TO_CONFERENCE_NOTIFICATION, add->notification_url, &extra);
}

void membership_joined(struct turn *t, const struct percl_event *e)
{
    struct percl_run *run = t->run;
    if (run->phase != PHASE_JOINING || strcmp(run->add.conference, e->conference) != 0) return;
    if (e->why) {
        turn_log(t, PERCL_ERROR, run->command, "the call cannot be put into the conference", e->why);
        forget(t);
        turn_end(t, PERCL_END_PERCL_PROCESSING_ERROR, NULL);
        return;
    }
    run->joined = true;
    run->phase = PHASE_IDLE;
    notify_joined(t, &run->add);
}

void membership_left(struct turn *t, const struct percl_event *e)
{
    static const enum percl_end ends[] = {
        [PERCL_LEFT_REMOVED] = PERCL_END_REMOVED_FROM_CONFERENCE,
        [PERCL_LEFT_EMPTIED] = PERCL_END_CONFERENCE_EMPTIED,
        [PERCL_LEFT_TERMINATED] = PERCL_END_CONFERENCE_TERMINATED,
        [PERCL_LEFT_INTERNAL_ERROR] = PERCL_END_INTERNAL_ERROR,
    };
    if (!t->run->add.conference[0] || strcmp(t->run->add.conference, e->conference) != 0) return;
    turn_abandon(t);
    bool joined = t->run->joined;
    const struct percl_add_to_conference *left = forget(t);
    if (!joined) notify_joined(t, left); /* it was in, or could not be put out: PERCL_ON_JOINED has yet to come */
    bool goes_on = e->how == PERCL_LEFT_REMOVED || e->how == PERCL_LEFT_EMPTIED;
    if (goes_on && left->leave_conference_url) {
        struct percl_extra extra = {.conference = left->conference};
        turn_request(t, PERCL_HOOK_LEAVE_CONFERENCE, left->leave_conference_url, &extra);
    } else {
        notify_left(t, left);
        turn_end(t, ends[e->how], NULL);
    }
}

void membership_key(struct turn *t, char key)
{
    struct percl_run *run = t->run;
    bool free_to_ask = run->phase == PHASE_IDLE || run->phase == PHASE_PLAYING || run->phase == PHASE_PAUSING;
    if (!run->joined || !run->add.allow_call_control || !free_to_ask) return;
    if (!percl_control_key(&run->control, run->add.call_control_sequence, key, t->now_us)) return;
    turn_abandon(t);
    struct percl_extra extra = {.conference = run->add.conference, .digits = run->add.call_control_sequence};
    turn_request(t, PERCL_HOOK_CALL_CONTROL, run->add.call_control_url, &extra);
}
