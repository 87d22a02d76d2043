#include "store/db_where.h"

#include <string.h>

/*
 * Where no index has the rows in the list's order (a range over another column, one of several words), few matches are
 * found by that condition's index and sorted, and many by walking in the list's order until the page is full. A unary
 * plus keeps SQLite from an index: on the condition for the one, on the order for the other.
 */
enum { SORT_MAX = 1500 };

const char *db_time_column(const struct row_kind *kind)
{
    return kind->time ? kind->time : "created";
}

static bool is_range(const struct query_term *term)
{
    return term->test == QUERY_AT_LEAST || term->test == QUERY_BELOW;
}

static bool out_of_order(const struct query *q, const struct query_term *term)
{
    return term->text_count > 1 || (is_range(term) && strcmp(term->column, db_time_column(q->kind)) != 0);
}

enum db_path db_path_choose(const struct query *q, uint64_t matches)
{
    for (size_t i = 0; i < q->term_count; i++) {
        if (out_of_order(q, &q->terms[i])) return matches > SORT_MAX ? DB_PATH_WALK : DB_PATH_SORT;
    }
    return DB_PATH_ANY;
}

static void add_in(struct buffer *sql, size_t count)
{
    if (count == 1) {
        buffer_append_text(sql, "=?");
        return;
    }
    buffer_append_text(sql, " IN (?");
    for (size_t t = 1; t < count; t++)
        buffer_append_text(sql, ",?");
    buffer_append_text(sql, ")");
}

static void add_test(struct buffer *sql, const struct query_term *term)
{
    static const char *const tests[] = {
        [QUERY_AT_LEAST] = ">=?",        [QUERY_BELOW] = "<?", [QUERY_EQUALS] = "=?", [QUERY_IS_SET] = " IS NOT NULL",
        [QUERY_IS_NOT_SET] = " IS NULL",
    };
    if (term->test == QUERY_IN)
        add_in(sql, term->text_count);
    else
        buffer_append_text(sql, tests[term->test]);
}

/* A condition's node and those under it. */
static void add_node(struct buffer *sql, const struct query *q, size_t at)
{
    static const char *const columns[] = {
        [STORE_LOG_TIMESTAMP] = "timestamp_us", [STORE_LOG_LEVEL] = "level",     [STORE_LOG_CALL] = "call",
        [STORE_LOG_REQUEST] = "request",        [STORE_LOG_MESSAGE] = "message",
    };
    static const char *const steps[] = {
        [STORE_LOG_EQUAL] = " = ", [STORE_LOG_UNEQUAL] = " IS NOT ", [STORE_LOG_LESS] = " < ",
        [STORE_LOG_MORE] = " > ",  [STORE_LOG_AT_MOST] = " <= ",     [STORE_LOG_AT_LEAST] = " >= ",
        [STORE_LOG_AND] = " AND ", [STORE_LOG_OR] = " OR ",
    };
    static const char level[] = "CASE %s WHEN 'info' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END";
    const struct store_log_node *node = &q->condition[at];
    buffer_append_text(sql, "(");
    if (node->step >= STORE_LOG_AND) {
        add_node(sql, q, node->left);
        buffer_append_text(sql, steps[node->step]);
        add_node(sql, q, node->right);
    } else if (node->field == STORE_LOG_LEVEL && node->step > STORE_LOG_UNEQUAL) {
        buffer_printf(sql, level, "level");
        buffer_append_text(sql, steps[node->step]);
        buffer_printf(sql, level, "?");
    } else {
        buffer_printf(sql, "%s%s?", columns[node->field], steps[node->step]);
    }
    buffer_append_text(sql, ")");
}

static int bind_node(sqlite3_stmt *statement, const struct query *q, size_t at, int *place)
{
    const struct store_log_node *node = &q->condition[at];
    if (node->step >= STORE_LOG_AND) {
        int code = bind_node(statement, q, node->left, place);
        return code == SQLITE_OK ? bind_node(statement, q, node->right, place) : code;
    }
    if (node->field == STORE_LOG_TIMESTAMP) return sqlite3_bind_int64(statement, (*place)++, node->number);
    return sqlite3_bind_text(statement, (*place)++, node->text, -1, SQLITE_STATIC);
}

void db_where_add(struct buffer *sql, const struct query *q, enum db_path path)
{
    const char *word = " WHERE ";
    for (size_t i = 0; i < q->term_count; i++) {
        const struct query_term *term = &q->terms[i];
        bool walk = path == DB_PATH_WALK && out_of_order(q, term);
        buffer_printf(sql, "%s%s%s", word, walk ? "+" : "", term->column);
        add_test(sql, term);
        word = " AND ";
    }
    if (q->condition) {
        buffer_append_text(sql, word);
        add_node(sql, q, q->condition_count - 1);
        word = " AND ";
    }
    if (q->live) buffer_printf(sql, "%s%s", word, q->kind->live);
}

int db_where_bind(sqlite3_stmt *statement, const struct query *q, int *place)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < q->term_count && code == SQLITE_OK; i++) {
        const struct query_term *term = &q->terms[i];
        if (is_range(term) || term->test == QUERY_EQUALS) code = sqlite3_bind_int64(statement, (*place)++, term->value);
        for (size_t t = 0; t < term->text_count && code == SQLITE_OK; t++)
            code = sqlite3_bind_text(statement, (*place)++, term->texts[t], -1, SQLITE_STATIC);
    }
    if (code == SQLITE_OK && q->condition) code = bind_node(statement, q, q->condition_count - 1, place);
    return code;
}
