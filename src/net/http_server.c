#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/cidr.h"
#include "net/http_connection.h"
#include "net/http_linger.h"
#include "net/loop_base.h"
#include "net/tls_files.h"
#include "os/log.h"

enum { BUCKETS = 256, ACCEPT_PAUSE_US = 100000, BACKLOG = 511 };

struct http_server {
    struct loop *loop;
    struct http_server_config config; /* its strings are not kept */
    http_handler_fn *handler;
    void *arg;
    struct evhttp *ev;
    struct evhttp_bound_socket *bound; /* NULL once stopped */
    SSL_CTX *tls;                      /* NULL: plain */
    uint16_t port;
    struct list connections[BUCKETS]; /* by the address of the bufferevent */
    size_t connection_count;
    struct list requests; /* in hand */
    struct http_linger lingering;
    struct loop_timer *accept_again;
    bool stopping;
    loop_fn *stopped;
    void *stopped_arg;
};

enum connection_state {
    CONNECTION_READING,  /* a request, or nothing yet */
    CONNECTION_HANDLING, /* the owner has a request, or a reply is on its way */
    CONNECTION_REFUSING, /* evhttp answers by itself, and closes */
};

struct http_connection {
    struct list link; /* in its bucket */
    struct http_server *server;
    struct bufferevent *bev;
    struct evhttp_connection *ev; /* NULL until adopted */
    struct http_request *request; /* the one in hand, until it is answered */
    struct evbuffer_cb_entry *input_watch, *output_watch;
    struct loop_timer *deadline; /* set while a request is being read */
    bool deadline_set;
    enum connection_state state;
    size_t refusal_at; /* where evhttp's own reply starts in the output */
    int refusal_code;
    char peer[HTTP_PEER_SIZE];
};

/* Errors. */

static void say(char *why, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(char *why, size_t size, const char *format, ...)
{
    if (!why || size == 0) return;
    va_list args;
    va_start(args, format);
    vsnprintf(why, size, format, args);
    va_end(args);
}

void http_server_error_body(struct http_server *server, int code, const char *message, struct buffer *body)
{
    if (server && server->config.error_body)
        server->config.error_body(server->arg, code, message, body);
    else
        buffer_printf(body, "{\"status\":%d,\"message\":\"%s\"}", code, message);
}

static const char *refusal_message(int code)
{
    switch (code) {
    case 400: return "The request is malformed or its headers are too large";
    case 413: return "The body is too large";
    case 417: return "The expectation cannot be met";
    case 501: return "The method is not known";
    default: return "The request cannot be served";
    }
}

/* Connections. */

static struct list *bucket_of(struct http_server *server, const struct bufferevent *bev)
{
    uintptr_t key = (uintptr_t)bev;
    return &server->connections[(key >> 4 ^ key >> 12) % BUCKETS];
}

static struct http_connection *find_connection(struct http_server *server, const struct bufferevent *bev)
{
    list_each (link, bucket_of(server, bev)) {
        struct http_connection *c = list_object(link, struct http_connection, link);
        if (c->bev == bev) return c;
    }
    return NULL;
}

struct evhttp_connection *http_connection_ev(struct http_connection *connection)
{
    return connection->ev;
}

const char *http_connection_peer(const struct http_connection *connection)
{
    return connection->peer;
}

static void start_deadline(struct http_connection *c)
{
    if (c->deadline_set) return;
    c->deadline_set = true;
    loop_timer_set(c->deadline, (int64_t)c->server->config.request_timeout_ms * 1000);
}

static void stop_deadline(struct http_connection *c)
{
    c->deadline_set = false;
    loop_timer_cancel(c->deadline);
}

static void on_deadline(void *arg)
{
    struct http_connection *c = arg;
    log_event(LOG_DEBUG, "http_request_too_slow", "port=%u", (unsigned)c->server->port);
    http_connection_close(c);
}

/*
 * evhttp 2.1 has no hook for the replies it makes by itself, HTML pages. But they show as bytes in the output that we
 * did not ask for, and nothing is written before the turn is over: there they are exchanged for ours.
 */
static void rewrite_refusal(void *arg)
{
    struct http_connection *c = arg;
    int code = c->refusal_code;
    struct evbuffer *output = bufferevent_get_output(c->bev), *before = evbuffer_new();
    struct buffer body;
    buffer_init(&body);
    http_server_error_body(c->server, code, refusal_message(code), &body);
    if (!before || !buffer_ok(&body)) {
        http_connection_close(c);
    } else {
        evbuffer_unfreeze(output, 1);
        evbuffer_remove_buffer(output, before, c->refusal_at); /* a "100 Continue" */
        evbuffer_drain(output, evbuffer_get_length(output));
        evbuffer_freeze(output, 1);
        evbuffer_add_buffer(output, before);
        evbuffer_add_printf(output,
                            "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                            "Connection: close\r\n\r\n",
                            code, code == 501 ? "Not Implemented" : "Refused", body.len);
        evbuffer_add(output, body.at, body.len);
        http_connection_pause_reading(c);
    }
    if (before) evbuffer_free(before);
    buffer_clear(&body);
}

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
    struct http_connection *c = arg;
    if (info->n_added == 0 || c->state != CONNECTION_READING) return;
    char line[13] = "";
    struct evbuffer_ptr at;
    struct evbuffer_iovec added;
    /* Looked at in place: a bufferevent forbids reading from the front of its output. */
    if (evbuffer_ptr_set(output, &at, info->orig_size, EVBUFFER_PTR_SET) != 0) return;
    if (evbuffer_peek(output, sizeof line - 1, &at, &added, 1) < 1 || added.iov_len < sizeof line - 1) return;
    memcpy(line, added.iov_base, sizeof line - 1);
    int code = atoi(line + 9); /* "HTTP/1.1 400" */
    if (code == 100) return;
    c->state = CONNECTION_REFUSING;
    c->refusal_at = info->orig_size;
    c->refusal_code = code >= 400 && code <= 599 ? code : 501; /* it says 0 for a method it does not know */
    loop_defer(c->server->loop, rewrite_refusal, c);
}

static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
    (void)input;
    struct http_connection *c = arg;
    if (info->n_added > 0 && c->state == CONNECTION_READING) start_deadline(c);
}

static void adopt(void *arg);

static void on_stopped(void *arg)
{
    struct http_server *server = arg;
    loop_fn *stopped = server->stopped;
    server->stopped = NULL;
    if (stopped) stopped(server->stopped_arg);
}

static void check_stopped(struct http_server *server)
{
    if (!server->stopping || server->connection_count > 0) return;
    loop_undefer(server->loop, on_stopped, server);
    loop_defer(server->loop, on_stopped, server);
}

static void close_deferred(void *arg)
{
    http_connection_close(arg);
}

/* Ours goes; evhttp's is being freed by evhttp, or goes on by itself. */
static void connection_free(struct http_connection *c)
{
    struct http_server *server = c->server;
    loop_undefer(server->loop, adopt, c);
    loop_undefer(server->loop, rewrite_refusal, c);
    loop_undefer(server->loop, close_deferred, c);
    if (c->input_watch) evbuffer_remove_cb_entry(bufferevent_get_input(c->bev), c->input_watch);
    if (c->output_watch) evbuffer_remove_cb_entry(bufferevent_get_output(c->bev), c->output_watch);
    if (c->request) http_request_orphan(c->request);
    loop_timer_destroy(c->deadline);
    list_remove(&c->link);
    server->connection_count--;
    free(c);
    check_stopped(server);
}

/* evhttp frees the connection, whoever wanted it. */
static void on_close(struct evhttp_connection *ev, void *arg)
{
    (void)ev;
    struct http_connection *c = arg;
    struct ssl_st *ssl = c->server->tls ? bufferevent_openssl_get_ssl(c->bev) : NULL;
    if (ssl && SSL_is_init_finished(ssl)) {
        SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN); /* send our close_notify, wait for none */
        SSL_shutdown(ssl);
    }
    if (c->state == CONNECTION_REFUSING) http_linger_add(&c->server->lingering, bufferevent_getfd(c->bev));
    connection_free(c);
}

/* With the request owned by us, evhttp leaves it alone and it stays readable until it is answered. */
void http_connection_close(struct http_connection *c)
{
    if (c->request) evhttp_request_own(c->request->ev);
    evhttp_connection_free(c->ev); /* comes back by on_close() */
}

static void note_peer(struct http_connection *c)
{
    const struct sockaddr *address = evhttp_connection_get_addr(c->ev);
    char text[CIDR_TEXT_SIZE] = "?";
    if (address) address_format(address, text);
    snprintf(c->peer, sizeof c->peer, "%.63s", text);
}

/*
 * evhttp says nothing of a connection before its first request. Its bufferevent is made by us, though, and carries
 * the connection as the argument of its callbacks, from the end of the turn in which it was accepted.
 */
static void adopt(void *arg)
{
    struct http_connection *c = arg;
    struct bufferevent *bev = c->bev;
    void *ev = NULL;
    bufferevent_getcb(bev, NULL, NULL, NULL, &ev);
    if (!ev) { /* evhttp ran out of memory on it */
        connection_free(c);
        bufferevent_decref(bev);
        return;
    }
    c->ev = ev;
    note_peer(c);
    evhttp_connection_set_closecb(c->ev, on_close, c);
    setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (c->server->stopping || c->server->connection_count > c->server->config.connections_max)
        http_connection_close(c);
    else if (c->server->tls)
        start_deadline(c);
    bufferevent_decref(bev);
}

static struct bufferevent *new_bufferevent(struct http_server *server)
{
    struct event_base *base = loop_event_base(server->loop);
    if (!server->tls) return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    SSL *ssl = SSL_new(server->tls);
    if (!ssl) return NULL;
    struct bufferevent *bev =
        bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (bev)
        bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    else
        SSL_free(ssl);
    return bev;
}

/*
 * NULL makes evhttp take a plain bufferevent of its own, even for a TLS server; on_request() knows no such connection
 * and drops it.
 */
static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
    (void)base;
    struct http_server *server = arg;
    struct http_connection *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->server = server;
    c->bev = new_bufferevent(server);
    if (!c->bev || loop_timer_create(&c->deadline, server->loop, on_deadline, c) != STATUS_OK) {
        if (c->bev) bufferevent_free(c->bev);
        free(c);
        return NULL;
    }
    /* A body waits in the input until it is whole. */
    size_t room = server->config.body_max_bytes + server->config.header_max_bytes + 16384;
    bufferevent_setwatermark(c->bev, EV_READ, 0, room);
    c->input_watch = evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
    c->output_watch = evbuffer_add_cb(bufferevent_get_output(c->bev), on_output, c);
    list_push_back(bucket_of(server, c->bev), &c->link);
    server->connection_count++;
    bufferevent_incref(c->bev); /* until adopted */
    loop_defer(server->loop, adopt, c);
    return c->bev;
}

/* The reply is out; what follows in the input is the next request. */
static void on_replied(struct evhttp_request *ev, void *arg)
{
    (void)ev;
    struct http_connection *c = arg;
    c->state = CONNECTION_READING;
    if (c->server->stopping) loop_defer(c->server->loop, close_deferred, c); /* evhttp still uses it in this call */
    if (evbuffer_get_length(bufferevent_get_input(c->bev)) > 0) start_deadline(c);
}

void http_connection_reply_begins(struct http_connection *c, struct evhttp_request *ev)
{
    evhttp_request_set_on_complete_cb(ev, on_replied, c);
    if (!c->server->stopping) return;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(ev);
    evhttp_remove_header(headers, "Connection");
    evhttp_add_header(headers, "Connection", "close");
}

/*
 * evhttp reads on while it writes, to learn of a close. It would then cut a long reply by its read timeout or where the
 * client has closed its half, and let the input grow; a failing write tells of a close just as well.
 */
void http_connection_pause_reading(struct http_connection *c)
{
    bufferevent_disable(c->bev, EV_READ);
}

void http_connection_forget_request(struct http_connection *c)
{
    c->request = NULL;
}

void http_connection_refuse(struct http_connection *c, struct evhttp_request *ev, int code, const char *message)
{
    struct buffer body;
    buffer_init(&body);
    http_server_error_body(c->server, code, message, &body);
    http_connection_reply_begins(c, ev);
    struct evkeyvalq *headers = evhttp_request_get_output_headers(ev);
    evhttp_remove_header(headers, "Connection");
    evhttp_add_header(headers, "Connection", "close");
    evhttp_add_header(headers, "Content-Type", "application/json");
    struct evbuffer *bytes = evbuffer_new();
    if (bytes && body.len > 0) evbuffer_add(bytes, body.at, body.len);
    evhttp_send_reply(ev, code, NULL, bytes);
    http_connection_pause_reading(c);
    if (bytes) evbuffer_free(bytes);
    buffer_clear(&body);
}

static void on_request(struct evhttp_request *ev, void *arg)
{
    struct http_server *server = arg;
    struct evhttp_connection *evcon = evhttp_request_get_connection(ev);
    struct http_connection *c = find_connection(server, evhttp_connection_get_bufferevent(evcon));
    if (!c) {
        evhttp_connection_free(evcon);
        return;
    }
    stop_deadline(c);
    c->state = CONNECTION_HANDLING;
    struct http_request *request = http_request_create(c, ev);
    if (!request) return;
    request->server = server;
    request->loop = server->loop;
    request->tls = server->tls != NULL;
    c->request = request;
    list_push_back(&server->requests, &request->link);
    server->handler(server->arg, request);
}

/* The server. */

static void on_accept_again(void *arg)
{
    struct http_server *server = arg;
    if (server->bound) evconnlistener_enable(evhttp_bound_socket_get_listener(server->bound));
}

/* Out of descriptors, say: a listener left on would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct http_server *server = arg;
    log_event(LOG_ERROR, "http_accept_failed", "port=%u reason=\"%s\"", (unsigned)server->port, strerror(errno));
    evconnlistener_disable(listener);
    loop_timer_set(server->accept_again, ACCEPT_PAUSE_US);
}

static status listen_status(int error)
{
    switch (error) {
    case EADDRINUSE: return STATUS_EXISTS;
    case EACCES: return STATUS_REFUSED;
    case EADDRNOTAVAIL: return STATUS_NOT_FOUND;
    default: return STATUS_IO;
    }
}

static socklen_t make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memset(out, 0, sizeof *out);
    if (text && inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    if (text && inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
        memcpy(out, &in6, sizeof in6);
        return sizeof in6;
    }
    return 0;
}

static status open_listener(const struct sockaddr_storage *address, socklen_t len, int *out)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return STATUS_IO;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (const struct sockaddr *)address, len) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return listen_status(error);
    }
    *out = fd;
    return STATUS_OK;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &len);
    struct sockaddr_in in; /* the port is at the same place in both families */
    memcpy(&in, &address, sizeof in);
    return ntohs(in.sin_port);
}

static status start_listening(struct http_server *server, const struct http_server_config *config, char *why,
                              size_t why_size)
{
    struct sockaddr_storage address;
    socklen_t len = make_address(config->address, config->port, &address);
    if (len == 0) {
        say(why, why_size, "%s is not an IPv4 or IPv6 address", config->address ? config->address : "(none)");
        return STATUS_INVALID;
    }
    int fd = -1;
    status result = open_listener(&address, len, &fd);
    if (result != STATUS_OK) {
        say(why, why_size, "cannot listen on %s port %u: %s", config->address, (unsigned)config->port, strerror(errno));
        return result;
    }
    server->port = bound_port(fd);
    server->bound = evhttp_accept_socket_with_handle(server->ev, fd);
    if (!server->bound) {
        close(fd);
        return STATUS_NO_MEMORY;
    }
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(server->bound), on_accept_error);
    return STATUS_OK;
}

static status load_tls(SSL_CTX **out, const char *certificate, const char *key, char *why, size_t why_size)
{
    char text[TLS_WHY_SIZE];
    status result = tls_files_load(out, certificate, key, text);
    if (result != STATUS_OK) say(why, why_size, "%s", text);
    return result;
}

static struct timeval milliseconds(uint32_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
}

static void set_up_evhttp(struct http_server *server)
{
    struct timeval idle = milliseconds(server->config.idle_timeout_ms);
    evhttp_set_timeout_tv(server->ev, &idle);
    evhttp_set_max_body_size(server->ev, (ev_ssize_t)server->config.body_max_bytes);
    evhttp_set_max_headers_size(server->ev, (ev_ssize_t)server->config.header_max_bytes);
    evhttp_set_default_content_type(server->ev, NULL);
    evhttp_set_allowed_methods(server->ev, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                               EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    evhttp_set_bevcb(server->ev, on_accept, server);
    evhttp_set_gencb(server->ev, on_request, server);
}

static void apply_defaults(struct http_server_config *config)
{
    if (!config->body_max_bytes) config->body_max_bytes = 1024 * 1024;
    if (!config->header_max_bytes) config->header_max_bytes = 16 * 1024;
    if (!config->connections_max) config->connections_max = 1024;
    if (!config->idle_timeout_ms) config->idle_timeout_ms = 60000;
    if (!config->request_timeout_ms) config->request_timeout_ms = 15000;
}

status http_server_create(struct http_server **out, struct loop *loop, const struct http_server_config *config,
                          http_handler_fn *handler, void *arg, char *why, size_t why_size)
{
    say(why, why_size, "out of memory");
    struct http_server *server = calloc(1, sizeof *server);
    if (!server) return STATUS_NO_MEMORY;
    server->loop = loop;
    server->config = *config;
    apply_defaults(&server->config);
    server->handler = handler;
    server->arg = arg;
    list_init(&server->requests);
    http_linger_init(&server->lingering, loop);
    for (size_t i = 0; i < BUCKETS; i++)
        list_init(&server->connections[i]);
    status result = loop_timer_create(&server->accept_again, loop, on_accept_again, server);
    if (result == STATUS_OK && config->certificate)
        result = load_tls(&server->tls, config->certificate, config->key ? config->key : "", why, why_size);
    if (result == STATUS_OK) {
        server->ev = evhttp_new(loop_event_base(loop));
        if (server->ev) set_up_evhttp(server);
        result = server->ev ? start_listening(server, config, why, why_size) : STATUS_NO_MEMORY;
    }
    if (result != STATUS_OK) {
        http_server_destroy(server);
        return result;
    }
    say(why, why_size, "%s", "");
    *out = server;
    return STATUS_OK;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

size_t http_server_connections(const struct http_server *server)
{
    return server->connection_count;
}

size_t http_server_requests(const struct http_server *server)
{
    return list_count(&server->requests);
}

status http_server_reload_tls(struct http_server *server, const char *certificate, const char *key, char *why,
                              size_t why_size)
{
    if (!server->tls) {
        say(why, why_size, "the server on port %u is without TLS", (unsigned)server->port);
        return STATUS_CONFLICT;
    }
    SSL_CTX *renewed;
    status result = load_tls(&renewed, certificate, key, why, why_size);
    if (result != STATUS_OK) return result;
    SSL_CTX_free(server->tls); /* connections hold on to it */
    server->tls = renewed;
    return STATUS_OK;
}

static void close_listener(struct http_server *server)
{
    loop_timer_cancel(server->accept_again);
    if (server->bound) evhttp_del_accept_socket(server->ev, server->bound);
    server->bound = NULL;
}

/* Nothing of a request has come; a TLS connection is given its time, as what has come is not known. */
static bool is_idle(const struct http_connection *c)
{
    return c->ev && c->state == CONNECTION_READING && !c->deadline_set;
}

void http_server_stop(struct http_server *server, loop_fn *stopped, void *arg)
{
    close_listener(server);
    server->stopping = true;
    server->stopped = stopped;
    server->stopped_arg = arg;
    for (size_t i = 0; i < BUCKETS; i++) {
        list_each_safe (link, &server->connections[i]) {
            struct http_connection *c = list_object(link, struct http_connection, link);
            if (is_idle(c)) http_connection_close(c);
        }
    }
    check_stopped(server);
}

/* Between the accept and the end of its turn evhttp frees the connection by itself, with the server. */
static void close_any(struct http_connection *c)
{
    struct bufferevent *bev = c->bev;
    if (c->ev) {
        http_connection_close(c);
    } else {
        connection_free(c);
        bufferevent_decref(bev);
    }
}

void http_server_destroy(struct http_server *server)
{
    if (!server) return;
    server->stopping = false; /* nobody is told */
    if (server->ev) close_listener(server);
    for (struct list *link = list_pop_front(&server->requests); link; link = list_pop_front(&server->requests))
        list_object(link, struct http_request, link)->server = NULL;
    for (size_t i = 0; i < BUCKETS; i++) {
        list_each_safe (link, &server->connections[i])
            close_any(list_object(link, struct http_connection, link));
    }
    if (server->ev) evhttp_free(server->ev);
    http_linger_clear(&server->lingering);
    loop_undefer(server->loop, on_stopped, server);
    loop_timer_destroy(server->accept_again);
    SSL_CTX_free(server->tls);
    free(server);
}
