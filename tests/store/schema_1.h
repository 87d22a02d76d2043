/**
 * @file schema_1.h  The schema of version 1 as it was released: what an upgrade starts from. Never changed.
 */
#ifndef PARLEY_TESTS_SCHEMA_1_H
#define PARLEY_TESTS_SCHEMA_1_H

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

#endif
