#include "rest_kit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "rest/rest_match.h"
#include "rest/rest_routes.h"

/* What holds for requests whatever they are for. */

/* The path of a route with something for each {word}. */
static void fill_path(const struct rest_route *route, char *out, size_t size)
{
    size_t used = 0;
    for (const char *at = route->path; *at && used + 64 < size; at++) {
        if (*at != '{') {
            out[used++] = *at;
            continue;
        }
        bool account = strncmp(at, "{accountId}", 11) == 0;
        used += (size_t)snprintf(out + used, size - used, "%s", account ? kit.account : "1");
        at += strcspn(at, "}");
    }
    out[used] = '\0';
}

static bool is_error(const struct kit_reply *reply)
{
    const json_t *body = reply->body;
    return strcmp(reply->type, "application/json") == 0 && kit_number(body, "status") == reply->code &&
           json_is_string(json_object_get(body, "message")) && json_is_integer(json_object_get(body, "code")) &&
           json_is_string(json_object_get(body, "url")) && json_is_object(json_object_get(body, "details"));
}

static void every_route_of_an_account_wants_its_credentials(void **state)
{
    (void)state;
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    for (size_t i = 0; i < count; i++) {
        char path[256];
        const char *method = http_method_name(routes[i].method);
        if (routes[i].guard != REST_ACCOUNT) continue;
        fill_path(&routes[i], path, sizeof path);
        static const char *const wrong[][2] = {{"", ""}, {"AC1", "key"}, {NULL, "keys"}, {NULL, ""}};
        for (size_t k = 0; k < 4; k++) {
            kit_credentials(wrong[k][0] ? wrong[k][0] : kit.account, wrong[k][1]);
            const struct kit_reply *reply = kit_ask(method, path, NULL);
            if (reply->code != 401 || !is_error(reply)) fail_msg("%s %s: %d", method, path, reply->code);
        }
        kit_credentials(kit.other, "key");
        assert_int_equal(kit_ask(method, path, NULL)->code, 404);
    }
}

static void a_key_that_only_reads_does_not_write(void **state)
{
    (void)state;
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    for (size_t i = 0; i < count; i++) {
        char path[256];
        if (routes[i].guard != REST_ACCOUNT) continue;
        fill_path(&routes[i], path, sizeof path);
        kit_credentials(kit.account, "reader");
        const struct kit_reply *reply = kit_ask(http_method_name(routes[i].method), path, NULL);
        bool reads = routes[i].method == HTTP_GET || routes[i].reads;
        if ((reply->code == 403) == reads) fail_msg("%s: %d", routes[i].path, reply->code);
    }
}

static void every_answer_has_json_and_every_get_its_head(void **state)
{
    (void)state;
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    for (size_t i = 0; i < count; i++) {
        char path[256];
        fill_path(&routes[i], path, sizeof path);
        const struct kit_reply *reply = kit_ask(http_method_name(routes[i].method), path, NULL);
        int code = reply->code;
        if (code >= 400 && !is_error(reply)) fail_msg("%s: %s", path, reply->text);
        assert_true(code < 500 && code != 401 && code != 405);
        if (routes[i].method != HTTP_GET) continue;
        const struct kit_reply *head = kit_ask("HEAD", path, NULL);
        assert_int_equal(head->code, code);
        assert_int_equal(head->bytes, 0);
    }
}

static void unknown_paths_and_methods_are_refused_in_json(void **state)
{
    (void)state;
    assert_true(is_error(kit_ask("GET", "/apiserver/Nothing", NULL)));
    kit_expect(kit_ask("GET", "/apiserver/Nothing", NULL), 404);
    kit_expect(kit_ask("GET", "/Conferencess", NULL), 404);
    const struct kit_reply *reply = kit_ask("DELETE", "/Conferences", NULL);
    assert_true(is_error(reply));
    assert_int_equal(reply->code, 405);
    assert_string_equal(reply->allow, "POST, GET, HEAD");
    assert_int_equal(kit_number(reply->body, "code"), 2);
    reply = kit_ask("PUT", "/Applications/AP1", "{}");
    assert_int_equal(reply->code, 405);
    assert_string_equal(reply->allow, "GET, HEAD, POST, DELETE");
    reply = kit_ask("POST", "/Applications", "{\"alias\":");
    assert_int_equal(reply->code, 400);
    assert_int_equal(kit_number(reply->body, "code"), 9);
    kit_expect(kit_ask("GET", "/Conferences/", NULL), 200);
}

static void a_post_has_a_request_id(void **state)
{
    (void)state;
    const struct kit_reply *reply = kit_ask("POST", "/Conferences", NULL);
    kit_expect(reply, 200);
    assert_true(id_valid(slice_of(reply->request_id), "RQ"));
    assert_string_equal(reply->request_id, kit.began_request);
    char first[64];
    snprintf(first, sizeof first, "%s", reply->request_id);
    reply = kit_ask("POST", "/Conferences", "[]");
    kit_expect(reply, 400);
    assert_true(id_valid(slice_of(reply->request_id), "RQ"));
    assert_string_not_equal(reply->request_id, first);
    assert_string_equal(kit_get("/Conferences")->request_id, "");
}

static void a_list_of_250_is_read_page_by_page(void **state)
{
    (void)state;
    char next[512] = "/Conferences?alias=a%20b&dateCreated=";
    for (int i = 0; i < 250; i++)
        kit_expect(kit_ask("POST", "/Conferences", "{\"alias\":\"a b\"}"), 200);
    kit_expect(kit_ask("POST", "/Conferences", "{\"alias\":\"c\"}"), 200);
    size_t seen = 0;
    char last[64] = "";
    for (int page = 0; next[0]; page++) {
        const json_t *body = kit_expect(kit_ask("GET", next, NULL), 200);
        const json_t *items = json_object_get(body, "conferences");
        assert_int_equal(kit_number(body, "total"), 250);
        assert_int_equal(kit_number(body, "start"), seen);
        assert_int_equal(kit_number(body, "page"), page);
        assert_int_equal(kit_number(body, "numPages"), 3);
        assert_int_equal(kit_number(body, "pageSize"), 100);
        seen += json_array_size(items);
        assert_int_equal(kit_number(body, "end"), seen - 1);
        assert_string_not_equal(kit_text(json_array_get(items, 0), "conferenceId"), last);
        snprintf(last, sizeof last, "%s", kit_text(json_array_get(items, 0), "conferenceId"));
        const json_t *uri = json_object_get(body, "nextPageUri");
        assert_non_null(uri);
        if (json_is_null(uri)) break;
        const char *text = json_string_value(uri);
        assert_memory_equal(text, "/Accounts/", 10);
        assert_non_null(strstr(text, "alias=a%20b&"));
        const char *cursor = strstr(text, "cursor=");
        assert_int_equal(strspn(cursor + 7, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                         strlen(cursor + 7));
        snprintf(next, sizeof next, "/apiserver%s", text);
    }
    assert_int_equal(seen, 250);
    const json_t *body = kit_expect(kit_get("/Conferences?pageSize=7"), 200);
    assert_int_equal(json_array_size(json_object_get(body, "conferences")), 7);
    assert_int_equal(kit_number(body, "numPages"), 36);
    assert_non_null(strstr(kit_text(body, "nextPageUri"), "?pageSize=7&cursor="));
    static const char *const wrong[] = {"pageSize=0", "pageSize=1001", "pageSize=x", "cursor=abc"};
    for (size_t i = 0; i < 4; i++) {
        body = kit_expect(kit_get("/Conferences?%s", wrong[i]), 400);
        assert_memory_equal(kit_text(json_object_get(body, "details"), "member"), wrong[i], strcspn(wrong[i], "="));
    }
}

static void if_match_is_read_as_a_list_of_tags(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool passes;
    } rows[] = {
        {NULL, true},        {"\"3\"", true},  {"3", true},      {"*", true},     {"\"1\", \"3\"", true},
        {"\"1\" ,3 ", true}, {"\"2\"", false}, {"", false},      {"\"\"", false}, {"W/\"3\"", false},
        {"\"33\"", false},   {"\"3", false},   {"three", false}, {"-3", false},   {"\"4294967299\"", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rest_match_passes(rows[i].header, 3) != rows[i].passes) fail_msg("%s", rows[i].header);
    }
}

static void a_stale_revision_changes_nothing(void **state)
{
    (void)state;
    char path[128], tag[32];
    const struct kit_reply *reply = kit_ask("POST", "/Conferences", "{\"alias\":\"a\"}");
    snprintf(tag, sizeof tag, "%s", reply->etag);
    assert_string_equal(tag, "\"1\"");
    snprintf(path, sizeof path, "/Conferences/%s", kit_text(reply->body, "conferenceId"));
    kit_header("If-Match", tag);
    kit_expect(kit_ask("POST", path, "{\"alias\":\"b\"}"), 204);
    kit_header("If-Match", tag);
    reply = kit_ask("POST", path, "{\"alias\":\"c\"}");
    assert_int_equal(reply->code, 412);
    assert_true(is_error(reply));
    assert_string_equal(kit_text(kit_expect(kit_get("%s", path), 200), "alias"), "b");
    kit_header("If-Match", kit_get("%s", path)->etag);
    kit_expect(kit_ask("POST", path, "{\"alias\":\"c\"}"), 204);

    reply = kit_ask("POST", "/Applications", "{\"alias\":\"a\"}");
    snprintf(path, sizeof path, "/Applications/%s", kit_text(reply->body, "applicationId"));
    kit_header("If-Match", "\"2\"");
    kit_expect(kit_ask("POST", path, "{\"alias\":\"b\"}"), 412);
    kit_header("If-Match", "\"2\"");
    kit_expect(kit_ask("DELETE", path, NULL), 412);
    kit_header("If-Match", "\"1\"");
    kit_expect(kit_ask("DELETE", path, NULL), 204);
}

static void a_repeated_post_is_answered_and_not_repeated(void **state)
{
    (void)state;
    char id[64];
    kit_header("Idempotency-Key", "first");
    const struct kit_reply *reply = kit_ask("POST", "/Conferences", "{\"alias\":\"a\"}");
    snprintf(id, sizeof id, "%s", kit_text(kit_expect(reply, 200), "conferenceId"));
    assert_string_equal(reply->replayed, "");
    kit_header("Idempotency-Key", "first");
    reply = kit_ask("POST", "/Conferences", "{\"alias\":\"a\"}");
    assert_string_equal(kit_text(kit_expect(reply, 200), "conferenceId"), id);
    assert_string_equal(reply->replayed, "true");
    assert_int_equal(kit_number(kit_get("/Conferences")->body, "total"), 1);
    assert_int_equal(kit.began, 1);
    /* Another body, another path: 422, and nothing is done. */
    kit_header("Idempotency-Key", "first");
    kit_expect(kit_ask("POST", "/Conferences", "{\"alias\":\"b\"}"), 422);
    kit_header("Idempotency-Key", "first");
    kit_expect(kit_ask("POST", "/Applications", "{\"alias\":\"a\"}"), 422);
    kit_header("Idempotency-Key", "second");
    kit_expect(kit_ask("POST", "/Conferences", "{\"alias\":\"a\"}"), 200);
    assert_int_equal(kit_number(kit_get("/Conferences")->body, "total"), 2);
    /* Errors of the request and empty answers are kept too. */
    kit_header("Idempotency-Key", "third");
    kit_expect(kit_ask("POST", "/Conferences", "{\"alias\":7}"), 400);
    kit_header("Idempotency-Key", "third");
    assert_string_equal(kit_ask("POST", "/Conferences", "{\"alias\":7}")->replayed, "true");
    char path[128];
    snprintf(path, sizeof path, "/Conferences/%s", id);
    for (int i = 0; i < 2; i++) {
        kit_header("Idempotency-Key", "fourth");
        kit_expect(kit_ask("POST", path, "{\"status\":\"terminated\"}"), 204);
    }
    kit_header("Idempotency-Key", "with space");
    kit_expect(kit_ask("POST", "/Conferences", NULL), 400);
}

static void a_key_whose_request_was_broken_off_is_not_carried_out_again(void **state)
{
    (void)state;
    char path[128];
    struct store_tx *tx = kit_begin();
    struct store_reply row = {.key = "cut", .request = path, .created_unix_ms = INT64_MAX / 2};
    snprintf(path, sizeof path, "/apiserver/Accounts/%s/Conferences", kit.account);
    snprintf(row.account, sizeof row.account, "%s", kit.account);
    assert_int_equal(EVP_Digest("{}", 2, row.request_sha256, NULL, EVP_sha256(), NULL), 1);
    store_reserve_reply(tx, &row);
    kit_commit(tx);
    for (int i = 0; i < 2; i++) {
        kit_header("Idempotency-Key", "cut");
        kit_expect(kit_ask("POST", "/Conferences", "{}"), 409);
    }
    assert_int_equal(kit_number(kit_get("/Conferences")->body, "total"), 0);
}

static void a_key_is_forgotten_after_a_day(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin();
    struct store_reply row = {.key = "old", .request = "x", .http = 200, .body = "{}", .created_unix_ms = 1000};
    snprintf(row.account, sizeof row.account, "%s", kit.account);
    store_reserve_reply(tx, &row);
    kit_commit(tx);
    kit_header("Idempotency-Key", "old");
    assert_non_null(json_object_get(kit_expect(kit_ask("POST", "/Conferences", NULL), 200), "conferenceId"));
}

static void changes_at_once_are_all_made(void **state)
{
    (void)state;
    int codes[16];
    char path[128];
    const json_t *body = kit_expect(kit_ask("POST", "/Applications", NULL), 201);
    snprintf(path, sizeof path, "/Applications/%.64s", kit_text(body, "applicationId"));
    kit_ask_at_once("POST", path, "{\"alias\":\"a\"}", NULL, codes, 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(codes[i], 200);
    assert_int_equal(kit_number(kit_get("%s", path)->body, "revision"), 17);
}

static void of_repetitions_at_once_one_is_carried_out(void **state)
{
    (void)state;
    int codes[16];
    size_t made = 0;
    kit_ask_at_once("POST", "/Conferences", "{}", "k", codes, 16);
    for (size_t i = 0; i < 16; i++) {
        if (codes[i] == 200)
            made++;
        else
            assert_int_equal(codes[i], 409);
    }
    assert_true(made >= 1);
    assert_int_equal(kit_number(kit_get("/Conferences")->body, "total"), 1);
}

static void what_a_bridge_has_not_is_501(void **state)
{
    (void)state;
    static const char *const routes[][2] = {
        {"POST", "/Calls"},
        {"POST", "/Calls/CA1"},
        {"POST", "/Conferences/CF1/Announcements"},
        {"DELETE", "/Conferences/CF1/Announcements/AN1"},
        {"POST", "/Webhooks/CF1/1"},
    };
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct kit_reply *reply = kit_ask(routes[i][0], routes[i][1], NULL);
        assert_int_equal(kit_number(kit_expect(reply, 501), "code"), 0);
        assert_true(is_error(reply));
    }
    kit_expect(kit_ask("POST", "/SigningSecrets", NULL), 201);
    kit_expect(kit_get("/Calls"), 200);
}

static void the_system_answers_without_credentials(void **state)
{
    (void)state;
    kit_credentials("", "");
    assert_string_equal(kit_text(kit_expect(kit_get("/health"), 200), "status"), "ok");
    kit_credentials("", "");
    assert_string_equal(kit_get("/metrics")->text, "parley_up 1\n");
    kit_credentials("", "");
    const struct kit_reply *reply = kit_get("/openapi.json");
    assert_string_equal(reply->type, "application/json");
    assert_string_equal(kit_text(kit_expect(reply, 200), "openapi"), "3.0.3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_route_of_an_account_wants_its_credentials, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_only_reads_does_not_write, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(every_answer_has_json_and_every_get_its_head, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(unknown_paths_and_methods_are_refused_in_json, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(a_post_has_a_request_id, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(a_list_of_250_is_read_page_by_page, kit_set_up, kit_tear_down),
        cmocka_unit_test(if_match_is_read_as_a_list_of_tags),
        cmocka_unit_test_setup_teardown(a_stale_revision_changes_nothing, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(a_repeated_post_is_answered_and_not_repeated, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(a_key_whose_request_was_broken_off_is_not_carried_out_again, kit_set_up,
                                        kit_tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_forgotten_after_a_day, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(changes_at_once_are_all_made, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(of_repetitions_at_once_one_is_carried_out, kit_set_up, kit_tear_down),
        cmocka_unit_test_setup_teardown(what_a_bridge_has_not_is_501, kit_set_up_bare, kit_tear_down),
        cmocka_unit_test_setup_teardown(the_system_answers_without_credentials, kit_set_up, kit_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
