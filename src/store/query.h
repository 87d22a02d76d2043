/**
 * @file query.h  A question in no database's language: which rows of one kind, in which order, how many; and its
 * answer.
 *
 * Built on the control thread, carried out by a back end (db.h) on the store thread, read again on the control thread.
 * Inside store/ only. Thread: its holder.
 */
#ifndef PARLEY_STORE_QUERY_H
#define PARLEY_STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "store/cursor.h"
#include "store/row_kind.h"
#include "store/store_read.h"

enum query_test { QUERY_IN, QUERY_AT_LEAST, QUERY_BELOW, QUERY_EQUALS, QUERY_IS_SET, QUERY_IS_NOT_SET };

enum { QUERY_TERMS_MAX = 12 };

/** One condition; all of a query's must hold. */
struct query_term {
    const char *column; /**< borrowed, static */
    enum query_test test;
    int64_t value;                       /**< AT_LEAST, BELOW, EQUALS */
    char *texts[STORE_APPLICATIONS_MAX]; /**< IN: owned */
    size_t text_count;                   /**< IN: at least 1 */
};

enum query_order {
    QUERY_NEWEST, /**< the kind's time, then seq, both falling */
    QUERY_OLDEST, /**< seq rising */
    QUERY_LANES,  /**< lane, then n */
};

struct query {
    const struct row_kind *kind;
    struct query_term terms[QUERY_TERMS_MAX];
    size_t term_count;
    struct store_log_node *condition; /**< owned, with its texts: must hold too; NULL: none */
    size_t condition_count;
    bool live; /**< unfinished rows only (row_kind.live) */
    enum query_order order;
    uint32_t limit;       /**< 0: all, and no page */
    bool continued;       /**< cursor is set */
    struct cursor cursor; /**< the first row is the one after it */
    bool failed;          /**< a term found no memory */
};

struct answer {
    status status;
    void *rows; /**< owned, count * row_bytes */
    size_t count;
    struct store_page page; /**< where the query had a limit */
};

void query_init(struct query *q, const struct row_kind *kind, enum query_order order);
void query_clear(struct query *q);

/** Adds "column is text"; a NULL or empty text adds nothing. */
void query_is(struct query *q, const char *column, const char *text);

/** Adds "column is one of these"; no texts add nothing. At most STORE_APPLICATIONS_MAX. */
void query_in(struct query *q, const char *column, const char *const *texts, size_t count);

/** Adds the sides of the range that are given. */
void query_range(struct query *q, const char *column, const struct store_range *range);

/** Adds "column is this number". */
void query_equals(struct query *q, const char *column, int64_t value);

/** Adds whether a flag is set, or a text is there (as_text); STORE_ANY adds nothing. */
void query_wanted(struct query *q, const char *column, enum store_wanted wanted, bool as_text);

/** Copies a condition over log rows. */
void query_condition(struct query *q, const struct store_log_node *nodes, size_t count);

/** @return STATUS_OK, STATUS_INVALID (the cursor, or the limit) */
MUST_CHECK status query_page(struct query *q, const struct store_paging *paging);

/** Frees the rows. */
void answer_clear(struct answer *a, const struct row_kind *kind);

#endif
