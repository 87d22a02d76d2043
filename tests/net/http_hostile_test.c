#include "http_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_files.h"
#include "os/clock.h"

static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    struct http_server_config config = {.request_timeout_ms = 150, .idle_timeout_ms = 400, .body_max_bytes = 1000};
    fixture_start(&f, &config, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&f);
    return 0;
}

static void expect_alive(void)
{
    struct outcome o;
    struct http_client_request request = {.url = fixture_url(&f, "/echo")};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.code, 200);
    outcome_clear(&o);
}

/* What the server says to these bytes until it closes. */
static void expect_refusal(const char *what, const char *bytes, size_t len, const char *expected)
{
    static const char greeting[] = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int kept = 0; kept < 2; kept++) { /* on a fresh connection, and on one that has served before */
        struct buffer reply;
        buffer_init(&reply);
        int fd = fixture_connect(&f);
        if (kept) fixture_raw(&f, fd, greeting, strlen(greeting), "body=0:", &reply);
        buffer_clear(&reply);
        fixture_raw(&f, fd, bytes, len, NULL, &reply);
        const char *text = buffer_text(&reply);
        if (strncmp(text, expected, strlen(expected)) != 0) fail_msg("%s: %s", what, text);
        if (expected[0] && !strstr(text, "\r\n\r\n{\"status\":4") && !strstr(text, "\r\n\r\n{\"status\":5"))
            fail_msg("%s is not JSON: %s", what, text);
        assert_null(strstr(text, "<HTML"));
        buffer_clear(&reply);
        close(fd);
    }
}

#define ROW(name, bytes, expected)                                                                                     \
    {                                                                                                                  \
        name, bytes, sizeof bytes - 1, expected                                                                        \
    }

static void malformed_requests_get_an_error_and_the_server_lives_on(void **state)
{
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t len;
        const char *expected; /* how the reply starts; "" where the connection is just closed */
    } rows[] = {
        ROW("garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", "HTTP/1.1 400"),
        ROW("no version", "GET /echo\r\n\r\n", "HTTP/1.1 400"),
        ROW("another version", "GET /echo HTTX/1.1\r\n\r\n", "HTTP/1.1 400"),
        ROW("empty line of blanks", "   \r\n\r\n", "HTTP/1.1 400"),
        ROW("unknown method", "BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501"),
        ROW("TRACE", "TRACE /echo HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501"),
        ROW("CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 501"),
        ROW("a raw NUL in the path", "GET /echo\0x HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"),
        ROW("an escaped NUL", "GET /echo%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 400"),
        ROW("a blank in the path", "GET /ec ho HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"),
        ROW("a path without slash", "GET echo HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"),
        ROW("an asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"),
        ROW("a header without colon", "GET /echo HTTP/1.1\r\nHost x\r\n\r\n", "HTTP/1.1 400"),
        ROW("both framings",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 400"),
        ROW("two lengths", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            "HTTP/1.1 400"),
        ROW("a signed length", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "HTTP/1.1 400"),
        ROW("a negative length", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc", "HTTP/1.1 400"),
        ROW("a length in words", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: three\r\n\r\nabc", "HTTP/1.1 400"),
        ROW("another coding", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 400"),
        ROW("chunk without a size",
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 413"),
        ROW("a negative chunk",
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 413"),
        ROW("a chunk beyond the limit",
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nabc", "HTTP/1.1 413"),
        ROW("a chunk of 2^63",
            "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc",
            "HTTP/1.1 413"),
        ROW("a length beyond the limit, no body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n",
            "HTTP/1.1 413"),
        ROW("a length of 2^63 and more",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nabc", "HTTP/1.1 413"),
        ROW("an odd expectation", "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nContent-Length: 3\r\n\r\nabc",
            "HTTP/1.1 417"),
        ROW("a HEAD with a body", "HEAD /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400"),
        ROW("a request cut short", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nabc", ""),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        loop_timer_set(f.watchdog, 20000000);
        expect_refusal(rows[i].name, rows[i].bytes, rows[i].len, rows[i].expected);
    }
    expect_alive();
}

static void headers_beyond_their_limit_are_refused(void **state)
{
    (void)state;
    char *text = malloc(70000);
    int head = snprintf(text, 70000, "GET /echo HTTP/1.1\r\nHost: x\r\nX-Long: ");
    memset(text + head, 'a', 20000);
    memcpy(text + head + 20000, "\r\n\r\n", 4);
    expect_refusal("one header of 20 kB", text, (size_t)head + 20004, "HTTP/1.1 400");
    head = snprintf(text, 70000, "GET /echo HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 4000; i++)
        head += snprintf(text + head, 70000 - (size_t)head, "A: b%d\r\n", i);
    memcpy(text + head, "\r\n", 2);
    expect_refusal("4000 headers", text, (size_t)head + 2, "HTTP/1.1 400");
    memset(text, 'a', 60000);
    expect_refusal("a request line of 60 kB", text, 60000, "HTTP/1.1 400");
    free(text);
    expect_alive();
}

struct drip {
    int fd;
    struct loop_timer *timer;
};

static void drip(void *arg)
{
    struct drip *d = arg;
    ssize_t n = write(d->fd, "a", 1);
    (void)n; /* closed is what we wait for */
    loop_timer_set(d->timer, 20000);
}

static void expect_drip_is_cut(const char *begin)
{
    struct drip d = {.fd = fixture_connect(&f)};
    struct buffer reply;
    buffer_init(&reply);
    assert_int_equal(loop_timer_create(&d.timer, f.loop, drip, &d), STATUS_OK);
    loop_timer_set(d.timer, 20000);
    int64_t start_us = clock_now_us();
    fixture_raw(&f, d.fd, begin, strlen(begin), NULL, &reply);
    int64_t took_us = clock_now_us() - start_us;
    assert_true(took_us >= 100000); /* connecting was before */
    assert_true(took_us < 5000000); /* each byte starts the idle time anew, 50 of them would take 20 s */
    loop_timer_destroy(d.timer);
    buffer_clear(&reply);
    close(d.fd);
}

static void a_slow_drip_is_cut(void **state)
{
    (void)state;
    expect_drip_is_cut("GET /echo HTTP/1.1\r\nX: ");
    expect_drip_is_cut("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
    expect_drip_is_cut("G");
    expect_alive();
}

static void a_pipelined_drip_is_cut_too(void **state)
{
    (void)state;
    expect_drip_is_cut("GET /echo HTTP/1.1\r\nHost: x\r\n\r\nGET /echo HTTP/1.1\r\nX: ");
}

static void a_silent_connection_is_closed(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    int fd = fixture_connect(&f);
    int64_t start_us = clock_now_us();
    fixture_raw(&f, fd, "", 0, NULL, &reply);
    assert_true(clock_now_us() - start_us >= 300000);
    assert_int_equal(reply.len, 0);
    buffer_clear(&reply);
    close(fd);
}

static void a_reply_that_takes_longer_than_the_timeouts_is_waited_for(void **state)
{
    (void)state;
    struct outcome o;
    struct loop_timer *timer;
    struct http_client_request request = {.url = fixture_url(&f, "/hold")};
    fixture_start_request(&f, &request, &o);
    loop_run(f.loop);
    assert_int_equal(loop_timer_create(&timer, f.loop, (loop_fn *)loop_stop, f.loop), STATUS_OK);
    loop_timer_set(timer, 700000);
    loop_run(f.loop);
    assert_false(o.over);
    http_reply(f.held, 200, "text/plain", "patience", 8);
    while (!o.over)
        loop_run(f.loop);
    assert_string_equal(buffer_text(&o.body), "patience");
    loop_timer_destroy(timer);
    outcome_clear(&o);
}

static void connections_beyond_the_limit_are_closed(void **state)
{
    (void)state;
    struct fixture few;
    struct http_server_config config = {.connections_max = 2};
    fixture_start(&few, &config, NULL);
    int fds[3];
    struct buffer reply;
    buffer_init(&reply);
    static const char text[] = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
    for (int i = 0; i < 2; i++) {
        fds[i] = fixture_connect(&few);
        fixture_raw(&few, fds[i], text, strlen(text), "body=0:", &reply);
    }
    buffer_clear(&reply);
    fds[2] = fixture_connect(&few);
    fixture_raw(&few, fds[2], text, strlen(text), NULL, &reply);
    assert_int_equal(reply.len, 0);
    fixture_raw(&few, fds[0], text, strlen(text), "body=0:", &reply);
    assert_true(reply.len > 0);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    buffer_clear(&reply);
    fixture_end(&few);
}

static void turn_until_no_connections(struct fixture *fixture)
{
    struct loop_timer *timer;
    assert_int_equal(loop_timer_create(&timer, fixture->loop, (loop_fn *)loop_stop, fixture->loop), STATUS_OK);
    while (http_server_connections(fixture->server) > 0) {
        loop_timer_set(timer, 10000);
        loop_run(fixture->loop);
    }
    loop_timer_destroy(timer);
}

static void a_client_that_does_not_take_its_reply_is_cut(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    fixture_file(&f, 100ull * 1024 * 1024, 0, "first bytes");
    int fd = fixture_connect(&f);
    static const char text[] = "GET /file HTTP/1.1\r\nHost: x\r\n\r\n";
    fixture_raw(&f, fd, text, strlen(text), "first bytes", &reply);
    assert_int_equal(http_server_requests(f.server), 1);
    turn_until_no_connections(&f); /* and nothing is read any more */
    assert_int_equal(http_server_requests(f.server), 0);
    buffer_clear(&reply);
    close(fd);
}

struct sip {
    struct fixture *f;
    struct loop_timer *timer;
    int fd;
    uint64_t bytes;
    bool over;
};

static void take_a_sip(void *arg)
{
    struct sip *s = arg;
    static char bytes[300000];
    ssize_t n = recv(s->fd, bytes, sizeof bytes, 0);
    if (n > 0) s->bytes += (uint64_t)n;
    s->over = n == 0;
    if (s->over)
        loop_stop(s->f->loop);
    else
        loop_timer_set(s->timer, 30000);
}

static void a_download_slower_than_the_timeouts_ends_well(void **state)
{
    (void)state;
    struct sip s = {.f = &f, .fd = fixture_connect(&f)};
    int size = 100000; /* so that the kernel does not swallow it all */
    assert_int_equal(setsockopt(s.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    static const char text[] = "GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    fixture_file(&f, 6000000, 0, "x");
    assert_int_equal(send(s.fd, text, strlen(text), 0), strlen(text));
    assert_int_equal(loop_timer_create(&s.timer, f.loop, take_a_sip, &s), STATUS_OK);
    loop_timer_set(s.timer, 0);
    int64_t start_us = clock_now_us();
    while (!s.over)
        loop_run(f.loop);
    assert_true(clock_now_us() - start_us > 800000); /* twice the idle time, or the test says nothing */
    assert_true(s.bytes > 6000000);
    loop_timer_destroy(s.timer);
    close(s.fd);
}

static void a_tls_connection_without_a_handshake_is_cut(void **state)
{
    (void)state;
    char dir[] = "/tmp/http_hostile_XXXXXX", why[TLS_WHY_SIZE], path[64];
    struct tls_files files;
    struct fixture tls;
    struct buffer reply;
    buffer_init(&reply);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(tls_files_ensure(&files, dir, why), STATUS_OK);
    struct http_server_config config = {
        .certificate = files.certificate, .key = files.key, .request_timeout_ms = 150, .idle_timeout_ms = 60000};
    fixture_start(&tls, &config, NULL);
    static const char *const texts[] = {"", "\x16\x03\x01", "GET / HTTP/1.1\r\n\r\n"};
    for (size_t i = 0; i < 3; i++) {
        int fd = fixture_connect(&tls);
        fixture_raw(&tls, fd, texts[i], strlen(texts[i]), NULL, &reply);
        assert_null(strstr(buffer_text(&reply), "HTTP"));
        close(fd);
    }
    turn_until_no_connections(&tls);
    buffer_clear(&reply);
    fixture_end(&tls);
    static const char *const made[] = {"/tls/cert.pem", "/tls/key.pem", "/tls", ""};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", dir, made[i]);
        remove(path);
    }
}

static void a_100_continue_is_sent_and_a_refusal_after_it_is_json(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    int fd = fixture_connect(&f);
    static const char head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    fixture_raw(&f, fd, head, strlen(head), "100 Continue\r\n\r\n", &reply);
    fixture_raw(&f, fd, "body", 4, "body=4:body", &reply);
    static const char chunked[] =
        "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    buffer_clear(&reply);
    fixture_raw(&f, fd, chunked, strlen(chunked), "100 Continue\r\n\r\n", &reply);
    fixture_raw(&f, fd, "zz\r\n", 4, NULL, &reply);
    assert_non_null(strstr(buffer_text(&reply), "HTTP/1.1 413"));
    assert_non_null(strstr(buffer_text(&reply), "{\"status\":413"));
    buffer_clear(&reply);
    close(fd);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(malformed_requests_get_an_error_and_the_server_lives_on),
        TEST(headers_beyond_their_limit_are_refused),
        TEST(a_slow_drip_is_cut),
        TEST(a_pipelined_drip_is_cut_too),
        TEST(a_silent_connection_is_closed),
        TEST(a_reply_that_takes_longer_than_the_timeouts_is_waited_for),
        TEST(connections_beyond_the_limit_are_closed),
        TEST(a_client_that_does_not_take_its_reply_is_cut),
        TEST(a_download_slower_than_the_timeouts_ends_well),
        TEST(a_tls_connection_without_a_handshake_is_cut),
        TEST(a_100_continue_is_sent_and_a_refusal_after_it_is_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
