#include <string.h>

#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

static void on_list(void *arg, status s, const struct store_outbox *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, rest_view_webhook(&rows[i]));
    rest_page_reply(call, s, "webhooks", items, page);
}

void rest_webhooks_list(struct rest_call *call)
{
    struct store_outbox_filter filter = {.account = call->account};
    char state[16], lane[ID_SIZE], cursor[STORE_CURSOR_SIZE];
    if (!rest_query_text(call, "state", state, sizeof state)) return;
    if (!rest_query_text(call, "lane", lane, sizeof lane)) return;
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    if (state[0] && strcmp(state, "pending") != 0 && strcmp(state, "dead") != 0) {
        rest_fail_member(call, "state", "must be pending or dead");
        return;
    }
    filter.state = state;
    filter.lane = lane;
    rest_fail_list(call, store_list_outbox(call->rest->store, &filter, on_list, call));
}

static void on_resent(void *arg, status s)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 204, NULL);
    else if (s == STATUS_CONFLICT)
        rest_fail(call, 409, REST_CODE_CONFLICT, "It is pending already", NULL);
    else
        rest_fail_status(call, s);
}

static void on_found(void *arg, status s, const struct store_outbox *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    (void)page;
    if (rest_found(call, s, count))
        backend->webhook_resend(backend->arg, call->account, rows->lane, rows->n, on_resent, call);
}

void rest_webhooks_resend(struct rest_call *call)
{
    struct store_outbox_filter filter = {.account = call->account, .lane = call->parameters[0]};
    const char *state = json_string_value(json_object_get(call->body, "state"));
    if (!call->rest->backend.webhook_resend)
        rest_fail_absent(call);
    else if (!state || strcmp(state, "pending") != 0)
        rest_fail_member(call, "state", "must be pending");
    else if (!slice_to_u32(slice_of(call->parameters[1]), UINT32_MAX, &filter.n) || filter.n == 0)
        rest_fail_status(call, STATUS_NOT_FOUND);
    else
        rest_fail_list(call, store_list_outbox(call->rest->store, &filter, on_found, call));
}
