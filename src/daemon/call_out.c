#include "daemon/call_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/trunk.h"
#include "daemon/call_digits.h"
#include "daemon/call_entry.h"
#include "daemon/call_log.h"
#include "daemon/call_script.h"
#include "daemon/call_terms.h"
#include "net/fetch_guard.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "store/store_tx.h"

/* What a call out keeps until it is up. */
struct call_out {
    struct trunk_choice choice;                /* its texts are ours: the table may change before it is dialled */
    char *route, *transport, *user, *password; /* of the trunk; NULL for none */
    char *connect_url, *send_digits;
    uint32_t timeout_s;
    bool api, privacy;
    bool begun; /* its script is asked for */
    void (*stored)(void *arg, status s, const struct store_call *row);
    void *stored_arg;
};

void call_out_destroy(struct call_out *out)
{
    if (!out) return;
    free(out->route);
    free(out->transport);
    free(out->user);
    free(out->password);
    free(out->connect_url);
    free(out->send_digits);
    free(out);
}

static bool copy_text(char **out, const char *text)
{
    if (text) *out = strdup(text);
    return !text || *out;
}

static bool copy_choice(struct call_out *out, const struct trunk_choice *choice)
{
    const struct trunk *trunk = choice->trunk;
    out->choice = *choice;
    bool copied = copy_text(&out->route, choice->route) && copy_text(&out->transport, choice->transport) &&
                  copy_text(&out->user, trunk ? trunk->user : NULL) &&
                  copy_text(&out->password, trunk ? trunk->password : NULL);
    out->choice.trunk = NULL;
    out->choice.identity = choice->identity ? out->choice.from_uri : NULL;
    out->choice.route = out->route;
    out->choice.transport = out->transport;
    return copied;
}

static status copy_request(struct call_out **made, const struct call_out_request *request,
                           const struct trunk_choice *choice)
{
    struct call_out *out = calloc(1, sizeof *out);
    if (!out) return STATUS_NO_MEMORY;
    out->timeout_s = request->timeout_s;
    out->api = strcmp(request->direction, "outboundAPI") == 0;
    out->privacy = request->privacy;
    out->stored = request->stored;
    out->stored_arg = request->stored_arg;
    bool copied = copy_choice(out, choice);
    out->connect_url = strdup(request->connect_url ? request->connect_url : "");
    out->send_digits = strdup(request->send_digits ? request->send_digits : "");
    if (copied && out->connect_url && out->send_digits) {
        *made = out;
        return STATUS_OK;
    }
    call_out_destroy(out);
    return STATUS_NO_MEMORY;
}

static status choose(struct calls *cs, const struct call_out_request *request, struct trunk_choice *choice,
                     char why[CALL_OUT_WHY_SIZE])
{
    struct fault fault = {0, ""};
    enum call_limit limit = call_intake_limit(cs);
    const char *host = cs->bridge->config->public_address[0] ? cs->bridge->config->public_address : "localhost";
    if (limit != CALL_LIMIT_NONE || !cs->bridge->sip) {
        snprintf(why, CALL_OUT_WHY_SIZE, "%s", limit ? call_limit_text(limit) : "there is no SIP listener");
        return cs->bridge->draining || !cs->bridge->sip ? STATUS_CLOSED : STATUS_FULL;
    }
    if (request->connect_url && fetch_guard_url(&cs->bridge->guard, slice_of(request->connect_url), why) != STATUS_OK)
        return STATUS_INVALID;
    status s =
        trunk_choose(choice, cs->trunks, cs->trunk_count, slice_of(request->to), slice_of(request->from), host, &fault);
    if (s != STATUS_OK) snprintf(why, CALL_OUT_WHY_SIZE, "%s", fault.what);
    return s;
}

static struct call_plan plan_of(const struct call_entry *e)
{
    const struct call_out *out = e->out;
    struct call_plan plan = {
        .id = e->id,
        .to_uri = out->choice.to_uri,
        .from_uri = out->choice.from_uri,
        .identity = out->choice.identity,
        .route = out->choice.route,
        .transport = out->choice.transport,
        .timeout_s = out->timeout_s,
        .user = out->user,
        .password = out->password,
        .private_only = out->choice.private_only,
    };
    return plan;
}

static bool copy_texts(struct call_entry *e, const struct call_out_request *request)
{
    snprintf(e->account, sizeof e->account, "%s", request->account);
    snprintf(e->parent, sizeof e->parent, "%s", request->parent ? request->parent : "");
    snprintf(e->application, sizeof e->application, "%s", request->application ? request->application : "");
    e->direction = request->direction;
    e->from = strdup(request->from);
    e->to = strdup(request->to);
    if (request->status_callback_url) e->status_callback_url = strdup(request->status_callback_url);
    return e->from && e->to && (!request->status_callback_url || e->status_callback_url);
}

/* The runner begins when the call is up; its facts serve the webhooks of a call that never is, too. */
static status make_script(struct call_entry *e)
{
    struct call_script_facts facts = {
        .call = e->id,
        .account = e->account,
        .from = e->from,
        .to = e->to,
        .direction = e->direction,
        .parent = e->parent,
        .status_callback_url = e->status_callback_url,
    };
    return call_script_create(&e->script, e->calls->bridge->scripts, &facts);
}

static status make_entry(struct call_entry **made, struct calls *cs, const struct call_out_request *request,
                         const struct trunk_choice *choice)
{
    struct call_entry *e = calloc(1, sizeof *e);
    if (!e) return STATUS_NO_MEMORY;
    e->calls = cs;
    list_init(&e->link);
    random_id(e->id, "CA");
    status s = copy_request(&e->out, request, choice);
    if (s == STATUS_OK && !copy_texts(e, request)) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        struct call_plan plan = plan_of(e);
        struct terms no_trunk;
        call_terms_without_trunk(&no_trunk);
        plan.terms = choice->trunk ? &choice->trunk->terms : &no_trunk;
        s = call_create_outgoing(&e->call, &plan, &call_entry_world, e, random_u64() >> 2, clock_unix_ms());
    }
    if (s == STATUS_OK) s = make_script(e);
    if (s == STATUS_OK) s = map_put(cs->by_id, e->id, e);
    if (s != STATUS_OK) {
        call_entry_free(e);
        return s;
    }
    list_push_back(&cs->entries, &e->link);
    cs->figures.placed++;
    *made = e;
    return STATUS_OK;
}

static void warn_of_machine(struct call_entry *e, const struct call_out_request *request)
{
    struct call_log_line line = {.account = e->account, .level = "warning", .call = e->id};
    line.message = "ifMachine has no effect: answering machines are not detected";
    if (request->if_machine && request->if_machine[0]) call_log_write(e->calls->bridge, &line);
}

static void dial(struct call_entry *e)
{
    struct call_plan plan = plan_of(e);
    char to[TRUNK_URI_SIZE];
    const char *shown = e->out->privacy ? "xxxxx" : plan.to_uri;
    log_event(LOG_INFO, "call_out", "call=%s to=%s", e->id, log_value(to, sizeof to, slice_of(shown)));
    call_dial(e->call, &plan);
}

/* A client's call is on disk: it is told, and only then it is placed. */
static void on_stored(void *arg, status s)
{
    struct call_entry *e = arg;
    struct bridge *bridge = e->calls->bridge;
    struct store_call row;
    e->waiting = false;
    call_row_fill(e, &row);
    e->out->stored(e->out->stored_arg, s, s == STATUS_OK ? &row : NULL);
    if (bridge->stopping) return;
    if (e->call->state == CALL_ENDED)
        loop_defer(bridge->loop, call_entry_destroy, e);
    else if (s == STATUS_OK)
        dial(e);
    else
        call_hang_up(e->call, "internalError");
}

static status store_first(struct call_entry *e)
{
    struct store_tx *tx;
    status s = store_begin(e->calls->bridge->store, &tx);
    if (s != STATUS_OK) return s;
    call_row_put(e, tx);
    e->waiting = true;
    store_commit(tx, on_stored, e);
    return STATUS_OK;
}

status call_out_start(struct calls *cs, const struct call_out_request *request, id_text call,
                      char why[CALL_OUT_WHY_SIZE])
{
    struct trunk_choice choice;
    struct call_entry *e;
    why[0] = '\0';
    status s = choose(cs, request, &choice, why);
    if (s == STATUS_OK) s = make_entry(&e, cs, request, &choice);
    if (s != STATUS_OK) return s;
    strcpy(call, e->id);
    warn_of_machine(e, request);
    if (request->stored) {
        s = store_first(e);
        if (s != STATUS_OK) call_hang_up(e->call, "internalError");
        return s;
    }
    call_row_save(e);
    dial(e);
    return STATUS_OK;
}

static enum percl_webhook connect_hook(const struct call_entry *e)
{
    return e->out->api ? PERCL_HOOK_OUT_DIAL_API_CONNECT : PERCL_HOOK_OUT_DIAL_CONNECT;
}

static void begin(struct call_entry *e)
{
    e->out->begun = true;
    call_script_begin(e->script, connect_hook(e), e->out->connect_url, true);
}

void call_out_connected(struct call_entry *e)
{
    bool sends = e->out->send_digits[0] != '\0';
    if (!sends || !call_digits_send(e->calls, e->id, e->out->send_digits, CALL_DIGITS_PAUSE_MS, CALL_OUT_DIGITS_TOKEN))
        begin(e);
}

void call_out_digits_sent(struct call_entry *e)
{
    begin(e);
}

void call_out_over(struct call_entry *e)
{
    if (!e->out->begun) call_script_post_connect(e->script, connect_hook(e), e->out->connect_url);
}
