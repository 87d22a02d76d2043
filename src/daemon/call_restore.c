#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/call_entry.h"
#include "daemon/store_wait.h"
#include "hook/hook.h"
#include "os/clock.h"
#include "os/log.h"
#include "percl/percl_webhook.h"
#include "store/store_read.h"
#include "store/store_tx.h"

/* The application is told how its call ended, as it would have been. */
static void post_status(struct calls *cs, struct store_tx *tx, struct store_call *row)
{
    struct percl_call_facts facts = {
        .call = row->id,
        .account = row->account,
        .from = row->from,
        .to = row->to,
        .status = row->status,
        .direction = row->direction,
        .parent = row->parent_call,
    };
    struct percl_extra extra = {.ended_reason = row->ended_reason};
    extra.has_duration = row->connect_unix_ms != 0;
    if (extra.has_duration) extra.duration_s = (uint32_t)((row->end_unix_ms - row->connect_unix_ms + 999) / 1000);
    json_t *body = percl_webhook_body(PERCL_HOOK_CALL_STATUS, &facts, &extra);
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    struct hook_event event = {
        .account = row->account, .lane = row->id, .n = row->events + 1, .url = row->status_callback_url, .body = text};
    if (text && hook_post(cs->bridge->hook, tx, &event) == STATUS_OK)
        row->events++;
    else
        log_event(LOG_ERROR, "notification_lost", "call=%s why=no_memory", row->id);
    free(text);
    json_decref(body);
}

static void end_row(struct calls *cs, struct store_tx *tx, const struct store_call *lost)
{
    struct store_call row = *lost;
    row.status = row.connect_unix_ms ? "completed" : "failed";
    row.updated_unix_ms = clock_unix_ms();
    /* One that was over already had its callStatus wait for its recording. */
    if (!row.ended_reason) row.ended_reason = "internalError";
    if (!row.end_unix_ms) row.end_unix_ms = row.updated_unix_ms;
    row.revision++;
    if (row.status_callback_url && row.status_callback_url[0]) post_status(cs, tx, &row);
    store_put_call(tx, &row);
    store_delete_dialog(tx, row.id);
}

static void on_rows(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct calls *cs = arg;
    struct store_tx *tx;
    (void)page;
    if (s != STATUS_OK || count == 0 || store_begin(cs->bridge->store, &tx) != STATUS_OK) return;
    for (size_t i = 0; i < count; i++)
        end_row(cs, tx, &rows[i]);
    log_event(LOG_WARN, "calls_lost", "count=%zu why=restart", count);
    store_commit_unsaved(tx, NULL, NULL);
}

status calls_load(struct calls *cs)
{
    status s = store_load_calls(cs->bridge->store, on_rows, cs);
    return s == STATUS_OK ? store_wait(cs->bridge->store) : s;
}
