#include "rest/rest_once.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "store/store_read.h"
#include "store/store_tx.h"

struct rest_once {
    struct store_reply row; /* texts owned: key, request, body */
    rest_handler_fn *run;
};

static const char *key_of(const struct rest_call *call)
{
    return http_request_header(call->request, "Idempotency-Key");
}

bool rest_once_wanted(const struct rest_call *call)
{
    return key_of(call) != NULL;
}

void rest_once_destroy(struct rest_once *once)
{
    if (!once) return;
    store_reply_clear(&once->row);
    free(once);
}

static bool key_valid(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++) {
        if (key[i] < 0x21 || key[i] > 0x7e) return false;
    }
    return len > 0 && len <= REST_ONCE_KEY_MAX;
}

static struct rest_once *create(const struct rest_call *call, rest_handler_fn *run)
{
    struct rest_once *once = calloc(1, sizeof *once);
    if (!once) return NULL;
    struct slice body = http_request_body(call->request);
    unsigned len = sizeof once->row.request_sha256;
    once->run = run;
    once->row.created_unix_ms = clock_unix_ms();
    strcpy(once->row.account, call->account);
    once->row.key = slice_dup(slice_of(key_of(call)));
    once->row.request = slice_dup(slice_of(http_request_path(call->request)));
    bool hashed = EVP_Digest(body.at ? body.at : "", body.len, once->row.request_sha256, &len, EVP_sha256(), NULL) == 1;
    if (hashed && once->row.key && once->row.request) return once;
    rest_once_destroy(once);
    return NULL;
}

/* The call's answer is not to be kept: it is not that of the request itself. */
static void forget(struct rest_call *call)
{
    rest_once_destroy(call->once);
    call->once = NULL;
}

static void fail_under_way(struct rest_call *call)
{
    forget(call);
    rest_fail(call, 409, REST_CODE_CONFLICT,
              "A request with this Idempotency-Key is under way, or was broken off: look what became of it", NULL);
}

static void on_reserved(void *arg, status s)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK && store_is_closing(call->rest->store)) s = STATUS_CLOSED;
    if (s == STATUS_EXISTS) {
        fail_under_way(call);
    } else if (s != STATUS_OK) {
        forget(call);
        rest_fail_status(call, s);
    } else {
        call->once->run(call);
    }
}

static void reserve(struct rest_call *call)
{
    struct store_tx *tx;
    if (store_begin(call->rest->store, &tx) != STATUS_OK) {
        forget(call);
        rest_fail_status(call, STATUS_NO_MEMORY);
        return;
    }
    store_expire_replies(tx, clock_unix_ms() - REST_ONCE_KEPT_MS);
    store_reserve_reply(tx, &call->once->row);
    store_commit(tx, on_reserved, call);
}

static void replay(struct rest_call *call, const struct store_reply *row)
{
    const struct store_reply *asked = &call->once->row;
    bool same = strcmp(row->request, asked->request) == 0 &&
                memcmp(row->request_sha256, asked->request_sha256, sizeof asked->request_sha256) == 0;
    if (!same) {
        forget(call);
        rest_fail(call, 422, REST_CODE_ARGUMENTS, "This Idempotency-Key was used for another request", NULL);
    } else if (row->http == 0) {
        fail_under_way(call);
    } else {
        http_reply_header(call->request, "Idempotent-Replayed", "true");
        rest_send(call, (int)row->http, row->body);
    }
}

static void on_found(void *arg, status s, const struct store_reply *rows, size_t count)
{
    struct rest_call *call = arg;
    bool kept = s == STATUS_OK && count == 1 && rows[0].created_unix_ms >= clock_unix_ms() - REST_ONCE_KEPT_MS;
    if (kept) {
        replay(call, rows);
    } else if (s == STATUS_OK || s == STATUS_NOT_FOUND) {
        reserve(call);
    } else {
        forget(call);
        rest_fail_status(call, s);
    }
}

void rest_once_begin(struct rest_call *call, rest_handler_fn *run)
{
    if (!key_valid(key_of(call))) {
        rest_fail_member(call, "Idempotency-Key", "must be 1 to 255 visible ASCII characters");
        return;
    }
    call->once = create(call, run);
    status s = call->once ? store_get_reply(call->rest->store, call->account, call->once->row.key, on_found, call)
                          : STATUS_NO_MEMORY;
    if (s == STATUS_OK) return;
    forget(call);
    rest_fail_status(call, s);
}

/* Whatever became of the row: what was asked for has been done, and its answer is owed. */
static void on_kept(void *arg, status s)
{
    struct rest_call *call = arg;
    (void)s;
    rest_send(call, (int)call->once->row.http, call->once->row.body);
}

void rest_once_keep(struct rest_call *call, int http, const char *text)
{
    struct rest_once *once = call->once;
    struct store_tx *tx;
    once->row.http = (uint32_t)http;
    once->row.body = text ? slice_dup(slice_of(text)) : NULL;
    if ((text && !once->row.body) || store_begin(call->rest->store, &tx) != STATUS_OK) {
        rest_send(call, http, text);
        return;
    }
    if (http >= 500)
        store_delete_reply(tx, call->account, once->row.key);
    else
        store_put_reply(tx, &once->row);
    store_commit(tx, on_kept, call);
}
