#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/call_entry.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/store_tx.h"

static const char *call_status(const struct call *c)
{
    switch (c->state) {
    case CALL_QUEUED:
    case CALL_DIALLING: return "queued";
    case CALL_INCOMING:
    case CALL_RINGING: return "ringing";
    case CALL_ANSWERED:
    case CALL_CONNECTED: return "inProgress";
    case CALL_ENDED: return c->connected_unix_ms ? "completed" : "failed";
    }
    return "failed";
}

void call_row_save(struct call_entry *e)
{
    struct store_tx *tx;
    struct call *c = e->call;
    if (store_begin(e->calls->bridge->store, &tx) != STATUS_OK) {
        log_event(LOG_ERROR, "call_not_stored", "call=%s why=no_memory", c->id);
        return;
    }
    int64_t now = clock_unix_ms();
    struct store_call row = {
        .from = c->from ? c->from : "",
        .to = c->to ? c->to : "",
        .caller_name = c->from_display,
        .status = call_status(c),
        .direction = "inbound",
        .ended_reason = e->ended_reason,
        .revision = ++e->revision,
        .created_unix_ms = c->created_unix_ms,
        .updated_unix_ms = now,
        .start_unix_ms = c->created_unix_ms,
        .connect_unix_ms = c->connected_unix_ms,
        .end_unix_ms = c->state == CALL_ENDED ? now : 0,
    };
    strcpy(row.id, c->id);
    strcpy(row.account, e->account);
    if (e->entered) strcpy(row.conference, e->conference);
    store_put_call(tx, &row);
    if (c->state == CALL_ENDED) store_delete_dialog(tx, c->id);
    store_commit_unsaved(tx, NULL, NULL);
}

void call_row_save_dialog(struct call_entry *e, const json_t *record)
{
    struct store_tx *tx;
    char *text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    if (text && store_begin(e->calls->bridge->store, &tx) == STATUS_OK) {
        store_put_dialog(tx, e->call->id, text);
        store_commit_unsaved(tx, NULL, NULL);
    }
    free(text);
}
