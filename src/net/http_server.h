/**
 * @file http_server.h  An HTTP/1.1 server on the loop, plain or TLS: requests in, replies when their owner has them.
 *
 * Bodies are whole when the handler sees them (bounded by the config), replies are bytes or a range of a file. Routing,
 * authentication and JSON are the owner's. No HTTP/2, no websocket.
 * Whatever the server refuses by itself (400, 413, 416, 417, 501) gets its body from the owner's error_body, so
 * that every reply looks alike. A connection that does not complete a request within its time is closed.
 *
 * Thread: control. RFC 9110 (ranges: section 14), RFC 9112.
 */
#ifndef PARLEY_NET_HTTP_SERVER_H
#define PARLEY_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "net/loop.h"

struct http_server;
struct http_request;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS, HTTP_PATCH };

/** "GET" and so on; never NULL. */
const char *http_method_name(enum http_method method);

/**
 * A complete request. It must be answered exactly once, by http_reply(), http_reply_error() or http_reply_file(), now
 * or in any later callback of the loop; it is valid until then, also when its client has gone.
 */
typedef void http_handler_fn(void *arg, struct http_request *request);

/** Appends the JSON body of a refusal. @param message  one English sentence without a full stop */
typedef void http_error_body_fn(void *arg, int code, const char *message, struct buffer *body);

/** Zero means the default that is named. */
struct http_server_config {
    const char *address;            /**< IPv4 or IPv6 literal, without brackets; "0.0.0.0" and "::" are allowed */
    uint16_t port;                  /**< 0: any free one, see http_server_port() */
    const char *certificate;        /**< path, PEM; NULL: plain HTTP */
    const char *key;                /**< path, PEM */
    size_t body_max_bytes;          /**< 1 MiB; more gets 413, before it is read where its length is told */
    size_t header_max_bytes;        /**< 16 KiB for the request line and all headers; more gets 400 */
    uint32_t connections_max;       /**< 1024; more are closed at once */
    uint32_t idle_timeout_ms;       /**< 60,000: between requests, and without progress of a reply */
    uint32_t request_timeout_ms;    /**< 15,000: from a request's first byte (or the TLS connect) to its last */
    http_error_body_fn *error_body; /**< NULL: {"status":...,"message":...} */
};

/**
 * Listens. The config is copied; arg is passed to the handler and to error_body.
 *
 * @param[out] why  on error a sentence naming address, file and reason; size bytes; NULL is allowed
 * @return STATUS_OK; STATUS_INVALID (address, certificate); STATUS_EXISTS (the port is taken); STATUS_REFUSED (no
 *         right to this port); STATUS_NOT_FOUND (no such file, or the address is not of this machine);
 *         STATUS_NO_MEMORY; STATUS_IO
 */
MUST_CHECK status http_server_create(struct http_server **out, struct loop *loop,
                                     const struct http_server_config *config, http_handler_fn *handler, void *arg,
                                     char *why, size_t why_size);

/** The port that is bound. */
uint16_t http_server_port(const struct http_server *server);

/** Open connections and requests that wait for their reply, for metrics and drain. */
size_t http_server_connections(const struct http_server *server);
size_t http_server_requests(const struct http_server *server);

/**
 * Uses a renewed certificate for connections from now on.
 * @return as tls_files_load(); on error the former one stays. STATUS_CONFLICT: the server is plain
 */
MUST_CHECK status http_server_reload_tls(struct http_server *server, const char *certificate, const char *key,
                                         char *why, size_t why_size);

/**
 * Closes the listener and idle connections; requests in hand are still answered and then their connections closed.
 * @param stopped  called once nothing is open any more (never inside this call); NULL is allowed
 */
void http_server_stop(struct http_server *server, loop_fn *stopped, void *arg);

/**
 * Closes everything. Requests not yet answered stay valid until they are (the reply is dropped), so replies may come
 * after this. Allowed inside a handler. NULL is allowed.
 */
void http_server_destroy(struct http_server *server);

/* What a request says. Slices and strings are borrowed until the reply. */

enum http_method http_request_method(const struct http_request *request);

/** The path, percent-decoded: starts with '/', holds no NUL ("%00" and broken escapes were refused with 400). */
const char *http_request_path(const struct http_request *request);

/** The path as sent, without the query. */
const char *http_request_raw_path(const struct http_request *request);

/** The query as sent, without '?'; empty where there is none. */
struct slice http_request_raw_query(const struct http_request *request);

/** The first value of this key, decoded ('+' is a blank). @return false where the key is not in the query */
bool http_request_query(const struct http_request *request, const char *key, struct slice *out);

/** The value of this key's appearance number index (from 0). */
bool http_request_query_nth(const struct http_request *request, const char *key, size_t index, struct slice *out);

/** Query parameter number index (from 0) of all, in the order sent. @return false past the last */
bool http_request_query_at(const struct http_request *request, size_t index, struct slice *key, struct slice *value);

/** A header by name, of any case; NULL where it is missing. The first where it is repeated. */
const char *http_request_header(const struct http_request *request, const char *name);

/** The body; empty where there is none. */
struct slice http_request_body(const struct http_request *request);

/** The client's address without port: "192.0.2.7", "::1". */
const char *http_request_peer(const struct http_request *request);

bool http_request_is_tls(const struct http_request *request);

/** The server that was given the request; NULL after http_server_destroy(). */
struct http_server *http_request_server(const struct http_request *request);

/* Replies. Each frees the request. */

/** Adds a header to the reply to come. Values with control bytes are left out. */
void http_reply_header(struct http_request *request, const char *name, const char *value);

/**
 * Answers. Content-Length is set; a HEAD gets the headers only.
 * @param code          200 to 599
 * @param content_type  NULL where there is no body
 * @param bytes         copied; NULL with len 0
 */
void http_reply(struct http_request *request, int code, const char *content_type, const void *bytes, size_t len);

/** Answers with the body that the config's error_body makes. */
void http_reply_error(struct http_request *request, int code, const char *message);

enum { HTTP_HEAD_MAX = 96 };

/**
 * Before http_reply_file(): these bytes are sent in place of the file's first ones, which change while it grows.
 * @param len  at most HTTP_HEAD_MAX, and no more than the size that is told to http_reply_file()
 */
void http_reply_file_head(struct http_request *request, const void *bytes, size_t len);

/**
 * Answers with a file or, where the request has a Range of one part, that part (206, or 416 where it is outside). More
 * parts than one get the whole file, as RFC 9110 section 14.2 allows. Only GET and HEAD look at Range. The file is read
 * in slices of 64 KiB as the client takes them. One that turns out shorter ends the connection.
 *
 * @param fd    given: closed when the reply is over; read with pread from offset 0
 * @param size  bytes of the file as far as the client may see it
 */
void http_reply_file(struct http_request *request, int fd, uint64_t size, const char *content_type);

#endif
