/**
 * @file row_kind.h  What each kind of row is made of, told once: copying, writing and reading follow from it.
 *
 * Inside store/ only. Thread: any.
 */
#ifndef PARLEY_STORE_ROW_KIND_H
#define PARLEY_STORE_ROW_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum column_type {
    COLUMN_ID,     /**< id_text; "" is NULL in the database */
    COLUMN_TOKEN,  /**< char[STORE_TOKEN_SIZE]; "" is NULL */
    COLUMN_TEXT,   /**< const char * */
    COLUMN_BOOL,   /**< bool */
    COLUMN_U32,    /**< uint32_t */
    COLUMN_I64,    /**< int64_t */
    COLUMN_U64,    /**< uint64_t, below 2^63 */
    COLUMN_SHA256, /**< uint8_t[32] */
};

struct column {
    const char *name;
    enum column_type type;
    size_t at; /**< offset in the row */
};

struct row_kind {
    const char *table;
    const struct column *columns;
    size_t column_count;
    size_t row_bytes;
    const char *key;          /**< columns that a put replaces by; NULL: a put only inserts */
    const char *time;         /**< column that lists are ordered by; NULL: "created" */
    const char *live;         /**< condition of the partial index over unfinished rows */
    const char *count_column; /**< the schema keeps totals by account and this column; NULL: by account */
    bool counted;             /**< the schema keeps totals */
};

extern const struct row_kind row_account, row_conference, row_call, row_recording, row_dialog, row_outbox,
    row_application, row_number, row_log, row_secret, row_reply;

/** The same rows as row_reply, inserted only. */
extern const struct row_kind row_reply_new;

/** An independent copy into row_bytes of the caller's. @return STATUS_OK, STATUS_NO_MEMORY (and out untouched) */
MUST_CHECK status row_copy(const struct row_kind *kind, void *out, const void *row);

/** Frees the texts of a copy and zeroes it. */
void row_clear(const struct row_kind *kind, void *row);

#endif
