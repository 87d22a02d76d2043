#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/keyvalq_struct.h>

#include "net/http_connection.h"
#include "net/http_range.h"
#include "os/log.h"

enum { SLICE_BYTES = 65536 };

static const struct {
    enum evhttp_cmd_type ev;
    const char *name;
} methods[] = {
    [HTTP_GET] = {EVHTTP_REQ_GET, "GET"},          [HTTP_HEAD] = {EVHTTP_REQ_HEAD, "HEAD"},
    [HTTP_POST] = {EVHTTP_REQ_POST, "POST"},       [HTTP_PUT] = {EVHTTP_REQ_PUT, "PUT"},
    [HTTP_DELETE] = {EVHTTP_REQ_DELETE, "DELETE"}, [HTTP_OPTIONS] = {EVHTTP_REQ_OPTIONS, "OPTIONS"},
    [HTTP_PATCH] = {EVHTTP_REQ_PATCH, "PATCH"},
};

const char *http_method_name(enum http_method method)
{
    return methods[method].name;
}

static enum http_method method_of(enum evhttp_cmd_type ev)
{
    enum http_method method = HTTP_GET;
    while (methods[method].ev != ev)
        method++; /* evhttp lets no others through */
    return method;
}

static size_t header_count(struct evkeyvalq *headers, const char *name)
{
    size_t n = 0;
    for (struct evkeyval *h = headers->tqh_first; h; h = h->next.tqe_next)
        n += strcasecmp(h->key, name) == 0;
    return n;
}

/*
 * evhttp is lax about framing: it prefers Transfer-Encoding over Content-Length, takes the first of several lengths and
 * ignores codings it does not know. A proxy before us may read the same bytes in another way, so that the rest of this
 * request would be taken for the next one (RFC 9112 sections 6.3 and 11.2): refuse.
 */
static const char *framing_fault(struct evhttp_request *ev)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(ev);
    size_t lengths = header_count(headers, "Content-Length");
    size_t codings = header_count(headers, "Transfer-Encoding");
    const char *length = evhttp_find_header(headers, "Content-Length");
    const char *coding = evhttp_find_header(headers, "Transfer-Encoding");
    if (lengths > 1 || codings > 1) return "Content-Length or Transfer-Encoding is repeated";
    if (lengths && codings) return "Content-Length and Transfer-Encoding are both given";
    if (length && (length[0] == '\0' || length[strspn(length, "0123456789")] != '\0'))
        return "Content-Length is not a number";
    if (coding && strcasecmp(coding, "chunked") != 0) return "a Transfer-Encoding other than chunked is given";
    if (evhttp_request_get_command(ev) == EVHTTP_REQ_HEAD &&
        (codings || (length && strspn(length, "0") != strlen(length))))
        return "a HEAD request has a body";
    return NULL;
}

struct http_request *http_request_create(struct http_connection *connection, struct evhttp_request *ev)
{
    const char *fault = framing_fault(ev);
    if (fault) {
        http_connection_refuse(connection, ev, 400, fault);
        return NULL;
    }
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(ev);
    const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
    if (!path || !path[0]) path = "/";
    struct http_request *request = calloc(1, sizeof *request);
    status made =
        request ? http_target_init(&request->target, path, uri ? evhttp_uri_get_query(uri) : NULL) : STATUS_NO_MEMORY;
    if (made != STATUS_OK) {
        free(request);
        if (made == STATUS_INVALID)
            http_connection_refuse(connection, ev, 400, "The path or query holds a bad escape");
        else
            http_connection_refuse(connection, ev, 503, "Out of memory");
        return NULL;
    }
    request->connection = connection;
    request->ev = ev;
    request->fd = -1;
    request->method = method_of(evhttp_request_get_command(ev));
    list_init(&request->link);
    memcpy(request->peer, http_connection_peer(connection), sizeof request->peer);
    return request;
}

static void request_free(struct http_request *request)
{
    if (request->fd >= 0) close(request->fd);
    list_remove(&request->link);
    http_target_clear(&request->target);
    free(request);
}

/* The reply has nobody to go to. */
static void drop(struct http_request *request)
{
    evhttp_request_free(request->ev);
    request_free(request);
}

static void drop_later(void *arg)
{
    drop(arg);
}

void http_request_orphan(struct http_request *request)
{
    request->connection = NULL;
    if (request->fd >= 0) loop_defer(request->loop, drop_later, request);
}

enum http_method http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->target.path;
}

const char *http_request_raw_path(const struct http_request *request)
{
    return request->target.raw_path;
}

struct slice http_request_raw_query(const struct http_request *request)
{
    return slice_of(request->target.raw_query);
}

bool http_request_query(const struct http_request *request, const char *key, struct slice *out)
{
    return http_target_query(&request->target, key, 0, out);
}

bool http_request_query_nth(const struct http_request *request, const char *key, size_t index, struct slice *out)
{
    return http_target_query(&request->target, key, index, out);
}

bool http_request_query_at(const struct http_request *request, size_t index, struct slice *key, struct slice *value)
{
    if (index >= request->target.parameter_count) return false;
    *key = request->target.parameters[index].key;
    *value = request->target.parameters[index].value;
    return true;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(request->ev), name);
}

struct slice http_request_body(const struct http_request *request)
{
    struct evbuffer *body = evhttp_request_get_input_buffer(request->ev);
    size_t len = evbuffer_get_length(body);
    const char *at = len > 0 ? (const char *)evbuffer_pullup(body, -1) : NULL;
    return (struct slice){at ? at : "", at ? len : 0};
}

const char *http_request_peer(const struct http_request *request)
{
    return request->peer;
}

bool http_request_is_tls(const struct http_request *request)
{
    return request->tls;
}

struct http_server *http_request_server(const struct http_request *request)
{
    return request->server;
}

void http_reply_header(struct http_request *request, const char *name, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) return;
    }
    evhttp_add_header(evhttp_request_get_output_headers(request->ev), name, value);
}

static void set_header(struct http_request *request, const char *name, const char *value)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request->ev);
    while (evhttp_remove_header(headers, name) == 0)
        continue;
    evhttp_add_header(headers, name, value);
}

static void set_length(struct http_request *request, uint64_t len)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)len);
    set_header(request, "Content-Length", text);
}

static const char *reason_of(int code)
{
    static const struct {
        int code;
        const char *reason;
    } others[] = {{422, "Unprocessable Content"},
                  {426, "Upgrade Required"},
                  {429, "Too Many Requests"},
                  {431, "Request Header Fields Too Large"},
                  {507, "Insufficient Storage"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].code == code) return others[i].reason;
    }
    return NULL; /* evhttp knows the classic ones */
}

void http_reply(struct http_request *request, int code, const char *content_type, const void *bytes, size_t len)
{
    assert(code >= 200 && code <= 599 && request->fd < 0);
    struct http_connection *connection = request->connection;
    if (!connection) {
        drop(request);
        return;
    }
    bool has_body = code != 204 && code != 304;
    if (has_body && content_type) set_header(request, "Content-Type", content_type);
    if (has_body) set_length(request, len);
    struct evbuffer *body = NULL;
    if (has_body && len > 0 && request->method != HTTP_HEAD) {
        body = evbuffer_new();
        if (!body || evbuffer_add(body, bytes, len) != 0) {
            if (body) evbuffer_free(body);
            http_connection_close(connection); /* makes the request an orphan */
            drop(request);
            return;
        }
    }
    http_connection_reply_begins(connection, request->ev);
    evhttp_send_reply(request->ev, code, reason_of(code), body);
    http_connection_pause_reading(connection);
    http_connection_forget_request(connection);
    if (body) evbuffer_free(body);
    request_free(request);
}

void http_reply_error(struct http_request *request, int code, const char *message)
{
    struct buffer body;
    buffer_init(&body);
    http_server_error_body(request->server, code, message, &body);
    http_reply(request, code, "application/json", body.at, buffer_ok(&body) ? body.len : 0);
    buffer_clear(&body);
}

static void send_slice(struct evhttp_connection *evcon, void *arg);

static bool read_slice(struct http_request *request, struct evbuffer *into)
{
    size_t want = request->file_left < SLICE_BYTES ? (size_t)request->file_left : SLICE_BYTES;
    struct evbuffer_iovec space;
    if (evbuffer_reserve_space(into, (ev_ssize_t)want, &space, 1) != 1) return false;
    ssize_t got = pread(request->fd, space.iov_base, want, (off_t)request->file_at);
    if (got <= 0) return false;
    space.iov_len = (size_t)got;
    if (request->file_at < request->head_len) {
        size_t head = request->head_len - (size_t)request->file_at;
        memcpy(space.iov_base, request->head + request->file_at, head < (size_t)got ? head : (size_t)got);
    }
    request->file_at += (uint64_t)got;
    request->file_left -= (uint64_t)got;
    return evbuffer_commit_space(into, &space, 1) == 0;
}

/* All that was promised has been sent. */
static void finish_file(struct http_request *request)
{
    http_connection_forget_request(request->connection);
    evhttp_send_reply_end(request->ev);
    request_free(request);
}

/* Called by evhttp when everything so far has gone into the socket. */
static void send_slice(struct evhttp_connection *evcon, void *arg)
{
    (void)evcon;
    struct http_request *request = arg;
    if (request->file_left == 0) {
        finish_file(request);
        return;
    }
    struct evbuffer *piece = evbuffer_new();
    if (piece && read_slice(request, piece)) {
        evhttp_send_reply_chunk_with_cb(request->ev, piece, send_slice, request);
        http_connection_pause_reading(request->connection);
    } else {
        log_event(LOG_WARN, "http_file_short", "path_bytes=%zu missing_bytes=%llu", strlen(request->target.path),
                  (unsigned long long)request->file_left);
        http_connection_close(request->connection); /* the promised length cannot be kept */
    }
    if (piece) evbuffer_free(piece);
}

/* The headers of a 200 or 206 are set; the body follows in slices. */
static void send_file(struct http_request *request, int code)
{
    struct http_connection *connection = request->connection;
    http_connection_reply_begins(connection, request->ev);
    if (request->method == HTTP_HEAD || request->file_left == 0) {
        evhttp_send_reply(request->ev, code, NULL, NULL);
        http_connection_pause_reading(connection);
        http_connection_forget_request(connection);
        request_free(request);
        return;
    }
    evhttp_send_reply_start(request->ev, code, NULL);
    send_slice(http_connection_ev(connection), request);
}

void http_reply_file_head(struct http_request *request, const void *bytes, size_t len)
{
    assert(len <= HTTP_HEAD_MAX);
    memcpy(request->head, bytes, len);
    request->head_len = len;
}

void http_reply_file(struct http_request *request, int fd, uint64_t size, const char *content_type)
{
    if (!request->connection) {
        close(fd);
        drop(request);
        return;
    }
    bool ranged = request->method == HTTP_GET || request->method == HTTP_HEAD;
    uint64_t first = 0, len = size;
    char text[80];
    enum http_range_kind kind =
        http_range_parse(ranged ? http_request_header(request, "Range") : NULL, size, &first, &len);
    set_header(request, "Accept-Ranges", "bytes");
    if (kind == HTTP_RANGE_OUTSIDE) {
        close(fd);
        snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
        set_header(request, "Content-Range", text);
        http_reply_error(request, 416, "The range lies outside the file");
        return;
    }
    if (kind == HTTP_RANGE_PART) {
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)first,
                 (unsigned long long)(first + len - 1), (unsigned long long)size);
        set_header(request, "Content-Range", text);
    }
    set_header(request, "Content-Type", content_type);
    set_length(request, len);
    request->fd = fd;
    request->file_at = first;
    request->file_left = len;
    send_file(request, kind == HTTP_RANGE_PART ? 206 : 200);
}
