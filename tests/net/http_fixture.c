#include "http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_watchdog(void *arg)
{
    (void)arg;
    fail_msg("nothing happened for 20 seconds");
}

static void error_body(void *arg, int code, const char *message, struct buffer *body)
{
    (void)arg;
    buffer_printf(body, "{\"status\":%d,\"message\":\"%s\",\"code\":3,\"details\":{}}", code, message);
}

static void reply_echo(struct http_request *request)
{
    struct buffer text;
    struct slice body = http_request_body(request), query = http_request_raw_query(request), q = {"", 0};
    const char *x = http_request_header(request, "x-test");
    buffer_init(&text);
    http_request_query(request, "q", &q);
    buffer_printf(
        &text, "%s %s raw=%s query=%.*s q=%.*s x=%s peer=%s body=%zu:", http_method_name(http_request_method(request)),
        http_request_path(request), http_request_raw_path(request), SLICE_ARGS(query), SLICE_ARGS(q), x ? x : "-",
        http_request_peer(request), body.len);
    buffer_append(&text, body.at, body.len < 100 ? body.len : 100);
    http_reply_header(request, "X-Served", "yes");
    http_reply_header(request, "X-Bad", "a\r\nX-Injected: b");
    http_reply(request, 200, "text/plain", text.at, text.len);
    buffer_clear(&text);
}

static uint32_t number(struct http_request *request)
{
    struct slice text;
    uint32_t n = 0;
    if (http_request_query(request, "n", &text)) assert_true(slice_to_u32(text, UINT32_MAX, &n));
    return n;
}

static void reply_big(struct http_request *request)
{
    uint32_t n = number(request);
    char *bytes = malloc(n + 1);
    assert_non_null(bytes);
    memset(bytes, 'b', n);
    http_reply(request, 200, "application/octet-stream", bytes, n);
    free(bytes);
}

static void reply_redirect(struct http_request *request)
{
    struct slice to;
    char *location;
    assert_true(http_request_query(request, "to", &to));
    location = slice_dup(to);
    http_reply_header(request, "Location", location);
    http_reply(request, 302, NULL, NULL, 0);
    free(location);
}

static void on_later(void *arg)
{
    struct fixture *f = arg;
    reply_echo(f->held);
    f->held = NULL;
}

static void handle(void *arg, struct http_request *request)
{
    struct fixture *f = arg;
    const char *path = http_request_path(request);
    f->requests++;
    if (strncmp(path, "/echo", 5) == 0) {
        reply_echo(request);
    } else if (strcmp(path, "/later") == 0) {
        f->held = request;
        loop_timer_set(f->later, 10000);
    } else if (strcmp(path, "/hold") == 0) {
        f->held = request;
        if (f->quit_on_hold) loop_stop(f->loop);
    } else if (strcmp(path, "/file") == 0) {
        http_reply_file(request, open(f->path, O_RDONLY | O_CLOEXEC), f->file_size, "audio/wav");
    } else if (strcmp(path, "/big") == 0) {
        reply_big(request);
    } else if (strcmp(path, "/redirect") == 0) {
        reply_redirect(request);
    } else if (strcmp(path, "/code") == 0) {
        http_reply(request, (int)number(request), "text/plain", "text", 4);
    } else {
        http_reply_error(request, 404, "There is no such resource");
    }
}

void fixture_start(struct fixture *f, const struct http_server_config *config, const char *ca_file)
{
    *f = (struct fixture){.guard = {.allow_loopback = true}, .quit_on_hold = true};
    struct http_server_config server = config ? *config : (struct http_server_config){0};
    char why[256];
    if (!server.address) server.address = "127.0.0.1";
    server.error_body = error_body;
    assert_int_equal(loop_create(&f->loop), STATUS_OK);
    if (http_server_create(&f->server, f->loop, &server, handle, f, why, sizeof why) != STATUS_OK) fail_msg("%s", why);
    struct http_client_config client = {.guard = &f->guard, .ca_file = ca_file, .connect_timeout_ms = 2000};
    assert_int_equal(http_client_create(&f->client, f->loop, &client), STATUS_OK);
    assert_int_equal(loop_timer_create(&f->watchdog, f->loop, on_watchdog, f), STATUS_OK);
    assert_int_equal(loop_timer_create(&f->later, f->loop, on_later, f), STATUS_OK);
    loop_timer_set(f->watchdog, 20000000);
}

void fixture_end(struct fixture *f)
{
    http_client_destroy(f->client);
    http_server_destroy(f->server);
    loop_timer_destroy(f->watchdog);
    loop_timer_destroy(f->later);
    loop_destroy(f->loop);
    if (f->path[0]) unlink(f->path);
}

const char *fixture_url(const struct fixture *f, const char *path)
{
    static char url[1024];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", (unsigned)http_server_port(f->server), path);
    return url;
}

static void on_done(void *arg, const struct http_result *result)
{
    struct outcome *o = arg;
    const char *range = http_result_header(result, "content-range");
    o->over = true;
    o->status = result->status;
    o->code = result->code;
    o->body_bytes = result->body_bytes;
    snprintf(o->error, sizeof o->error, "%s", result->error);
    snprintf(o->content_type, sizeof o->content_type, "%s", result->content_type);
    snprintf(o->url, sizeof o->url, "%s", result->url);
    snprintf(o->range, sizeof o->range, "%s", range ? range : "");
    buffer_append_slice(&o->body, result->body);
    loop_stop(o->fixture->loop);
}

struct http_exchange *fixture_start_request(struct fixture *f, const struct http_client_request *request,
                                            struct outcome *o)
{
    struct http_exchange *exchange;
    *o = (struct outcome){.fixture = f};
    buffer_init(&o->body);
    assert_int_equal(http_client_start(f->client, request, on_done, o, &exchange), STATUS_OK);
    return exchange;
}

void fixture_fetch(struct fixture *f, const struct http_client_request *request, struct outcome *o)
{
    fixture_start_request(f, request, o);
    while (!o->over)
        loop_run(f->loop);
}

void outcome_clear(struct outcome *o)
{
    buffer_clear(&o->body);
}

void fixture_file(struct fixture *f, uint64_t size, uint64_t offset, const char *text)
{
    strcpy(f->path, "/tmp/http_fixture_XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(pwrite(fd, text, strlen(text), (off_t)offset), strlen(text));
    close(fd);
    f->file_size = size;
}

int fixture_connect(const struct fixture *f)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(http_server_port(f->server))};
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0); /* the backlog takes it */
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

struct raw {
    struct fixture *f;
    int fd;
    struct loop_watch *watch;
    const char *bytes, *until;
    size_t len;
    struct buffer *reply;
    bool over;
};

static void raw_write(struct raw *r)
{
    ssize_t n = send(r->fd, r->bytes, r->len, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) r->len = 0; /* closed on us: read what it said */
    if (n > 0) {
        r->bytes += n;
        r->len -= (size_t)n;
    }
    if (r->len == 0) assert_int_equal(loop_watch_set(r->watch, LOOP_READABLE), STATUS_OK);
}

static void on_raw(void *arg, unsigned events)
{
    struct raw *r = arg;
    if (events & LOOP_WRITABLE) raw_write(r);
    if (!(events & LOOP_READABLE)) return;
    char bytes[65536];
    ssize_t n = recv(r->fd, bytes, sizeof bytes, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) buffer_append(r->reply, bytes, (size_t)n);
    r->over = n <= 0 || (r->until && strstr(buffer_text(r->reply), r->until));
    if (r->over) loop_stop(r->f->loop);
}

void fixture_raw(struct fixture *f, int fd, const char *bytes, size_t len, const char *until, struct buffer *reply)
{
    struct raw r = {.f = f, .fd = fd, .bytes = bytes, .len = len, .until = until, .reply = reply};
    unsigned events = LOOP_READABLE | (len > 0 ? LOOP_WRITABLE : 0);
    assert_int_equal(loop_watch_create(&r.watch, f->loop, fd, events, on_raw, &r), STATUS_OK);
    while (!r.over)
        loop_run(f->loop);
    loop_watch_destroy(r.watch);
}
