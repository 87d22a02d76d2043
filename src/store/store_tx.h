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
 * of the schema, our own mistake, except where a put says otherwise); STATUS_CONFLICT (a store_expect_...() did not
 * hold); STATUS_NO_MEMORY; STATUS_CLOSED (the store closed, or the transaction was discarded)
 */
typedef void store_done_fn(void *arg, status outcome);

/** @return STATUS_OK, STATUS_NO_MEMORY; *out is owned until it is committed or discarded */
MUST_CHECK status store_begin(struct store *s, struct store_tx **out);

/** @{ Inserts the row, or replaces the one with its id. The row is copied. */
void store_put_account(struct store_tx *tx, const struct store_account *row);
void store_put_conference(struct store_tx *tx, const struct store_conference *row);
void store_put_call(struct store_tx *tx, const struct store_call *row);
void store_put_recording(struct store_tx *tx, const struct store_recording *row);
void store_put_application(struct store_tx *tx, const struct store_application *row);
/** STATUS_EXISTS: the account has this number already. */
void store_put_number(struct store_tx *tx, const struct store_number *row);
/** @} */

/**
 * @{ The transaction is only to be where the row has this revision, however it was changed since it was read; its
 * outcome is STATUS_CONFLICT otherwise. Comes before the put or delete of that row.
 */
void store_expect_account(struct store_tx *tx, const char *id, uint32_t revision);
void store_expect_application(struct store_tx *tx, const char *id, uint32_t revision);
void store_expect_number(struct store_tx *tx, const char *id, uint32_t revision);
/** @} */

/** Appends to the account's log. */
void store_put_log(struct store_tx *tx, const struct store_log *row);

/** Takes out what is older than the newest keep rows of the account's log. */
void store_trim_logs(struct store_tx *tx, const char *account, uint32_t keep);

/** Inserts. The outcome is STATUS_CONFLICT where the account has STORE_SECRETS_MAX. */
void store_put_secret(struct store_tx *tx, const struct store_secret *row);

/** Inserts a reply that is under way; STATUS_EXISTS: the account has used this key. */
void store_reserve_reply(struct store_tx *tx, const struct store_reply *row);

/** Says what the answer was: replaces the row of this account and key. */
void store_put_reply(struct store_tx *tx, const struct store_reply *row);

/** Takes out all replies made before this time. */
void store_expire_replies(struct store_tx *tx, int64_t before_unix_ms);

/** @{ Takes the row out; one that is not there is no error. */
void store_delete_recording(struct store_tx *tx, const char *id);
void store_delete_dialog(struct store_tx *tx, const char *call);
void store_delete_outbox(struct store_tx *tx, const char *lane, uint32_t n);
/** Numbers that led to it have no application then. */
void store_delete_application(struct store_tx *tx, const char *id);
void store_delete_number(struct store_tx *tx, const char *id);
void store_delete_secret(struct store_tx *tx, const char *id);
void store_delete_reply(struct store_tx *tx, const char *account, const char *key);
/** @} */

/** Inserts or replaces the dialog of this call. */
void store_put_dialog(struct store_tx *tx, const char *call, const char *json);

/** Inserts; lane and n together must be new (else STATUS_EXISTS). */
void store_put_outbox(struct store_tx *tx, const struct store_outbox *row);

/** Says how often delivery has failed, and when the next try is due; the row stays pending. */
void store_outbox_retry(struct store_tx *tx, const char *lane, uint32_t n, uint32_t attempts, int64_t due_unix_ms);

/** Gives up on it: the row is kept, dead. */
void store_outbox_dead(struct store_tx *tx, const char *lane, uint32_t n, uint32_t attempts);

/** Makes a dead one pending again, with no attempts and due at once; one that is not dead stays as it is. */
void store_outbox_revive(struct store_tx *tx, const char *lane, uint32_t n);

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
