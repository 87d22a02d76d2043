#include <stdlib.h>
#include <string.h>

#include "daemon/conference_live.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"

/* Callers of a name whose conference is being made. */
struct waiter {
    struct list link;
    struct making *making;
    conferences_done_fn *done;
    void *arg;
};

struct making {
    struct list link;
    struct conferences *conferences;
    struct live *live;
    struct list waiters;
    bool named; /* others who want its name may wait with the first */
};

static void answer_waiters(struct making *making, status s)
{
    const struct conference *c = s == STATUS_OK ? making->live->now : NULL;
    list_remove(&making->link);
    list_each_safe (link, &making->waiters) {
        struct waiter *waiter = list_object(link, struct waiter, link);
        waiter->done(waiter->arg, s, c);
        free(waiter);
    }
    free(making);
}

static void on_made(void *arg, status s)
{
    struct making *making = arg;
    struct live *live = making->live;
    if (live->conferences->bridge->stopping) s = STATUS_CLOSED;
    if (s == STATUS_OK) s = live_publish(live);
    if (s == STATUS_OK) {
        char alias[CONFERENCE_ALIAS_SIZE];
        log_event(LOG_INFO, "conference_made", "conf=%s alias=%s", live->now->id,
                  log_value(alias, sizeof alias, slice_of(live->now->alias)));
        live_set_auto_end(live);
        answer_waiters(making, STATUS_OK);
        return;
    }
    answer_waiters(making, s == STATUS_CLOSED ? STATUS_IO : s);
    live_destroy(live);
}

static status check_limits(const struct conferences *cs, bool automatic)
{
    const struct config *config = cs->bridge->config;
    size_t all = map_count(cs->by_id) + list_count(&cs->makings);
    if (config->conferences_max > 0 && all >= (size_t)config->conferences_max) return STATUS_FULL;
    size_t ending = cs->automatic;
    list_each (link, &cs->makings)
        ending += list_object(link, struct making, link)->live->now->auto_end_s > 0;
    bool many = config->automatic_conferences_max > 0 && ending >= (size_t)config->automatic_conferences_max;
    return automatic && many ? STATUS_FULL : STATUS_OK;
}

static status store_new(struct making *making)
{
    struct conferences *cs = making->conferences;
    struct conference_event open = {.type = CONFERENCE_OPEN};
    struct conference_effects effects = {0};
    struct store_tx *tx;
    id_text none;
    status s = conference_apply(making->live->now, &open, clock_unix_ms(), &effects);
    if (s == STATUS_OK) s = change_begin_tx(cs, making->live->now, &effects, none, &tx);
    if (s == STATUS_OK) store_commit(tx, on_made, making);
    conference_effects_clear(&effects);
    return s;
}

static status make_live(struct conferences *cs, const char *account, const struct conference_options *options,
                        struct live **out)
{
    id_text id;
    struct conference *c;
    random_id(id, "CF");
    const struct config *config = cs->bridge->config;
    struct conference_options whole = *options;
    whole.participants_max = (uint32_t)config->participants_max;
    if (!whole.has_talkers_max) whole.talkers_max = (uint32_t)config->talkers_max;
    if (!whole.has_record_tracks) whole.record_tracks = config->record_tracks;
    status s = conference_create(&c, id, account, &whole, clock_unix_ms());
    if (s != STATUS_OK) return s;
    s = live_create(out, cs, c);
    if (s != STATUS_OK) conference_destroy(c);
    return s;
}

static status add_waiter(struct making *making, conferences_done_fn *done, void *arg)
{
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter) return STATUS_NO_MEMORY;
    *waiter = (struct waiter){.making = making, .done = done, .arg = arg};
    list_push_back(&making->waiters, &waiter->link);
    return STATUS_OK;
}

static status begin_making(struct conferences *cs, const char *account, const struct conference_options *options,
                           bool named, conferences_done_fn *done, void *arg)
{
    status s = check_limits(cs, options->auto_end_s > 0);
    if (s != STATUS_OK) return s;
    struct making *making = calloc(1, sizeof *making);
    if (!making) return STATUS_NO_MEMORY;
    making->conferences = cs;
    making->named = named;
    list_init(&making->waiters);
    s = make_live(cs, account, options, &making->live);
    if (s != STATUS_OK) {
        free(making);
        return s;
    }
    list_push_back(&cs->makings, &making->link);
    s = store_new(making);
    if (s == STATUS_OK && add_waiter(making, done, arg) == STATUS_OK) return STATUS_OK;
    if (s == STATUS_OK) return STATUS_NO_MEMORY; /* it will stand, nobody waits for it */
    list_remove(&making->link);
    live_destroy(making->live);
    free(making);
    return s;
}

void conferences_make(struct conferences *cs, const char *account, const struct conference_options *options,
                      conferences_done_fn *done, void *arg)
{
    status s = begin_making(cs, account, options, false, done, arg);
    if (s != STATUS_OK) done(arg, s, NULL);
}

static struct making *find_making(const struct conferences *cs, const char *account, struct slice alias)
{
    list_each (link, &cs->makings) {
        struct making *making = list_object(link, struct making, link);
        const struct conference *c = making->live->now;
        if (making->named && strcmp(c->account, account) == 0 && slice_is(alias, c->alias)) return making;
    }
    return NULL;
}

void conferences_find_or_make(struct conferences *cs, const char *account, const struct conference_options *options,
                              conferences_done_fn *done, void *arg)
{
    char *key = live_name_key(account, options->alias);
    struct live *live = key ? map_get(cs->by_name, key) : NULL;
    free(key);
    struct making *making = live ? NULL : find_making(cs, account, options->alias);
    status s = STATUS_OK;
    if (live)
        done(arg, STATUS_OK, live->now);
    else if (making)
        s = add_waiter(making, done, arg);
    else
        s = begin_making(cs, account, options, true, done, arg);
    if (s != STATUS_OK) done(arg, s, NULL);
}
