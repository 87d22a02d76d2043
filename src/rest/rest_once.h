/**
 * @file rest_once.h  Idempotency-Key: a POST that is repeated with the key of an earlier one gets that one's answer.
 *
 * The key is reserved in the store before the request is carried out, and the answer is kept with it before it goes
 * out, for 24 hours. So a request whose answer was lost on the way, or with the whole process, is never carried out
 * twice: a key whose request was broken off answers 409 until then. Answers of 500 and more are not kept, as nothing
 * has changed. The same key with another path or body is answered 422. A key belongs to an account.
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_ONCE_H
#define PARLEY_REST_REST_ONCE_H

#include "rest/rest_call.h"

enum { REST_ONCE_KEY_MAX = 255, REST_ONCE_KEPT_MS = 24 * 3600 * 1000 };

/** Whether the call asks for it. */
bool rest_once_wanted(const struct rest_call *call);

/** Answers from what is kept, or reserves the key and runs the route's handler. */
void rest_once_begin(struct rest_call *call, rest_handler_fn *run);

/** Keeps the answer, then sends it. @param text  copied; NULL for none */
void rest_once_keep(struct rest_call *call, int http, const char *text);

/** NULL is allowed. */
void rest_once_destroy(struct rest_once *once);

#endif
