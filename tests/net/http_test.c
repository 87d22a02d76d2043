#include "http_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls_files.h"

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

static void expect_body(const struct http_client_request *request, int code, const char *part)
{
    struct outcome o;
    fixture_fetch(&f, request, &o);
    if (o.status != STATUS_OK) fail_msg("%s", o.error);
    assert_int_equal(o.code, code);
    if (!strstr(buffer_text(&o.body), part)) fail_msg("%s is not in: %s", part, buffer_text(&o.body));
    outcome_clear(&o);
}

static void a_request_arrives_decoded_and_whole(void **state)
{
    (void)state;
    struct http_header header = {"X-Test", "t"};
    struct http_client_request request = {
        .url = fixture_url(&f, "/echo/a%20b?q=1+2%33&z"), .headers = &header, .header_count = 1};
    expect_body(&request, 200, "GET /echo/a b raw=/echo/a%20b query=q=1+2%33&z q=1 23 x=t peer=127.0.0.1 body=0:");
    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "%s /echo ", methods[i]);
        request = (struct http_client_request){
            .method = methods[i], .url = fixture_url(&f, "/echo?"), .body = "hello", .body_len = 5};
        expect_body(&request, 200, expected);
        expect_body(&request, 200, "body=5:hello");
    }
}

static void a_reply_may_come_later(void **state)
{
    (void)state;
    struct http_client_request request = {.url = fixture_url(&f, "/later")};
    expect_body(&request, 200, "GET /later ");
}

static void errors_are_json(void **state)
{
    (void)state;
    struct http_client_request request = {.url = fixture_url(&f, "/nothing")};
    expect_body(&request, 404, "{\"status\":404,\"message\":\"There is no such resource\"");
    request.url = fixture_url(&f, "/echo/%00");
    expect_body(&request, 400, "{\"status\":400");
    request.url = fixture_url(&f, "/echo?a=%zz");
    expect_body(&request, 400, "{\"status\":400");
    request = (struct http_client_request){.url = fixture_url(&f, "/echo"), .method = "BREW"};
    expect_body(&request, 501, "{\"status\":501");
}

static void a_body_of_the_limit_passes_and_one_byte_more_is_413(void **state)
{
    (void)state;
    size_t limit = 1024 * 1024;
    char *body = calloc(1, limit + 1);
    struct http_client_request request = {.url = fixture_url(&f, "/echo"), .body = body, .body_len = limit};
    expect_body(&request, 200, "body=1048576:");
    request.body_len = limit + 1;
    expect_body(&request, 413, "{\"status\":413,\"message\":\"The body is too large\"");
    request.body_len = 3;
    expect_body(&request, 200, "body=3:");
    free(body);
}

static void a_head_has_the_headers_and_no_body(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    int fd = fixture_connect(&f);
    static const char two[] =
        "HEAD /big?n=5000 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    fixture_raw(&f, fd, two, strlen(two), NULL, &reply);
    assert_non_null(strstr(buffer_text(&reply), "Content-Length: 5000\r\n"));
    assert_non_null(strstr(buffer_text(&reply), "HTTP/1.1 404"));
    assert_null(strstr(buffer_text(&reply), "bbb"));
    assert_null(strstr(buffer_text(&reply), "{"));
    buffer_clear(&reply);
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    int fd = fixture_connect(&f);
    static const char three[] = "GET /later?1 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo?2 HTTP/1.1\r\nHost: x\r\n\r\n"
                                "GET /later?3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    fixture_raw(&f, fd, three, strlen(three), NULL, &reply);
    const char *first = strstr(buffer_text(&reply), "query=1"), *second = strstr(buffer_text(&reply), "query=2");
    const char *third = strstr(buffer_text(&reply), "query=3");
    assert_true(first && second && third && first < second && second < third);
    assert_null(strstr(buffer_text(&reply), "X-Injected"));
    buffer_clear(&reply);
    close(fd);
}

/* Small, in one piece, and in slices: the end of the client's half must not overtake any of them. */
static void a_client_that_closed_its_half_gets_its_reply(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len; /* of the body, at least */
    } rows[] = {
        {"GET /later HTTP/1.1\r\nHost: x\r\n\r\n", 10},
        {"GET /big?n=20000000 HTTP/1.1\r\nHost: x\r\n\r\n", 20000000},
        {"GET /file HTTP/1.1\r\nHost: x\r\n\r\n", 20000000},
    };
    fixture_file(&f, 20000000, 0, "x");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer reply;
        buffer_init(&reply);
        int fd = fixture_connect(&f);
        assert_int_equal(send(fd, rows[i].text, strlen(rows[i].text), 0), strlen(rows[i].text));
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        fixture_raw(&f, fd, "", 0, NULL, &reply);
        assert_true(reply.len > rows[i].len);
        buffer_clear(&reply);
        close(fd);
    }
}

static void a_part_of_a_file_is_sent_as_asked(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        int code;
        uint64_t len;
        const char *content_range, *text; /* at the start of the body */
    } rows[] = {
        {NULL, 200, 200000, "", ""},
        {"bytes=100000-100004", 206, 5, "bytes 100000-100004/200000", "marks"},
        {"bytes=100000-", 206, 100000, "bytes 100000-199999/200000", "marks"},
        {"bytes=-100000", 206, 100000, "bytes 100000-199999/200000", "marks"},
        {"bytes=0-70000", 206, 70001, "bytes 0-70000/200000", ""},
        {"bytes=200000-", 416, 0, "bytes */200000", "{\"status\":416"},
        {"bytes=0-1,5-6", 200, 200000, "", ""},
    };
    fixture_file(&f, 200000, 100000, "marks");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_header header = {"Range", rows[i].range};
        struct outcome o;
        struct http_client_request request = {
            .url = fixture_url(&f, "/file"), .headers = &header, .header_count = rows[i].range ? 1 : 0};
        fixture_fetch(&f, &request, &o);
        assert_int_equal(o.status, STATUS_OK);
        assert_int_equal(o.code, rows[i].code);
        assert_string_equal(o.range, rows[i].content_range);
        assert_memory_equal(buffer_text(&o.body), rows[i].text, strlen(rows[i].text));
        if (o.code != 416) {
            assert_int_equal(o.body_bytes, rows[i].len);
            assert_string_equal(o.content_type, "audio/wav");
        }
        outcome_clear(&o);
    }
}

static void a_head_of_a_file_tells_its_length(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    fixture_file(&f, 200000, 0, "x");
    int fd = fixture_connect(&f);
    static const char text[] = "HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    fixture_raw(&f, fd, text, strlen(text), NULL, &reply);
    assert_non_null(strstr(buffer_text(&reply), "Content-Length: 200000\r\n"));
    assert_non_null(strstr(buffer_text(&reply), "Accept-Ranges: bytes\r\n"));
    assert_true(reply.len < 500);
    buffer_clear(&reply);
    close(fd);
}

static uint64_t sunk;

static bool sink(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    sunk += len;
    return true;
}

/* The highest resident size so far (getrusage's figure also counts what ran before exec). */
static long peak_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (kb < 0 && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld", &kb);
    fclose(file);
    assert_true(kb > 0);
    return kb;
}

#ifdef __SANITIZE_ADDRESS__
enum { GROWTH_MAX_KB = 400 * 1024 }; /* it keeps freed memory back for a while */
#else
enum { GROWTH_MAX_KB = 8 * 1024 };
#endif

static void a_long_file_takes_no_memory(void **state)
{
    (void)state;
    uint64_t size = 200ull * 1024 * 1024;
    struct outcome o;
    fixture_file(&f, size, size - 3, "end");
    struct http_client_request request = {
        .url = fixture_url(&f, "/file"), .max_bytes = size, .sink = sink, .timeout_ms = 60000};
    sunk = 0;
    long before_kb = peak_kb();
    fixture_fetch(&f, &request, &o);
    long grown_kb = peak_kb() - before_kb;
    assert_int_equal(o.code, 200);
    assert_int_equal(sunk, size);
    assert_int_equal(o.body_bytes, size);
    print_message("          200 MB sent and received: peak memory %ld kB, grown by %ld kB\n", before_kb, grown_kb);
    assert_true(grown_kb < GROWTH_MAX_KB);
    outcome_clear(&o);
}

static void a_file_shorter_than_promised_ends_the_connection(void **state)
{
    (void)state;
    struct outcome o;
    fixture_file(&f, 100000, 0, "x");
    f.file_size = 200000;
    struct http_client_request request = {.url = fixture_url(&f, "/file")};
    fixture_fetch(&f, &request, &o);
    assert_int_equal(o.status, STATUS_CLOSED);
    outcome_clear(&o);
    request.url = fixture_url(&f, "/echo");
    expect_body(&request, 200, "GET /echo");
}

static void a_client_gone_in_the_middle_of_a_file_leaves_nothing(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply);
    fixture_file(&f, 100ull * 1024 * 1024, 0, "first bytes");
    int fd = fixture_connect(&f);
    static const char text[] = "GET /file HTTP/1.1\r\nHost: x\r\n\r\n";
    fixture_raw(&f, fd, text, strlen(text), "first bytes", &reply);
    assert_int_equal(http_server_connections(f.server), 1);
    close(fd);
    struct http_client_request request = {.url = fixture_url(&f, "/later")};
    while (http_server_connections(f.server) > 1 || http_server_requests(f.server) > 0)
        expect_body(&request, 200, "GET /later");
    buffer_clear(&reply);
}

static void a_request_outlives_its_client(void **state)
{
    (void)state;
    int fd = fixture_connect(&f);
    static const char text[] = "POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
    loop_run(f.loop);
    assert_non_null(f.held);
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    struct http_client_request request = {.url = fixture_url(&f, "/echo")};
    expect_body(&request, 200, "GET /echo");
    assert_string_equal(http_request_path(f.held), "/hold");
    assert_true(slice_is(http_request_body(f.held), "body"));
    http_reply(f.held, 200, "text/plain", "late", 4);
    expect_body(&request, 200, "GET /echo");
    assert_int_equal(http_server_requests(f.server), 0);
}

static void a_request_outlives_its_server(void **state)
{
    (void)state;
    struct outcome o;
    struct http_client_request request = {.url = fixture_url(&f, "/hold"), .body = "body", .body_len = 4};
    fixture_start_request(&f, &request, &o);
    loop_run(f.loop);
    http_server_destroy(f.server);
    f.server = NULL;
    while (!o.over)
        loop_run(f.loop);
    assert_int_equal(o.status, STATUS_CLOSED);
    assert_true(slice_is(http_request_body(f.held), "body"));
    assert_null(http_request_server(f.held));
    http_reply_error(f.held, 500, "too late");
    outcome_clear(&o);
}

static void note_stopped(void *arg)
{
    *(bool *)arg = true;
}

static void a_stopping_server_answers_what_it_has_and_takes_no_more(void **state)
{
    (void)state;
    struct outcome o, refused;
    bool stopped = false;
    int idle = fixture_connect(&f);
    struct http_client_request request = {.url = fixture_url(&f, "/hold")};
    fixture_start_request(&f, &request, &o);
    loop_run(f.loop);
    http_server_stop(f.server, note_stopped, &stopped);
    request.url = fixture_url(&f, "/echo");
    fixture_fetch(&f, &request, &refused);
    assert_int_equal(refused.status, STATUS_CLOSED);
    assert_false(stopped);
    char byte;
    assert_int_equal(recv(idle, &byte, 1, 0), 0);
    http_reply(f.held, 200, "text/plain", "at last", 7);
    while (!o.over)
        loop_run(f.loop);
    assert_string_equal(buffer_text(&o.body), "at last");
    loop_timer_set(f.watchdog, 20000000);
    while (!stopped) {
        loop_defer(f.loop, (loop_fn *)loop_stop, f.loop);
        loop_run(f.loop);
    }
    assert_int_equal(http_server_connections(f.server), 0);
    outcome_clear(&o);
    outcome_clear(&refused);
    close(idle);
}

static void it_listens_on_ipv6_too(void **state)
{
    (void)state;
    struct fixture six;
    struct outcome o;
    char url[64];
    struct http_server_config config = {.address = "::1"};
    fixture_start(&six, &config, NULL);
    snprintf(url, sizeof url, "http://[::1]:%u/echo", (unsigned)http_server_port(six.server));
    struct http_client_request request = {.url = url};
    fixture_fetch(&six, &request, &o);
    assert_int_equal(o.status, STATUS_OK);
    assert_non_null(strstr(buffer_text(&o.body), "peer=::1 "));
    outcome_clear(&o);
    fixture_end(&six);
}

static void a_peer_on_a_dual_stack_socket_is_shown_as_ipv4(void **state)
{
    (void)state;
    struct fixture dual;
    struct outcome o;
    struct http_server_config config = {.address = "::"};
    fixture_start(&dual, &config, NULL);
    struct http_client_request request = {.url = fixture_url(&dual, "/echo")};
    fixture_fetch(&dual, &request, &o);
    assert_non_null(strstr(buffer_text(&o.body), "peer=127.0.0.1 "));
    outcome_clear(&o);
    fixture_end(&dual);
}

static void a_taken_port_and_a_bad_address_are_named(void **state)
{
    (void)state;
    struct http_server *server = NULL;
    char why[256];
    struct http_server_config config = {.address = "127.0.0.1", .port = http_server_port(f.server)};
    assert_int_equal(http_server_create(&server, f.loop, &config, NULL, NULL, why, sizeof why), STATUS_EXISTS);
    assert_non_null(strstr(why, "cannot listen on 127.0.0.1 port "));
    config.address = "localhost";
    assert_int_equal(http_server_create(&server, f.loop, &config, NULL, NULL, why, sizeof why), STATUS_INVALID);
    assert_string_equal(why, "localhost is not an IPv4 or IPv6 address");
    config.address = "192.0.2.1";
    assert_int_equal(http_server_create(&server, f.loop, &config, NULL, NULL, why, sizeof why), STATUS_NOT_FOUND);
    config = (struct http_server_config){.address = "127.0.0.1", .certificate = "/nowhere.pem", .key = "/nowhere.pem"};
    assert_int_equal(http_server_create(&server, f.loop, &config, NULL, NULL, why, sizeof why), STATUS_NOT_FOUND);
    assert_non_null(strstr(why, "/nowhere.pem"));
    assert_null(server);
}

static void tls_with_the_made_certificate_is_verified_and_works(void **state)
{
    (void)state;
    char dir[] = "/tmp/http_tls_XXXXXX", why[TLS_WHY_SIZE], url[128], path[64];
    struct tls_files files;
    struct fixture tls;
    struct outcome o;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(tls_files_ensure(&files, dir, why), STATUS_OK);
    struct http_server_config config = {.address = "127.0.0.1", .certificate = files.certificate, .key = files.key};
    fixture_start(&tls, &config, files.certificate);
    fixture_file(&tls, 3000000, 2999990, "the end");
    unsigned port = http_server_port(tls.server);
    static const char *const paths[] = {"/echo", "/later", "/big?n=1000000", "/file"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(url, sizeof url, "https://%s:%u%s", i % 2 ? "localhost" : "127.0.0.1", port, paths[i]);
        struct http_client_request request = {.url = url, .max_bytes = 4000000};
        fixture_fetch(&tls, &request, &o);
        if (o.status != STATUS_OK) fail_msg("%s", o.error);
        assert_int_equal(o.code, 200);
        outcome_clear(&o);
    }
    char *body = calloc(1, 1024 * 1024 + 1);
    struct http_client_request large = {.url = url, .body = body, .body_len = 1024 * 1024 + 1};
    fixture_fetch(&tls, &large, &o);
    assert_int_equal(o.code, 413);
    outcome_clear(&o);
    free(body);
    assert_int_equal(http_server_reload_tls(tls.server, files.certificate, files.key, why, sizeof why), STATUS_OK);
    assert_int_equal(http_server_reload_tls(tls.server, files.key, files.key, why, sizeof why), STATUS_INVALID);
    fixture_end(&tls);
    struct fixture distrusting; /* the system's issuers do not know it */
    fixture_start(&distrusting, &config, NULL);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/echo", (unsigned)http_server_port(distrusting.server));
    struct http_client_request request = {.url = url};
    fixture_fetch(&distrusting, &request, &o);
    assert_int_equal(o.status, STATUS_IO);
    assert_non_null(strstr(o.error, "certificate"));
    outcome_clear(&o);
    fixture_end(&distrusting);
    static const char *const made[] = {"/tls/cert.pem", "/tls/key.pem", "/tls", ""};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s%s", dir, made[i]);
        remove(path);
    }
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_arrives_decoded_and_whole),
        TEST(a_reply_may_come_later),
        TEST(errors_are_json),
        TEST(a_body_of_the_limit_passes_and_one_byte_more_is_413),
        TEST(a_head_has_the_headers_and_no_body),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(a_client_that_closed_its_half_gets_its_reply),
        TEST(a_part_of_a_file_is_sent_as_asked),
        TEST(a_head_of_a_file_tells_its_length),
        TEST(a_long_file_takes_no_memory),
        TEST(a_file_shorter_than_promised_ends_the_connection),
        TEST(a_client_gone_in_the_middle_of_a_file_leaves_nothing),
        TEST(a_request_outlives_its_client),
        TEST(a_request_outlives_its_server),
        TEST(a_stopping_server_answers_what_it_has_and_takes_no_more),
        TEST(it_listens_on_ipv6_too),
        TEST(a_peer_on_a_dual_stack_socket_is_shown_as_ipv4),
        TEST(a_taken_port_and_a_bad_address_are_named),
        TEST(tls_with_the_made_certificate_is_verified_and_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
