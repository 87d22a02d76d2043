/**
 * @file http_client.h  HTTP requests on the loop: webhooks, and downloads of music.
 *
 * libcurl's multi interface: connections are kept and shared, names are resolved beside the loop, nothing blocks it.
 * Only http and https, also after redirects; certificates are verified; no proxy is taken from the environment. Every
 * address is put before the guard when it is connected to, so names and redirects cannot lead around it.
 * Retries, signing and order belong to the caller.
 *
 * Thread: control.
 */
#ifndef PARLEY_NET_HTTP_CLIENT_H
#define PARLEY_NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "net/fetch_guard.h"
#include "net/loop.h"

struct http_client;
struct http_exchange;

/** Zero means the default that is named. */
struct http_client_config {
    const struct fetch_guard *guard; /**< borrowed until http_client_destroy(), may change meanwhile; NULL: no guard */
    const char *user_agent;          /**< copied; "parley/VERSION" */
    const char *ca_file;             /**< PEM of further trusted issuers instead of the system's; NULL: the system's */
    uint32_t connections_max;        /**< 64; requests beyond wait for their turn (within their time) */
    uint32_t connections_per_host_max; /**< 16 */
    uint32_t connect_timeout_ms;       /**< 5,000 */
};

/** @return STATUS_OK, STATUS_NO_MEMORY, STATUS_INVALID (ca_file cannot be read) */
MUST_CHECK status http_client_create(struct http_client **out, struct loop *loop,
                                     const struct http_client_config *config);

/** Cancels everything under way, without calling back. NULL is allowed; not inside a callback of this client. */
void http_client_destroy(struct http_client *client);

/** Requests under way. */
size_t http_client_count(const struct http_client *client);

struct http_header {
    const char *name;
    const char *value;
};

/** How a request ended. Everything is borrowed during the callback. */
struct http_result {
    /**
     * STATUS_OK: there is an HTTP response, whatever its code.
     * STATUS_INVALID: the URL. STATUS_REFUSED: the guard. STATUS_TIMEOUT. STATUS_FULL: more than max_bytes.
     * STATUS_NOT_FOUND: the name has no address. STATUS_CLOSED: nobody listens, or the connection broke.
     * STATUS_UNSUPPORTED: too many redirects, or one to another protocol. STATUS_IO: TLS, the sink, anything else.
     */
    status status;
    const char *error;        /**< "" where status is OK; else what was tried, where, and why it failed */
    int code;                 /**< HTTP code of the last response; 0 where there was none */
    const char *content_type; /**< "" where there was none */
    struct slice body;        /**< empty where a sink took it */
    uint64_t body_bytes;      /**< length of the body, sink or not */
    const char *url;          /**< after redirects */
    int64_t duration_us;
    const struct http_exchange *exchange; /**< for http_result_header() */
};

/** A header of the last response; NULL where it is missing. Borrowed during the callback. */
const char *http_result_header(const struct http_result *result, const char *name);

/**
 * Called once for each request that was started and not cancelled, never inside http_client_start(). It may start and
 * cancel others.
 */
typedef void http_done_fn(void *arg, const struct http_result *result);

/** Takes the next piece of a 2xx body. @return false ends the request with STATUS_IO */
typedef bool http_sink_fn(void *arg, const void *bytes, size_t len);

/** Copied by http_client_start(); zero means the default that is named. */
struct http_client_request {
    const char *method; /**< NULL: GET, or POST where there is a body */
    const char *url;
    const struct http_header *headers;
    size_t header_count;
    const void *body;
    size_t body_len;
    uint32_t timeout_ms;    /**< 15,000, for everything from the start to the last byte */
    uint64_t max_bytes;     /**< 1 MiB of body; the limit for errors' bodies too where a sink takes the good one */
    uint32_t max_redirects; /**< 0: a redirect is a result like any other */
    http_sink_fn *sink;     /**< called with done's arg; NULL: the body is collected in memory */
};

/**
 * Starts a request.
 *
 * @param[out] out  a handle for http_client_cancel(), valid until done is called; NULL is allowed
 * @return STATUS_OK: done will be called (a bad or refused URL is reported there too);
 *         STATUS_INVALID: a method or header with forbidden bytes; STATUS_NO_MEMORY
 */
MUST_CHECK status http_client_start(struct http_client *client, const struct http_client_request *request,
                                    http_done_fn *done, void *arg, struct http_exchange **out);

/** Ends a request without a call of done. Allowed in any callback; in its own done it has no effect. */
void http_client_cancel(struct http_exchange *exchange);

#endif
