#include <stdlib.h>
#include <string.h>

#include "daemon/call_control.h"
#include "daemon/call_out.h"
#include "daemon/call_script_parts.h"
#include "daemon/conferences.h"

/* Something a script waits for that cannot be called off: where the script goes first, nobody is told. */
struct pending {
    struct list link;
    struct call_script *script; /* NULL: gone */
    id_text conference;
};

void script_pendings_drop(struct call_script *s)
{
    list_each_safe (link, &s->pendings) {
        struct pending *p = list_object(link, struct pending, link);
        list_remove(&p->link);
        p->script = NULL;
    }
}

static struct pending *wait_for(struct call_script *s, const char *conference)
{
    struct pending *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->script = s;
    strcpy(p->conference, conference);
    list_push_back(&s->pendings, &p->link);
    return p;
}

static struct call_script *let_go(struct pending *p, id_text conference)
{
    struct call_script *s = p->script;
    strcpy(conference, p->conference);
    list_remove(&p->link);
    free(p);
    return s;
}

static void created(struct call_script *s, const char *conference, const char *why)
{
    struct percl_event event = {.type = PERCL_ON_CREATED, .conference = conference, .why = why};
    script_event(s, &event);
}

static void on_created(void *arg, status result, const struct conference *c)
{
    id_text none;
    struct call_script *s = let_go(arg, none);
    if (!s) return;
    if (result == STATUS_OK)
        created(s, c->id, NULL);
    else
        created(s, NULL, result == STATUS_FULL ? "conferences_max is reached" : "it could not be stored");
}

void script_create_conference(struct call_script *s, const struct percl_effect *e)
{
    const struct percl_create_conference *create = &e->command->create;
    struct bridge *bridge = s->all->bridge;
    char why[FETCH_WHY_SIZE];
    struct conference_options options = {
        .alias = slice_of(create->alias ? create->alias : ""),
        .play_beep = create->play_beep,
        .record = create->record,
        .wait_url = create->wait_url,
        .status_callback_url = create->status_callback_url,
        .action_url = create->action_url,
    };
    if (create->wait_url && fetch_guard_url(&bridge->guard, slice_of(create->wait_url), why) != STATUS_OK) {
        created(s, NULL, why);
        return;
    }
    struct pending *p = wait_for(s, "");
    if (p)
        conferences_make(bridge->conferences, s->account, &options, on_created, p);
    else
        created(s, NULL, "out of memory");
}

static void joined(struct call_script *s, const char *conference, status result)
{
    struct percl_event event = {.type = PERCL_ON_JOINED, .conference = conference};
    if (result == STATUS_NOT_FOUND) event.why = "there is no such conference, or it is terminated";
    if (result == STATUS_FULL) event.why = "the conference is full";
    if (result != STATUS_OK && !event.why) event.why = "the call could not be added";
    script_event(s, &event);
}

static void on_joined(void *arg, status result, const struct conference *c)
{
    id_text conference;
    struct call_script *s = let_go(arg, conference);
    (void)c;
    if (!s) return;
    if (result != STATUS_OK) call_control_forget(s->all->bridge->calls, s->call, conference);
    joined(s, conference, result);
}

void script_add_to_conference(struct call_script *s, const struct percl_effect *e)
{
    struct calls *calls = s->all->bridge->calls;
    if (strcmp(e->call, s->call) != 0) {
        struct call_script *other = call_control_script(calls, s->account, e->call);
        struct percl_event event = {.type = PERCL_ON_ADD, .conference = e->conference, .add = e->add};
        if (other)
            script_event(other, &event);
        else
            script_warn(s, e, "the call that is named is not there, or is run by no script; skipped");
        return;
    }
    struct pending *p = wait_for(s, e->conference);
    if (p)
        call_control_join(calls, s->call, e->conference, e->add, on_joined, p);
    else
        joined(s, e->conference, STATUS_NO_MEMORY);
}

void script_out_dial(struct call_script *s, const struct percl_effect *e)
{
    const struct percl_out_dial *dial = &e->command->out_dial;
    struct call_out_request request = {
        .account = s->account,
        .parent = s->call,
        .from = dial->calling_number,
        .to = dial->destination,
        .direction = "outboundDial",
        .connect_url = dial->call_connect_url,
        .status_callback_url = dial->status_callback_url,
        .send_digits = dial->send_digits,
        .if_machine = dial->if_machine,
        .timeout_s = dial->timeout_s,
        .privacy = dial->privacy,
    };
    id_text call = "";
    char why[CALL_OUT_WHY_SIZE] = "";
    status result = call_out_start(s->all->bridge->calls, &request, call, why);
    struct percl_event event = {.type = PERCL_ON_DIALED, .call = result == STATUS_OK ? call : NULL, .why = why};
    script_event(s, &event);
}
