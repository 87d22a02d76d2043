/**
 * @file cursor.h  Where a list goes on: after which row, and how many came before. As a token of letters and digits.
 *
 * Inside store/ only. Thread: any; pure.
 */
#ifndef PARLEY_STORE_CURSOR_H
#define PARLEY_STORE_CURSOR_H

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

struct cursor {
    int64_t created_unix_ms; /**< of the last row shown */
    int64_t seq;             /**< its place among those of the same millisecond */
    uint32_t start;          /**< rows shown so far */
};

/** Room for a token with its NUL. */
enum { CURSOR_LENGTH = 41, CURSOR_SIZE = CURSOR_LENGTH + 1 };

void cursor_format(char out[CURSOR_SIZE], const struct cursor *cursor);

/** @return STATUS_OK; STATUS_INVALID for anything that cursor_format() does not write */
MUST_CHECK status cursor_parse(struct cursor *out, struct slice token);

#endif
