#include "daemon/conference_row.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct store_conference conference_row(const struct conference *c)
{
    struct store_conference row = {
        .alias = c->alias,
        .play_beep = play_beep_name(c->play_beep),
        .record = c->record,
        .record_tracks = c->record_tracks,
        .wait_url = c->wait_url,
        .status_callback_url = c->status_callback_url,
        .action_url = c->action_url,
        .status = conference_status_name(c->status),
        .revision = c->revision,
        .created_unix_ms = c->created_unix_ms,
        .updated_unix_ms = c->updated_unix_ms,
        .events = c->events,
        .auto_end_s = c->auto_end_s,
        .participants_max = c->participants_max,
        .talkers_max = c->talkers_max,
    };
    strcpy(row.id, c->id);
    strcpy(row.account, c->account);
    return row;
}

status conference_from_row(struct conference **out, const struct store_conference *row)
{
    struct conference_options options = {
        .alias = slice_of(row->alias ? row->alias : ""),
        .record = row->record,
        .record_tracks = row->record_tracks,
        .wait_url = row->wait_url,
        .status_callback_url = row->status_callback_url,
        .action_url = row->action_url,
        .auto_end_s = row->auto_end_s,
        .participants_max = row->participants_max,
        .talkers_max = row->talkers_max,
    };
    enum conference_status state;
    if (!play_beep_parse(slice_of(row->play_beep), &options.play_beep)) return STATUS_INVALID;
    if (!conference_status_parse(slice_of(row->status), &state)) return STATUS_INVALID;
    struct conference *c;
    status s = conference_create(&c, row->id, row->account, &options, row->created_unix_ms);
    if (s != STATUS_OK) return s;
    c->status = state;
    c->revision = row->revision;
    c->updated_unix_ms = row->updated_unix_ms;
    c->events = row->events;
    *out = c;
    return STATUS_OK;
}

char *conference_status_body(const char *request_type, const struct conference *c, enum conference_status state,
                             const struct recording_facts *recording)
{
    json_t *body = json_pack("{s:s, s:n, s:s, s:n, s:n, s:n, s:n, s:s, s:n, s:s}", "requestType", request_type,
                             "callId", "accountId", c->account, "from", "to", "callStatus", "direction", "conferenceId",
                             c->id, "queueId", "status", conference_status_name(state));
    if (!body) return NULL;
    bool has = recording && recording->id[0];
    json_t *seconds = has ? json_integer((json_int_t)((recording->duration_ms + 999) / 1000)) : json_null();
    int failed =
        json_object_set_new(body, "recordingUrl", has && recording->url ? json_string(recording->url) : json_null());
    failed |= json_object_set_new(body, "recordingId", has ? json_string(recording->id) : json_null());
    failed |= json_object_set_new(body, "recordingDurationSec", seconds);
    char *text = failed ? NULL : json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(body);
    return text;
}
