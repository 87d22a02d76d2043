#include "daemon/announcements.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/call_log.h"
#include "daemon/conferences.h"
#include "os/random.h"

struct announcement {
    struct list link;
    struct announcements *announcements;
    id_text id, conference, account;
    struct playback *playback;
    bool privacy;
};

struct announcements {
    struct bridge *bridge;
    struct list running;
};

status announcements_create(struct announcements **out, struct bridge *bridge)
{
    struct announcements *as = calloc(1, sizeof *as);
    if (!as) return STATUS_NO_MEMORY;
    as->bridge = bridge;
    list_init(&as->running);
    *out = as;
    return STATUS_OK;
}

static void release(struct announcement *a)
{
    list_remove(&a->link);
    free(a);
}

void announcements_destroy(struct announcements *as)
{
    if (!as) return;
    list_each_safe (link, &as->running)
        release(list_object(link, struct announcement, link));
    free(as);
}

static void on_done(void *arg, const char *why)
{
    struct announcement *a = arg;
    char text[640];
    struct call_log_line line = {.account = a->account, .level = "warning", .message = text};
    snprintf(text, sizeof text, "an announcement to conference %s could not be played%s%s", a->conference,
             a->privacy ? "" : ": ", a->privacy || !why ? "" : why);
    if (why) call_log_write(a->announcements->bridge, &line);
    release(a);
}

status announcements_start(struct announcements *as, const struct playback_item *item, id_text id)
{
    const struct conference *c = conferences_find(as->bridge->conferences, item->conference);
    if (!c) return STATUS_NOT_FOUND;
    if (conference_audio(c) == CONFERENCE_AUDIO_NONE) return STATUS_CONFLICT;
    struct announcement *a = calloc(1, sizeof *a);
    if (!a) return STATUS_NO_MEMORY;
    a->announcements = as;
    list_init(&a->link);
    random_id(a->id, "AN");
    strcpy(a->conference, c->id);
    strcpy(a->account, c->account);
    a->privacy = item->privacy;
    status s = playback_start(as->bridge->playbacks, item, on_done, a, &a->playback);
    if (s != STATUS_OK) {
        free(a);
        return s;
    }
    list_push_back(&as->running, &a->link);
    strcpy(id, a->id);
    return STATUS_OK;
}

status announcements_stop(struct announcements *as, const char *conference, const char *id)
{
    list_each (link, &as->running) {
        struct announcement *a = list_object(link, struct announcement, link);
        if (strcmp(a->id, id) != 0 || strcmp(a->conference, conference) != 0) continue;
        playback_stop(a->playback);
        release(a);
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}
