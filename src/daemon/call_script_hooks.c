#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/call_control.h"
#include "daemon/call_script_parts.h"
#include "hook/hook.h"
#include "hook/script_request.h"
#include "os/log.h"
#include "store/store_tx.h"

/* A script-bearing request under way. */
struct ask {
    struct list link;
    struct call_script *script;
    struct script_request *request;
    uint32_t id;
};

static void ask_destroy(struct ask *ask)
{
    list_remove(&ask->link);
    free(ask);
}

void script_requests_drop(struct call_script *s)
{
    list_each_safe (link, &s->asks) {
        struct ask *ask = list_object(link, struct ask, link);
        if (!s->all->bridge->stopping) script_request_cancel(ask->request);
        ask_destroy(ask);
    }
}

static void on_answer(void *arg, const struct script_answer *answer)
{
    struct ask *ask = arg;
    struct call_script *s = ask->script;
    struct percl_fault fault;
    struct percl_event event = {.type = PERCL_ON_SCRIPT, .id = ask->id, .why = answer->why};
    ask_destroy(ask);
    if (answer->reached) {
        status parsed = percl_parse(&event.script, answer->body, &fault);
        if (parsed == STATUS_NO_MEMORY) log_event(LOG_ERROR, "script_lost", "call=%s why=no_memory", s->call);
        if (parsed != STATUS_OK) event.script = NULL;
        if (parsed == STATUS_INVALID || parsed == STATUS_UNSUPPORTED) event.fault = &fault;
        event.why = event.fault ? NULL : answer->why;
    }
    script_event(s, &event);
}

/* The body of a webhook of this call as it is now, heap; NULL where memory is short. */
static char *make_body(struct call_script *s, enum percl_webhook webhook, const struct percl_extra *extra)
{
    id_text conference = "";
    const char *state = s->last_status;
    if (!state) state = call_control_status(s->all->bridge->calls, s->call);
    call_control_conference(s->all->bridge->calls, s->account, s->call, conference);
    struct percl_call_facts facts = {
        .call = s->call,
        .account = s->account,
        .from = s->from,
        .to = s->to,
        .status = state,
        .direction = s->direction,
        .conference = conference,
        .parent = s->parent,
    };
    json_t *body = percl_webhook_body(webhook, &facts, extra);
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(body);
    return text;
}

static bool post(struct call_script *s, struct store_tx *tx, const char *url, const char *body)
{
    struct hook_event event = {.account = s->account, .lane = s->call, .n = s->events + 1, .url = url, .body = body};
    bool posted = hook_post(s->all->bridge->hook, tx, &event) == STATUS_OK;
    if (posted) s->events++;
    if (!posted) log_event(LOG_ERROR, "notification_lost", "call=%s why=no_memory", s->call);
    return posted;
}

/* While callStatus waits for the recording, the row stays one that the next start would take for unfinished. */
static void put_waiting(struct call_script *s, struct store_tx *tx)
{
    struct store_call row = s->ended;
    row.events = s->events;
    if (s->call_recording[0]) row.status = "inProgress";
    store_put_call(tx, &row);
    store_delete_dialog(tx, row.id);
}

static void save_row(struct call_script *s, struct store_tx *tx)
{
    if (s->ended.id[0])
        put_waiting(s, tx);
    else
        call_control_save(s->all->bridge->calls, s->call, tx);
}

void script_notify(struct call_script *s, const char *url, const char *body)
{
    struct bridge *bridge = s->all->bridge;
    struct store_tx *tx;
    if (s->ending) {
        post(s, s->ending, url, body);
        return;
    }
    if (store_begin(bridge->store, &tx) != STATUS_OK) {
        log_event(LOG_ERROR, "notification_lost", "call=%s why=no_memory", s->call);
        return;
    }
    if (!post(s, tx, url, body)) {
        store_discard(tx);
        return;
    }
    save_row(s, tx);
    store_commit_unsaved(tx, NULL, NULL);
}

void call_script_ending(struct call_script *s)
{
    if (store_begin(s->all->bridge->store, &s->ending) == STATUS_OK) return;
    s->ending = NULL;
    log_event(LOG_ERROR, "call_not_stored", "call=%s why=no_memory", s->call);
}

void script_store_end(struct call_script *s)
{
    struct store_tx *tx = s->ending;
    struct store_call row;
    if (!tx) return;
    s->ending = NULL;
    if (s->call_recording[0] && call_control_row(s->all->bridge->calls, s->call, &row) &&
        store_call_copy(&s->ended, &row) != STATUS_OK)
        log_event(LOG_ERROR, "call_not_stored", "call=%s why=no_memory", s->call);
    save_row(s, tx);
    store_commit_unsaved(tx, NULL, NULL);
}

void call_script_post_connect(struct call_script *s, enum percl_webhook webhook, const char *url)
{
    struct percl_extra extra = {0};
    char *body = url[0] ? make_body(s, webhook, &extra) : NULL;
    if (body) script_notify(s, url, body);
    free(body);
}

void script_post_status(struct call_script *s)
{
    struct percl_recording recording = {.id = s->recorded.id,
                                        .url = s->recorded.url,
                                        .size_bytes = s->recorded.bytes,
                                        .duration_s = s->recorded.duration_s};
    struct percl_extra extra = {.ended_reason = s->ended_reason};
    if (s->recorded.id[0]) extra.recording = &recording;
    if (!s->status_callback_url) return;
    extra.has_duration = s->connected_unix_ms != 0;
    if (extra.has_duration) extra.duration_s = (uint32_t)((s->ended_unix_ms - s->connected_unix_ms + 999) / 1000);
    char *body = make_body(s, PERCL_HOOK_CALL_STATUS, &extra);
    if (body) script_notify(s, s->status_callback_url, body);
    free(body);
}

static void fail_request(struct call_script *s, uint32_t id, const char *why)
{
    struct percl_event event = {.type = PERCL_ON_SCRIPT, .id = id, .why = why};
    script_event(s, &event);
}

static void ask_script(struct call_script *s, const struct percl_effect *e, const char *body)
{
    struct script_ask request = {.account = s->account, .url = e->url, .body = body};
    struct ask *ask = calloc(1, sizeof *ask);
    if (!ask) {
        fail_request(s, e->id, "out of memory");
        return;
    }
    ask->script = s;
    ask->id = e->id;
    list_push_back(&s->asks, &ask->link);
    if (script_request_start(s->all->bridge->asker, &request, on_answer, ask, &ask->request) == STATUS_OK) return;
    ask_destroy(ask);
    fail_request(s, e->id, "out of memory");
}

void script_request(struct call_script *s, const struct percl_effect *e)
{
    char *body = make_body(s, e->webhook, &e->extra);
    if (!body)
        fail_request(s, e->id, "out of memory");
    else if (e->on && !s->over)
        ask_script(s, e, body);
    else
        script_notify(s, e->url, body);
    free(body);
}
