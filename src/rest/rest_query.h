/**
 * @file rest_query.h  The query of a list, key by key.
 *
 * A function that returns false has answered the call with 400, naming the key and what is allowed. An empty value
 * counts as absent. Thread: control.
 */
#ifndef PARLEY_REST_REST_QUERY_H
#define PARLEY_REST_REST_QUERY_H

#include <stdbool.h>

#include "rest/rest_call.h"
#include "store/store_read.h"

bool rest_query_flag(struct rest_call *call, const char *key, bool *given, bool *out);

/** A day, "2026-11-23", as the range from its first millisecond to the next day's. */
bool rest_query_day(struct rest_call *call, const char *key, struct store_range *out);

/** As rest_query_flag(): absent is STORE_ANY. */
bool rest_query_wanted(struct rest_call *call, const char *key, enum store_wanted *out);

/** A second, "2026-11-23 14:05:00", as its first millisecond; *given says whether it is there. */
bool rest_query_second(struct rest_call *call, const char *key, bool *given, int64_t *unix_ms);

/** startTime and endTime as the range from the one's first millisecond to the other's last, within what *out is. */
bool rest_query_times(struct rest_call *call, struct store_range *out);

/** pageSize and cursor. @param cursor  the text that paging->cursor will point to */
bool rest_query_paging(struct rest_call *call, struct store_paging *paging, char cursor[STORE_CURSOR_SIZE]);

/** Copies a value; "" where absent. */
bool rest_query_text(struct rest_call *call, const char *key, char *out, size_t size);

/**
 * Answers for a list that could not be asked for: STATUS_INVALID is its cursor. STATUS_OK does nothing, as the answer
 * comes later.
 */
void rest_fail_list(struct rest_call *call, status s);

#endif
