/**
 * @file db_where.h  The conditions of a query as SQL with places, what is bound to them, and the way to the rows.
 *
 * Texts of clients are only ever bound. Inside the SQLite back end only. Thread: as db.h.
 */
#ifndef PARLEY_STORE_DB_WHERE_H
#define PARLEY_STORE_DB_WHERE_H

#include <sqlite3.h>

#include "base/buffer.h"
#include "store/query.h"

/** How the rows of a list are come by. */
enum db_path {
    DB_PATH_ANY,  /**< as SQLite likes: an index has the rows in the list's order */
    DB_PATH_SORT, /**< by the condition's index, then sorted */
    DB_PATH_WALK, /**< in the list's order, skipping what does not pass, until the page is full */
};

/** The quickest way to a page, where so many rows pass. */
enum db_path db_path_choose(const struct query *q, uint64_t matches);

/** The column that lists of this kind are ordered by. */
const char *db_time_column(const struct row_kind *kind);

/** Appends " WHERE ..." */
void db_where_add(struct buffer *sql, const struct query *q, enum db_path path);

/** Binds from *place on, which is moved on. @return an SQLite code */
int db_where_bind(sqlite3_stmt *statement, const struct query *q, int *place);

#endif
