#include "rest/pql.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

static void on_list(void *arg, status s, const struct store_log *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, rest_view_log(&rows[i]));
    rest_page_reply(call, s, "logs", items, page);
}

static void fail_pql(struct rest_call *call, const struct fault *fault)
{
    json_t *message = json_sprintf("pql: at %d: %s", (int)fault->at, fault->what);
    rest_fail(call, 400, REST_CODE_PQL, json_string_value(message),
              json_pack("{s:s, s:I, s:s}", "member", "pql", "at", (json_int_t)fault->at, "why", fault->what));
    json_decref(message);
}

/* @param of_call  NULL for the account's. @param query  "" for all */
static void list(struct rest_call *call, const char *of_call, struct slice query)
{
    struct store_log_filter filter = {.account = call->account, .call = of_call};
    struct pql pql;
    struct fault fault;
    char cursor[STORE_CURSOR_SIZE];
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    if (slice_trim(query).len > 0) {
        if (pql_parse(&pql, query, &fault) != STATUS_OK) {
            fail_pql(call, &fault);
            return;
        }
        filter.condition = pql.nodes;
        filter.condition_count = pql.count;
    }
    rest_fail_list(call, store_list_logs(call->rest->store, &filter, on_list, call));
}

static struct slice pql_of_query(const struct rest_call *call)
{
    struct slice value;
    return http_request_query(call->request, "pql", &value) ? value : slice_of("");
}

void rest_logs_list(struct rest_call *call)
{
    list(call, NULL, pql_of_query(call));
}

/* The next page is asked for with GET, so its URI has the query that the body had. */
static bool keep_query(struct rest_call *call, const char *pql)
{
    struct buffer text;
    buffer_init(&text);
    buffer_append_slice(&text, http_request_raw_query(call->request));
    if (text.len > 0) buffer_append_text(&text, "&");
    buffer_append_text(&text, "pql=");
    for (; *pql; pql++) {
        bool plain = (*pql >= 'a' && *pql <= 'z') || (*pql >= 'A' && *pql <= 'Z') || (*pql >= '0' && *pql <= '9');
        buffer_printf(&text, plain ? "%c" : "%%%02X", (unsigned char)*pql);
    }
    call->page_query = buffer_take(&text);
    return call->page_query != NULL;
}

void rest_logs_query(struct rest_call *call)
{
    const json_t *value = json_object_get(call->body, "pql");
    if (!value || json_is_null(value)) {
        list(call, NULL, pql_of_query(call));
        return;
    }
    if (!json_is_string(value)) {
        rest_fail_member(call, "pql", "must be a string");
        return;
    }
    if (keep_query(call, json_string_value(value)))
        list(call, NULL, slice_of(json_string_value(value)));
    else
        rest_fail_status(call, STATUS_NO_MEMORY);
}

static void on_call(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)rows;
    (void)page;
    if (rest_found(call, s, count)) list(call, call->parameters[0], pql_of_query(call));
}

void rest_logs_list_of_call(struct rest_call *call)
{
    status s = store_get_call(call->rest->store, call->account, call->parameters[0], on_call, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}
