#include "store/store_tx.h"

#include <assert.h>
#include <stdlib.h>

#include "store/job.h"
#include "store/op.h"

status store_begin(struct store *s, struct store_tx **out)
{
    struct store_tx *tx = calloc(1, sizeof *tx);
    if (!tx) return STATUS_NO_MEMORY;
    tx->job.type = JOB_WRITE;
    tx->job.store = s;
    list_init(&tx->job.link);
    list_init(&tx->job.unsaved_link);
    list_init(&tx->ops);
    tx->listeners_end = &tx->listeners;
    *out = tx;
    return STATUS_OK;
}

static struct op *add_op(struct store_tx *tx, enum op_type type)
{
    struct op *op = calloc(1, sizeof *op);
    if (!op) {
        tx->failed = true;
        return NULL;
    }
    op->type = type;
    list_push_back(&tx->ops, &op->link);
    return op;
}

static void free_op(struct op *op)
{
    if (op->row) row_clear(op->kind, op->row);
    free(op->row);
    free(op->text);
    free(op);
}

static void put(struct store_tx *tx, const struct row_kind *kind, const void *row)
{
    struct op *op = add_op(tx, OP_PUT);
    if (!op) return;
    op->kind = kind;
    op->row = calloc(1, kind->row_bytes);
    if (!op->row || row_copy(kind, op->row, row) != STATUS_OK) tx->failed = true;
}

static struct op *change(struct store_tx *tx, enum op_type type, const char *id)
{
    struct op *op = add_op(tx, type);
    if (!op) return NULL;
    bool fits = slice_copy(slice_of(id), op->id, sizeof op->id);
    assert(fits);
    (void)fits;
    return op;
}

void store_put_account(struct store_tx *tx, const struct store_account *row)
{
    put(tx, &row_account, row);
}

void store_put_conference(struct store_tx *tx, const struct store_conference *row)
{
    put(tx, &row_conference, row);
}

void store_put_call(struct store_tx *tx, const struct store_call *row)
{
    put(tx, &row_call, row);
}

void store_put_recording(struct store_tx *tx, const struct store_recording *row)
{
    put(tx, &row_recording, row);
}

void store_put_dialog(struct store_tx *tx, const char *call, const char *json)
{
    struct store_dialog row = {.json = json};
    bool fits = slice_copy(slice_of(call), row.call, sizeof row.call);
    assert(fits);
    (void)fits;
    put(tx, &row_dialog, &row);
}

void store_put_outbox(struct store_tx *tx, const struct store_outbox *row)
{
    put(tx, &row_outbox, row);
}

void store_delete_recording(struct store_tx *tx, const char *id)
{
    change(tx, OP_DELETE_RECORDING, id);
}

void store_delete_dialog(struct store_tx *tx, const char *call)
{
    change(tx, OP_DELETE_DIALOG, call);
}

void store_delete_outbox(struct store_tx *tx, const char *lane, uint32_t n)
{
    struct op *op = change(tx, OP_DELETE_OUTBOX, lane);
    if (op) op->n = n;
}

void store_outbox_retry(struct store_tx *tx, const char *lane, uint32_t n, uint32_t attempts, int64_t due_unix_ms)
{
    struct op *op = change(tx, OP_OUTBOX_RETRY, lane);
    if (!op) return;
    op->n = n;
    op->attempts = attempts;
    op->unix_ms = due_unix_ms;
}

void store_outbox_dead(struct store_tx *tx, const char *lane, uint32_t n, uint32_t attempts)
{
    struct op *op = change(tx, OP_OUTBOX_DEAD, lane);
    if (!op) return;
    op->n = n;
    op->attempts = attempts;
}

void store_outbox_revive(struct store_tx *tx, const char *lane, uint32_t n)
{
    struct op *op = change(tx, OP_OUTBOX_REVIVE, lane);
    if (op) op->n = n;
}

void store_put_application(struct store_tx *tx, const struct store_application *row)
{
    put(tx, &row_application, row);
}

void store_put_number(struct store_tx *tx, const struct store_number *row)
{
    put(tx, &row_number, row);
}

void store_put_log(struct store_tx *tx, const struct store_log *row)
{
    put(tx, &row_log, row);
}

void store_put_secret(struct store_tx *tx, const struct store_secret *row)
{
    put(tx, &row_secret, row);
}

void store_reserve_reply(struct store_tx *tx, const struct store_reply *row)
{
    put(tx, &row_reply_new, row);
}

void store_put_reply(struct store_tx *tx, const struct store_reply *row)
{
    put(tx, &row_reply, row);
}

static void expect(struct store_tx *tx, const struct row_kind *kind, const char *id, uint32_t revision)
{
    struct op *op = change(tx, OP_EXPECT, id);
    if (!op) return;
    op->kind = kind;
    op->n = revision;
}

void store_expect_account(struct store_tx *tx, const char *id, uint32_t revision)
{
    expect(tx, &row_account, id, revision);
}

void store_expect_application(struct store_tx *tx, const char *id, uint32_t revision)
{
    expect(tx, &row_application, id, revision);
}

void store_expect_number(struct store_tx *tx, const char *id, uint32_t revision)
{
    expect(tx, &row_number, id, revision);
}

void store_delete_application(struct store_tx *tx, const char *id)
{
    change(tx, OP_DELETE_APPLICATION, id);
}

void store_delete_number(struct store_tx *tx, const char *id)
{
    change(tx, OP_DELETE_NUMBER, id);
}

void store_delete_secret(struct store_tx *tx, const char *id)
{
    change(tx, OP_DELETE_SECRET, id);
}

void store_delete_reply(struct store_tx *tx, const char *account, const char *key)
{
    struct op *op = change(tx, OP_DELETE_REPLY, account);
    if (!op) return;
    op->text = slice_dup(slice_of(key));
    if (!op->text) tx->failed = true;
}

void store_expire_replies(struct store_tx *tx, int64_t before_unix_ms)
{
    struct op *op = change(tx, OP_EXPIRE_REPLIES, "");
    if (op) op->unix_ms = before_unix_ms;
}

void store_trim_logs(struct store_tx *tx, const char *account, uint32_t keep)
{
    struct op *op = change(tx, OP_TRIM_LOGS, account);
    if (op) op->n = keep;
}

status store_tx_listen(struct store_tx *tx, store_done_fn *fn, void *arg)
{
    struct store_listener *listener = calloc(1, sizeof *listener);
    if (!listener) return STATUS_NO_MEMORY;
    listener->fn = fn;
    listener->arg = arg;
    *tx->listeners_end = listener;
    tx->listeners_end = &listener->next;
    return STATUS_OK;
}

static void commit(struct store_tx *tx, bool unsaved, store_done_fn *fn, void *arg)
{
    tx->fn = fn;
    tx->arg = arg;
    tx->job.unsaved = unsaved;
    store_submit(tx->job.store, &tx->job);
}

void store_commit(struct store_tx *tx, store_done_fn *fn, void *arg)
{
    commit(tx, false, fn, arg);
}

void store_commit_unsaved(struct store_tx *tx, store_done_fn *fn, void *arg)
{
    commit(tx, true, fn, arg);
}

void store_tx_finish(struct store_tx *tx, status outcome)
{
    for (struct store_listener *listener = tx->listeners, *next; listener; listener = next) {
        next = listener->next;
        listener->fn(listener->arg, outcome);
        free(listener);
    }
    if (tx->fn) tx->fn(tx->arg, outcome);
    struct list *link;
    while ((link = list_pop_front(&tx->ops)))
        free_op(list_object(link, struct op, link));
    free(tx);
}

void store_discard(struct store_tx *tx)
{
    if (tx) store_tx_finish(tx, STATUS_CLOSED);
}
