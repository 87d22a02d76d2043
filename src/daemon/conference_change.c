#include <stdlib.h>
#include <string.h>

#include "daemon/calls.h"
#include "daemon/conference_live.h"
#include "daemon/conference_row.h"
#include "daemon/recordings.h"
#include "hook/hook.h"
#include "os/clock.h"
#include "os/log.h"

enum { CHANGE_EVENTS_MAX = 8 };

/* Words of events outlive their caller here. */
struct kept_event {
    struct conference_event event;
    id_text call, recording;
    char alias[CONFERENCE_ALIAS_SIZE];
};

/* One change of one conference on its way: queued, being stored, being made audible. */
struct change {
    struct list link;
    struct live *live;
    struct kept_event events[CHANGE_EVENTS_MAX];
    size_t count;
    bool of_client;
    conferences_add_fn *add;
    conferences_done_fn *done;
    void *arg;
    struct conference *next; /* a client's: what it will be */
    struct conference_effects effects;
    id_text recording;
    uint64_t token; /* not 0: waits for the engine */
};

static void change_destroy(struct change *change)
{
    list_remove(&change->link);
    conference_destroy(change->next);
    conference_effects_clear(&change->effects);
    free(change);
}

static void change_drop(struct change *change)
{
    if (change->done) change->done(change->arg, STATUS_CLOSED, NULL);
    change_destroy(change);
}

void change_drop_all(struct live *live)
{
    list_each_safe (link, &live->changes)
        change_drop(list_object(link, struct change, link));
}

void change_drop_audible(struct conferences *cs)
{
    list_each_safe (link, &cs->audible)
        change_drop(list_object(link, struct change, link));
}

/* ---- storing a change with its callbacks ---- */

static status post_callback(struct conferences *cs, struct store_tx *tx, const struct conference *c, uint32_t number,
                            const char *body)
{
    struct hook_event event = {
        .account = c->account, .lane = c->id, .n = number, .url = c->status_callback_url, .body = body};
    return body ? hook_post(cs->bridge->hook, tx, &event) : STATUS_NO_MEMORY;
}

static status add_effect(struct conferences *cs, struct store_tx *tx, const struct conference *c,
                         const struct conference_effect *e, id_text recording)
{
    status s = STATUS_OK;
    char *body;
    switch (e->type) {
    case EFFECT_SAVE: {
        struct store_conference row = conference_row(c);
        store_put_conference(tx, &row);
        return STATUS_OK;
    }
    case EFFECT_RECORD_START: return recordings_prepare(cs->bridge->recordings, tx, c, recording);
    case EFFECT_STATUS:
        if (!c->status_callback_url) return STATUS_OK;
        body = conference_status_body("conferenceStatus", c, e->status, NULL);
        s = post_callback(cs, tx, c, e->event, body);
        free(body);
        return s;
    default: return STATUS_OK;
    }
}

status change_begin_tx(struct conferences *cs, const struct conference *c, const struct conference_effects *effects,
                       id_text recording, struct store_tx **out)
{
    struct store_tx *tx;
    status s = store_begin(cs->bridge->store, &tx);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < effects->count && s == STATUS_OK; i++)
        s = add_effect(cs, tx, c, &effects->items[i], recording);
    if (s != STATUS_OK) {
        store_discard(tx);
        return s;
    }
    *out = tx;
    return STATUS_OK;
}

/* EFFECT_RECORDED is posted by the change's add function, which knows the recording. */
static status make_tx(struct change *change, const struct conference *c, struct store_tx **out)
{
    status s = change_begin_tx(change->live->conferences, c, &change->effects, change->recording, out);
    if (s == STATUS_OK && change->add) change->add(change->arg, *out, c);
    return s;
}

/* ---- making it true ---- */

static void tell(struct change *change, status s)
{
    if (!change->done) return;
    change->done(change->arg, s, s == STATUS_OK ? change->live->now : NULL);
}

void change_log_status(const struct conference *c, const struct conference_effect *e)
{
    log_event(LOG_INFO, "conference_status", "conf=%s status=%s event=%u", c->id, conference_status_name(e->status),
              e->event);
}

/* What is left to do once the engine has its batch. Hanging up comes last: it makes new events of this conference. */
static void carry_rest(struct live *live, const struct conference_effects *effects)
{
    struct bridge *bridge = live->conferences->bridge;
    bool closes = false;
    for (size_t i = 0; i < effects->count; i++) {
        const struct conference_effect *e = &effects->items[i];
        if (e->type == EFFECT_STATUS) change_log_status(live->now, e);
        if (e->type == EFFECT_CLOSED) closes = true;
    }
    live_set_auto_end(live);
    if (closes) live_close(live);
    for (size_t i = 0; i < effects->count; i++) {
        const struct conference_effect *e = &effects->items[i];
        if (e->type == EFFECT_CALL_LEFT && e->put_out) calls_put_out(bridge->calls, e->call, live->now->id, e->reason);
    }
}

void change_media_failed(void *arg)
{
    struct live *live = arg;
    struct conference_event event = {.type = CONFERENCE_FAIL};
    conferences_happen(live->conferences, live->now->id, &event, NULL, NULL, NULL);
}

/*
 * The change is true in live->now. A client's answer waits for the tick in which it is heard; what happened on the wire
 * is told at once, for its script may be over by then.
 */
static void carry(struct change *change)
{
    struct live *live = change->live;
    struct conferences *cs = live->conferences;
    uint64_t token = change->of_client ? ++cs->tokens : 0;
    status s = conference_stage_carry(&live->stage, &change->effects, live->now->id, change->recording, token);
    bool waits = s == STATUS_OK && change->of_client;
    if (waits) {
        change->token = token;
        live->unheard++;
        list_push_back(&cs->audible, &change->link);
    } else if (s != STATUS_OK && s != STATUS_AGAIN) {
        log_event(LOG_ERROR, "conference_media_failed", "conf=%s why=%s", live->now->id, status_name(s));
        loop_defer(cs->bridge->loop, change_media_failed, live);
    }
    carry_rest(live, &change->effects);
    if (!waits) {
        tell(change, STATUS_OK);
        change_destroy(change);
    }
}

void conferences_report(struct conferences *cs, const struct engine_report *report)
{
    if (report->type != ENGINE_DONE) return;
    list_each_safe (link, &cs->audible) {
        struct change *change = list_object(link, struct change, link);
        if (change->token != report->token) continue;
        struct live *live = change->live;
        tell(change, STATUS_OK);
        change_destroy(change);
        live->unheard--;
        live_retire(live);
        return;
    }
}

/* ---- one change after the other ---- */

static status apply_all(struct conference *c, struct change *change)
{
    status s = STATUS_OK;
    int64_t now = clock_unix_ms();
    for (size_t i = 0; i < change->count && s == STATUS_OK; i++)
        s = conference_apply(c, &change->events[i].event, now, &change->effects);
    return s;
}

static void on_stored(void *arg, status s)
{
    struct change *change = arg;
    struct live *live = change->live;
    live->storing = NULL;
    if (live->conferences->bridge->stopping) {
        change_drop(change);
        return;
    }
    live->turning = true;
    if (s == STATUS_OK) {
        struct conference *before = live->now;
        live->now = change->next;
        change->next = NULL;
        if (strcmp(before->alias, live->now->alias) != 0) live_rename(live, before);
        conference_destroy(before);
        carry(change);
    } else {
        tell(change, s == STATUS_CLOSED ? STATUS_IO : s);
        change_destroy(change);
    }
    live->turning = false;
    change_next(live);
}

static void start_client(struct change *change)
{
    struct live *live = change->live;
    struct store_tx *tx;
    status s = conference_clone(&change->next, live->now);
    if (s == STATUS_OK) s = apply_all(change->next, change);
    if (s == STATUS_OK && change->effects.count > 0) s = make_tx(change, change->next, &tx);
    if (s == STATUS_OK && change->effects.count > 0) {
        live->storing = change;
        store_commit(tx, on_stored, change);
        return;
    }
    tell(change, s);
    change_destroy(change);
}

static void start_wire(struct change *change)
{
    struct live *live = change->live;
    struct store_tx *tx;
    status s = apply_all(live->now, change);
    if (s != STATUS_OK) {
        tell(change, s);
        change_destroy(change);
        return;
    }
    bool stores = change->effects.count > 0 || change->add;
    s = stores ? make_tx(change, live->now, &tx) : STATUS_AGAIN;
    if (s == STATUS_OK)
        store_commit_unsaved(tx, NULL, NULL);
    else if (s != STATUS_AGAIN)
        log_event(LOG_ERROR, "conference_not_stored", "conf=%s why=%s", live->now->id, status_name(s));
    carry(change);
}

/* Whoever is told of a change may bring the next one, or let go of the conference: neither happens under our feet. */
void change_next(struct live *live)
{
    if (live->turning) return;
    live->turning = true;
    while (!live->storing && !list_empty(&live->changes)) {
        struct change *change = list_object(list_pop_front(&live->changes), struct change, link);
        if (change->of_client)
            start_client(change);
        else
            start_wire(change);
    }
    live->turning = false;
    live_retire(live);
}

static void keep_event(struct kept_event *kept, const struct conference_event *event)
{
    kept->event = *event;
    if (event->call) {
        slice_copy(slice_of(event->call), kept->call, sizeof kept->call);
        kept->event.call = kept->call;
    }
    if (event->recording) {
        slice_copy(slice_of(event->recording), kept->recording, sizeof kept->recording);
        kept->event.recording = kept->recording;
    }
    if (event->alias.len > 0 && slice_copy(event->alias, kept->alias, sizeof kept->alias))
        kept->event.alias = slice_of(kept->alias);
}

static void enqueue(struct conferences *cs, const char *id, const struct conference_event *events, size_t count,
                    bool of_client, conferences_add_fn *add, conferences_done_fn *done, void *arg)
{
    struct live *live = live_find(cs, id);
    struct change *change = live && count <= CHANGE_EVENTS_MAX ? calloc(1, sizeof *change) : NULL;
    if (!change) {
        if (done) done(arg, live ? STATUS_NO_MEMORY : STATUS_NOT_FOUND, NULL);
        return;
    }
    list_init(&change->link);
    change->live = live;
    change->of_client = of_client;
    change->count = count;
    change->add = add;
    change->done = done;
    change->arg = arg;
    for (size_t i = 0; i < count; i++)
        keep_event(&change->events[i], &events[i]);
    list_push_back(&live->changes, &change->link);
    change_next(live);
}

void conferences_apply(struct conferences *cs, const char *id, const struct conference_event *events, size_t count,
                       conferences_done_fn *done, void *arg)
{
    enqueue(cs, id, events, count, true, NULL, done, arg);
}

void conferences_happen(struct conferences *cs, const char *id, const struct conference_event *event,
                        conferences_add_fn *add, conferences_done_fn *done, void *arg)
{
    enqueue(cs, id, event, 1, false, add, done, arg);
}
