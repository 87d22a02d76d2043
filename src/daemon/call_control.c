#include "daemon/call_control.h"

#include <string.h>

#include "daemon/call_entry.h"
#include "daemon/call_quality.h"

static struct call_entry *find(const struct calls *cs, const char *call)
{
    return call[0] ? map_get(cs->by_id, call) : NULL;
}

bool call_control_answer(struct calls *cs, const char *call)
{
    struct call_entry *e = find(cs, call);
    if (!e) return false;
    if (e->call->state == CALL_CONNECTED) return true;
    call_answer(e->call);
    return false;
}

void call_control_early(struct calls *cs, const char *call)
{
    struct call_entry *e = find(cs, call);
    if (e) call_open_early(e->call);
}

void call_control_end(struct calls *cs, const char *call, bool reject, const char *reason)
{
    struct call_entry *e = find(cs, call);
    if (!e) return;
    if (e->call->state == CALL_INCOMING)
        call_refuse(e->call, reject ? 603 : 480, reject ? "Decline" : "Temporarily Unavailable", 0, reason);
    else
        call_hang_up(e->call, reason);
}

bool call_control_conference(const struct calls *cs, const char *account, const char *call, id_text conference)
{
    const struct call_entry *e = find(cs, call);
    if (!e || !e->joined || strcmp(e->account, account) != 0) return false;
    strcpy(conference, e->conference);
    return true;
}

const char *call_control_status(const struct calls *cs, const char *call)
{
    const struct call_entry *e = find(cs, call);
    return e ? call_row_status(e) : NULL;
}

const char *call_control_state_of(const struct calls *cs, const char *account, const char *call)
{
    const struct call_entry *e = find(cs, call);
    return e && strcmp(e->account, account) == 0 ? call_row_status(e) : NULL;
}

struct call_script *call_control_script(const struct calls *cs, const char *account, const char *call)
{
    const struct call_entry *e = find(cs, call);
    return e && strcmp(e->account, account) == 0 ? e->script : NULL;
}

void call_control_join(struct calls *cs, const char *call, const char *conference,
                       const struct percl_add_to_conference *add, conferences_done_fn *done, void *arg)
{
    struct call_entry *e = find(cs, call);
    const struct conference *c = conferences_find(cs->bridge->conferences, conference);
    struct conference_event event = {
        .type = CONFERENCE_JOIN,
        .call = call,
        .talk = add->talk,
        .listen = add->listen,
        .dtmf = add->dtmf_pass_through,
        .start = add->start_conf_on_enter,
    };
    if (e) event.voice.noise_suppression = e->call->terms.noise_suppression;
    if (e) event.voice.automatic_gain = e->call->terms.automatic_gain;
    if (!e || !c || strcmp(c->account, e->account) != 0) {
        done(arg, STATUS_NOT_FOUND, NULL);
        return;
    }
    strcpy(e->conference, conference);
    e->joined = e->entered = true;
    call_row_save(e);
    conferences_happen(cs->bridge->conferences, conference, &event, NULL, done, arg);
}

void call_control_leave(struct calls *cs, const char *call)
{
    struct call_entry *e = find(cs, call);
    struct conference_event event = {.type = CONFERENCE_LEAVE, .call = call};
    if (!e || !e->joined) return;
    e->joined = false;
    call_quality_log(e, NULL);
    conferences_happen(cs->bridge->conferences, e->conference, &event, NULL, NULL, NULL);
}

void call_control_forget(struct calls *cs, const char *call, const char *conference)
{
    struct call_entry *e = find(cs, call);
    if (e && strcmp(e->conference, conference) == 0) e->joined = false;
}

bool call_control_row(struct calls *cs, const char *call, struct store_call *row)
{
    struct call_entry *e = find(cs, call);
    if (!e) return false;
    e->revision++;
    call_row_fill(e, row);
    return true;
}

void call_control_save(struct calls *cs, const char *call, struct store_tx *tx)
{
    struct call_entry *e = find(cs, call);
    if (e) call_row_put(e, tx);
}
