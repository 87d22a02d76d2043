#include "daemon/call_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/announcements.h"
#include "daemon/call_control.h"
#include "daemon/call_log.h"
#include "daemon/call_script_parts.h"
#include "daemon/conferences.h"
#include "os/clock.h"
#include "os/log.h"

status call_scripts_create(struct call_scripts **out, struct bridge *bridge)
{
    struct call_scripts *all = calloc(1, sizeof *all);
    if (!all) return STATUS_NO_MEMORY;
    all->bridge = bridge;
    list_init(&all->scripts);
    *out = all;
    return STATUS_OK;
}

static void destroy(struct call_script *s)
{
    list_remove(&s->link);
    script_parts_drop(s);
    loop_undefer(s->all->bridge->loop, script_carry_on, s);
    loop_timer_destroy(s->timer);
    percl_effects_clear(&s->effects);
    percl_run_destroy(s->run);
    free(s->from);
    free(s->to);
    free(s->status_callback_url);
    free(s->recorded.url);
    store_call_clear(&s->ended);
    free(s);
}

void call_scripts_destroy(struct call_scripts *all)
{
    if (!all) return;
    list_each_safe (link, &all->scripts)
        destroy(list_object(link, struct call_script, link));
    free(all);
}

size_t call_scripts_count(const struct call_scripts *all)
{
    return list_count(&all->scripts);
}

/* ---- events ---- */

static void carry_out(struct call_script *s);

static void set_timer(struct call_script *s)
{
    uint64_t due = percl_run_deadline(s->run);
    if (due == UINT64_MAX)
        loop_timer_cancel(s->timer);
    else
        loop_timer_set_at(s->timer, (int64_t)due);
}

/* An event that an effect brings about at once waits until the list of effects is through. */
void script_event(struct call_script *s, const struct percl_event *event)
{
    if (s->carrying) {
        script_parts_keep_event(s, event);
        loop_undefer(s->all->bridge->loop, script_carry_on, s);
        loop_defer(s->all->bridge->loop, script_carry_on, s);
        return;
    }
    s->effects.count = 0;
    if (percl_run_apply(s->run, event, (uint64_t)clock_now_us(), &s->effects) != STATUS_OK)
        log_event(LOG_ERROR, "script_event_lost", "call=%s why=no_memory", s->call);
    carry_out(s);
}

static bool is_done(const struct call_script *s)
{
    return s->over && percl_run_done(s->run) && !s->call_recording[0];
}

void script_carry_on(void *arg)
{
    struct call_script *s = arg;
    struct kept_event *kept;
    while ((kept = script_parts_next_event(s))) {
        script_event(s, &kept->event);
        script_parts_free_event(kept);
    }
    if (is_done(s)) destroy(s);
}

static void on_timer(void *arg)
{
    struct call_script *s = arg;
    s->effects.count = 0;
    if (percl_run_expire(s->run, (uint64_t)clock_now_us(), &s->effects) != STATUS_OK)
        log_event(LOG_ERROR, "script_event_lost", "call=%s why=no_memory", s->call);
    carry_out(s);
}

/* ---- effects ---- */

static void log_line(struct call_script *s, const struct percl_effect *e)
{
    char text[PERCL_EFFECT_TEXT];
    struct call_log_line line = {
        .account = s->account,
        .level = percl_level_name(e->level),
        .call = s->call,
        .message = percl_effect_text(e, text),
    };
    call_log_write(s->all->bridge, &line);
}

void script_warn(struct call_script *s, const struct percl_effect *e, const char *message)
{
    struct percl_effect line = {.type = PERCL_DO_LOG, .command = e->command, .level = PERCL_WARNING};
    line.message = message;
    log_line(s, &line);
}

/* The call itself may just have been put out: its runner hears of that. */
static bool in_conference(struct call_script *s, const struct percl_effect *e, id_text conference)
{
    if (call_control_conference(s->all->bridge->calls, s->account, e->call, conference)) return true;
    if (strcmp(e->call, s->call) != 0) script_warn(s, e, "the call that is named is in no conference; skipped");
    return false;
}

static void set_privilege(struct call_script *s, const struct percl_effect *e)
{
    struct conference_event event = {.call = e->call, .on = e->on};
    struct bridge *bridge = s->all->bridge;
    id_text conference;
    if (!in_conference(s, e, conference)) return;
    event.type = e->type == PERCL_DO_SET_TALK     ? CONFERENCE_SET_TALK
                 : e->type == PERCL_DO_SET_LISTEN ? CONFERENCE_SET_LISTEN
                                                  : CONFERENCE_SET_DTMF;
    conferences_happen(bridge->conferences, conference, &event, NULL, NULL, NULL);
}

static void put_out(struct call_script *s, const struct percl_effect *e)
{
    struct conference_event event = {.type = CONFERENCE_REMOVE, .call = e->call};
    struct bridge *bridge = s->all->bridge;
    id_text conference;
    if (in_conference(s, e, conference)) conferences_happen(bridge->conferences, conference, &event, NULL, NULL, NULL);
}

static void terminate(struct call_script *s, const struct percl_effect *e)
{
    const char *id = e->conference;
    struct conference_event event = {.type = CONFERENCE_TERMINATE};
    struct bridge *bridge = s->all->bridge;
    const struct conference *c = conferences_find(bridge->conferences, id);
    if (c && strcmp(c->account, s->account) == 0)
        conferences_happen(bridge->conferences, id, &event, NULL, NULL, NULL);
    else
        script_warn(s, e, "there is no such conference, or it is terminated; skipped");
}

static void answer(struct call_script *s)
{
    struct percl_event event = {.type = PERCL_ON_ANSWERED};
    if (call_control_answer(s->all->bridge->calls, s->call)) script_event(s, &event);
}

static void carry_one(struct call_script *s, const struct percl_effect *e)
{
    struct bridge *bridge = s->all->bridge;
    switch (e->type) {
    case PERCL_DO_ANSWER: answer(s); break;
    case PERCL_DO_REJECT:
    case PERCL_DO_HANGUP:
        call_control_end(bridge->calls, s->call, e->type == PERCL_DO_REJECT, percl_end_name(e->end));
        break;
    case PERCL_DO_SAY:
    case PERCL_DO_PLAY: script_play(s, e); break;
    case PERCL_DO_STOP_PLAY: script_stop_play(s, e->id); break;
    case PERCL_DO_SEND_DIGITS: script_send_digits(s, e); break;
    case PERCL_DO_COLLECT: break; /* keys are in no log of ours, private or not */
    case PERCL_DO_REQUEST: script_request(s, e); break;
    case PERCL_DO_CREATE_CONFERENCE: script_create_conference(s, e); break;
    case PERCL_DO_ADD_TO_CONFERENCE: script_add_to_conference(s, e); break;
    case PERCL_DO_LEAVE_CONFERENCE: call_control_leave(bridge->calls, s->call); break;
    case PERCL_DO_REMOVE_FROM_CONFERENCE: put_out(s, e); break;
    case PERCL_DO_TERMINATE_CONFERENCE: terminate(s, e); break;
    case PERCL_DO_SET_TALK:
    case PERCL_DO_SET_LISTEN:
    case PERCL_DO_SET_DTMF_PASS_THROUGH: set_privilege(s, e); break;
    case PERCL_DO_OUT_DIAL: script_out_dial(s, e); break;
    case PERCL_DO_RECORD_START: script_record_start(s, e); break;
    case PERCL_DO_RECORD_STOP: script_record_stop(s, e->id); break;
    case PERCL_DO_START_RECORD_CALL: script_record_call(s); break;
    case PERCL_DO_LOG: log_line(s, e); break;
    }
}

static void carry_out(struct call_script *s)
{
    s->carrying = true;
    for (size_t i = 0; i < s->effects.count; i++)
        carry_one(s, &s->effects.items[i]);
    s->carrying = false;
    set_timer(s);
    if (is_done(s)) loop_defer(s->all->bridge->loop, script_carry_on, s);
}

/* ---- what happens to the call ---- */

static bool copy_facts(struct call_script *s, const struct call_script_facts *facts)
{
    snprintf(s->call, sizeof s->call, "%s", facts->call);
    snprintf(s->account, sizeof s->account, "%s", facts->account);
    snprintf(s->parent, sizeof s->parent, "%s", facts->parent ? facts->parent : "");
    s->direction = facts->direction;
    s->from = strdup(facts->from ? facts->from : "");
    s->to = strdup(facts->to ? facts->to : "");
    if (facts->status_callback_url && facts->status_callback_url[0])
        s->status_callback_url = strdup(facts->status_callback_url);
    return s->from && s->to;
}

status call_script_create(struct call_script **out, struct call_scripts *all, const struct call_script_facts *facts)
{
    struct call_script *s = calloc(1, sizeof *s);
    if (!s) return STATUS_NO_MEMORY;
    s->all = all;
    script_parts_init(s);
    list_push_back(&all->scripts, &s->link);
    status result = copy_facts(s, facts) ? STATUS_OK : STATUS_NO_MEMORY;
    if (result == STATUS_OK) result = loop_timer_create(&s->timer, all->bridge->loop, on_timer, s);
    if (result == STATUS_OK) result = percl_run_create(&s->run, s->call, facts->fallback_url);
    if (result != STATUS_OK) {
        destroy(s);
        return result;
    }
    *out = s;
    return STATUS_OK;
}

void call_script_begin(struct call_script *s, enum percl_webhook webhook, const char *url, bool answered)
{
    struct percl_event event = {.type = PERCL_ON_STARTED, .webhook = webhook, .url = url, .answered = answered};
    script_event(s, &event);
}

void call_script_answered(struct call_script *s)
{
    struct percl_event event = {.type = PERCL_ON_ANSWERED};
    script_event(s, &event);
}

void call_script_key(struct call_script *s, char key)
{
    struct percl_event event = {.type = PERCL_ON_KEY, .key = key};
    script_event(s, &event);
}

void call_script_left(struct call_script *s, const char *conference, enum percl_left how)
{
    struct percl_event event = {.type = PERCL_ON_LEFT, .conference = conference, .how = how};
    script_event(s, &event);
}

uint32_t call_script_events(const struct call_script *s)
{
    return s->events;
}

void call_script_over(struct call_script *s, const struct call_script_end *end)
{
    struct percl_event event = {.type = PERCL_ON_OVER};
    s->over = true;
    s->last_status = end->status;
    s->ended_reason = end->reason;
    s->connected_unix_ms = end->connected_unix_ms;
    s->ended_unix_ms = end->ended_unix_ms;
    script_parts_call_over(s);
    script_event(s, &event);
    if (!s->call_recording[0]) script_post_status(s);
    script_store_end(s);
}
