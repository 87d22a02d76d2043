#include "http_fixture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/clock.h"

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    fixture_start(&f, NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&f);
    return 0;
}

/* A port on which nobody listens: bound, so that nobody else takes it. */
static int silent_socket(uint16_t *port, bool listening)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    if (listening) assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static void a_response_is_a_result_whatever_its_code(void **state)
{
    (void)state;
    static const char *const paths[] = {"/code?n=200", "/code?n=404", "/code?n=500"};
    for (int i = 0; i < 3; i++) {
        struct outcome o;
        struct http_client_request request = {.url = fixture_url(&f, paths[i])};
        fixture_fetch(&f, &request, &o);
        assert_int_equal(o.status, STATUS_OK);
        assert_int_equal(o.code, i == 0 ? 200 : i == 1 ? 404 : 500);
        assert_string_equal(o.error, "");
        assert_string_equal(o.content_type, "text/plain");
        assert_string_equal(buffer_text(&o.body), "text");
        outcome_clear(&o);
    }
}

static void a_connection_is_used_again(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct outcome o;
        struct http_client_request request = {.url = fixture_url(&f, "/echo"), .body = "x", .body_len = 1};
        fixture_fetch(&f, &request, &o);
        assert_int_equal(o.code, 200);
        outcome_clear(&o);
    }
    assert_int_equal(http_server_connections(f.server), 1);
}

static void redirects_are_followed_to_their_limit(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = fixture_url(&f, "/redirect?to=/redirect%3Fto=/echo")};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.code, 302);
    outcome_clear(&o);
    request.max_redirects = 2;
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.code, 200);
    assert_non_null(strstr(o.url, "/echo"));
    outcome_clear(&o);
    request.max_redirects = 1;
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_UNSUPPORTED);
    outcome_clear(&o);
}

static void a_forbidden_address_is_refused_however_it_is_reached(void **state)
{
    (void)state;
    static const struct {
        const char *url; /* of the target */
        status status;
        const char *text;
    } rows[] = {
        {"http://169.254.169.254/latest", STATUS_REFUSED, "address 169.254.169.254 is link-local; --fetch-allow"},
        {"http://10.0.0.1/", STATUS_REFUSED, "10.0.0.1 is private"},
        {"http://0x0a000001/", STATUS_REFUSED, "10.0.0.1 is private"},
        {"http://[fe80::1]/", STATUS_REFUSED, "fe80::1 is link-local"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outcome o;
        char path[256];
        struct http_client_request request = {.url = rows[i].url, .max_redirects = 5};
        fixture_fetch(&f, &request, &o);
        assert_int_equal(o.status, rows[i].status);
        if (!strstr(o.error, rows[i].text)) fail_msg("%s", o.error);
        outcome_clear(&o);
        snprintf(path, sizeof path, "/redirect?to=%s", rows[i].url);
        request.url = fixture_url(&f, path);
        fixture_fetch(&f, &request, &o);
        assert_int_equal(o.status, rows[i].status);
        if (!strstr(o.error, rows[i].text)) fail_msg("%s", o.error);
        outcome_clear(&o);
    }
}

static void a_redirect_to_another_protocol_is_not_followed(void **state)
{
    (void)state;
    static const char *const targets[] = {"/redirect?to=file:///etc/passwd", "/redirect?to=ftp://8.8.8.8/",
                                          "/redirect?to=gopher://8.8.8.8/"};
    for (size_t i = 0; i < 3; i++) {
        struct outcome o;
        struct http_client_request request = {.url = fixture_url(&f, targets[i]), .max_redirects = 5};
        fixture_fetch(&f, &request, &o);
        assert_int_equal(o.status, STATUS_UNSUPPORTED);
        outcome_clear(&o);
    }
}

/* The guard is asked when a name has become an address, as the name itself says nothing. */
static void a_name_that_leads_to_a_forbidden_address_is_refused(void **state)
{
    (void)state;
    char host[200], url[300];
    struct outcome o;
    assert_int_equal(gethostname(host, sizeof host), 0); /* /etc/hosts gives it a private or loopback address */
    snprintf(url, sizeof url, "http://%s:%u/echo", host, (unsigned)http_server_port(f.server));
    f.guard.allow_loopback = false;
    struct http_client_request request = {.url = url};
    fixture_fetch(&f, &request, &o);
    if (o.status == STATUS_NOT_FOUND) {
        print_message("          skipped: %s has no address\n", host);
    } else {
        assert_int_equal(o.status, STATUS_REFUSED);
        assert_non_null(strstr(o.error, "--fetch-allow"));
        assert_int_equal(f.requests, 0);
    }
    outcome_clear(&o);
}

static void loopback_is_refused_unless_allowed(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = fixture_url(&f, "/echo")};
    f.guard.allow_loopback = false;
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_REFUSED);
    assert_int_equal(f.requests, 0);
    outcome_clear(&o);
    struct cidr range;
    assert_int_equal(cidr_parse(&range, slice_of("127.0.0.0/8"), NULL), STATUS_OK);
    f.guard.allowed = &range;
    f.guard.allowed_count = 1;
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.code, 200);
    outcome_clear(&o);
}

static void a_body_beyond_its_limit_is_cut(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = fixture_url(&f, "/big?n=10001"), .max_bytes = 10000};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_FULL);
    outcome_clear(&o);
    request.max_bytes = 10001;
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_OK);
    assert_int_equal(o.body.len, 10001);
    outcome_clear(&o);
}

/* A server of our own words: what evhttp would never send. */
struct rogue {
    int listener, fd;
    struct loop_watch *watch;
    struct loop_timer *timer;
    const char *text;
    uint64_t sent;
};

static void rogue_send(void *arg)
{
    struct rogue *r = arg;
    ssize_t n = send(r->fd, r->text, strlen(r->text), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) r->sent += (uint64_t)n;
    loop_timer_set(r->timer, 1000);
}

static void rogue_accept(void *arg, unsigned events)
{
    (void)events;
    struct rogue *r = arg;
    r->fd = accept(r->listener, NULL, NULL);
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n\r\n";
    assert_int_equal(send(r->fd, head, strlen(head), MSG_NOSIGNAL), strlen(head));
    assert_int_equal(loop_watch_set(r->watch, 0), STATUS_OK);
    rogue_send(r);
}

static void an_endless_body_without_a_length_is_cut(void **state)
{
    (void)state;
    struct rogue r = {.text = "0123456789012345678901234567890123456789"};
    struct outcome o;
    char url[64];
    uint16_t port;
    r.listener = silent_socket(&port, true);
    assert_int_equal(loop_watch_create(&r.watch, f.loop, r.listener, LOOP_READABLE, rogue_accept, &r), STATUS_OK);
    assert_int_equal(loop_timer_create(&r.timer, f.loop, rogue_send, &r), STATUS_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)port);
    struct http_client_request request = {.url = url, .max_bytes = 1000};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_FULL);
    assert_non_null(strstr(o.error, "larger than allowed"));
    loop_timer_destroy(r.timer);
    loop_watch_destroy(r.watch);
    close(r.fd);
    close(r.listener);
    outcome_clear(&o);
}

static void a_server_that_says_nothing_times_out(void **state)
{
    (void)state;
    struct outcome o;
    char url[64];
    uint16_t port;
    int fd = silent_socket(&port, true);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)port);
    struct http_client_request request = {.url = url, .timeout_ms = 100};
    int64_t start_us = clock_now_us();
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_TIMEOUT);
    assert_true(clock_now_us() - start_us >= 100000);
    outcome_clear(&o);
    close(fd);
}

static void a_refused_port_is_named(void **state)
{
    (void)state;
    struct outcome o;
    char url[64], address[128];
    uint16_t port;
    int fd = silent_socket(&port, false);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/hook", (unsigned)port);
    snprintf(address, sizeof address, "POST %s (address 127.0.0.1): ", url);
    struct http_client_request request = {.url = url, .body = "{}", .body_len = 2};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_CLOSED);
    assert_int_equal(strncmp(o.error, address, strlen(address)), 0);
    assert_non_null(strstr(o.error, "(Connection refused)"));
    outcome_clear(&o);
    close(fd);
}

static void bad_urls_and_headers_are_told_apart(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = "ftp://example.com/"};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_INVALID);
    assert_non_null(strstr(o.error, "http"));
    outcome_clear(&o);
    struct http_header header = {"X", "a\r\nHost: evil"};
    request = (struct http_client_request){.url = fixture_url(&f, "/echo"), .headers = &header, .header_count = 1};
    assert_int_equal(http_client_start(f.client, &request, NULL, NULL, NULL), STATUS_INVALID);
    header = (struct http_header){"X Y", "a"};
    assert_int_equal(http_client_start(f.client, &request, NULL, NULL, NULL), STATUS_INVALID);
    request = (struct http_client_request){.url = fixture_url(&f, "/echo"), .method = "GET /\r\n"};
    assert_int_equal(http_client_start(f.client, &request, NULL, NULL, NULL), STATUS_INVALID);
}

static void no_proxy_is_taken_from_the_environment(void **state)
{
    (void)state;
    struct outcome o;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct http_client_request request = {.url = fixture_url(&f, "/echo")};
    fixture_fetch(&f, &request, &o);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(o.code, 200);
    outcome_clear(&o);
}

static void a_cancelled_request_is_never_heard_of(void **state)
{
    (void)state;
    struct outcome dead, o;
    struct http_client_request request = {.url = fixture_url(&f, "/later")};
    http_client_cancel(fixture_start_request(&f, &request, &dead)); /* before it left */
    assert_int_equal(http_client_count(f.client), 0);
    fixture_fetch(&f, &request, &o);
    outcome_clear(&o);
    request.url = fixture_url(&f, "/hold");
    struct http_exchange *exchange = fixture_start_request(&f, &request, &dead);
    loop_run(f.loop); /* the server holds it */
    http_client_cancel(exchange);
    request.url = fixture_url(&f, "/later");
    struct http_request *held = f.held;
    fixture_fetch(&f, &request, &o);
    http_reply(held, 200, "text/plain", "x", 1);
    outcome_clear(&o);
    fixture_fetch(&f, &request, &o);
    assert_false(dead.over);
    outcome_clear(&o);
}

struct chain {
    struct http_exchange *self, *other;
    uint64_t bytes;
    bool other_done, over;
};

static void chain_other_done(void *arg, const struct http_result *result)
{
    (void)result;
    ((struct chain *)arg)->other_done = true;
}

static void chain_done(void *arg, const struct http_result *result)
{
    struct chain *c = arg;
    (void)result;
    c->over = true;
    http_client_cancel(c->self); /* no effect */
    http_client_cancel(c->other);
    loop_stop(f.loop);
}

static void a_request_may_be_cancelled_from_anothers_end(void **state)
{
    (void)state;
    struct chain c = {0};
    struct http_client_request request = {.url = fixture_url(&f, "/hold")};
    f.quit_on_hold = false;
    assert_int_equal(http_client_start(f.client, &request, chain_other_done, &c, &c.other), STATUS_OK);
    request.url = fixture_url(&f, "/echo");
    assert_int_equal(http_client_start(f.client, &request, chain_done, &c, &c.self), STATUS_OK);
    while (!c.over || !f.held)
        loop_run(f.loop);
    http_reply(f.held, 200, "text/plain", "x", 1);
    struct outcome o;
    fixture_fetch(&f, &request, &o);
    outcome_clear(&o);
    assert_false(c.other_done);
    assert_int_equal(http_client_count(f.client), 0);
}

/* From inside libcurl's write callback: cancels itself and starts another. */
static bool cancelling_sink(void *arg, const void *bytes, size_t len)
{
    struct chain *c = arg;
    (void)bytes;
    assert_int_equal(c->bytes, 0); /* never called again */
    c->bytes += len;
    http_client_cancel(c->self);
    struct http_client_request request = {.url = fixture_url(&f, "/echo")};
    assert_int_equal(http_client_start(f.client, &request, chain_done, c, &c->self), STATUS_OK);
    c->other = c->self;
    return true;
}

static void a_sink_may_cancel_its_own_request_and_start_another(void **state)
{
    (void)state;
    struct chain c = {0};
    struct http_client_request request = {
        .url = fixture_url(&f, "/big?n=1000000"), .max_bytes = 2000000, .sink = cancelling_sink};
    assert_int_equal(http_client_start(f.client, &request, chain_other_done, &c, &c.self), STATUS_OK);
    while (!c.over)
        loop_run(f.loop);
    assert_true(c.bytes > 0 && c.bytes < 1000000);
    assert_false(c.other_done);
}

static bool refusing_sink(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    return false;
}

static void a_sink_takes_the_good_body_and_can_refuse_it(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = fixture_url(&f, "/code?n=200"), .sink = refusing_sink};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_IO);
    outcome_clear(&o);
    request.url = fixture_url(&f, "/code?n=404"); /* an error's body is for people, not for the sink */
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_OK);
    assert_string_equal(buffer_text(&o.body), "text");
    outcome_clear(&o);
}

static void what_waits_for_a_connection_times_out_as_well(void **state)
{
    (void)state;
    struct http_client *narrow;
    struct http_client_config config = {.connections_max = 1, .guard = &f.guard};
    struct http_client *wide = f.client;
    struct outcome first, second;
    assert_int_equal(http_client_create(&narrow, f.loop, &config), STATUS_OK);
    f.client = narrow;
    f.quit_on_hold = false;
    struct http_client_request request = {.url = fixture_url(&f, "/hold"), .timeout_ms = 10000};
    fixture_start_request(&f, &request, &first);
    request.timeout_ms = 100;
    fixture_fetch(&f, &request, &second);
    assert_int_equal(second.status, STATUS_TIMEOUT);
    assert_int_equal(f.requests, 1);
    http_reply(f.held, 200, "text/plain", "x", 1);
    while (!first.over)
        loop_run(f.loop);
    assert_int_equal(first.status, STATUS_OK);
    outcome_clear(&first);
    outcome_clear(&second);
    http_client_destroy(narrow);
    f.client = wide;
}

static void an_unknown_name_is_told_without_blocking(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = "http://no-such-name.invalid/", .timeout_ms = 3000};
    int64_t start_us = clock_now_us();
    fixture_start_request(&f, &request, &o);
    struct outcome echo;
    struct http_client_request other = {.url = fixture_url(&f, "/echo")};
    fixture_start_request(&f, &other, &echo);
    while (!echo.over)
        loop_run(f.loop);
    assert_int_equal(echo.status, STATUS_OK);
    while (!o.over)
        loop_run(f.loop);
    assert_true(o.status == STATUS_NOT_FOUND || o.status == STATUS_TIMEOUT);
    assert_true(clock_now_us() - start_us < 4000000);
    outcome_clear(&o);
    outcome_clear(&echo);
}

static void a_client_may_go_with_requests_under_way(void **state)
{
    (void)state;
    struct outcome o[3];
    static const char *const paths[] = {"/hold", "/echo", "/big?n=500000"};
    for (int i = 0; i < 3; i++) {
        struct http_client_request request = {.url = fixture_url(&f, paths[i])};
        fixture_start_request(&f, &request, &o[i]);
    }
    loop_run(f.loop);
    http_client_destroy(f.client);
    f.client = NULL;
    http_reply(f.held, 200, "text/plain", "x", 1);
    for (int i = 0; i < 3; i++)
        outcome_clear(&o[i]);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_response_is_a_result_whatever_its_code),
        TEST(a_connection_is_used_again),
        TEST(redirects_are_followed_to_their_limit),
        TEST(a_forbidden_address_is_refused_however_it_is_reached),
        TEST(a_redirect_to_another_protocol_is_not_followed),
        TEST(a_name_that_leads_to_a_forbidden_address_is_refused),
        TEST(loopback_is_refused_unless_allowed),
        TEST(a_body_beyond_its_limit_is_cut),
        TEST(an_endless_body_without_a_length_is_cut),
        TEST(a_server_that_says_nothing_times_out),
        TEST(a_refused_port_is_named),
        TEST(bad_urls_and_headers_are_told_apart),
        TEST(no_proxy_is_taken_from_the_environment),
        TEST(a_cancelled_request_is_never_heard_of),
        TEST(a_request_may_be_cancelled_from_anothers_end),
        TEST(a_sink_may_cancel_its_own_request_and_start_another),
        TEST(a_sink_takes_the_good_body_and_can_refuse_it),
        TEST(what_waits_for_a_connection_times_out_as_well),
        TEST(an_unknown_name_is_told_without_blocking),
        TEST(a_client_may_go_with_requests_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
