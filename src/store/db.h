/**
 * @file db.h  What the store needs of a database. This back end is SQLite; another one is another db*.c.
 *
 * Statuses: STATUS_IO is the disk or the database and spoils the whole group; STATUS_EXISTS, STATUS_INVALID and
 * STATUS_CONFLICT are the fault of one transaction and leave the others alone.
 *
 * Inside store/ only. Thread: db_open() by whoever starts the store thread, everything else by that thread.
 */
#ifndef PARLEY_STORE_DB_H
#define PARLEY_STORE_DB_H

#include <stdbool.h>

#include "base/list.h"
#include "base/status.h"
#include "store/query.h"
#include "store/store.h"

struct db;

struct db_config {
    const char *path;
    const char *vfs; /**< NULL: the usual one */
    bool relaxed_sync;
};

/** As store_open(), without the lock. */
MUST_CHECK status db_open(struct db **out, const struct db_config *config, char why[STORE_WHY_SIZE]);

/** NULL is allowed. */
void db_close(struct db *db);

/** Starts a group. @return STATUS_OK, STATUS_IO */
MUST_CHECK status db_begin(struct db *db);

/**
 * Carries out the operations (struct op, op.h) of one transaction within the group, all or none.
 * @return STATUS_OK; STATUS_EXISTS, STATUS_INVALID, STATUS_CONFLICT (the group goes on); STATUS_IO (the group has to be
 * rolled back)
 */
MUST_CHECK status db_apply(struct db *db, const struct list *ops);

/** Ends the group. @return STATUS_OK (it is on disk); STATUS_IO (it has to be rolled back) */
MUST_CHECK status db_commit(struct db *db);

/** Undoes the group; harmless where there is none. */
void db_rollback(struct db *db);

/** Asks. The outcome is answer->status. */
void db_read(struct db *db, const struct query *query, struct answer *answer);

/** Copies the log back into the database file where it has grown long: for when nobody waits. */
void db_checkpoint(struct db *db);

/** The database's words for the last failure. Borrowed until the next call. */
const char *db_error(const struct db *db);

#endif
