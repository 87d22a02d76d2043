#include <string.h>

#include "rest/rest_match.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_shown.h"
#include "rest/rest_views.h"

static void on_made(void *arg, status s, const struct conference *c)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 200, rest_view_conference(c));
    else if (s == STATUS_FULL)
        rest_fail(call, 503, REST_CODE_CREATE_CONFERENCE, "conferences_max is reached", NULL);
    else
        rest_fail_status(call, s);
}

void rest_conferences_create(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct conference_options options;
    struct rest_fault fault;
    if (rest_input_conference(&options, call->body, backend->check_url, backend->arg, &fault) == STATUS_OK)
        backend->conference_make(backend->arg, call->account, &options, on_made, call);
    else
        rest_fail_input(call, &fault);
}

static bool read_status_filter(struct rest_call *call, char *text, size_t size)
{
    enum conference_status state;
    if (!rest_query_text(call, "status", text, size)) return false;
    if (!text[0]) return true;
    bool known = conference_status_parse(slice_of(text), &state);
    if (known && state >= CONFERENCE_EMPTY && state <= CONFERENCE_TERMINATED) return true;
    rest_fail_member(call, "status", "must be empty, populated, inProgress or terminated");
    return false;
}

static void on_list(void *arg, status s, const struct store_conference *rows, size_t count,
                    const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, rest_view_conference_row(&rows[i]));
    rest_page_reply(call, s, "conferences", items, page);
}

void rest_conferences_list(struct rest_call *call)
{
    struct store_conference_filter filter = {.account = call->account};
    char text[32], alias[CONFERENCE_ALIAS_SIZE], cursor[STORE_CURSOR_SIZE];
    if (!read_status_filter(call, text, sizeof text) || !rest_query_text(call, "alias", alias, sizeof alias)) return;
    if (!rest_query_day(call, "dateCreated", &filter.created)) return;
    if (!rest_query_day(call, "dateUpdated", &filter.updated)) return;
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    filter.status = text;
    filter.alias = alias;
    rest_fail_list(call, store_list_conferences(call->rest->store, &filter, on_list, call));
}

static void on_row(void *arg, status s, const struct store_conference *rows, size_t count,
                   const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (rest_found(call, s, count)) rest_reply(call, 200, rest_view_conference_row(rows));
}

void rest_conferences_get(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    const struct conference *c = backend->conference_find(backend->arg, call->parameters[0]);
    if (c && strcmp(c->account, call->account) == 0) {
        rest_reply_shown(call, rest_shown_conference(call->rest->shown, c), c->revision);
        return;
    }
    status s = store_get_conference(call->rest->store, call->account, call->parameters[0], on_row, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void on_updated(void *arg, status s, const struct conference *c)
{
    struct rest_call *call = arg;
    (void)c;
    if (s == STATUS_OK)
        rest_reply(call, 204, NULL);
    else
        rest_fail_status(call, s);
}

void rest_conferences_update(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct conference_event events[REST_UPDATE_EVENTS];
    struct rest_fault fault;
    size_t count;
    const struct conference *c = backend->conference_find(backend->arg, call->parameters[0]);
    if (rest_input_conference_update(events, &count, call->body, &fault) != STATUS_OK)
        rest_fail_input(call, &fault);
    else if (!c || strcmp(c->account, call->account) != 0)
        rest_fail_status(call, STATUS_NOT_FOUND);
    else if (rest_match(call, c->revision))
        backend->conference_apply(backend->arg, call->parameters[0], events, count, on_updated, call);
}
