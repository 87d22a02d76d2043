#include <stdlib.h>
#include <string.h>

#include "call/sip_status.h"
#include "daemon/accounts.h"
#include "daemon/call_entry.h"
#include "daemon/call_terms.h"
#include "daemon/conferences.h"
#include "daemon/sip_link.h"
#include "net/own_address.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"

void call_intake_clear_routes(struct route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((struct cidr *)(uintptr_t)routes[i].networks);
    free(routes);
}

static status make_route(struct route *out, const struct config_route *from)
{
    *out = (struct route){.name = from->name, .user = from->user, .user_parameters = from->user_parameters};
    out->record = from->record;
    out->status_callback_url = from->status_callback_url[0] ? from->status_callback_url : NULL;
    out->wait_url = from->wait_url[0] ? from->wait_url : NULL;
    slice_copy(slice_of(from->account), out->account, sizeof out->account);
    call_terms_make(&out->terms, &from->terms, from->codec_order);
    if (from->networks.count == 0) return STATUS_OK;
    struct cidr *networks = calloc(from->networks.count, sizeof *networks);
    if (!networks) return STATUS_NO_MEMORY;
    out->networks = networks;
    for (size_t i = 0; i < from->networks.count; i++) {
        if (cidr_parse(&networks[out->network_count], slice_of(from->networks.items[i]), NULL) == STATUS_OK)
            out->network_count++;
    }
    return STATUS_OK;
}

status calls_set_routes(struct calls *cs)
{
    const struct config *config = cs->bridge->config;
    struct route *routes = calloc(config->route_count, sizeof *routes);
    status s = routes ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t i = 0; i < config->route_count && s == STATUS_OK; i++) {
        s = make_route(&routes[i], &config->routes[i]);
        if (routes[i].account[0] && !accounts_has(cs->bridge->accounts, routes[i].account))
            log_event(LOG_WARN, "route_account_unknown", "route=%s account=%s", routes[i].name, routes[i].account);
    }
    if (s != STATUS_OK) {
        if (routes) call_intake_clear_routes(routes, config->route_count);
        return s;
    }
    call_intake_clear_routes(cs->former_routes, cs->former_route_count);
    cs->former_routes = cs->routes;
    cs->former_route_count = cs->route_count;
    cs->routes = routes;
    cs->route_count = config->route_count;
    return STATUS_OK;
}

void call_intake_refuse(struct call_entry *e, uint32_t code, const char *why, const char *reason)
{
    log_event(LOG_INFO, "call_refused", "call=%s code=%u why=\"%s\"", e->call->id, code, why);
    call_refuse(e->call, code, why, code == 503 ? CALL_RETRY_AFTER_S : 0, reason);
}

static void refuse_busy(struct call_entry *e, uint64_t *counter, uint32_t code, const char *why)
{
    (*counter)++;
    call_intake_refuse(e, code, why, "failed");
}

enum call_limit call_intake_limit(const struct calls *cs)
{
    const struct bridge *bridge = cs->bridge;
    int calls_max = bridge->config->calls_max;
    if (bridge->draining) return CALL_LIMIT_DRAINING;
    if (engine_overloaded(bridge->engine)) return CALL_LIMIT_LOAD;
    bool full = calls_max > 0 && map_count(cs->by_id) >= (size_t)calls_max;
    return full ? CALL_LIMIT_CALLS : CALL_LIMIT_NONE;
}

const char *call_limit_text(enum call_limit limit)
{
    switch (limit) {
    case CALL_LIMIT_NONE: return "";
    case CALL_LIMIT_DRAINING: return "Shutting down";
    case CALL_LIMIT_LOAD: return "Overloaded";
    case CALL_LIMIT_CALLS: return "Too many calls";
    }
    return "";
}

static uint64_t *limit_counter(struct calls *cs, enum call_limit limit)
{
    if (limit == CALL_LIMIT_DRAINING) return &cs->figures.refused_draining;
    return limit == CALL_LIMIT_LOAD ? &cs->figures.refused_overload : &cs->figures.refused_limit;
}

static bool choose_route(struct call_entry *e, const char *request_uri)
{
    struct calls *cs = e->calls;
    struct fault fault = {0, ""};
    struct slice uri = slice_of(request_uri), source = slice_of(e->call->source);
    status s = route_choose(&e->call->choice, cs->routes, cs->route_count, uri, source, &fault);
    /* Who calls 127.0.0.1 from this machine may show its public address, and is as near as loopback. */
    if (s == STATUS_REFUSED && own_address(source))
        s = route_choose(&e->call->choice, cs->routes, cs->route_count, uri, slice_of("127.0.0.1:0"), &fault);
    if (s == STATUS_OK) {
        const char *account = e->call->choice.route->account;
        call_set_terms(e->call, &e->call->choice.route->terms);
        strcpy(e->account, account[0] ? account : accounts_first(cs->bridge->accounts));
        return true;
    }
    uint32_t code = s == STATUS_UNSUPPORTED ? 416 : sip_status_code(s);
    cs->figures.refused_route++;
    strcpy(e->account, accounts_first(cs->bridge->accounts));
    char shown[160];
    log_event(LOG_INFO, "call_refused", "call=%s code=%u uri=%s why=\"%s\"", e->call->id, code,
              log_value(shown, sizeof shown, uri), fault.what);
    call_refuse(e->call, code, fault.what, 0, s == STATUS_REFUSED ? "appReject" : "failed");
    return false;
}

static void on_conference(void *arg, status s, const struct conference *c)
{
    struct call_entry *e = arg;
    struct calls *cs = e->calls;
    e->waiting = false;
    if (cs->bridge->stopping) return;
    if (e->call->state == CALL_ENDED) {
        loop_defer(cs->bridge->loop, call_entry_destroy, e);
        return;
    }
    if (s != STATUS_OK) {
        refuse_busy(e, &cs->figures.refused_limit, s == STATUS_FULL ? 503 : sip_status_code(s),
                    s == STATUS_FULL ? "Too many conferences" : "Conference cannot be made");
        return;
    }
    if (c->participants_max > 0 && c->participant_count >= c->participants_max) {
        refuse_busy(e, &cs->figures.refused_limit, 486, "Conference is full");
        return;
    }
    strcpy(e->conference, c->id);
    call_answer(e->call);
}

void call_intake_conference(struct call_entry *e)
{
    struct bridge *bridge = e->calls->bridge;
    const struct route *route = e->call->choice.route;
    struct conference_options options = {
        .alias = slice_of(e->call->choice.user.name),
        .record = route->record,
        .wait_url = route->wait_url,
        .status_callback_url = route->status_callback_url,
        .auto_end_s = (uint32_t)bridge->config->auto_end_s,
    };
    if (e->call->choice.user.name[0] == '+') {
        call_intake_refuse(e, 404, "Nobody has this number", "configErrorNoApplication");
        return;
    }
    e->waiting = true;
    conferences_find_or_make(bridge->conferences, e->account, &options, on_conference, e);
}

/* A call that cannot even be kept: its caller is told. */
static void reject_lost(struct calls *cs, const char *id, status why)
{
    struct signal_message m;
    log_event(LOG_ERROR, "call_lost", "call=%s why=%s", id, status_name(why));
    signal_message_init(&m, SIGNAL_REJECT, id);
    m.code = 500;
    if (cs->bridge->sip) sip_link_send(cs->bridge->sip, &m);
    signal_message_clear(&m);
}

void call_intake_invite(struct calls *cs, const struct signal_message *m)
{
    if (map_get(cs->by_id, m->call)) return; /* repeated over a reconnection */
    enum call_limit limit = call_intake_limit(cs);
    struct call_entry *e = calloc(1, sizeof *e);
    if (!e) {
        reject_lost(cs, m->call, STATUS_NO_MEMORY);
        return;
    }
    e->calls = cs;
    strcpy(e->id, m->call);
    list_init(&e->link);
    status s = call_create(&e->call, m, &call_entry_world, e, random_u64() >> 2, clock_unix_ms());
    if (s == STATUS_OK) s = map_put(cs->by_id, m->call, e);
    if (s != STATUS_OK) {
        reject_lost(cs, m->call, s);
        call_entry_free(e);
        return;
    }
    list_push_back(&cs->entries, &e->link);
    e->direction = "inbound";
    e->from = call_row_party(m->from_uri);
    e->to = call_row_party(m->to_uri);
    cs->figures.taken++;
    char from[160], to[160], id[160];
    log_event(LOG_INFO, "call_in", "call=%s sip=%s from=%s to=%s source=%s", m->call,
              log_value(id, sizeof id, slice_of(m->sip_call_id ? m->sip_call_id : "?")),
              log_value(from, sizeof from, slice_of(m->from_uri)), log_value(to, sizeof to, slice_of(m->request_uri)),
              m->source);
    if (!choose_route(e, m->request_uri)) return;
    if (limit != CALL_LIMIT_NONE) {
        refuse_busy(e, limit_counter(cs, limit), 503, call_limit_text(limit));
        return;
    }
    call_row_save(e);
    call_application_find(e);
}
