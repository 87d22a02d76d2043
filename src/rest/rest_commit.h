/**
 * @file rest_commit.h  Changes of plain rows: the answer goes out when they are on disk.
 *
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_COMMIT_H
#define PARLEY_REST_REST_COMMIT_H

#include "rest/rest_call.h"
#include "store/store_tx.h"

/** @return a transaction, or NULL where memory is short: then the call was answered */
struct store_tx *rest_begin(struct rest_call *call);

/**
 * Commits, and then answers. A row that changed between its reading and this (store_expect_...()) starts the route
 * anew, or answers 412 where the client gave If-Match.
 *
 * @param tx      given
 * @param answer  given; NULL for none
 */
void rest_commit(struct rest_call *call, struct store_tx *tx, int http, json_t *answer);

/** The same for what nothing changes behind our back: a conflict is answered 409 with these words. */
void rest_commit_or_conflict(struct rest_call *call, struct store_tx *tx, int http, json_t *answer, const char *words);

#endif
