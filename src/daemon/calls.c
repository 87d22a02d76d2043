#include "daemon/calls.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/call_entry.h"
#include "daemon/call_quality.h"
#include "daemon/call_script.h"
#include "daemon/sip_link.h"
#include "daemon/store_wait.h"
#include "os/clock.h"
#include "os/log.h"
#include "signal/dtmf_info.h"
#include "store/store_read.h"
#include "store/store_tx.h"

void call_entry_free(struct call_entry *e)
{
    loop_timer_destroy(e->duration);
    call_destroy(e->call);
    call_out_destroy(e->out);
    free(e->from);
    free(e->to);
    free(e->status_callback_url);
    free(e);
}

void call_entry_destroy(void *arg)
{
    struct call_entry *e = arg;
    struct calls *cs = e->calls;
    list_remove(&e->link);
    call_entry_free(e);
    if (map_count(cs->by_id) == 0 && cs->idle) cs->idle(cs->idle_arg);
}

/* A key by SIP INFO goes the way of all keys of the leg, which knows whether it came as an event too. */
static void take_info(struct call_entry *e, const struct signal_message *m)
{
    struct dtmf_info info;
    if (!e->leg || e->call->state == CALL_ENDED) return;
    if (dtmf_info_parse(&info, slice_of(m->body)) == STATUS_OK && info.digit != '\0')
        engine_leg_press(e->leg, info.digit, info.duration_ms);
}

void calls_receive(struct calls *cs, const struct signal_message *m)
{
    if (m->type == SIGNAL_INVITE) {
        call_intake_invite(cs, m);
        return;
    }
    if (m->type == SIGNAL_REGISTERED) {
        call_trunks_registered(m);
        return;
    }
    struct call_entry *e = map_get(cs->by_id, m->call);
    if (!e) return;
    if (m->type == SIGNAL_DIALOG)
        call_row_save_dialog(e, m->record);
    else if (m->type == SIGNAL_INFO)
        take_info(e, m);
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

static void log_stats(const struct call_entry *e, const struct engine_leg_stats *stats)
{
    log_event(LOG_INFO, "call_media",
              "call=%s in=%llu out=%llu lost=%llu late=%llu concealed=%llu foreign=%llu bad=%llu unauthentic=%llu "
              "replayed=%llu jitter_us=%u",
              e->call->id, (unsigned long long)stats->packets_in, (unsigned long long)stats->packets_out,
              (unsigned long long)stats->packets_lost, (unsigned long long)stats->packets_late,
              (unsigned long long)stats->ticks_concealed, (unsigned long long)stats->packets_foreign,
              (unsigned long long)stats->packets_bad, (unsigned long long)stats->packets_unauthentic,
              (unsigned long long)stats->packets_replayed, stats->jitter_us);
}

void calls_report(struct calls *cs, const struct engine_report *report)
{
    struct call_entry *e = report->user;
    if (report->type == ENGINE_LEG_CLOSED) {
        log_stats(e, report->stats);
        if (e->joined) call_quality_log(e, report->stats);
        call_entry_destroy(e);
    } else if (e->call->state == CALL_ENDED) {
        return;
    } else if (report->type == ENGINE_LEG_DIGIT && e->script) {
        call_script_key(e->script, report->digit);
    } else if (report->type == ENGINE_LEG_SILENT && e->script) {
        call_script_silent(e->script, report->token);
    } else if (report->type == ENGINE_LEG_DIGITS_SENT && report->token == CALL_OUT_DIGITS_TOKEN) {
        call_out_digits_sent(e);
    } else if (report->type == ENGINE_LEG_DIGITS_SENT && e->script) {
        call_script_digits_sent(e->script, report->token);
    } else if (report->type == ENGINE_LEG_TIMEOUT) {
        log_event(LOG_INFO, "call_silent", "call=%s timeout_s=%d", e->call->id, cs->bridge->config->rtp_timeout_s);
        call_hang_up(e->call, "failed");
    }
}

struct engine_leg *calls_leg(const struct calls *cs, const char *id)
{
    const struct call_entry *e = id[0] ? map_get(cs->by_id, id) : NULL;
    return e ? e->leg : NULL;
}

const char *calls_srtp(const struct calls *cs, const char *id)
{
    const struct call_entry *e = id[0] ? map_get(cs->by_id, id) : NULL;
    return e && e->leg ? e->srtp : NULL;
}

void calls_hang_up(struct calls *cs, const char *id, const char *reason)
{
    struct call_entry *e = map_get(cs->by_id, id);
    if (e) call_hang_up(e->call, reason);
}

bool calls_belongs(const struct calls *cs, const char *id, const char *conference)
{
    const struct call_entry *e = map_get(cs->by_id, id);
    return e && e->joined && strcmp(e->conference, conference) == 0;
}

static enum percl_left left_how(enum call_ended_reason reason)
{
    switch (reason) {
    case CALL_ENDED_CONFERENCE_TERMINATED: return PERCL_LEFT_TERMINATED;
    case CALL_ENDED_CONFERENCE_EMPTIED: return PERCL_LEFT_EMPTIED;
    case CALL_ENDED_REMOVED_FROM_CONFERENCE: return PERCL_LEFT_REMOVED;
    case CALL_ENDED_INTERNAL_ERROR: return PERCL_LEFT_INTERNAL_ERROR;
    }
    return PERCL_LEFT_INTERNAL_ERROR;
}

static enum percl_end left_end(enum call_ended_reason reason)
{
    switch (reason) {
    case CALL_ENDED_CONFERENCE_TERMINATED: return PERCL_END_CONFERENCE_TERMINATED;
    case CALL_ENDED_CONFERENCE_EMPTIED: return PERCL_END_CONFERENCE_EMPTIED;
    case CALL_ENDED_REMOVED_FROM_CONFERENCE: return PERCL_END_REMOVED_FROM_CONFERENCE;
    case CALL_ENDED_INTERNAL_ERROR: return PERCL_END_INTERNAL_ERROR;
    }
    return PERCL_END_INTERNAL_ERROR;
}

void calls_put_out(struct calls *cs, const char *id, const char *conference, enum call_ended_reason reason)
{
    struct call_entry *e = map_get(cs->by_id, id);
    /* One that moved on while the change waited belongs to another conference by now. */
    if (!e || strcmp(e->conference, conference) != 0) return;
    if (e->joined) call_quality_log(e, NULL); /* one whose leave is still on its way has its line */
    e->joined = false;
    if (e->script)
        call_script_left(e->script, conference, left_how(reason));
    else
        call_hang_up(e->call, percl_end_name(left_end(reason)));
}

void calls_hang_up_all(struct calls *cs, const char *reason)
{
    size_t cursor = 0;
    struct call_entry *e;
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
    if (s == STATUS_OK) s = calls_set_trunks(cs);
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
        struct call_entry *e = list_object(link, struct call_entry, link);
        if (e->has_sockets) engine_socket_close(&e->sockets);
        loop_undefer(cs->bridge->loop, call_entry_destroy, e);
        call_entry_destroy(e);
    }
    map_destroy(cs->by_id);
    call_intake_clear_routes(cs->routes, cs->route_count);
    call_intake_clear_routes(cs->former_routes, cs->former_route_count);
    free(cs->trunks);
    free(cs);
}
