/**
 * @file rest_call.h  One request on its way through the API: who asks, for what, and its one answer.
 *
 * A handler answers with exactly one of the functions below, at once or in a later callback; that frees the call.
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_CALL_H
#define PARLEY_REST_REST_CALL_H

#include <jansson.h>

#include "base/ids.h"
#include "net/http_server.h"
#include "rest/rest.h"
#include "rest/rest_error.h"
#include "rest/rest_input.h"

enum { REST_PARAMETERS = 3, REST_PARAMETER_SIZE = 96 };

struct rest {
    struct store *store;
    struct rest_shown *shown; /**< owned */
    struct rest_backend backend;
};

struct rest_route;
struct rest_once;

struct rest_call {
    struct rest *rest;
    struct http_request *request;
    const struct rest_route *route;
    id_text account;                                       /**< whose resources; "" outside of accounts */
    char parameters[REST_PARAMETERS][REST_PARAMETER_SIZE]; /**< what stands in {...} of the route, after the account */
    json_t *body;                                          /**< a POST's JSON object; owned; {} where there was none */
    id_text request_id;                                    /**< RQ...: of a POST; "" otherwise */
    struct rest_once *once; /**< owned; where the answer is kept for a repetition (rest_once.h) */
    char *page_query;       /**< owned; what nextPageUri carries instead of the query; NULL: the query */
    json_t *answer;         /**< owned; waits until it is stored (rest_commit.h) */
    int answer_http;
    const char *conflict; /**< borrowed, static: what a 409 says */
    unsigned tries;       /**< how often it was started anew because its row had changed meanwhile */
};

typedef void rest_handler_fn(struct rest_call *call);

/** NULL where memory is short. */
struct rest_call *rest_call_create(struct rest *rest, struct http_request *request);

/** Answers with JSON; body is given, NULL for none (204). An object with a revision has it as its ETag. */
void rest_reply(struct rest_call *call, int http, json_t *body);

/** The same of text that is JSON already, of this revision; NULL: memory is short. Not for a POST. */
void rest_reply_shown(struct rest_call *call, const char *text, uint32_t revision);

/** Answers with an error; details is given, NULL for none. */
void rest_fail(struct rest_call *call, int http, int code, const char *message, json_t *details);

/** Answers 400 because of one member or query parameter, naming it. */
void rest_fail_member(struct rest_call *call, const char *member, const char *why);

/** Answers 400 for what a body says. */
void rest_fail_input(struct rest_call *call, const struct rest_fault *fault);

/** Answers 400: one of the parameters that must be there is not. */
void rest_fail_missing_member(struct rest_call *call, const char *member, const char *why);

/** Answers 501: this bridge has no such part. */
void rest_fail_absent(struct rest_call *call);

/** Sends an answer that is JSON text already, or NULL, and frees the call. It is not kept for a repetition. */
void rest_send(struct rest_call *call, int http, const char *text);

/** Answers with the error that a status stands for. */
void rest_fail_status(struct rest_call *call, status s);

/**
 * Whether a question for the one row of an id has found it.
 * @param s, count  as the store told them
 * @return true: it is rows[0]; false: the call was answered, 404 where there is none
 */
MUST_CHECK bool rest_found(struct rest_call *call, status s, size_t count);

/** Frees the call without an answer: its request was answered otherwise. */
void rest_call_destroy(struct rest_call *call);

#endif
