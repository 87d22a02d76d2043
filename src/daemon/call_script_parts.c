#include "daemon/call_script_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/recordings.h"
#include "os/log.h"

void script_parts_init(struct call_script *s)
{
    list_init(&s->link);
    list_init(&s->kept);
    list_init(&s->asks);
    list_init(&s->sounds);
    list_init(&s->pendings);
}

void script_parts_free_event(struct kept_event *kept)
{
    free(kept->why);
    free(kept->url);
    free(kept);
}

void script_parts_drop(struct call_script *s)
{
    struct kept_event *kept;
    while ((kept = script_parts_next_event(s))) {
        percl_script_destroy(kept->event.script);
        script_parts_free_event(kept);
    }
    script_requests_drop(s);
    script_sounds_drop(s);
    script_pendings_drop(s);
    if (s->utterance[0]) recordings_forget(s->all->bridge->recordings, s->utterance);
    if (s->call_recording[0]) recordings_forget(s->all->bridge->recordings, s->call_recording);
}

void script_parts_call_over(struct call_script *s)
{
    script_requests_drop(s);
    script_sounds_drop(s);
    s->digits_item = 0;
}

/* What is borrowed is copied; a fault and an add come only with events of their own turn, which are never kept. */
void script_parts_keep_event(struct call_script *s, const struct percl_event *event)
{
    struct kept_event *kept = calloc(1, sizeof *kept);
    if (!kept) {
        log_event(LOG_ERROR, "script_event_lost", "call=%s why=no_memory", s->call);
        percl_script_destroy(event->script);
        return;
    }
    kept->event = *event;
    kept->event.recording = NULL;
    if (event->conference) {
        snprintf(kept->conference, sizeof kept->conference, "%s", event->conference);
        kept->event.conference = kept->conference;
    }
    if (event->call) {
        snprintf(kept->call, sizeof kept->call, "%s", event->call);
        kept->event.call = kept->call;
    }
    if (event->why) kept->event.why = kept->why = strdup(event->why);
    if (event->url) kept->event.url = kept->url = strdup(event->url);
    list_push_back(&s->kept, &kept->link);
}

struct kept_event *script_parts_next_event(struct call_script *s)
{
    struct list *link = list_pop_front(&s->kept);
    return link ? list_object(link, struct kept_event, link) : NULL;
}
