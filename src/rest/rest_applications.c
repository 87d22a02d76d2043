#include <string.h>

#include "os/clock.h"
#include "os/random.h"
#include "rest/rest_commit.h"
#include "rest/rest_match.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

/* Members of the body over those of the row. @return false where the call was answered */
static bool read_body(struct rest_call *call, struct store_application *row)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct rest_fault fault;
    if (rest_input_application(row, call->body, backend->check_url, backend->arg, &fault) == STATUS_OK) return true;
    rest_fail_input(call, &fault);
    return false;
}

void rest_applications_create(struct rest_call *call)
{
    struct store_application row = {.revision = 1, .created_unix_ms = clock_unix_ms()};
    row.updated_unix_ms = row.created_unix_ms;
    random_id(row.id, "AP");
    strcpy(row.account, call->account);
    if (!read_body(call, &row)) return;
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_put_application(tx, &row);
    rest_commit(call, tx, 201, rest_view_application(&row));
}

static void on_list(void *arg, status s, const struct store_application *rows, size_t count,
                    const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, rest_view_application(&rows[i]));
    rest_page_reply(call, s, "applications", items, page);
}

void rest_applications_list(struct rest_call *call)
{
    struct store_application_filter filter = {.account = call->account};
    char alias[CONFERENCE_ALIAS_SIZE], cursor[STORE_CURSOR_SIZE];
    if (!rest_query_text(call, "alias", alias, sizeof alias)) return;
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    filter.alias = alias;
    rest_fail_list(call, store_list_applications(call->rest->store, &filter, on_list, call));
}

static void get_row(struct rest_call *call, store_applications_fn *fn)
{
    status s = store_get_application(call->rest->store, call->account, call->parameters[0], fn, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void on_get(void *arg, status s, const struct store_application *rows, size_t count,
                   const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (rest_found(call, s, count)) rest_reply(call, 200, rest_view_application(rows));
}

void rest_applications_get(struct rest_call *call)
{
    get_row(call, on_get);
}

static void on_update(void *arg, status s, const struct store_application *rows, size_t count,
                      const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (!rest_found(call, s, count) || !rest_match(call, rows->revision)) return;
    struct store_application row = *rows;
    if (!read_body(call, &row)) return;
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_expect_application(tx, row.id, row.revision++);
    row.updated_unix_ms = clock_unix_ms();
    store_put_application(tx, &row);
    rest_commit(call, tx, 200, rest_view_application(&row));
}

void rest_applications_update(struct rest_call *call)
{
    get_row(call, on_update);
}

static void on_delete(void *arg, status s, const struct store_application *rows, size_t count,
                      const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (!rest_found(call, s, count) || !rest_match(call, rows->revision)) return;
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_expect_application(tx, rows->id, rows->revision);
    store_delete_application(tx, rows->id);
    rest_commit(call, tx, 204, NULL);
}

void rest_applications_delete(struct rest_call *call)
{
    get_row(call, on_delete);
}
