#include <string.h>
#include <unistd.h>

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

enum { WAV_HEAD = 44, WAV_RIFF_SIZE_AT = 4, WAV_DATA_AT = 36, WAV_DATA_SIZE_AT = 40 };

static void put_u32(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* The header of a file that grows may say more by the time it is read than what is served: it is made to fit. */
static void fix_header(struct http_request *request, int fd, uint64_t size)
{
    uint8_t head[WAV_HEAD];
    if (size < WAV_HEAD || size > UINT32_MAX || pread(fd, head, sizeof head, 0) != WAV_HEAD) return;
    if (memcmp(head + WAV_DATA_AT, "data", 4) != 0) return;
    put_u32(head + WAV_RIFF_SIZE_AT, size - 8);
    put_u32(head + WAV_DATA_SIZE_AT, size - WAV_HEAD);
    http_reply_file_head(request, head, sizeof head);
}

static void reply_audio(struct rest_call *call, const struct store_recording *row)
{
    const struct rest_backend *backend = &call->rest->backend;
    int fd;
    uint64_t size;
    status s = backend->recording_open(backend->arg, row, &fd, &size);
    if (s == STATUS_NOT_FOUND) {
        rest_fail(call, 404, REST_CODE_RECORDING_EMPTY, "The recording has no audio", NULL);
    } else if (s != STATUS_OK) {
        rest_fail(call, 500, REST_CODE_INTERNAL, "The audio cannot be read", NULL);
    } else {
        if (grows(row)) fix_header(call->request, fd, size);
        http_reply_file(call->request, fd, size, "audio/wav");
        rest_call_destroy(call);
    }
}

static void on_audio(void *arg, status s, const struct store_recording *rows, size_t count,
                     const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (one_row(call, s, count)) reply_audio(call, rows);
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
