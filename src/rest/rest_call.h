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
    struct rest_backend backend;
};

struct rest_call {
    struct rest *rest;
    struct http_request *request;
    id_text account;                                       /**< whose resources; "" outside of accounts */
    char parameters[REST_PARAMETERS][REST_PARAMETER_SIZE]; /**< what stands in {...} of the route, after the account */
    json_t *body;                                          /**< a POST's JSON object; owned; {} where there was none */
};

typedef void rest_handler_fn(struct rest_call *call);

/** NULL where memory is short. */
struct rest_call *rest_call_create(struct rest *rest, struct http_request *request);

/** Answers with JSON; body is given, NULL for none (204). */
void rest_reply(struct rest_call *call, int http, json_t *body);

/** Answers with an error; details is given, NULL for none. */
void rest_fail(struct rest_call *call, int http, int code, const char *message, json_t *details);

/** Answers 400 because of one member or query parameter, naming it. */
void rest_fail_member(struct rest_call *call, const char *member, const char *why);

/** Answers 400 for what a body says. */
void rest_fail_input(struct rest_call *call, const struct rest_fault *fault);

/** Answers with the error that a status stands for. */
void rest_fail_status(struct rest_call *call, status s);

/** Frees the call without an answer: its request was answered otherwise. */
void rest_call_destroy(struct rest_call *call);

#endif
