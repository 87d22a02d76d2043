#include "rest/rest_commit.h"

#include "rest/rest_match.h"
#include "rest/rest_routes.h"

/* One of those who change a row at once gets through in each round, so this many may. */
enum { TRIES_MAX = 100 };

struct store_tx *rest_begin(struct rest_call *call)
{
    struct store_tx *tx;
    if (store_begin(call->rest->store, &tx) == STATUS_OK) return tx;
    rest_fail_status(call, STATUS_NO_MEMORY);
    return NULL;
}

static void keep_answer(struct rest_call *call, int http, json_t *answer)
{
    json_decref(call->answer);
    call->answer = answer;
    call->answer_http = http;
}

static void reply_answer(struct rest_call *call)
{
    json_t *answer = call->answer;
    call->answer = NULL;
    if (!answer && call->answer_http != 204)
        rest_fail_status(call, STATUS_NO_MEMORY);
    else
        rest_reply(call, call->answer_http, answer);
}

static void on_done(void *arg, status s)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        reply_answer(call);
    else if (s != STATUS_CONFLICT)
        rest_fail_status(call, s);
    else if (http_request_header(call->request, "If-Match"))
        rest_fail_match(call);
    else if (++call->tries < TRIES_MAX)
        call->route->handler(call);
    else
        rest_fail_status(call, STATUS_AGAIN);
}

void rest_commit(struct rest_call *call, struct store_tx *tx, int http, json_t *answer)
{
    keep_answer(call, http, answer);
    store_commit(tx, on_done, call);
}

static void on_done_or_conflict(void *arg, status s)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        reply_answer(call);
    else if (s == STATUS_CONFLICT)
        rest_fail(call, 409, REST_CODE_CONFLICT, call->conflict, NULL);
    else
        rest_fail_status(call, s);
}

void rest_commit_or_conflict(struct rest_call *call, struct store_tx *tx, int http, json_t *answer, const char *words)
{
    keep_answer(call, http, answer);
    call->conflict = words;
    store_commit(tx, on_done_or_conflict, call);
}
