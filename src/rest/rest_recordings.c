#include <stdio.h>
#include <string.h>

#include "rest/rest_match.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

static bool grows(const struct store_recording *row)
{
    return strcmp(row->state, "recording") == 0;
}

static json_t *view(const struct rest_call *call, const struct store_recording *row)
{
    const struct rest_backend *backend = &call->rest->backend;
    return rest_view_recording(row,
                               grows(row) ? backend->recording_duration_ms(backend->arg, row->id) : row->duration_ms);
}

static void fail_missing(struct rest_call *call)
{
    rest_fail(call, 404, REST_CODE_RECORDING_NOT_FOUND, "No such recording", NULL);
}

/* @return true where the answer holds the one row that was asked for; else the call was answered */
static bool one_row(struct rest_call *call, status s, size_t count)
{
    if (s == STATUS_OK && count == 1) return true;
    if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        fail_missing(call);
    else
        rest_fail_status(call, s);
    return false;
}

static void on_list(void *arg, status s, const struct store_recording *rows, size_t count,
                    const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, view(call, &rows[i]));
    rest_page_reply(call, s, "recordings", items, page);
}

/* conference, call: "" for any */
static void list(struct rest_call *call, const char *conference, const char *of_call)
{
    struct store_recording_filter filter = {.account = call->account, .conference = conference, .call = of_call};
    char cursor[STORE_CURSOR_SIZE];
    if (!rest_query_day(call, "dateCreated", &filter.created)) return;
    if (!rest_query_times(call, &filter.created)) return;
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    rest_fail_list(call, store_list_recordings(call->rest->store, &filter, on_list, call));
}

void rest_recordings_list(struct rest_call *call)
{
    char call_id[REST_PARAMETER_SIZE], conference[REST_PARAMETER_SIZE];
    if (!rest_query_text(call, "callId", call_id, sizeof call_id)) return;
    if (!rest_query_text(call, "conferenceId", conference, sizeof conference)) return;
    list(call, conference, call_id);
}

static void on_conference(void *arg, status s, const struct store_conference *rows, size_t count,
                          const struct store_page *page)
{
    struct rest_call *call = arg;
    char call_id[REST_PARAMETER_SIZE];
    (void)rows;
    (void)page;
    if (!rest_found(call, s, count)) return;
    if (rest_query_text(call, "callId", call_id, sizeof call_id)) list(call, call->parameters[0], call_id);
}

void rest_recordings_list_of_conference(struct rest_call *call)
{
    status s = store_get_conference(call->rest->store, call->account, call->parameters[0], on_conference, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void on_call(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)rows;
    (void)page;
    if (rest_found(call, s, count)) list(call, "", call->parameters[0]);
}

void rest_recordings_list_of_call(struct rest_call *call)
{
    status s = store_get_call(call->rest->store, call->account, call->parameters[0], on_call, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void get_row(struct rest_call *call, store_recordings_fn *fn)
{
    status s = store_get_recording(call->rest->store, call->account, call->parameters[0], fn, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void on_get(void *arg, status s, const struct store_recording *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (one_row(call, s, count)) rest_reply(call, 200, view(call, rows));
}

void rest_recordings_get(struct rest_call *call)
{
    get_row(call, on_get);
}

/* How a program that downloads it may call the file: ID.flac, ID-TRACK.flac, ID-timeline.json. */
static void name_file(struct rest_call *call, const char *id, const char *part, const char *content_type)
{
    char text[192];
    const char *kind = strchr(content_type, '/');
    snprintf(text, sizeof text, "inline; filename=\"%.64s%s%.64s.%s\"", id, part ? "-" : "", part ? part : "",
             kind ? kind + 1 : "");
    http_reply_header(call->request, "Content-Disposition", text);
}

/* A file of recording id: its mix (part NULL) or a part of it. missing: what is said where there is no such file */
static void reply_file(struct rest_call *call, status s, const struct rest_audio *file, const char *id,
                       const char *part, const char *missing)
{
    if (s == STATUS_NOT_FOUND) {
        rest_fail(call, 404, REST_CODE_RECORDING_EMPTY, missing, NULL);
    } else if (s != STATUS_OK) {
        rest_fail(call, 500, REST_CODE_INTERNAL, "The audio cannot be read", NULL);
    } else {
        name_file(call, id, part, file->content_type);
        if (file->head_len > 0) http_reply_file_head(call->request, file->head, file->head_len);
        http_reply_file(call->request, file->fd, file->size, file->content_type);
        rest_call_destroy(call);
    }
}

static void on_audio(void *arg, status s, const struct store_recording *rows, size_t count,
                     const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    struct rest_audio file;
    (void)page;
    if (!one_row(call, s, count)) return;
    s = backend->recording_open(backend->arg, rows, NULL, &file);
    reply_file(call, s, &file, rows->id, NULL, "The recording has no audio");
}

void rest_recordings_audio(struct rest_call *call)
{
    get_row(call, on_audio);
}

/* /recordings/TOKEN/ID.wav: the token is the credential. */
void rest_recordings_by_token(struct rest_call *call)
{
    status s = store_get_recording_by_token(call->rest->store, call->parameters[0], on_audio, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

/* ---- tracks ---- */

struct track_list {
    const struct store_recording *row;
    json_t *items;
};

static void add_track(void *arg, const char *name)
{
    struct track_list *list = arg;
    json_array_append_new(list->items, rest_view_track(list->row, name));
}

static void on_tracks(void *arg, status s, const struct store_recording *rows, size_t count,
                      const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    (void)page;
    if (!one_row(call, s, count)) return;
    struct track_list list = {.row = rows, .items = json_array()};
    backend->recording_tracks(backend->arg, rows, add_track, &list);
    size_t found = json_array_size(list.items);
    struct store_page all = {.total = found, .limit = found > 0 ? (uint32_t)found : 1};
    rest_page_reply(call, STATUS_OK, "tracks", list.items, &all);
}

void rest_recordings_tracks(struct rest_call *call)
{
    get_row(call, on_tracks);
}

/* It becomes part of a path: nothing else than a track's name may. */
static bool is_track_name(const char *name)
{
    return strcmp(name, "bridge") == 0 || id_valid(slice_of(name), "CA");
}

static void on_track(void *arg, status s, const struct store_recording *rows, size_t count,
                     const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    const char *name = call->parameters[1];
    struct rest_audio file;
    (void)page;
    if (!one_row(call, s, count)) return;
    s = is_track_name(name) ? backend->recording_open(backend->arg, rows, name, &file) : STATUS_NOT_FOUND;
    reply_file(call, s, &file, rows->id, name, "The recording has no such track");
}

void rest_recordings_track_audio(struct rest_call *call)
{
    get_row(call, on_track);
}

static void on_timeline(void *arg, status s, const struct store_recording *rows, size_t count,
                        const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    struct rest_audio file;
    (void)page;
    if (!one_row(call, s, count)) return;
    s = backend->recording_timeline(backend->arg, rows, &file);
    reply_file(call, s, &file, rows->id, "timeline", "The recording has no timeline");
}

void rest_recordings_timeline(struct rest_call *call)
{
    get_row(call, on_timeline);
}

static void on_deleted(void *arg, status s)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 204, NULL);
    else if (s == STATUS_CONFLICT)
        rest_fail(call, 409, REST_CODE_CONFLICT, "It is still being recorded", NULL);
    else
        rest_fail_status(call, s);
}

static void on_delete(void *arg, status s, const struct store_recording *rows, size_t count,
                      const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    (void)page;
    if (one_row(call, s, count) && rest_match(call, rows->revision))
        backend->recording_delete(backend->arg, rows, on_deleted, call);
}

void rest_recordings_delete(struct rest_call *call)
{
    get_row(call, on_delete);
}
