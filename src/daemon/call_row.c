#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/call_entry.h"
#include "daemon/call_script.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/store_tx.h"

static const char *ended_status(const struct call_entry *e)
{
    const char *reason = e->ended_reason ? e->ended_reason : "";
    if (e->call->connected_unix_ms) return "completed";
    if (!e->call->outgoing) return "failed";
    if (strcmp(reason, "busy") == 0 || strcmp(reason, "noAnswer") == 0) return reason;
    bool ours = strcmp(reason, "callCanceled") == 0 || strcmp(reason, "appHangup") == 0;
    return ours ? "canceled" : "failed";
}

const char *call_row_status(const struct call_entry *e)
{
    switch (e->call->state) {
    case CALL_QUEUED:
    case CALL_DIALLING: return "queued"; /* until the other end says that it rings */
    case CALL_INCOMING:
    case CALL_RINGING: return "ringing";
    case CALL_ANSWERED:
    case CALL_CONNECTED: return "inProgress";
    case CALL_ENDED: return ended_status(e);
    }
    return "failed";
}

static bool is_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
    }
    return s.len > 0;
}

char *call_row_party(const char *uri)
{
    struct slice rest = slice_of(uri ? uri : "");
    struct slice plain = slice_cut(&rest, ';');
    struct slice user = plain;
    slice_cut(&user, ':');
    struct slice host = user;
    user = slice_cut(&host, '@');
    bool plus = user.len > 0 && user.at[0] == '+';
    if (plus) user = (struct slice){user.at + 1, user.len - 1};
    struct buffer text;
    buffer_init(&text);
    if (host.len > 0 && is_digits(user)) {
        buffer_append_text(&text, "+");
        buffer_append_slice(&text, user);
    } else {
        buffer_append_slice(&text, plain);
    }
    return buffer_take(&text);
}

void call_row_fill(struct call_entry *e, struct store_call *row)
{
    const struct call *c = e->call;
    int64_t now = clock_unix_ms();
    if (e->script) e->events = call_script_events(e->script);
    *row = (struct store_call){
        .from = e->from ? e->from : "",
        .to = e->to ? e->to : "",
        .caller_name = c->from_display,
        .status = call_row_status(e),
        .direction = e->direction,
        .status_callback_url = e->status_callback_url,
        .events = e->events,
        .ended_reason = e->ended_reason,
        .revision = e->revision,
        .created_unix_ms = c->created_unix_ms,
        .updated_unix_ms = now,
        .start_unix_ms = c->created_unix_ms,
        .connect_unix_ms = c->connected_unix_ms,
        .end_unix_ms = c->state == CALL_ENDED ? now : 0,
    };
    strcpy(row->id, c->id);
    strcpy(row->account, e->account);
    if (e->entered) strcpy(row->conference, e->conference);
    strcpy(row->application, e->application);
    strcpy(row->phone_number, e->phone_number);
    strcpy(row->parent_call, e->parent);
}

void call_row_put(struct call_entry *e, struct store_tx *tx)
{
    struct store_call row;
    e->revision++;
    call_row_fill(e, &row);
    store_put_call(tx, &row);
    if (e->call->state == CALL_ENDED) store_delete_dialog(tx, e->id);
}

void call_row_save(struct call_entry *e)
{
    struct store_tx *tx;
    if (store_begin(e->calls->bridge->store, &tx) != STATUS_OK) {
        log_event(LOG_ERROR, "call_not_stored", "call=%s why=no_memory", e->call->id);
        return;
    }
    call_row_put(e, tx);
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
