#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/db_sqlite.h"
#include "store/db_where.h"
#include "store/store_rows.h"

static void add_order(struct buffer *sql, const struct query *q, enum db_path path)
{
    const char *plus = path == DB_PATH_SORT ? "+" : "";
    switch (q->order) {
    case QUERY_NEWEST: buffer_printf(sql, " ORDER BY %s%s DESC, seq DESC", plus, db_time_column(q->kind)); break;
    case QUERY_OLDEST: buffer_append_text(sql, " ORDER BY seq"); break;
    case QUERY_LANES: buffer_append_text(sql, " ORDER BY lane, n"); break;
    }
}

static void build_select(struct buffer *sql, const struct query *q, enum db_path path)
{
    buffer_append_text(sql, "SELECT seq");
    for (size_t i = 0; i < q->kind->column_count; i++)
        buffer_printf(sql, ",%s", q->kind->columns[i].name);
    buffer_printf(sql, " FROM %s", q->kind->table);
    db_where_add(sql, q, path);
    if (q->continued)
        buffer_printf(sql, "%s(%s, seq) < (?, ?)", q->term_count || q->live ? " AND " : " WHERE ",
                      db_time_column(q->kind));
    add_order(sql, q, path);
    if (q->limit) buffer_append_text(sql, " LIMIT ?");
}

/* One row more than asked for tells whether there is a next page. */
static status select_statement(struct db *db, const struct query *q, enum db_path path, sqlite3_stmt **out)
{
    struct buffer sql;
    buffer_init(&sql);
    build_select(&sql, q, path);
    status s = buffer_ok(&sql) ? db_statement(db, buffer_text(&sql), out) : STATUS_NO_MEMORY;
    buffer_clear(&sql);
    if (s != STATUS_OK) return s;
    int place = 1;
    int code = db_where_bind(*out, q, &place);
    if (code == SQLITE_OK && q->continued) {
        code = sqlite3_bind_int64(*out, place++, q->cursor.created_unix_ms);
        if (code == SQLITE_OK) code = sqlite3_bind_int64(*out, place++, q->cursor.seq);
    }
    if (code == SQLITE_OK && q->limit) code = sqlite3_bind_int64(*out, place, (sqlite3_int64)q->limit + 1);
    return db_status(code);
}

static void read_fixed(char *out, size_t size, const char *text)
{
    size_t len = text ? strnlen(text, size - 1) : 0;
    if (len) memcpy(out, text, len);
    out[len] = '\0';
}

static status read_column(sqlite3_stmt *statement, int place, const struct column *column, void *row)
{
    void *at = (char *)row + column->at;
    const char *text = NULL;
    switch (column->type) {
    case COLUMN_ID: read_fixed(at, ID_SIZE, (const char *)sqlite3_column_text(statement, place)); break;
    case COLUMN_TOKEN: read_fixed(at, STORE_TOKEN_SIZE, (const char *)sqlite3_column_text(statement, place)); break;
    case COLUMN_TEXT:
        text = (const char *)sqlite3_column_text(statement, place);
        if (!text) return sqlite3_column_type(statement, place) == SQLITE_NULL ? STATUS_OK : STATUS_NO_MEMORY;
        text = strdup(text);
        if (!text) return STATUS_NO_MEMORY;
        *(const char **)at = text;
        break;
    case COLUMN_BOOL: *(bool *)at = sqlite3_column_int(statement, place) != 0; break;
    case COLUMN_U32: *(uint32_t *)at = (uint32_t)sqlite3_column_int64(statement, place); break;
    case COLUMN_I64: *(int64_t *)at = sqlite3_column_int64(statement, place); break;
    case COLUMN_U64: *(uint64_t *)at = (uint64_t)sqlite3_column_int64(statement, place); break;
    case COLUMN_SHA256:
        if (sqlite3_column_bytes(statement, place) == 32) memcpy(at, sqlite3_column_blob(statement, place), 32);
        break;
    }
    return STATUS_OK;
}

struct reading {
    struct db *db;
    const struct query *query;
    struct answer *answer;
    size_t size; /* rows there is room for */
    int64_t last_seq;
};

static status read_row(struct reading *r, sqlite3_stmt *statement)
{
    const struct row_kind *kind = r->query->kind;
    struct answer *answer = r->answer;
    if (answer->count == r->size) {
        size_t size = r->size ? r->size * 2 : 16;
        void *rows = realloc(answer->rows, size * kind->row_bytes);
        if (!rows) return STATUS_NO_MEMORY;
        answer->rows = rows;
        r->size = size;
    }
    void *row = (char *)answer->rows + answer->count * kind->row_bytes;
    memset(row, 0, kind->row_bytes);
    answer->count++;
    r->last_seq = sqlite3_column_int64(statement, 0);
    for (size_t i = 0; i < kind->column_count; i++) {
        status s = read_column(statement, (int)i + 1, &kind->columns[i], row);
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

static status read_rows(struct reading *r, sqlite3_stmt *statement)
{
    status s = STATUS_OK;
    int code;
    while (s == STATUS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (r->query->limit && r->answer->count == r->query->limit) {
            r->answer->page.has_next = true;
            return STATUS_OK;
        }
        s = read_row(r, statement);
    }
    if (s != STATUS_OK || code == SQLITE_DONE) return s;
    db_keep_error(r->db);
    return STATUS_IO;
}

static int64_t created_of(const struct row_kind *kind, const void *row)
{
    for (size_t i = 0; i < kind->column_count; i++) {
        if (strcmp(kind->columns[i].name, db_time_column(kind)) == 0)
            return *(const int64_t *)(const void *)((const char *)row + kind->columns[i].at);
    }
    return 0;
}

static void fill_page(const struct reading *r)
{
    const struct query *q = r->query;
    struct store_page *page = &r->answer->page;
    page->start = q->continued ? q->cursor.start : 0;
    page->limit = q->limit;
    if (!page->has_next) return;
    const char *last = (const char *)r->answer->rows + (r->answer->count - 1) * q->kind->row_bytes;
    struct cursor next = {
        .created_unix_ms = created_of(q->kind, last),
        .seq = r->last_seq,
        .start = (uint32_t)(page->start + r->answer->count),
    };
    cursor_format(page->next_cursor, &next);
}

/* Whether the table of totals knows: the terms are the account and at most the word it counts by. */
static bool totals_know(const struct query *q, const char **word)
{
    *word = NULL;
    if (!q->kind->counted || q->live || q->condition || q->term_count == 0 || q->term_count > 2) return false;
    if (strcmp(q->terms[0].column, "account") != 0) return false;
    if (q->term_count == 1) return true;
    const struct query_term *term = &q->terms[1];
    if (!q->kind->count_column || strcmp(term->column, q->kind->count_column) != 0) return false;
    if (term->test != QUERY_IN || term->text_count != 1) return false;
    *word = term->texts[0];
    return true;
}

static status total_from_totals(struct db *db, const struct query *q, const char *word, sqlite3_stmt **out)
{
    status s = db_statement(db,
                            word ? "SELECT sum(total) FROM totals WHERE kind=?1 AND account=?2 AND word=?3"
                                 : "SELECT sum(total) FROM totals WHERE kind=?1 AND account=?2",
                            out);
    if (s != STATUS_OK) return s;
    int code = sqlite3_bind_text(*out, 1, q->kind->table, -1, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sqlite3_bind_text(*out, 2, q->terms[0].texts[0], -1, SQLITE_STATIC);
    if (code == SQLITE_OK && word) code = sqlite3_bind_text(*out, 3, word, -1, SQLITE_STATIC);
    return db_status(code);
}

/* Stops at STORE_COUNT_MAX, so that no filter makes a list walk over everything that passes it. */
static status total_by_counting(struct db *db, const struct query *q, sqlite3_stmt **out)
{
    struct buffer sql;
    buffer_init(&sql);
    buffer_printf(&sql, "SELECT count(*) FROM (SELECT 1 FROM %s", q->kind->table);
    db_where_add(&sql, q, DB_PATH_ANY);
    buffer_printf(&sql, " LIMIT %d)", STORE_COUNT_MAX);
    status s = buffer_ok(&sql) ? db_statement(db, buffer_text(&sql), out) : STATUS_NO_MEMORY;
    buffer_clear(&sql);
    if (s != STATUS_OK) return s;
    int place = 1;
    return db_status(db_where_bind(*out, q, &place));
}

static status read_total(struct db *db, const struct query *q, uint64_t *out)
{
    sqlite3_stmt *statement;
    const char *word;
    status s =
        totals_know(q, &word) ? total_from_totals(db, q, word, &statement) : total_by_counting(db, q, &statement);
    if (s != STATUS_OK) return s;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) *out = (uint64_t)sqlite3_column_int64(statement, 0);
    if (code != SQLITE_ROW) db_keep_error(db);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_ROW ? STATUS_OK : STATUS_IO;
}

static status read_page(struct reading *r, enum db_path path)
{
    sqlite3_stmt *statement;
    status s = select_statement(r->db, r->query, path, &statement);
    if (s != STATUS_OK) return s;
    s = read_rows(r, statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return s;
}

/* The total is never less than what has been shown. */
static void settle_total(struct store_page *page, size_t count, uint64_t counted)
{
    uint64_t seen = page->start + count + (page->has_next ? 1 : 0);
    page->total = counted < STORE_COUNT_MAX || counted > seen ? counted : seen;
}

void db_read(struct db *db, const struct query *query, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    struct reading reading = {.db = db, .query = query, .answer = answer};
    uint64_t counted = 0;
    status s = query->limit ? read_total(db, query, &counted) : STATUS_OK;
    if (s == STATUS_OK) s = read_page(&reading, db_path_choose(query, counted));
    if (s == STATUS_OK && query->limit) {
        fill_page(&reading);
        settle_total(&answer->page, answer->count, counted);
    }
    if (s != STATUS_OK) {
        answer_clear(answer, query->kind);
        s = s == STATUS_NO_MEMORY ? s : STATUS_IO;
    }
    answer->status = s;
}
