/**
 * @file rest.h  The HTTP API: FreeClimb's Conference resource and its relatives under /apiserver, /health, /metrics.
 *
 * One table of routes (rest_routes.c), a file a resource, JSON views; every error on every path is the JSON body of
 * rest_error.h. It changes nothing by itself: see rest_backend.h.
 *
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_H
#define PARLEY_REST_REST_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/status.h"
#include "net/http_server.h"
#include "rest/rest_backend.h"
#include "store/store.h"

struct rest;

/** @param store, backend  borrowed for the life of it. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status rest_create(struct rest **out, struct store *store, const struct rest_backend *backend);

/** Every request has been answered. NULL is allowed. */
void rest_destroy(struct rest *rest);

/** Answers a request, now or later: the http_handler_fn for HTTP and HTTPS. arg is the struct rest. */
void rest_handle(void *arg, struct http_request *request);

/** The http_error_body_fn for what the server refuses by itself. */
void rest_error_body(void *arg, int code, const char *message, struct buffer *body);

#endif
