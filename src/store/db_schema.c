#include <stdio.h>

#include "store/db_sqlite.h"

/* "PRLY": tells our database from somebody else's. */
#define APPLICATION_ID 0x50524c59

/*
 * seq is the order of insertion; lists go by (created, seq). An index holds seq as its last column by itself.
 * shown is the status as the API shows it. totals makes the total of a list free of counting.
 */
static const char schema_1[] =
    "CREATE TABLE accounts("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " key_sha256 BLOB NOT NULL CHECK(length(key_sha256)=32), alias TEXT, label TEXT, type TEXT NOT NULL,"
    " status TEXT NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);"

    "CREATE TABLE conferences("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " account TEXT NOT NULL CHECK(length(account)=42), alias TEXT, play_beep TEXT NOT NULL, record INTEGER NOT NULL,"
    " wait_url TEXT, status_callback_url TEXT, action_url TEXT, status TEXT NOT NULL, revision INTEGER NOT NULL,"
    " created INTEGER NOT NULL, updated INTEGER NOT NULL, events INTEGER NOT NULL, auto_end_s INTEGER NOT NULL,"
    " participants_max INTEGER NOT NULL,"
    " shown TEXT GENERATED ALWAYS AS (CASE status WHEN 'internalError' THEN 'terminated' ELSE status END) VIRTUAL);"
    "CREATE INDEX conferences_by_account ON conferences(account, created);"
    "CREATE INDEX conferences_by_shown ON conferences(account, shown, created);"
    "CREATE INDEX conferences_by_alias ON conferences(account, alias, created, shown);"
    "CREATE INDEX conferences_by_updated ON conferences(account, updated);"
    "CREATE INDEX conferences_live ON conferences(seq) WHERE status IN ('empty','populated','inProgress');"

    "CREATE TABLE calls("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " account TEXT NOT NULL CHECK(length(account)=42), parent_call TEXT, conference TEXT, application TEXT,"
    " phone_number TEXT, caller TEXT, callee TEXT, caller_name TEXT, status TEXT NOT NULL, direction TEXT NOT NULL,"
    " answered_by TEXT, ended_reason TEXT, status_callback_url TEXT, revision INTEGER NOT NULL,"
    " events INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, started INTEGER NOT NULL,"
    " connected INTEGER NOT NULL, ended INTEGER NOT NULL);"
    "CREATE INDEX calls_by_account ON calls(account, created);"
    "CREATE INDEX calls_by_status ON calls(account, status, created);"
    "CREATE INDEX calls_by_caller ON calls(account, caller, created);"
    "CREATE INDEX calls_by_callee ON calls(account, callee, created);"
    "CREATE INDEX calls_by_parent ON calls(account, parent_call, created) WHERE parent_call IS NOT NULL;"
    "CREATE INDEX calls_by_application ON calls(account, application, created) WHERE application IS NOT NULL;"
    "CREATE INDEX calls_live ON calls(seq) WHERE status IN ('queued','ringing','inProgress');"

    "CREATE TABLE recordings("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " account TEXT NOT NULL CHECK(length(account)=42), conference TEXT, call TEXT, state TEXT NOT NULL,"
    " file TEXT, token TEXT UNIQUE, bytes INTEGER NOT NULL, duration_ms INTEGER NOT NULL, lost_ms INTEGER NOT NULL,"
    " revision INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);"
    "CREATE INDEX recordings_by_account ON recordings(account, created);"
    "CREATE INDEX recordings_by_conference ON recordings(account, conference, created);"
    "CREATE INDEX recordings_by_call ON recordings(account, call, created);"
    "CREATE INDEX recordings_live ON recordings(seq) WHERE state = 'recording';"

    "CREATE TABLE dialogs(seq INTEGER PRIMARY KEY, call TEXT NOT NULL UNIQUE CHECK(length(call)=42),"
    " json TEXT NOT NULL);"

    "CREATE TABLE outbox("
    " seq INTEGER PRIMARY KEY, account TEXT NOT NULL CHECK(length(account)=42),"
    " lane TEXT NOT NULL CHECK(length(lane)=42), n INTEGER NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,"
    " created INTEGER NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL, state TEXT NOT NULL,"
    " UNIQUE(lane, n));"
    "CREATE INDEX outbox_live ON outbox(lane, n) WHERE state = 'pending';"

    "CREATE TABLE totals("
    " kind TEXT NOT NULL, account TEXT NOT NULL, word TEXT NOT NULL, total INTEGER NOT NULL,"
    " PRIMARY KEY(kind, account, word)) WITHOUT ROWID;"
    "CREATE TRIGGER conferences_added AFTER INSERT ON conferences BEGIN"
    " INSERT INTO totals VALUES('conferences', new.account, new.shown, 1)"
    " ON CONFLICT(kind, account, word) DO UPDATE SET total = total + 1; END;"
    "CREATE TRIGGER conferences_moved AFTER UPDATE ON conferences WHEN old.shown <> new.shown BEGIN"
    " UPDATE totals SET total = total - 1 WHERE kind = 'conferences' AND account = old.account AND word = old.shown;"
    " INSERT INTO totals VALUES('conferences', new.account, new.shown, 1)"
    " ON CONFLICT(kind, account, word) DO UPDATE SET total = total + 1; END;"
    "CREATE TRIGGER calls_added AFTER INSERT ON calls BEGIN"
    " INSERT INTO totals VALUES('calls', new.account, new.status, 1)"
    " ON CONFLICT(kind, account, word) DO UPDATE SET total = total + 1; END;"
    "CREATE TRIGGER calls_moved AFTER UPDATE ON calls WHEN old.status <> new.status BEGIN"
    " UPDATE totals SET total = total - 1 WHERE kind = 'calls' AND account = old.account AND word = old.status;"
    " INSERT INTO totals VALUES('calls', new.account, new.status, 1)"
    " ON CONFLICT(kind, account, word) DO UPDATE SET total = total + 1; END;"
    "CREATE TRIGGER recordings_added AFTER INSERT ON recordings BEGIN"
    " INSERT INTO totals VALUES('recordings', new.account, '', 1)"
    " ON CONFLICT(kind, account, word) DO UPDATE SET total = total + 1; END;"
    "CREATE TRIGGER recordings_gone AFTER DELETE ON recordings BEGIN"
    " UPDATE totals SET total = total - 1 WHERE kind = 'recordings' AND account = old.account; END;";

/*
 * Filters find their rows in the order of the list: an index by what is asked for, ending with the time. A log line
 * that is deleted is the oldest, so nothing but its total moves. Numbers lose an application that is deleted.
 */
static const char schema_2[] =
    "DROP INDEX conferences_by_alias;"
    "CREATE INDEX conferences_by_alias ON conferences(account, alias, created);"
    "CREATE INDEX conferences_by_alias_and_shown ON conferences(account, alias, shown, created);"
    "CREATE INDEX calls_by_caller_and_status ON calls(account, caller, status, created);"
    "CREATE INDEX calls_by_callee_and_status ON calls(account, callee, status, created);"
    "CREATE INDEX calls_by_time ON calls(account, started, ended);"
    "CREATE INDEX outbox_by_state ON outbox(account, state, created);"

    "CREATE TABLE applications("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " account TEXT NOT NULL CHECK(length(account)=42), alias TEXT, voice_url TEXT, voice_fallback_url TEXT,"
    " call_connect_url TEXT, status_callback_url TEXT, sms_url TEXT, sms_fallback_url TEXT,"
    " revision INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);"
    "CREATE INDEX applications_by_account ON applications(account, created);"
    "CREATE INDEX applications_by_alias ON applications(account, alias, created);"

    "CREATE TABLE numbers("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " account TEXT NOT NULL CHECK(length(account)=42), application TEXT, number TEXT NOT NULL, alias TEXT,"
    " region TEXT, country TEXT, voice_enabled INTEGER NOT NULL, sms_enabled INTEGER NOT NULL,"
    " offnet INTEGER NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " UNIQUE(account, number));"
    "CREATE INDEX numbers_by_account ON numbers(account, created);"
    "CREATE INDEX numbers_by_alias ON numbers(account, alias, created);"
    "CREATE INDEX numbers_by_application ON numbers(account, application, created);"
    "CREATE TRIGGER applications_gone AFTER DELETE ON applications BEGIN"
    " UPDATE numbers SET application = NULL, revision = revision + 1,"
    " updated = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    " WHERE account = old.account AND application = old.id; END;"

    "CREATE TABLE logs("
    " seq INTEGER PRIMARY KEY, account TEXT NOT NULL CHECK(length(account)=42), timestamp_us INTEGER NOT NULL,"
    " level TEXT NOT NULL CHECK(level IN ('info','warning','error')), request TEXT, call TEXT,"
    " message TEXT NOT NULL, metadata TEXT);"
    "CREATE INDEX logs_by_account ON logs(account, timestamp_us);"
    "CREATE INDEX logs_by_level ON logs(account, level, timestamp_us);"
    "CREATE INDEX logs_by_call ON logs(account, call, timestamp_us) WHERE call IS NOT NULL;"
    "CREATE INDEX logs_by_request ON logs(account, request, timestamp_us) WHERE request IS NOT NULL;"
    "CREATE TRIGGER logs_added AFTER INSERT ON logs BEGIN"
    " INSERT INTO totals VALUES('logs', new.account, '', 1)"
    " ON CONFLICT(kind, account, word) DO UPDATE SET total = total + 1; END;"
    "CREATE TRIGGER logs_gone AFTER DELETE ON logs BEGIN"
    " UPDATE totals SET total = total - 1 WHERE kind = 'logs' AND account = old.account; END;"

    "CREATE TABLE secrets("
    " seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE CHECK(length(id)=42),"
    " account TEXT NOT NULL CHECK(length(account)=42), secret TEXT NOT NULL, created INTEGER NOT NULL);"
    "CREATE INDEX secrets_by_account ON secrets(account);"
    "CREATE TRIGGER secrets_full BEFORE INSERT ON secrets"
    " WHEN (SELECT count(*) FROM secrets WHERE account = new.account) >= 2"
    " BEGIN SELECT RAISE(ABORT, 'an account has at most two secrets'); END;"

    "CREATE TABLE replies("
    " seq INTEGER PRIMARY KEY, account TEXT NOT NULL CHECK(length(account)=42), key TEXT NOT NULL,"
    " request TEXT NOT NULL, request_sha256 BLOB NOT NULL, http INTEGER NOT NULL, body TEXT,"
    " created INTEGER NOT NULL, UNIQUE(account, key));"
    "CREATE INDEX replies_by_age ON replies(created);";

/* How many talkers a conference mixes; 0, as those had that were made before: all. */
static const char schema_3[] = "ALTER TABLE conferences ADD COLUMN talkers_max INTEGER NOT NULL DEFAULT 0;";

/* Recordings with tracks. */
static const char schema_4[] = "ALTER TABLE conferences ADD COLUMN record_tracks INTEGER NOT NULL DEFAULT 0;";

/* Number i brings a database from version i to version i + 1. Never changed once released, only added to. */
static const char *const migrations[] = {schema_1, schema_2, schema_3, schema_4};

enum { VERSION = sizeof migrations / sizeof migrations[0] };

static int read_number(sqlite3 *sqlite, const char *sql, int *out)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL);
    if (code != SQLITE_OK) return code;
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

static status failed(sqlite3 *sqlite, const char *path, const char *doing, char why[STORE_WHY_SIZE])
{
    int code = sqlite3_errcode(sqlite) & 0xff;
    snprintf(why, STORE_WHY_SIZE, "cannot %s the database %s: %s", doing, path, sqlite3_errmsg(sqlite));
    return code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? STATUS_INVALID : STATUS_IO;
}

static int migrate_one(sqlite3 *sqlite, int from)
{
    char pragma[96];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d; PRAGMA application_id=%d; COMMIT", from + 1,
             APPLICATION_ID);
    int code = sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_exec(sqlite, migrations[from], NULL, NULL, NULL);
    if (code == SQLITE_OK) code = sqlite3_exec(sqlite, pragma, NULL, NULL, NULL);
    return code;
}

status db_schema_migrate(sqlite3 *sqlite, const char *path, char why[STORE_WHY_SIZE])
{
    int version = 0, application = 0, tables = 0;
    int code = read_number(sqlite, "PRAGMA user_version", &version);
    if (code == SQLITE_OK) code = read_number(sqlite, "PRAGMA application_id", &application);
    if (code == SQLITE_OK) code = read_number(sqlite, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK) return failed(sqlite, path, "read", why);
    if (application != APPLICATION_ID && (tables > 0 || version > 0)) {
        snprintf(why, STORE_WHY_SIZE, "%s is a database of another program", path);
        return STATUS_INVALID;
    }
    if (version > VERSION) {
        snprintf(why, STORE_WHY_SIZE,
                 "the database %s has schema version %d, made by a newer Parley; this one (%s) knows up to version %d",
                 path, version, PARLEY_VERSION, VERSION);
        return STATUS_UNSUPPORTED;
    }
    for (int from = version; from < VERSION; from++) {
        if (migrate_one(sqlite, from) != SQLITE_OK) return failed(sqlite, path, "upgrade", why);
    }
    return STATUS_OK;
}
