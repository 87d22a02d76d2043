#include "daemon/conferences.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "daemon/conference_live.h"
#include "daemon/music.h"
#include "media/sound.h"
#include "os/log.h"

static void on_auto_end(void *arg);

char *live_name_key(const char *account, struct slice alias)
{
    struct buffer key;
    buffer_init(&key);
    buffer_printf(&key, "%s %.*s", account, SLICE_ARGS(alias));
    return buffer_take(&key);
}

static void index_name(struct live *live)
{
    struct conferences *cs = live->conferences;
    char *key = live->now->alias[0] ? live_name_key(live->now->account, slice_of(live->now->alias)) : NULL;
    if (!key) return;
    const struct live *known = map_get(cs->by_name, key);
    if (!known || known->order < live->order) {
        if (map_put(cs->by_name, key, live) != STATUS_OK)
            log_event(LOG_ERROR, "conference_name_lost", "conf=%s why=no_memory", live->now->id);
    }
    free(key);
}

/* The next newest of the same name takes its place. */
static void unindex_name(struct live *live, const struct conference *named)
{
    struct conferences *cs = live->conferences;
    char *key = named->alias[0] ? live_name_key(named->account, slice_of(named->alias)) : NULL;
    if (!key) return;
    if (map_get(cs->by_name, key) == live) {
        map_remove(cs->by_name, key);
        size_t cursor = 0;
        struct live *other;
        while ((other = map_next(cs->by_id, &cursor))) {
            bool same = other != live && !other->closed && strcmp(other->now->alias, named->alias) == 0 &&
                        strcmp(other->now->account, named->account) == 0;
            if (same) index_name(other);
        }
    }
    free(key);
}

struct live *live_find(const struct conferences *cs, const char *id)
{
    return map_get(cs->by_id, id);
}

const struct conference *conferences_find(const struct conferences *cs, const char *id)
{
    const struct live *live = live_find(cs, id);
    return live && !live->closed ? live->now : NULL;
}

struct engine_conference *conferences_engine(const struct conferences *cs, const char *id)
{
    const struct live *live = live_find(cs, id);
    return live ? live->stage.engine : NULL;
}

void live_destroy(struct live *live)
{
    loop_undefer(live->conferences->bridge->loop, change_media_failed, live);
    conference_stage_clear(&live->stage);
    loop_timer_destroy(live->auto_end);
    conference_destroy(live->now);
    free(live);
}

status live_create(struct live **out, struct conferences *cs, struct conference *c)
{
    struct live *live = calloc(1, sizeof *live);
    if (!live) return STATUS_NO_MEMORY;
    live->conferences = cs;
    live->order = ++cs->orders;
    list_init(&live->changes);
    conference_stage_init(&live->stage, cs->bridge, c->talkers_max);
    status s = loop_timer_create(&live->auto_end, cs->bridge->loop, on_auto_end, live);
    if (s != STATUS_OK) {
        free(live);
        return s;
    }
    live->now = c;
    *out = live;
    return STATUS_OK;
}

static void on_music(void *arg, struct sound *sound)
{
    struct live *live = arg;
    if (sound) conference_stage_set_music(&live->stage, sound);
}

/* From here on it is found by others. */
status live_publish(struct live *live)
{
    struct conferences *cs = live->conferences;
    status s = map_put(cs->by_id, live->now->id, live);
    if (s != STATUS_OK) return s;
    index_name(live);
    if (live->now->auto_end_s > 0) cs->automatic++;
    if (live->now->wait_url) music_fetch(cs->bridge->music, live->now->id, live->now->wait_url, on_music, live);
    return STATUS_OK;
}

/* Terminated for good: out of the table once its recordings and changes are through. */
void live_retire(struct live *live)
{
    struct conferences *cs = live->conferences;
    bool busy = live->turning || live->holds > 0 || live->unheard > 0 || live->storing || !list_empty(&live->changes);
    if (!live->closed || busy) return;
    map_remove(cs->by_id, live->now->id);
    live_destroy(live);
}

void live_close(struct live *live)
{
    struct conferences *cs = live->conferences;
    if (live->closed) return;
    live->closed = true;
    unindex_name(live, live->now);
    if (live->now->auto_end_s > 0) cs->automatic--;
    loop_timer_cancel(live->auto_end);
    conference_stage_clear(&live->stage);
    music_forget(cs->bridge->music, live->now->id);
}

status conferences_create(struct conferences **out, struct bridge *bridge)
{
    struct conferences *cs = calloc(1, sizeof *cs);
    if (!cs) return STATUS_NO_MEMORY;
    cs->bridge = bridge;
    list_init(&cs->makings);
    list_init(&cs->audible);
    status s = map_create(&cs->by_id);
    if (s == STATUS_OK) s = map_create(&cs->by_name);
    if (s != STATUS_OK) {
        map_destroy(cs->by_id);
        free(cs);
        return s;
    }
    *out = cs;
    return STATUS_OK;
}

void conferences_destroy(struct conferences *cs)
{
    if (!cs) return;
    size_t cursor = 0;
    struct live *live;
    while ((live = map_next(cs->by_id, &cursor))) {
        change_drop_all(live);
        live->stage.engine = NULL; /* the engine has gone before */
        live_destroy(live);
    }
    change_drop_audible(cs);
    map_destroy(cs->by_id);
    map_destroy(cs->by_name);
    free(cs);
}

void live_rename(struct live *live, const struct conference *before)
{
    unindex_name(live, before);
    index_name(live);
}

void live_set_auto_end(struct live *live)
{
    if (live->now->auto_end_s == 0 || live->closed) return;
    if (live->now->status == CONFERENCE_EMPTY)
        loop_timer_set(live->auto_end, (int64_t)live->now->auto_end_s * 1000000);
    else
        loop_timer_cancel(live->auto_end);
}

static void on_auto_end(void *arg)
{
    struct live *live = arg;
    struct conference_event event = {.type = CONFERENCE_TERMINATE};
    if (live->now->status == CONFERENCE_EMPTY)
        conferences_happen(live->conferences, live->now->id, &event, NULL, NULL, NULL);
}

void conferences_hold(struct conferences *cs, const char *id)
{
    struct live *live = live_find(cs, id);
    if (live) live->holds++;
}

void conferences_release(struct conferences *cs, const char *id)
{
    struct live *live = live_find(cs, id);
    if (!live || live->holds == 0) return;
    live->holds--;
    live_retire(live);
}

void conferences_figures(const struct conferences *cs, struct conferences_figures *out)
{
    size_t cursor = 0;
    const struct live *live;
    *out = (struct conferences_figures){0};
    while ((live = map_next(cs->by_id, &cursor))) {
        out->conferences[live->now->status]++;
        out->participants += live->now->participant_count;
    }
}
