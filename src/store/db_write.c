#include <stdio.h>
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

static void append(struct buffer *sql, const char *a, const char *b, const char *c)
{
    buffer_append_text(sql, a);
    buffer_append_text(sql, b);
    buffer_append_text(sql, c);
}

/* For every row that is written: without printf, which would take as long as the insertion. */
static void build_put(struct buffer *sql, const struct row_kind *kind)
{
    append(sql, "INSERT INTO ", kind->table, "(");
    for (size_t i = 0; i < kind->column_count; i++)
        append(sql, i ? "," : "", kind->columns[i].name, "");
    buffer_append_text(sql, ") VALUES(");
    for (size_t i = 0; i < kind->column_count; i++)
        buffer_append_text(sql, i ? ",?" : "?");
    buffer_append_text(sql, ")");
    if (!kind->key) return;
    append(sql, " ON CONFLICT(", kind->key, ") DO UPDATE SET ");
    const char *comma = "";
    for (size_t i = 0; i < kind->column_count; i++) {
        const char *name = kind->columns[i].name;
        if (strcmp(name, kind->key) == 0) continue;
        append(sql, comma, name, "=excluded.");
        buffer_append_text(sql, name);
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
    [OP_DELETE_RECORDING] = "DELETE FROM recordings WHERE id=:id",
    [OP_DELETE_DIALOG] = "DELETE FROM dialogs WHERE call=:id",
    [OP_DELETE_OUTBOX] = "DELETE FROM outbox WHERE lane=:id AND n=:n",
    [OP_OUTBOX_RETRY] = "UPDATE outbox SET attempts=:attempts, due=:time WHERE lane=:id AND n=:n",
    [OP_OUTBOX_DEAD] = "UPDATE outbox SET attempts=:attempts, state='dead' WHERE lane=:id AND n=:n",
    [OP_OUTBOX_REVIVE] =
        "UPDATE outbox SET attempts=0, due=0, state='pending' WHERE lane=:id AND n=:n AND state='dead'",
    [OP_DELETE_APPLICATION] = "DELETE FROM applications WHERE id=:id",
    [OP_DELETE_NUMBER] = "DELETE FROM numbers WHERE id=:id",
    [OP_DELETE_SECRET] = "DELETE FROM secrets WHERE id=:id",
    [OP_DELETE_REPLY] = "DELETE FROM replies WHERE account=:id AND key=:text",
    [OP_EXPIRE_REPLIES] = "DELETE FROM replies WHERE created<:time",
    [OP_TRIM_LOGS] = "DELETE FROM logs WHERE account=:id AND (timestamp_us, seq) <="
                     " (SELECT timestamp_us, seq FROM logs WHERE account=:id"
                     "  ORDER BY timestamp_us DESC, seq DESC LIMIT 1 OFFSET :n)",
};

static int bind_place(sqlite3_stmt *statement, const char *name, int64_t value)
{
    int place = sqlite3_bind_parameter_index(statement, name);
    return place ? sqlite3_bind_int64(statement, place, value) : SQLITE_OK;
}

static int bind_place_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int place = sqlite3_bind_parameter_index(statement, name);
    return place ? bind_text(statement, place, text, false) : SQLITE_OK;
}

static status change(struct db *db, const struct op *op)
{
    sqlite3_stmt *statement;
    status s = db_statement(db, texts[op->type], &statement);
    if (s != STATUS_OK) return s;
    int code = bind_place_text(statement, ":id", op->id);
    if (code == SQLITE_OK) code = bind_place(statement, ":n", op->n);
    if (code == SQLITE_OK) code = bind_place(statement, ":attempts", op->attempts);
    if (code == SQLITE_OK) code = bind_place(statement, ":time", op->unix_ms);
    if (code == SQLITE_OK) code = bind_place_text(statement, ":text", op->text);
    if (code != SQLITE_OK) return db_status(code);
    s = db_step(db, statement);
    sqlite3_clear_bindings(statement);
    return s;
}

/* Whether the row is still the one that was read. */
static status expect(struct db *db, const struct op *op)
{
    char sql[96];
    sqlite3_stmt *statement;
    snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE id=:id AND revision=:n", op->kind->table);
    status s = db_statement(db, sql, &statement);
    if (s != STATUS_OK) return s;
    int code = bind_place_text(statement, ":id", op->id);
    if (code == SQLITE_OK) code = bind_place(statement, ":n", op->n);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) db_keep_error(db);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? STATUS_CONFLICT : db_status(code);
}

static status apply_one(struct db *db, const struct op *op)
{
    switch (op->type) {
    case OP_PUT: return put(db, op);
    case OP_EXPECT: return expect(db, op);
    default: return change(db, op);
    }
}

static status run(struct db *db, const char *sql)
{
    sqlite3_stmt *statement;
    status s = db_statement(db, sql, &statement);
    return s == STATUS_OK ? db_step(db, statement) : s;
}

status db_apply(struct db *db, const struct list *ops)
{
    /* A statement that fails has changed nothing: alone it needs no savepoint to go back to. */
    if (ops->next != ops && ops->next == ops->prev) return apply_one(db, list_object(ops->next, struct op, link));
    if (run(db, "SAVEPOINT one") != STATUS_OK) return STATUS_IO;
    status s = STATUS_OK;
    list_each (link, ops) {
        const struct op *op = list_object(link, struct op, link);
        s = apply_one(db, op);
        if (s != STATUS_OK) break;
    }
    if (s == STATUS_IO) return s;
    if (s != STATUS_OK && run(db, "ROLLBACK TO one") != STATUS_OK) return STATUS_IO;
    if (run(db, "RELEASE one") != STATUS_OK) return STATUS_IO;
    return s;
}
