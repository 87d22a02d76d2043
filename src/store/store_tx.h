/**
 * @file store_tx.h  A change to the store: put together on the control thread, all of it or nothing on disk.
 *
 * A change and the outbox row that reports it belong into one transaction. Running out of memory while one is put
 * together is remembered, and is its outcome.
 * Thread: control.
 */
#ifndef PARLEY_STORE_STORE_TX_H
#define PARLEY_STORE_STORE_TX_H

#include <stdint.h>

#include "base/status.h"
#include "store/store.h"
#include "store/store_rows.h"

struct store_tx;

/**
 * The outcome of a transaction: STATUS_OK (it is on disk); STATUS_IO (the disk refused: nothing has changed);
 * STATUS_FULL (too much is under way: nothing has changed); STATUS_EXISTS or STATUS_INVALID (a row of it breaks a rule
 * of the schema, our own mistake); STATUS_NO_MEMORY; STATUS_CLOSED (the store closed, or the transaction was discarded)
 */
typedef void store_done_fn(void *arg, status outcome);

/** @return STATUS_OK, STATUS_NO_MEMORY; *out is owned until it is committed or discarded */
MUST_CHECK status store_begin(struct store *s, struct store_tx **out);

/** @{ Inserts the row, or replaces the one with its id. The row is copied. */
void store_put_account(struct store_tx *tx, const struct store_account *row);
void store_put_conference(struct store_tx *tx, const struct store_conference *row);
void store_put_call(struct store_tx *tx, const struct store_call *row);
void store_put_recording(struct store_tx *tx, const struct store_recording *row);
/** @} */

/** @{ Takes the row out; one that is not there is no error. */
void store_delete_recording(struct store_tx *tx, const char *id);
void store_delete_dialog(struct store_tx *tx, const char *call);
void store_delete_outbox(struct store_tx *tx, const char *lane, uint32_t n);
/** @} */

/** Inserts or replaces the dialog of this call. */
void store_put_dialog(struct store_tx *tx, const char *call, const char *json);

/** Inserts; lane and n together must be new (else STATUS_EXISTS). */
void store_put_outbox(struct store_tx *tx, const struct store_outbox *row);

/** Says how often delivery has failed, and when the next try is due; the row stays pending. */
void store_outbox_retry(struct store_tx *tx, const char *lane, uint32_t n, uint32_t attempts, int64_t due_unix_ms);

/** Gives up on it: the row is kept, dead. */
void store_outbox_dead(struct store_tx *tx, const char *lane, uint32_t n, uint32_t attempts);

/**
 * Also tell this one the outcome: for a part that adds its rows to somebody else's transaction. Listeners are told in
 * the order in which they asked, before the committer's own callback.
 * @return STATUS_OK, STATUS_NO_MEMORY (the transaction is as it was)
 */
MUST_CHECK status store_tx_listen(struct store_tx *tx, store_done_fn *fn, void *arg);

/**
 * Hands the transaction over, which is the store's from here on. fn (may be NULL) is called exactly once, from
 * store_poll() or store_close(), never from within this call.
 */
void store_commit(struct store_tx *tx, store_done_fn *fn, void *arg);

/**
 * The same for what has already happened: the outcome is STATUS_OK, however long the disk takes to come back, and fn
 * is called once, then. Other outcomes are only our own mistakes, STATUS_NO_MEMORY and STATUS_CLOSED.
 */
void store_commit_unsaved(struct store_tx *tx, store_done_fn *fn, void *arg);

/** Gives back a transaction that is not to be. Its listeners are told STATUS_CLOSED at once. NULL is allowed. */
void store_discard(struct store_tx *tx);

#endif
