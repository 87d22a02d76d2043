#include "os/clock.h"
#include "rest/rest_commit.h"
#include "rest/rest_match.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"
#include "store/store_read.h"

static void on_get(void *arg, status s, const struct store_account *rows, size_t count)
{
    struct rest_call *call = arg;
    if (rest_found(call, s, count)) rest_reply(call, 200, rest_view_account(rows));
}

static void get_row(struct rest_call *call, store_accounts_fn *fn)
{
    status s = store_get_account(call->rest->store, call->account, fn, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

void rest_accounts_get(struct rest_call *call)
{
    get_row(call, on_get);
}

static void on_update(void *arg, status s, const struct store_account *rows, size_t count)
{
    struct rest_call *call = arg;
    struct rest_fault fault;
    if (!rest_found(call, s, count) || !rest_match(call, rows->revision)) return;
    struct store_account row = *rows;
    if (rest_input_account(&row, call->body, &fault) != STATUS_OK) {
        rest_fail_input(call, &fault);
        return;
    }
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_expect_account(tx, row.id, row.revision++);
    row.updated_unix_ms = clock_unix_ms();
    store_put_account(tx, &row);
    rest_commit(call, tx, 204, NULL);
}

void rest_accounts_update(struct rest_call *call)
{
    get_row(call, on_update);
}
