#include <stdio.h>
#include <string.h>

#include "os/clock.h"
#include "os/random.h"
#include "rest/rest_commit.h"
#include "rest/rest_page.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

enum { SECRET_RANDOM_BYTES = 20, SECRET_SIZE = 2 * SECRET_RANDOM_BYTES + 16 };

/* Webhooks are signed by what the store says, so whoever signs must look again; told before the answer goes out. */
static void on_changed(void *arg, status s)
{
    struct rest_call *call = arg;
    const struct rest_backend *backend = &call->rest->backend;
    if (s == STATUS_OK && backend->secrets_changed) backend->secrets_changed(backend->arg, call->account);
}

static void commit(struct rest_call *call, struct store_tx *tx, int http, json_t *answer)
{
    if (store_tx_listen(tx, on_changed, call) == STATUS_OK) {
        rest_commit_or_conflict(call, tx, http, answer, "There are two signing secrets already: delete one");
        return;
    }
    store_discard(tx);
    json_decref(answer);
    rest_fail_status(call, STATUS_NO_MEMORY);
}

void rest_secrets_create(struct rest_call *call)
{
    uint8_t random[SECRET_RANDOM_BYTES];
    char hex[2 * SECRET_RANDOM_BYTES + 1], text[SECRET_SIZE];
    struct store_secret row = {.secret = text, .created_unix_ms = clock_unix_ms()};
    random_bytes(random, sizeof random);
    hex_format(hex, random, sizeof random);
    snprintf(text, sizeof text, "sigsec_%s", hex);
    random_id(row.id, "SS");
    strcpy(row.account, call->account);
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_put_secret(tx, &row);
    commit(call, tx, 201, rest_view_secret(&row, true));
}

static void on_list(void *arg, status s, const struct store_secret *rows, size_t count)
{
    struct rest_call *call = arg;
    struct store_page page = {.total = count, .limit = 100};
    json_t *items = json_array();
    for (size_t i = count; i > 0; i--)
        json_array_append_new(items, rest_view_secret(&rows[i - 1], false));
    rest_page_reply(call, s, "signingSecrets", items, &page);
}

static void list(struct rest_call *call, store_secrets_fn *fn)
{
    status s = store_list_secrets(call->rest->store, call->account, fn, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

void rest_secrets_list(struct rest_call *call)
{
    list(call, on_list);
}

static void on_delete(void *arg, status s, const struct store_secret *rows, size_t count)
{
    struct rest_call *call = arg;
    size_t at = 0;
    while (s == STATUS_OK && at < count && strcmp(rows[at].id, call->parameters[0]) != 0)
        at++;
    if (s != STATUS_OK || at == count) {
        rest_fail_status(call, s == STATUS_OK ? STATUS_NOT_FOUND : s);
        return;
    }
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_delete_secret(tx, rows[at].id);
    commit(call, tx, 204, NULL);
}

void rest_secrets_delete(struct rest_call *call)
{
    list(call, on_delete);
}
