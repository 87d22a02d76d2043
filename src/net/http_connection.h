/**
 * @file http_connection.h  What http_server.c and http_request.c share: connections, and requests in hand.
 *
 * A connection is evhttp's; ours stands beside it, from the accept to evhttp's close callback. A request is made when
 * evhttp has read it whole, and outlives its connection until it is answered.
 * Thread: control.
 */
#ifndef PARLEY_NET_HTTP_CONNECTION_H
#define PARLEY_NET_HTTP_CONNECTION_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>

#include "base/list.h"
#include "net/http_server.h"
#include "net/http_target.h"

enum { HTTP_PEER_SIZE = 64 };

struct http_connection;

struct http_request {
    struct list link;                   /* in its server's requests, while there is a server */
    struct http_server *server;         /* NULL after http_server_destroy() */
    struct http_connection *connection; /* NULL once the client has gone */
    struct evhttp_request *ev;
    enum http_method method;
    struct http_target target;
    char peer[HTTP_PEER_SIZE];
    bool tls;
    struct loop *loop;

    /* A file on its way out; fd is -1 for other replies. */
    int fd;
    uint64_t file_at, file_left;
    uint8_t head[HTTP_HEAD_MAX]; /**< what is sent in place of the first head_len bytes of the file */
    size_t head_len;
};

/** Makes the request that evhttp has read, or refuses it and returns NULL. */
struct http_request *http_request_create(struct http_connection *connection, struct evhttp_request *ev);

/** The client has gone: nothing can be sent any more. A file on its way is given up. */
void http_request_orphan(struct http_request *request);

/* Done by http_server.c for http_request.c. */

struct evhttp_connection *http_connection_ev(struct http_connection *connection);

/** Where it comes from, HTTP_PEER_SIZE bytes: an address as address_format() writes it. */
const char *http_connection_peer(const struct http_connection *connection);

/** From here on what goes out is ours and not a refusal by evhttp; asks to close afterwards where the server stops. */
void http_connection_reply_begins(struct http_connection *connection, struct evhttp_request *ev);

/** After each piece handed to evhttp: no reading until the reply is over. */
void http_connection_pause_reading(struct http_connection *connection);

/** The request is answered: the connection does not know it any more. */
void http_connection_forget_request(struct http_connection *connection);

/** Drops the connection at once; its request, if any, becomes an orphan. */
void http_connection_close(struct http_connection *connection);

/** Answers a request that never became one. */
void http_connection_refuse(struct http_connection *connection, struct evhttp_request *ev, int code,
                            const char *message);

/** The server's error body, or the plain one where the server is gone. */
void http_server_error_body(struct http_server *server, int code, const char *message, struct buffer *body);

#endif
