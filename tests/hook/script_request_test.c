#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hook/script_request.h"
#include "net/http_server.h"
#include "os/clock.h"

enum { GUARD_US = 60000000, HELD_MAX = 8, BIG = 1024 * 1024 };

#define ACCOUNT "AC0123456789012345678901234567890123456789"
#define SCRIPT  "[{\"Hangup\":{}}]"

static struct {
    char url[64];
    struct loop *loop;
    struct loop_timer *guard;
    struct fetch_guard fetch_guard;
    struct http_client *client;
    struct http_server *server;
    struct script_sender *sender;
    struct http_request *held[HELD_MAX];
    size_t held_count;
    /* what the receiver saw last */
    size_t requests;
    char path[64], body[128], type[64], signature[SIGNATURE_SIZE], event[64];
    enum http_method method;
    /* what was told */
    size_t answers;
    struct script_answer answer;
    char answer_body[64], answer_type[64], answer_url[256], why[2048];
    size_t answer_len;
    struct script_request *request;
} t;

static struct hook_secrets secrets_now;

static void secrets(void *arg, const char *account, struct hook_secrets *out)
{
    (void)arg;
    assert_string_equal(account, ACCOUNT);
    *out = secrets_now;
}

static void note_header(struct http_request *request, const char *name, char *out, size_t size)
{
    const char *value = http_request_header(request, name);
    snprintf(out, size, "%s", value ? value : "");
}

static void send_big(struct http_request *request, size_t len)
{
    char *bytes = calloc(1, len);
    assert_non_null(bytes);
    memset(bytes, ' ', len);
    http_reply(request, 200, "application/json", bytes, len);
    free(bytes);
}

static void on_request(void *arg, struct http_request *request)
{
    (void)arg;
    const char *path = http_request_path(request);
    t.requests++;
    t.method = http_request_method(request);
    snprintf(t.path, sizeof t.path, "%s", path);
    note_header(request, "Content-Type", t.type, sizeof t.type);
    note_header(request, "FreeClimb-Signature", t.signature, sizeof t.signature);
    note_header(request, "Parley-Event", t.event, sizeof t.event);
    assert_true(slice_copy(http_request_body(request), t.body, sizeof t.body));
    if (strcmp(path, "/ok") == 0) {
        http_reply(request, 200, "text/plain; charset=utf-8", SCRIPT, strlen(SCRIPT));
    } else if (strcmp(path, "/empty") == 0) {
        http_reply(request, 204, NULL, NULL, 0);
    } else if (strcmp(path, "/held") == 0) {
        assert_true(t.held_count < HELD_MAX);
        t.held[t.held_count++] = request;
    } else if (strcmp(path, "/big") == 0) {
        send_big(request, BIG);
    } else if (strcmp(path, "/too-big") == 0) {
        send_big(request, BIG + 1);
    } else if (strncmp(path, "/moved", 6) == 0) {
        http_reply_header(request, "Location", "/ok");
        http_reply(request, atoi(path + 6), NULL, NULL, 0);
    } else if (strcmp(path, "/inside") == 0) {
        http_reply_header(request, "Location", "http://10.1.2.3/secret");
        http_reply(request, 307, NULL, NULL, 0);
    } else {
        http_reply(request, atoi(path + 1), "text/plain", "no", 2);
    }
}

static void on_guard(void *arg)
{
    (void)arg;
    fail_msg("nothing more happens");
}

static void on_answer(void *arg, const struct script_answer *answer)
{
    assert_ptr_equal(arg, &t);
    t.answers++;
    t.answer = *answer;
    t.answer_len = answer->body.len;
    size_t kept = answer->body.len < sizeof t.answer_body ? answer->body.len : sizeof t.answer_body - 1;
    assert_true(slice_copy((struct slice){answer->body.at, kept}, t.answer_body, sizeof t.answer_body));
    snprintf(t.answer_type, sizeof t.answer_type, "%s", answer->content_type);
    snprintf(t.answer_url, sizeof t.answer_url, "%s", answer->url);
    snprintf(t.why, sizeof t.why, "%s", answer->why);
    loop_stop(t.loop);
}

static int set_up(void **state)
{
    (void)state;
    struct http_server_config server = {.address = "127.0.0.1"};
    char why[256] = "";
    memset(&t, 0, sizeof t);
    secrets_now = (struct hook_secrets){{"first", "second"}, 2};
    t.fetch_guard = (struct fetch_guard){.allow_loopback = true};
    struct http_client_config client = {.guard = &t.fetch_guard};
    struct script_config config = {.timeout_ms = 300, .secrets = secrets};
    assert_int_equal(loop_create(&t.loop), STATUS_OK);
    assert_int_equal(loop_timer_create(&t.guard, t.loop, on_guard, NULL), STATUS_OK);
    loop_timer_set(t.guard, GUARD_US);
    if (http_server_create(&t.server, t.loop, &server, on_request, NULL, why, sizeof why) != STATUS_OK)
        fail_msg("%s", why);
    snprintf(t.url, sizeof t.url, "http://127.0.0.1:%u", http_server_port(t.server));
    assert_int_equal(http_client_create(&t.client, t.loop, &client), STATUS_OK);
    assert_int_equal(script_sender_create(&t.sender, t.loop, t.client, &config), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < t.held_count; i++)
        http_reply(t.held[i], 200, NULL, NULL, 0);
    script_sender_destroy(t.sender);
    http_client_destroy(t.client);
    http_server_destroy(t.server);
    loop_timer_destroy(t.guard);
    loop_destroy(t.loop);
    return 0;
}

/* Paths are on the receiver; anything with a scheme is taken as it is. */
static const char *full(char out[128], const char *path)
{
    if (!path) return NULL;
    snprintf(out, 128, "%s%s", path[0] == '/' ? t.url : "", path);
    return out;
}

static void start(const char *path, const char *fallback)
{
    char url[128], fallback_url[128];
    struct script_ask ask = {.account = ACCOUNT,
                             .url = full(url, path),
                             .fallback_url = full(fallback_url, fallback),
                             .body = "{\"requestType\":\"inboundCall\"}"};
    assert_int_equal(script_request_start(t.sender, &ask, on_answer, &t, &t.request), STATUS_OK);
    assert_int_equal(t.answers, 0); /* never within the call */
}

static void ask_and_wait(const char *path, const char *fallback)
{
    t.requests = t.answers = 0;
    start(path, fallback);
    loop_run(t.loop);
    assert_int_equal(t.answers, 1);
}

static void an_answer_is_handed_over_as_it_came(void **state)
{
    (void)state;
    ask_and_wait("/ok", NULL);
    assert_true(t.answer.reached);
    assert_false(t.answer.fallback);
    assert_int_equal(t.answer.code, 200);
    assert_string_equal(t.answer_type, "text/plain; charset=utf-8");
    assert_string_equal(t.answer_body, SCRIPT);
    assert_string_equal(t.why, "");
    assert_int_equal(t.method, HTTP_POST);
    assert_string_equal(t.type, "application/json");
    assert_string_equal(t.body, "{\"requestType\":\"inboundCall\"}");
    assert_string_equal(t.event, ""); /* it is an event of no lane */
    ask_and_wait("/empty", NULL);
    assert_true(t.answer.reached);
    assert_int_equal(t.answer.code, 204);
    assert_int_equal(t.answer_len, 0);
}

static void a_request_is_signed_with_the_secrets_of_the_moment(void **state)
{
    (void)state;
    char expected[SIGNATURE_SIZE];
    int64_t before_s = clock_unix_ms() / 1000;
    ask_and_wait("/ok", NULL);
    int64_t signed_s = strtoll(t.signature + 2, NULL, 10);
    assert_in_range(signed_s, before_s, clock_unix_ms() / 1000);
    assert_true(signature_write(expected, &secrets_now, signed_s, slice_of(t.body)));
    assert_string_equal(t.signature, expected);
    secrets_now.count = 1;
    ask_and_wait("/ok", NULL);
    assert_int_equal(strlen(t.signature), strlen(expected) - 68);
    secrets_now.count = 0;
    ask_and_wait("/ok", NULL);
    assert_string_equal(t.signature, "");
}

static void a_failure_is_tried_once_and_not_again(void **state)
{
    (void)state;
    const char *paths[] = {"/400", "/404", "/500", "/503"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char why[64];
        ask_and_wait(paths[i], NULL);
        assert_false(t.answer.reached);
        assert_int_equal(t.answer.code, atoi(paths[i] + 1));
        assert_int_equal(t.answer_len, 0);
        assert_int_equal(t.requests, 1);
        snprintf(why, sizeof why, "HTTP %d", t.answer.code);
        assert_non_null(strstr(t.why, why));
        assert_non_null(strstr(t.why, t.url));
    }
    assert_int_equal(script_stats(t.sender).unreachable, 4);
    assert_int_equal(script_stats(t.sender).pending, 0);
}

static void the_fallback_is_asked_once_after_a_failure(void **state)
{
    (void)state;
    ask_and_wait("/500", "/ok");
    assert_true(t.answer.reached);
    assert_true(t.answer.fallback);
    assert_string_equal(t.answer_body, SCRIPT);
    assert_int_equal(t.requests, 2);
    assert_non_null(strstr(t.why, "HTTP 500"));
    assert_string_equal(t.body, "{\"requestType\":\"inboundCall\"}");
    assert_true(strlen(t.signature) > 0);
    ask_and_wait("/500", "/404");
    assert_false(t.answer.reached);
    assert_true(t.answer.fallback);
    assert_int_equal(t.requests, 2);
    assert_non_null(strstr(t.why, "HTTP 500"));
    assert_non_null(strstr(t.why, "HTTP 404"));
    ask_and_wait("/ok", "/404");
    assert_int_equal(t.requests, 1);
    assert_false(t.answer.fallback);
    struct script_stats stats = script_stats(t.sender);
    assert_int_equal(stats.asked, 3);
    assert_int_equal(stats.fallbacks, 2);
    assert_int_equal(stats.answered, 2);
    assert_int_equal(stats.unreachable, 1);
}

static void a_receiver_that_does_not_answer_in_time_is_unreachable(void **state)
{
    (void)state;
    ask_and_wait("/held", NULL);
    assert_false(t.answer.reached);
    assert_int_equal(t.answer.code, 0);
    assert_in_range(t.answer.duration_us, 290000, 20000000);
    assert_string_not_equal(t.why, "");
    ask_and_wait("/held", "/ok");
    assert_true(t.answer.reached);
}

static void nobody_there_is_unreachable(void **state)
{
    (void)state;
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    char url[64];
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/x", ntohs(in.sin_port));
    ask_and_wait(url, "/ok");
    assert_true(t.answer.reached);
    assert_non_null(strstr(t.why, "refused"));
    ask_and_wait(url, NULL);
    assert_false(t.answer.reached);
    close(fd);
    ask_and_wait("not a url", NULL);
    assert_false(t.answer.reached);
    assert_string_not_equal(t.why, "");
}

static void what_the_guard_forbids_is_unreachable_redirects_included(void **state)
{
    (void)state;
    ask_and_wait("http://192.168.1.1/x", NULL);
    assert_false(t.answer.reached);
    assert_non_null(strstr(t.why, "private"));
    ask_and_wait("/inside", NULL);
    assert_int_equal(t.requests, 1);
    assert_false(t.answer.reached);
    assert_non_null(strstr(t.why, "10.1.2.3"));
}

static void a_redirect_is_followed_with_the_body(void **state)
{
    (void)state;
    const char *paths[] = {"/moved301", "/moved302", "/moved307", "/moved308"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask_and_wait(paths[i], NULL);
        assert_true(t.answer.reached);
        assert_int_equal(t.requests, 2);
        assert_int_equal(t.method, HTTP_POST);
        assert_string_equal(t.body, "{\"requestType\":\"inboundCall\"}");
        assert_non_null(strstr(t.answer_url, "/ok"));
    }
    ask_and_wait("/moved303", NULL);
    assert_true(t.answer.reached);
    assert_int_equal(t.method, HTTP_GET);
}

static void a_script_may_be_a_mebibyte_and_no_more(void **state)
{
    (void)state;
    ask_and_wait("/big", NULL);
    assert_true(t.answer.reached);
    assert_int_equal(t.answer_len, BIG);
    ask_and_wait("/too-big", NULL);
    assert_false(t.answer.reached);
    assert_non_null(strstr(t.why, "Maximum file size exceeded"));
}

static void a_cancelled_request_is_not_answered(void **state)
{
    (void)state;
    start("/ok", NULL);
    script_request_cancel(t.request);
    start("/held", "/ok");
    struct script_request *held = t.request;
    start("/500", NULL); /* its answer ends the run: the other is under way then */
    loop_run(t.loop);
    script_request_cancel(held);
    assert_int_equal(t.answers, 1);
    struct script_stats stats = script_stats(t.sender);
    assert_int_equal(stats.cancelled, 2);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(http_client_count(t.client), 0);
}

static void a_sender_may_go_with_requests_under_way(void **state)
{
    (void)state;
    start("/held", NULL);
    start("/404", "/held");
    start("/500", NULL);
    loop_run(t.loop);
    script_sender_destroy(t.sender);
    t.sender = NULL;
    assert_int_equal(http_client_count(t.client), 0);
}

static void slow_receivers_do_not_hold_up_another_request(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        start("/held", NULL);
    ask_and_wait("/ok", NULL);
    assert_true(t.answer.reached);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_handed_over_as_it_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_is_signed_with_the_secrets_of_the_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_is_tried_once_and_not_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_fallback_is_asked_once_after_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_receiver_that_does_not_answer_in_time_is_unreachable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_there_is_unreachable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_guard_forbids_is_unreachable_redirects_included, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_redirect_is_followed_with_the_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_script_may_be_a_mebibyte_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_request_is_not_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_may_go_with_requests_under_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slow_receivers_do_not_hold_up_another_request, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
