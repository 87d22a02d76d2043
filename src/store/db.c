#include "store/db.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "os/log.h"
#include "store/db_sqlite.h"

enum {
    STATEMENTS_MAX = 256,    /* kinds of list queries are few; a flood of them starts the table anew */
    CHECKPOINT_PAGES = 1000, /* 4 MB of log */
    BUSY_TIMEOUT_MS = 5000,  /* somebody reads with the sqlite3 shell */
};

struct db {
    sqlite3 *sqlite;
    struct map *statements; /* by text */
    int log_pages;          /* in the write-ahead log after the last commit */
    char error[256];        /* of the last failure: a rollback would wipe out SQLite's own copy */
};

status db_status(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return STATUS_OK;
    case SQLITE_CONSTRAINT:
        if (code == SQLITE_CONSTRAINT_TRIGGER) return STATUS_CONFLICT;
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ? STATUS_EXISTS
                                                                                        : STATUS_INVALID;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
    case SQLITE_TOOBIG: return STATUS_INVALID;
    default: return STATUS_IO;
    }
}

static int on_log_grown(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
    (void)sqlite;
    (void)name;
    ((struct db *)arg)->log_pages = pages;
    return SQLITE_OK;
}

static status open_failed(const char *path, sqlite3 *sqlite, char why[STORE_WHY_SIZE])
{
    int code = sqlite ? sqlite3_errcode(sqlite) : SQLITE_NOMEM;
    snprintf(why, STORE_WHY_SIZE, "cannot open the database %s: %s", path,
             sqlite ? sqlite3_errmsg(sqlite) : sqlite3_errstr(code));
    if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT) return STATUS_INVALID;
    return (code & 0xff) == SQLITE_NOMEM ? STATUS_NO_MEMORY : STATUS_IO;
}

/* The first access reads the header, so a file that is no database shows here. */
static int set_up(sqlite3 *sqlite, bool relaxed_sync)
{
    sqlite3_extended_result_codes(sqlite, 1);
    sqlite3_busy_timeout(sqlite, BUSY_TIMEOUT_MS);
    return sqlite3_exec(sqlite,
                        relaxed_sync ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
                                     : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;",
                        NULL, NULL, NULL);
}

status db_open(struct db **out, const struct db_config *config, char why[STORE_WHY_SIZE])
{
    struct db *db = calloc(1, sizeof *db);
    if (!db || map_create(&db->statements) != STATUS_OK) {
        free(db);
        snprintf(why, STORE_WHY_SIZE, "cannot open the database %s: no memory", config->path);
        return STATUS_NO_MEMORY;
    }
    status s = STATUS_OK;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(config->path, &db->sqlite, flags, config->vfs);
    if (code == SQLITE_OK) code = set_up(db->sqlite, config->relaxed_sync);
    if (code != SQLITE_OK) s = open_failed(config->path, db->sqlite, why);
    if (s == STATUS_OK) s = db_schema_migrate(db->sqlite, config->path, why);
    if (s != STATUS_OK) {
        db_close(db);
        return s;
    }
    sqlite3_wal_hook(db->sqlite, on_log_grown, db);
    *out = db;
    return STATUS_OK;
}

static void forget_statements(struct db *db)
{
    size_t cursor = 0;
    sqlite3_stmt *statement;
    while ((statement = map_next(db->statements, &cursor))) {
        map_remove(db->statements, sqlite3_sql(statement));
        sqlite3_finalize(statement);
    }
}

void db_close(struct db *db)
{
    if (!db) return;
    forget_statements(db);
    map_destroy(db->statements);
    sqlite3_close(db->sqlite);
    free(db);
}

status db_statement(struct db *db, const char *sql, sqlite3_stmt **out)
{
    sqlite3_stmt *statement = map_get(db->statements, sql);
    if (statement) {
        sqlite3_clear_bindings(statement);
        *out = statement;
        return STATUS_OK;
    }
    if (map_count(db->statements) >= STATEMENTS_MAX) forget_statements(db);
    int code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (code != SQLITE_OK) {
        db_keep_error(db);
        return db_status(code);
    }
    if (map_put(db->statements, sql, statement) != STATUS_OK) {
        sqlite3_finalize(statement);
        return STATUS_IO;
    }
    *out = statement;
    return STATUS_OK;
}

void db_keep_error(struct db *db)
{
    snprintf(db->error, sizeof db->error, "%s", sqlite3_errmsg(db->sqlite));
}

status db_step(struct db *db, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) db_keep_error(db);
    sqlite3_reset(statement);
    return db_status(code);
}

static status run(struct db *db, const char *sql)
{
    sqlite3_stmt *statement;
    status s = db_statement(db, sql, &statement);
    if (s == STATUS_OK) s = db_step(db, statement);
    return s;
}

status db_begin(struct db *db)
{
    return run(db, "BEGIN IMMEDIATE") == STATUS_OK ? STATUS_OK : STATUS_IO;
}

status db_commit(struct db *db)
{
    return run(db, "COMMIT") == STATUS_OK ? STATUS_OK : STATUS_IO;
}

void db_rollback(struct db *db)
{
    /* SQLite has rolled back by itself after some errors (full disk, I/O). */
    if (sqlite3_get_autocommit(db->sqlite)) return;
    if (run(db, "ROLLBACK") != STATUS_OK) log_event(LOG_ERROR, "store_rollback_failed", "reason=\"%s\"", db_error(db));
}

void db_checkpoint(struct db *db)
{
    if (db->log_pages < CHECKPOINT_PAGES) return;
    db->log_pages = 0;
    int code = sqlite3_wal_checkpoint_v2(db->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK) log_event(LOG_WARN, "store_checkpoint_failed", "reason=\"%s\"", sqlite3_errmsg(db->sqlite));
}

const char *db_error(const struct db *db)
{
    return db->error;
}
