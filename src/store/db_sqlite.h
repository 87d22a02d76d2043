/**
 * @file db_sqlite.h  What the files of the SQLite back end share.
 *
 * Thread: as db.h.
 */
#ifndef PARLEY_STORE_DB_SQLITE_H
#define PARLEY_STORE_DB_SQLITE_H

#include <sqlite3.h>

#include "store/db.h"

/**
 * The statement of this text, reset and without bindings; kept for the next time.
 * @return STATUS_OK, or what db_status() makes of the error
 */
MUST_CHECK status db_statement(struct db *db, const char *sql, sqlite3_stmt **out);

/** Runs a statement that has no result, and resets it. @return as db_statement() */
MUST_CHECK status db_step(struct db *db, sqlite3_stmt *statement);

/** Keeps SQLite's words for the error that has just happened, for db_error(). */
void db_keep_error(struct db *db);

/** What an SQLite result code means for the store; 0, SQLITE_ROW and SQLITE_DONE are STATUS_OK. */
status db_status(int code);

/**
 * Brings the schema up to date.
 * @return STATUS_OK; STATUS_UNSUPPORTED (newer than this program); STATUS_INVALID (not ours, or damaged); STATUS_IO
 */
MUST_CHECK status db_schema_migrate(sqlite3 *sqlite, const char *path, char why[STORE_WHY_SIZE]);

#endif
