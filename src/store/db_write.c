#include <string.h>

#include "base/buffer.h"
#include "store/db_sqlite.h"
#include "store/op.h"
#include "store/store_rows.h"

static int bind_text(sqlite3_stmt *statement, int place, const char *text, bool empty_is_null)
{
    if (!text || (empty_is_null && !text[0])) return sqlite3_bind_null(statement, place);
    return sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

static int bind_column(sqlite3_stmt *statement, int place, const struct column *column, const void *row)
{
    const void *at = (const char *)row + column->at;
    switch (column->type) {
    case COLUMN_ID:
    case COLUMN_TOKEN: return bind_text(statement, place, at, true);
    case COLUMN_TEXT: return bind_text(statement, place, *(const char *const *)at, false);
    case COLUMN_BOOL: return sqlite3_bind_int(statement, place, *(const bool *)at);
    case COLUMN_U32: return sqlite3_bind_int64(statement, place, *(const uint32_t *)at);
    case COLUMN_I64: return sqlite3_bind_int64(statement, place, *(const int64_t *)at);
    case COLUMN_U64: return sqlite3_bind_int64(statement, place, (sqlite3_int64) * (const uint64_t *)at);
    case COLUMN_SHA256: return sqlite3_bind_blob(statement, place, at, 32, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static void build_put(struct buffer *sql, const struct row_kind *kind)
{
    buffer_printf(sql, "INSERT INTO %s(", kind->table);
    for (size_t i = 0; i < kind->column_count; i++)
        buffer_printf(sql, "%s%s", i ? "," : "", kind->columns[i].name);
    buffer_append_text(sql, ") VALUES(");
    for (size_t i = 0; i < kind->column_count; i++)
        buffer_append_text(sql, i ? ",?" : "?");
    buffer_append_text(sql, ")");
    if (!kind->key) return;
    buffer_printf(sql, " ON CONFLICT(%s) DO UPDATE SET ", kind->key);
    const char *comma = "";
    for (size_t i = 0; i < kind->column_count; i++) {
        const char *name = kind->columns[i].name;
        if (strcmp(name, kind->key) == 0) continue;
        buffer_printf(sql, "%s%s=excluded.%s", comma, name, name);
        comma = ",";
    }
}

static status put(struct db *db, const struct op *op)
{
    struct buffer sql;
    buffer_init(&sql);
    build_put(&sql, op->kind);
    sqlite3_stmt *statement;
    status s = buffer_ok(&sql) ? db_statement(db, buffer_text(&sql), &statement) : STATUS_IO;
    buffer_clear(&sql);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < op->kind->column_count; i++) {
        int code = bind_column(statement, (int)i + 1, &op->kind->columns[i], op->row);
        if (code != SQLITE_OK) return db_status(code);
    }
    s = db_step(db, statement);
    sqlite3_clear_bindings(statement); /* the row may go before the statement is used again */
    return s;
}

static const char *const texts[] = {
    [OP_DELETE_RECORDING] = "DELETE FROM recordings WHERE id=?1",
    [OP_DELETE_DIALOG] = "DELETE FROM dialogs WHERE call=?1",
    [OP_DELETE_OUTBOX] = "DELETE FROM outbox WHERE lane=?1 AND n=?2",
    [OP_OUTBOX_RETRY] = "UPDATE outbox SET attempts=?3, due=?4 WHERE lane=?1 AND n=?2",
    [OP_OUTBOX_DEAD] = "UPDATE outbox SET attempts=?3, state='dead' WHERE lane=?1 AND n=?2",
};

/* All of these take some of ?1 id, ?2 n, ?3 attempts, ?4 due. */
static status change(struct db *db, const struct op *op)
{
    sqlite3_stmt *statement;
    status s = db_statement(db, texts[op->type], &statement);
    if (s != STATUS_OK) return s;
    int places = sqlite3_bind_parameter_count(statement);
    int code = bind_text(statement, 1, op->id, false);
    if (code == SQLITE_OK && places >= 2) code = sqlite3_bind_int64(statement, 2, op->n);
    if (code == SQLITE_OK && places >= 3) code = sqlite3_bind_int64(statement, 3, op->attempts);
    if (code == SQLITE_OK && places >= 4) code = sqlite3_bind_int64(statement, 4, op->due_unix_ms);
    if (code != SQLITE_OK) return db_status(code);
    s = db_step(db, statement);
    sqlite3_clear_bindings(statement);
    return s;
}

static status run(struct db *db, const char *sql)
{
    sqlite3_stmt *statement;
    status s = db_statement(db, sql, &statement);
    return s == STATUS_OK ? db_step(db, statement) : s;
}

status db_apply(struct db *db, const struct list *ops)
{
    if (run(db, "SAVEPOINT one") != STATUS_OK) return STATUS_IO;
    status s = STATUS_OK;
    list_each (link, ops) {
        const struct op *op = list_object(link, struct op, link);
        s = op->type == OP_PUT ? put(db, op) : change(db, op);
        if (s != STATUS_OK) break;
    }
    if (s == STATUS_IO) return s;
    if (s != STATUS_OK && run(db, "ROLLBACK TO one") != STATUS_OK) return STATUS_IO;
    if (run(db, "RELEASE one") != STATUS_OK) return STATUS_IO;
    return s;
}
