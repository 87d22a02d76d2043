#include "store/store_rows.h"

#include "store/row_kind.h"

#define ROW_FUNCTIONS(name)                                                                                            \
    status store_##name##_copy(struct store_##name *out, const struct store_##name *row)                               \
    {                                                                                                                  \
        return row_copy(&row_##name, out, row);                                                                        \
    }                                                                                                                  \
    void store_##name##_clear(struct store_##name *row)                                                                \
    {                                                                                                                  \
        row_clear(&row_##name, row);                                                                                   \
    }

ROW_FUNCTIONS(account)
ROW_FUNCTIONS(conference)
ROW_FUNCTIONS(call)
ROW_FUNCTIONS(recording)
ROW_FUNCTIONS(dialog)
ROW_FUNCTIONS(outbox)
ROW_FUNCTIONS(application)
ROW_FUNCTIONS(number)
ROW_FUNCTIONS(log)
ROW_FUNCTIONS(secret)
ROW_FUNCTIONS(reply)
