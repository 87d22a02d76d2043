#include <stdlib.h>
#include <string.h>

#include "rest/rest_match.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

enum { ADDRESS_SIZE = 257 };

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) return true;
    }
    return false;
}

static bool lasts(const struct store_call *row)
{
    static const char *const words[] = {"queued", "ringing", "inProgress"};
    return is_one_of(row->status, words, sizeof words / sizeof words[0]);
}

/* ---- lists ---- */

static void on_list(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, rest_view_call(&rows[i]));
    rest_page_reply(call, s, "calls", items, page);
}

struct texts {
    char status[32], from[ADDRESS_SIZE], to[ADDRESS_SIZE], parent[ID_SIZE];
    id_text applications[STORE_APPLICATIONS_MAX];
};

static bool read_status(struct rest_call *call, char *text, size_t size)
{
    static const char *const words[] = {"queued",    "ringing", "inProgress", "canceled",
                                        "completed", "failed",  "busy",       "noAnswer"};
    if (!rest_query_text(call, "status", text, size)) return false;
    if (!text[0] || is_one_of(text, words, sizeof words / sizeof words[0])) return true;
    rest_fail_member(call, "status",
                     "must be queued, ringing, inProgress, canceled, completed, failed, busy or noAnswer");
    return false;
}

static bool read_applications(struct rest_call *call, struct store_call_filter *filter, struct texts *texts)
{
    struct slice value;
    for (size_t i = 0; http_request_query_nth(call->request, "applicationId", i, &value); i++) {
        if (value.len == 0) continue;
        bool fits = filter->application_count < STORE_APPLICATIONS_MAX && id_valid(value, "AP");
        if (!fits || !slice_copy(value, texts->applications[filter->application_count], ID_SIZE)) {
            rest_fail_member(call, "applicationId", "must be AP and 40 hex digits, at most 16 times");
            return false;
        }
        filter->applications[filter->application_count] = texts->applications[filter->application_count];
        filter->application_count++;
    }
    return true;
}

static bool read_times(struct rest_call *call, struct store_call_filter *filter)
{
    bool starts, ends;
    int64_t start, end;
    if (!rest_query_second(call, "startTime", &starts, &start)) return false;
    if (!rest_query_second(call, "endTime", &ends, &end)) return false;
    if (starts) filter->start.from_unix_ms = start;
    if (ends) filter->end.to_unix_ms = end + 1000;
    return true;
}

void rest_calls_list(struct rest_call *call)
{
    struct store_call_filter filter = {.account = call->account};
    struct texts texts;
    char cursor[STORE_CURSOR_SIZE];
    bool given;
    if (!rest_query_flag(call, "active", &given, &filter.active)) return;
    if (!read_status(call, texts.status, sizeof texts.status)) return;
    if (!rest_query_text(call, "from", texts.from, sizeof texts.from)) return;
    if (!rest_query_text(call, "to", texts.to, sizeof texts.to)) return;
    if (!rest_query_text(call, "parentCallId", texts.parent, sizeof texts.parent)) return;
    if (!read_applications(call, &filter, &texts) || !read_times(call, &filter)) return;
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    filter.status = texts.status;
    filter.from = texts.from;
    filter.to = texts.to;
    filter.parent_call = texts.parent;
    rest_fail_list(call, store_list_calls(call->rest->store, &filter, on_list, call));
}

/* ---- one call ---- */

static void get_row(struct rest_call *call, store_calls_fn *fn)
{
    status s = store_get_call(call->rest->store, call->account, call->parameters[0], fn, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void on_get(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (rest_found(call, s, count)) rest_reply(call, 200, rest_view_call(rows));
}

void rest_calls_get(struct rest_call *call)
{
    get_row(call, on_get);
}

static void on_updated(void *arg, status s, const struct store_call *row)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 202, rest_view_call(row));
    else if (s == STATUS_CONFLICT)
        rest_fail(call, 409, REST_CODE_CONFLICT, "The call is not queued any more", NULL);
    else
        rest_fail_status(call, s);
}

/* A call that is over is read, but not written (freeclimb.md, 2.7). */
static void on_update(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    enum rest_call_change change;
    struct rest_fault fault;
    (void)page;
    if (!rest_found(call, s, count)) return;
    if (rest_input_call_update(&change, call->body, &fault) != STATUS_OK)
        rest_fail_input(call, &fault);
    else if (!lasts(rows))
        rest_fail_status(call, STATUS_NOT_FOUND);
    else if (rest_match(call, rows->revision))
        backend->call_update(backend->arg, call->account, call->parameters[0], change, on_updated, call);
}

void rest_calls_update(struct rest_call *call)
{
    if (call->rest->backend.call_update)
        get_row(call, on_update);
    else
        rest_fail_absent(call);
}

/* ---- a new call ---- */

/* A call on its way to the backend: its parent says which application, the application what to run. */
struct making {
    struct rest_call *call;
    struct rest_call_options options; /* texts are the body's, and those of the row at hand */
    id_text application;
};

static void on_created(void *arg, status s, const struct store_call *row)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 202, rest_view_call(row));
    else if (s == STATUS_REFUSED)
        rest_fail(call, 400, REST_CODE_CREATE_CALL, "to: No trunk takes this destination", NULL);
    else if (s == STATUS_INVALID)
        rest_fail(call, 400, REST_CODE_CREATE_CALL, "from or to cannot be dialled", NULL);
    else
        rest_fail_status(call, s);
}

/* Ends the making. */
static void place(struct making *making)
{
    struct rest_call *call = making->call;
    const struct rest_backend *backend = &call->rest->backend;
    if (making->options.call_connect_url && making->options.call_connect_url[0])
        backend->call_create(backend->arg, call->account, &making->options, on_created, call);
    else
        rest_fail_missing_member(call, "callConnectUrl", "must be given, as the application has none");
    free(making);
}

static void on_application(void *arg, status s, const struct store_application *rows, size_t count,
                           const struct store_page *page)
{
    struct making *making = arg;
    (void)page;
    if (s == STATUS_OK && count == 1) {
        making->options.application = making->application;
        making->options.status_callback_url = rows->status_callback_url;
        if (!making->options.call_connect_url) making->options.call_connect_url = rows->call_connect_url;
        place(making);
        return;
    }
    if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        rest_fail_member(making->call, "applicationId", "There is no such application");
    else
        rest_fail_status(making->call, s);
    free(making);
}

static void find_application(struct making *making)
{
    struct rest_call *call = making->call;
    if (!making->application[0]) {
        place(making);
        return;
    }
    status s = store_get_application(call->rest->store, call->account, making->application, on_application, making);
    if (s == STATUS_OK) return;
    rest_fail_status(call, s);
    free(making);
}

static bool may_be_parent(const struct store_call *row)
{
    if (strcmp(row->status, "inProgress") == 0) return true;
    return strcmp(row->status, "ringing") == 0 && strcmp(row->direction, "inbound") == 0;
}

static void on_parent(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct making *making = arg;
    struct rest_call *call = making->call;
    (void)page;
    if (s == STATUS_OK && count == 1 && may_be_parent(rows)) {
        if (!making->application[0]) strcpy(making->application, rows->application);
        find_application(making);
        return;
    }
    if (s == STATUS_OK && count == 1)
        rest_fail(call, 409, REST_CODE_CONFLICT, "parentCallId: That call is not in progress", NULL);
    else if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        rest_fail_member(call, "parentCallId", "There is no such call");
    else
        rest_fail_status(call, s);
    free(making);
}

static void make(struct rest_call *call, const struct rest_call_options *options)
{
    struct making *making = calloc(1, sizeof *making);
    if (!making) {
        rest_fail_status(call, STATUS_NO_MEMORY);
        return;
    }
    making->call = call;
    making->options = *options;
    making->options.request_id = call->request_id;
    if (options->application) strcpy(making->application, options->application);
    if (!options->parent_call) {
        find_application(making);
        return;
    }
    status s = store_get_call(call->rest->store, call->account, options->parent_call, on_parent, making);
    if (s == STATUS_OK) return;
    rest_fail_status(call, s);
    free(making);
}

void rest_calls_create(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct rest_call_options options;
    struct rest_fault fault;
    if (!backend->call_create)
        rest_fail_absent(call);
    else if (rest_input_call(&options, call->body, backend->check_url, backend->arg, &fault) == STATUS_OK)
        make(call, &options);
    else
        rest_fail_input(call, &fault);
}
