#include "daemon/calls.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "call/call.h"
#include "call/sip_status.h"
#include "daemon/accounts.h"
#include "daemon/conferences.h"
#include "daemon/sip_link.h"
#include "daemon/store_wait.h"
#include "media/codec.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "store/store_read.h"
#include "store/store_tx.h"

enum { RETRY_AFTER_S = 5 };

/* The wiring's record of one call. */
struct entry {
    struct list link; /* in calls.entries */
    struct calls *calls;
    struct call *call;
    id_text account, conference; /* conference: "" until it is found */
    bool joined;                 /* it is in its conference, or on its way in */
    bool entered;                /* it has been */
    bool waiting;                /* for its conference: answered by on_conference() even where the caller has gone */
    struct engine_sockets sockets;
    bool has_sockets;
    struct engine_leg *leg;
    struct loop_timer *duration;
    const char *ended_reason;
    uint32_t revision;
};

struct calls {
    struct bridge *bridge;
    struct map *by_id;   /* calls in hand */
    struct list entries; /* these, and those whose leg is not closed yet */
    struct route *routes;
    size_t route_count;
    loop_fn *idle;
    void *idle_arg;
    struct calls_figures figures;
};

/* ---- routes ---- */

static void clear_routes(struct route *routes, size_t count)
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
        if (routes) clear_routes(routes, config->route_count);
        return s;
    }
    clear_routes(cs->routes, cs->route_count);
    cs->routes = routes;
    cs->route_count = config->route_count;
    return STATUS_OK;
}

/* ---- rows ---- */

static const char *call_status(const struct call *c)
{
    switch (c->state) {
    case CALL_INCOMING: return "ringing";
    case CALL_ANSWERED:
    case CALL_CONNECTED: return "inProgress";
    case CALL_ENDED: return c->connected_unix_ms ? "completed" : "failed";
    }
    return "failed";
}

static void save(struct entry *e, const json_t *record)
{
    struct store_tx *tx;
    struct call *c = e->call;
    if (store_begin(e->calls->bridge->store, &tx) != STATUS_OK) {
        log_event(LOG_ERROR, "call_not_stored", "call=%s why=no_memory", c->id);
        return;
    }
    int64_t now = clock_unix_ms();
    struct store_call row = {
        .from = c->from ? c->from : "",
        .to = c->to ? c->to : "",
        .caller_name = c->from_display,
        .status = call_status(c),
        .direction = "inbound",
        .ended_reason = e->ended_reason,
        .revision = ++e->revision,
        .created_unix_ms = c->created_unix_ms,
        .updated_unix_ms = now,
        .start_unix_ms = c->created_unix_ms,
        .connect_unix_ms = c->connected_unix_ms,
        .end_unix_ms = c->state == CALL_ENDED ? now : 0,
    };
    strcpy(row.id, c->id);
    strcpy(row.account, e->account);
    if (e->entered) strcpy(row.conference, e->conference);
    store_put_call(tx, &row);
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    if (text) store_put_dialog(tx, c->id, text);
    if (c->state == CALL_ENDED) store_delete_dialog(tx, c->id);
    free(text);
    store_commit_unsaved(tx, NULL, NULL);
}

static void save_dialog(struct entry *e, const json_t *record)
{
    struct store_tx *tx;
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    if (text && store_begin(e->calls->bridge->store, &tx) == STATUS_OK) {
        store_put_dialog(tx, e->call->id, text);
        store_commit_unsaved(tx, NULL, NULL);
    }
    free(text);
}

/* ---- what a call asks of the bridge ---- */

static void world_send(void *arg, struct call *call, const struct signal_message *m)
{
    const struct entry *e = arg;
    (void)call;
    if (e->calls->bridge->sip) sip_link_send(e->calls->bridge->sip, m);
}

static bool split_host(const char *text, char host[SDP_ADDRESS_SIZE], int *family)
{
    struct slice rest = slice_of(text);
    bool v6 = rest.len > 0 && rest.at[0] == '[';
    if (v6) slice_cut(&rest, '[');
    *family = v6 ? AF_INET6 : AF_INET;
    return slice_copy(slice_cut(&rest, v6 ? ']' : ':'), host, SDP_ADDRESS_SIZE);
}

/* Bound to any address of the family: the kernel picks the source that faces the peer, and a public address is not
 * ours. */
static status world_reserve(void *arg, struct call *call, char address[SDP_ADDRESS_SIZE], uint16_t *rtp_port)
{
    struct entry *e = arg;
    int family;
    struct sockaddr_storage any = {0};
    if (!split_host(call->local, address, &family)) return STATUS_INVALID;
    any.ss_family = (sa_family_t)family;
    status s = engine_socket_open(e->calls->bridge->engine, (struct sockaddr *)&any, &e->sockets);
    if (s != STATUS_OK) return s;
    e->has_sockets = true;
    *rtp_port = e->sockets.port;
    return STATUS_OK;
}

/* A name instead of an address is not looked up: the first packet shows where the peer is. */
static void set_remote(struct sockaddr_storage *out, const char *address, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
    }
}

static struct engine_leg_media leg_media(const struct sdp_result *result)
{
    uint8_t count;
    const struct sdp_codec *codec = &call_codecs(&count)[result->codec];
    struct engine_leg_media media = {
        .codec = codec_find(codec->encoding, codec->clock_hz),
        .send_payload_type = result->send_payload_type,
        .receive_payload_type = result->receive_payload_type,
        .send_event_type = result->has_telephone_event ? result->send_event_type : ENGINE_NO_PAYLOAD_TYPE,
        .receive_event_type = result->has_telephone_event ? result->receive_event_type : ENGINE_NO_PAYLOAD_TYPE,
        .send_ptime_ms = result->send_ptime_ms,
        .rtcp_mux = result->rtcp_mux,
        .send = result->send,
        .receive = result->receive && !result->peer_holds, /* a phone's hold music stays outside */
    };
    set_remote(&media.remote_rtp, result->remote_address, result->remote_rtp_port);
    set_remote(&media.remote_rtcp, result->remote_address, result->remote_rtcp_port);
    return media;
}

static status open_leg(struct entry *e, const struct engine_leg_media *media)
{
    struct bridge *bridge = e->calls->bridge;
    uint8_t random[8];
    if (!e->has_sockets) return STATUS_IO; /* an earlier leg has failed with them */
    struct engine_leg_config config = {
        .sockets = e->sockets,
        .media = *media,
        .ssrc = rng_u32(&bridge->rng),
        .first_timestamp = rng_u32(&bridge->rng),
        .first_sequence = (uint16_t)rng_u32(&bridge->rng),
        .near = conferences_engine(bridge->conferences, e->conference),
        .user = e,
    };
    random_bytes(random, sizeof random);
    hex_format(config.cname, random, sizeof random);
    e->has_sockets = false;
    return engine_leg_open(bridge->engine, &config, &e->leg);
}

static status world_apply(void *arg, struct call *call, const struct sdp_result *result)
{
    struct entry *e = arg;
    struct engine_leg_media media = leg_media(result);
    (void)call;
    return e->leg ? engine_leg_change(e->leg, &media) : open_leg(e, &media);
}

static void on_duration(void *arg)
{
    struct entry *e = arg;
    call_hang_up(e->call, "maxDuration");
}

static void limit_duration(struct entry *e)
{
    struct bridge *bridge = e->calls->bridge;
    int seconds = bridge->config->call_duration_max_s;
    if (seconds == 0) return;
    if (loop_timer_create(&e->duration, bridge->loop, on_duration, e) == STATUS_OK)
        loop_timer_set(e->duration, (int64_t)seconds * 1000000);
}

struct join {
    struct calls *calls;
    id_text call;
};

static void on_join(void *arg, status s, const struct conference *c)
{
    struct join *join = arg;
    (void)c;
    if (s != STATUS_OK && !join->calls->bridge->stopping) {
        log_event(LOG_INFO, "join_refused", "call=%s why=%s", join->call, status_name(s));
        calls_hang_up(join->calls, join->call, s == STATUS_NOT_FOUND ? "conferenceTerminated" : "internalError");
    }
    free(join);
}

static void world_connected(void *arg, struct call *call)
{
    struct entry *e = arg;
    struct bridge *bridge = e->calls->bridge;
    const struct user_part *user = &call->choice.user;
    struct conference_event event = {
        .type = CONFERENCE_JOIN,
        .call = call->id,
        .talk = user->talk,
        .listen = user->listen,
        .dtmf = true,
        .start = user->start_conf_on_enter,
    };
    struct join *join = calloc(1, sizeof *join);
    if (!join) {
        call_hang_up(call, "internalError");
        return;
    }
    join->calls = e->calls;
    strcpy(join->call, call->id);
    e->joined = e->entered = true;
    limit_duration(e);
    log_event(LOG_INFO, "call_connected", "call=%s conf=%s", call->id, e->conference);
    save(e, NULL);
    conferences_happen(bridge->conferences, e->conference, &event, NULL, on_join, join);
}

static void entry_destroy(void *arg)
{
    struct entry *e = arg;
    struct calls *cs = e->calls;
    list_remove(&e->link);
    loop_timer_destroy(e->duration);
    call_destroy(e->call);
    free(e);
    if (map_count(cs->by_id) == 0 && cs->idle) cs->idle(cs->idle_arg);
}

static void world_ended(void *arg, struct call *call, const char *reason)
{
    struct entry *e = arg;
    struct calls *cs = e->calls;
    e->ended_reason = reason;
    log_event(LOG_INFO, "call_ended", "call=%s conf=%s reason=%s", call->id, e->conference, reason);
    cs->figures.ended++;
    save(e, NULL);
    if (e->joined) {
        struct conference_event event = {.type = CONFERENCE_LEAVE, .call = call->id};
        conferences_happen(cs->bridge->conferences, e->conference, &event, NULL, NULL, NULL);
    }
    map_remove(cs->by_id, call->id);
    if (e->has_sockets) engine_socket_close(&e->sockets);
    e->has_sockets = false;
    if (e->leg) /* its reports name this entry: it stays until the last one */
        engine_leg_close(e->leg);
    else if (!e->waiting)
        loop_defer(cs->bridge->loop, entry_destroy, e);
}

static const struct call_world world = {world_send, world_reserve, world_apply, world_connected, world_ended};

/* ---- a new call ---- */

static void refuse_busy(struct entry *e, uint64_t *counter, uint32_t code, const char *why)
{
    (*counter)++;
    log_event(LOG_INFO, "call_refused", "call=%s code=%u why=\"%s\"", e->call->id, code, why);
    call_refuse(e->call, code, why, code == 503 ? RETRY_AFTER_S : 0, "failed");
}

static bool within_limits(struct entry *e)
{
    struct calls *cs = e->calls;
    struct bridge *bridge = cs->bridge;
    int calls_max = bridge->config->calls_max;
    if (bridge->draining)
        refuse_busy(e, &cs->figures.refused_draining, 503, "Shutting down");
    else if (engine_overloaded(bridge->engine))
        refuse_busy(e, &cs->figures.refused_overload, 503, "Overloaded");
    else if (calls_max > 0 && map_count(cs->by_id) > (size_t)calls_max)
        refuse_busy(e, &cs->figures.refused_limit, 503, "Too many calls");
    else
        return true;
    return false;
}

static bool choose_route(struct entry *e, const char *request_uri)
{
    struct calls *cs = e->calls;
    struct fault fault = {0, ""};
    status s = route_choose(&e->call->choice, cs->routes, cs->route_count, slice_of(request_uri),
                            slice_of(e->call->source), &fault);
    if (s == STATUS_OK) {
        const char *account = e->call->choice.route->account;
        strcpy(e->account, account[0] ? account : accounts_first(cs->bridge->accounts));
        return true;
    }
    uint32_t code = s == STATUS_UNSUPPORTED ? 416 : sip_status_code(s);
    cs->figures.refused_route++;
    strcpy(e->account, accounts_first(cs->bridge->accounts));
    char uri[160];
    log_event(LOG_INFO, "call_refused", "call=%s code=%u uri=%s why=\"%s\"", e->call->id, code,
              log_value(uri, sizeof uri, slice_of(request_uri)), fault.what);
    call_refuse(e->call, code, fault.what, 0, s == STATUS_REFUSED ? "appReject" : "failed");
    return false;
}

static void on_conference(void *arg, status s, const struct conference *c)
{
    struct entry *e = arg;
    struct calls *cs = e->calls;
    e->waiting = false;
    if (cs->bridge->stopping) return;
    if (e->call->state == CALL_ENDED) {
        loop_defer(cs->bridge->loop, entry_destroy, e);
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

static void find_conference(struct entry *e)
{
    struct bridge *bridge = e->calls->bridge;
    const struct route *route = e->call->choice.route;
    struct conference_options options = {
        .alias = slice_of(e->call->choice.user.name),
        .record = route->record,
        .wait_url = route->wait_url,
        .status_callback_url = route->status_callback_url,
        .auto_end_s = (uint32_t)bridge->config->auto_end_s,
        .participants_max = (uint32_t)bridge->config->participants_max,
    };
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

static void take_invite(struct calls *cs, const struct signal_message *m)
{
    if (map_get(cs->by_id, m->call)) return; /* repeated over a reconnection */
    struct entry *e = calloc(1, sizeof *e);
    if (!e) {
        reject_lost(cs, m->call, STATUS_NO_MEMORY);
        return;
    }
    e->calls = cs;
    list_init(&e->link);
    status s = call_create(&e->call, m, &world, e, random_u64() >> 2, clock_unix_ms());
    if (s == STATUS_OK) s = map_put(cs->by_id, m->call, e);
    if (s != STATUS_OK) {
        reject_lost(cs, m->call, s);
        call_destroy(e->call);
        free(e);
        return;
    }
    list_push_back(&cs->entries, &e->link);
    cs->figures.taken++;
    char from[160], to[160], id[160];
    log_event(LOG_INFO, "call_in", "call=%s sip=%s from=%s to=%s source=%s", m->call,
              log_value(id, sizeof id, slice_of(m->sip_call_id ? m->sip_call_id : "?")),
              log_value(from, sizeof from, slice_of(m->from_uri)), log_value(to, sizeof to, slice_of(m->request_uri)),
              m->source);
    if (!choose_route(e, m->request_uri) || !within_limits(e)) return;
    save(e, NULL);
    find_conference(e);
}

void calls_receive(struct calls *cs, const struct signal_message *m)
{
    if (m->type == SIGNAL_INVITE) {
        take_invite(cs, m);
        return;
    }
    struct entry *e = map_get(cs->by_id, m->call);
    if (!e) return;
    if (m->type == SIGNAL_DIALOG)
        save_dialog(e, m->record);
    else
        call_receive(e->call, m, clock_unix_ms());
}

void calls_reconcile(struct calls *cs, const json_t *held)
{
    size_t i;
    json_t *value;
    json_array_foreach (held, i, value) {
        const char *id = json_string_value(value);
        if (!id || !id_valid(slice_of(id), "CA") || map_get(cs->by_id, id)) continue;
        struct signal_message m;
        signal_message_init(&m, SIGNAL_HANGUP, id);
        log_event(LOG_WARN, "call_orphaned", "call=%s", id);
        if (cs->bridge->sip) sip_link_send(cs->bridge->sip, &m);
        signal_message_clear(&m);
    }
}

static void log_stats(const struct entry *e, const struct engine_leg_stats *stats)
{
    log_event(LOG_INFO, "call_media",
              "call=%s in=%llu out=%llu lost=%llu late=%llu concealed=%llu foreign=%llu bad=%llu jitter_us=%u",
              e->call->id, (unsigned long long)stats->packets_in, (unsigned long long)stats->packets_out,
              (unsigned long long)stats->packets_lost, (unsigned long long)stats->packets_late,
              (unsigned long long)stats->ticks_concealed, (unsigned long long)stats->packets_foreign,
              (unsigned long long)stats->packets_bad, stats->jitter_us);
}

void calls_report(struct calls *cs, const struct engine_report *report)
{
    struct entry *e = report->user;
    if (report->type == ENGINE_LEG_CLOSED) {
        log_stats(e, report->stats);
        entry_destroy(e);
    } else if (report->type == ENGINE_LEG_TIMEOUT && e->call->state != CALL_ENDED) {
        log_event(LOG_INFO, "call_silent", "call=%s timeout_s=%d", e->call->id, cs->bridge->config->rtp_timeout_s);
        call_hang_up(e->call, "failed");
    }
}

struct engine_leg *calls_leg(const struct calls *cs, const char *id)
{
    const struct entry *e = id[0] ? map_get(cs->by_id, id) : NULL;
    return e ? e->leg : NULL;
}

void calls_hang_up(struct calls *cs, const char *id, const char *reason)
{
    struct entry *e = map_get(cs->by_id, id);
    if (!e) return;
    e->joined = false; /* it is out of its conference already */
    call_hang_up(e->call, reason);
}

void calls_hang_up_all(struct calls *cs, const char *reason)
{
    size_t cursor = 0;
    struct entry *e;
    while ((e = map_next(cs->by_id, &cursor)))
        call_hang_up(e->call, reason);
}

void calls_on_idle(struct calls *cs, loop_fn *fn, void *arg)
{
    cs->idle = fn;
    cs->idle_arg = arg;
}

struct calls_figures calls_figures(const struct calls *cs)
{
    struct calls_figures figures = cs->figures;
    figures.calls = map_count(cs->by_id);
    return figures;
}

/* ---- start and end ---- */

status calls_create(struct calls **out, struct bridge *bridge)
{
    struct calls *cs = calloc(1, sizeof *cs);
    if (!cs) return STATUS_NO_MEMORY;
    cs->bridge = bridge;
    list_init(&cs->entries);
    status s = map_create(&cs->by_id);
    if (s == STATUS_OK) s = calls_set_routes(cs);
    if (s != STATUS_OK) {
        calls_destroy(cs);
        return s;
    }
    *out = cs;
    return STATUS_OK;
}

void calls_destroy(struct calls *cs)
{
    if (!cs) return;
    cs->idle = NULL;
    list_each_safe (link, &cs->entries) {
        struct entry *e = list_object(link, struct entry, link);
        if (e->has_sockets) engine_socket_close(&e->sockets);
        loop_undefer(cs->bridge->loop, entry_destroy, e);
        entry_destroy(e);
    }
    map_destroy(cs->by_id);
    clear_routes(cs->routes, cs->route_count);
    free(cs);
}

static void on_rows(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct calls *cs = arg;
    struct store_tx *tx;
    (void)page;
    if (s != STATUS_OK || count == 0 || store_begin(cs->bridge->store, &tx) != STATUS_OK) return;
    for (size_t i = 0; i < count; i++) {
        struct store_call row = rows[i];
        row.status = row.connect_unix_ms ? "completed" : "failed";
        row.ended_reason = "internalError";
        row.end_unix_ms = row.updated_unix_ms = clock_unix_ms();
        row.revision++;
        store_put_call(tx, &row);
        store_delete_dialog(tx, row.id);
    }
    log_event(LOG_WARN, "calls_lost", "count=%zu why=restart", count);
    store_commit_unsaved(tx, NULL, NULL);
}

status calls_load(struct calls *cs)
{
    status s = store_load_calls(cs->bridge->store, on_rows, cs);
    return s == STATUS_OK ? store_wait(cs->bridge->store) : s;
}
