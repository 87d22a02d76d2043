/**
 * @file op.h  One step of a transaction, in no database's language.
 *
 * Inside store/ only. Thread: the transaction's holder.
 */
#ifndef PARLEY_STORE_OP_H
#define PARLEY_STORE_OP_H

#include "base/ids.h"
#include "base/list.h"
#include "store/row_kind.h"

enum op_type {
    OP_PUT,                /**< kind, row */
    OP_DELETE_RECORDING,   /**< id */
    OP_DELETE_DIALOG,      /**< id: the call */
    OP_DELETE_OUTBOX,      /**< id: the lane; n */
    OP_OUTBOX_RETRY,       /**< id, n, attempts, unix_ms */
    OP_OUTBOX_DEAD,        /**< id, n, attempts */
    OP_OUTBOX_REVIVE,      /**< id, n */
    OP_DELETE_APPLICATION, /**< id */
    OP_DELETE_NUMBER,      /**< id */
    OP_DELETE_SECRET,      /**< id */
    OP_DELETE_REPLY,       /**< id: the account; text: the key */
    OP_EXPIRE_REPLIES,     /**< unix_ms */
    OP_TRIM_LOGS,          /**< id: the account; n: rows kept */
    OP_EXPECT,             /**< kind, id, n: the revision */
};

struct op {
    struct list link;
    enum op_type type;
    const struct row_kind *kind;
    void *row; /**< owned */
    id_text id;
    uint32_t n, attempts;
    int64_t unix_ms; /**< due, or the age */
    char *text;      /**< owned */
};

#endif
