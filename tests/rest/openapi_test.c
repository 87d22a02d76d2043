#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "rest/rest_error.h"
#include "rest/rest_openapi.h"
#include "rest/rest_routes.h"
#include "rest/rest_schema.h"
#include "rest/rest_views.h"

static json_t *document;

static int set_up(void **state)
{
    (void)state;
    document = rest_openapi_document();
    assert_non_null(document);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

static const struct rest_route *find_route(const char *path, const char *method)
{
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(routes[i].path, path) == 0 && strcasecmp(http_method_name(routes[i].method), method) == 0)
            return &routes[i];
    }
    return NULL;
}

static void the_document_has_every_route_and_nothing_else(void **state)
{
    (void)state;
    size_t count, found = 0;
    const struct rest_route *routes = rest_routes(&count);
    const json_t *paths = json_object_get(document, "paths");
    for (size_t i = 0; i < count; i++) {
        char method[8] = "";
        for (size_t k = 0; http_method_name(routes[i].method)[k]; k++)
            method[k] = (char)(http_method_name(routes[i].method)[k] | 0x20);
        if (!json_object_get(json_object_get(paths, routes[i].path), method))
            fail_msg("%s %s is not in the document", method, routes[i].path);
    }
    const char *path, *method;
    json_t *operations, *operation;
    json_object_foreach ((json_t *)(uintptr_t)paths, path, operations) {
        json_object_foreach (operations, method, operation) {
            found++;
            if (!find_route(path, method)) fail_msg("%s %s is not served", method, path);
        }
    }
    assert_int_equal(found, count);
}

/* Follows every reference in the document. */
static void check_references(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
        if (strcmp(key, "$ref") == 0) {
            const char *name = json_string_value(member) + strlen("#/components/schemas/");
            const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
            if (!json_object_get(schemas, name)) fail_msg("%s is no schema", name);
        }
        check_references(member);
    }
    json_array_foreach ((json_t *)(uintptr_t)value, i, member)
        check_references(member);
}

static void every_reference_and_every_name_in_a_route_is_known(void **state)
{
    (void)state;
    check_references(document);
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    for (size_t i = 0; i < count; i++) {
        struct slice rest = slice_of(routes[i].query);
        assert_non_null(routes[i].summary);
        assert_true(routes[i].http >= 200 && routes[i].http < 300);
        assert_int_equal(routes[i].http == 204, !routes[i].answer && !routes[i].media);
        while (rest.len > 0) {
            struct slice name = slice_cut(&rest, ' ');
            if (!rest_query_parameter(name.at, name.len))
                fail_msg("%s: %.*s is no parameter", routes[i].path, SLICE_ARGS(name));
        }
    }
}

static void check_download(const char *at)
{
    static const char *const types[] = {"audio/wav", "audio/flac", "audio/ogg"};
    const json_t *path = json_object_get(json_object_get(document, "paths"), at);
    const json_t *answer = json_object_get(json_object_get(json_object_get(path, "get"), "responses"), "200");
    const json_t *content = json_object_get(answer, "content");
    assert_int_equal(json_object_size(content), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *schema = json_object_get(json_object_get(content, types[i]), "schema");
        assert_string_equal(json_string_value(json_object_get(schema, "type")), "string");
        assert_string_equal(json_string_value(json_object_get(schema, "format")), "binary");
    }
}

static void a_download_is_bytes_of_any_type_that_a_recording_can_have(void **state)
{
    (void)state;
    check_download("/apiserver/Accounts/{accountId}/Recordings/{recordingId}/Download");
    check_download("/recordings/{token}/{file}");
}

static void every_type_is_one_and_every_schema_is_used(void **state)
{
    (void)state;
    size_t count;
    char *text = json_dumps(document, 0);
    const struct rest_schema *schemas = rest_schemas(&count);
    for (size_t i = 0; i < count; i++) {
        char reference[96];
        snprintf(reference, sizeof reference, "#/components/schemas/%s\"", schemas[i].name);
        if (!strstr(text, reference)) fail_msg("%s is not used", schemas[i].name);
        for (size_t k = 0; k < schemas[i].count; k++) {
            json_t *type = rest_schema_type(schemas[i].members[k].type);
            if (!type) fail_msg("%s.%s: %s", schemas[i].name, schemas[i].members[k].name, schemas[i].members[k].type);
            json_decref(type);
        }
    }
    free(text);
}

/* Whether a value is what a type of a schema says. */
static bool is_of_type(const json_t *value, const json_t *type)
{
    const char *name = json_string_value(json_object_get(type, "type"));
    if (json_is_null(value)) return json_is_true(json_object_get(type, "nullable"));
    if (!name) return true;
    const json_t *words = json_object_get(type, "enum");
    size_t i;
    json_t *word;
    json_array_foreach ((json_t *)(uintptr_t)words, i, word) {
        if (json_equal(word, value)) return true;
    }
    if (words) return false;
    if (strcmp(name, "string") == 0) return json_is_string(value);
    if (strcmp(name, "integer") == 0) return json_is_integer(value);
    if (strcmp(name, "number") == 0) return json_is_number(value);
    if (strcmp(name, "boolean") == 0) return json_is_boolean(value);
    return strcmp(name, "object") == 0 ? json_is_object(value) : json_is_array(value);
}

/* The view has the schema's members, all of them, no other, of its types. view is given. */
static void check_view(const char *name, json_t *view)
{
    const struct rest_schema *schema = rest_schema_find(name);
    assert_non_null(schema);
    assert_non_null(view);
    for (size_t i = 0; i < schema->count; i++) {
        const json_t *value = json_object_get(view, schema->members[i].name);
        if (!value) fail_msg("%s has no %s", name, schema->members[i].name);
        json_t *type = rest_schema_type(schema->members[i].type);
        if (!is_of_type(value, type))
            fail_msg("%s.%s is no %s", name, schema->members[i].name, schema->members[i].type);
        json_decref(type);
    }
    assert_int_equal(json_object_size(view), schema->count);
    json_decref(view);
}

static void views_are_what_their_schemas_say(void **state)
{
    (void)state;
    struct store_account account = {.id = "AC1", .type = "full", .status = "active"};
    struct store_conference conference = {.id = "CF1", .play_beep = "never", .status = "internalError"};
    struct store_call call = {.id = "CA1", .from = "a", .to = "b", .status = "queued", .direction = "outboundAPI"};
    struct store_call ended = {.status = "completed",
                               .direction = "inbound",
                               .start_unix_ms = 1000,
                               .connect_unix_ms = 2500,
                               .end_unix_ms = 64000,
                               .answered_by = "human",
                               .caller_name = "Ann"};
    struct store_recording recording = {.id = "RE1", .state = "complete"};
    struct store_application application = {.id = "AP1", .voice_url = "http://a/"};
    struct store_number number = {.id = "PN1", .number = "+1"};
    struct store_log log = {.level = "info", .message = "m", .metadata = "{\"a\":1}"};
    struct store_secret secret = {.id = "SS1", .secret = "sigsec_0123456789", .created_unix_ms = 1};
    struct store_outbox webhook = {.lane = "CF1", .n = 3, .url = "http://a/", .body = "{}", .state = "dead"};
    webhook.created_unix_ms = 1;
    check_view("Account", rest_view_account(&account));
    check_view("Conference", rest_view_conference_row(&conference));
    check_view("Call", rest_view_call(&call));
    check_view("Call", rest_view_call(&ended));
    check_view("Recording", rest_view_recording(&recording, 5));
    check_view("Track", rest_view_track(&recording, "bridge"));
    check_view("Application", rest_view_application(&application));
    check_view("IncomingPhoneNumber", rest_view_number(&number));
    check_view("Log", rest_view_log(&log));
    check_view("SigningSecret", rest_view_secret(&secret, false));
    check_view("Webhook", rest_view_webhook(&webhook));
    check_view("Error", rest_error(404, 1, "Not Found", NULL));
    struct conference c = {.id = "CF1"};
    struct participant p = {.call = "CA1"};
    struct rest_quality unknown = {.round_trip_ms = -1, .level_dbfs = -127, .peak_dbfs = -127, .speech_dbfs = -127};
    struct rest_quality known = {.codec = "PCMU", .rated = true, .wideband = true, .peer_known = true};
    check_view("Participant", rest_view_participant(&c, &p, true));
    check_view("Quality", rest_view_quality(&c, &p, &unknown));
    check_view("Quality", rest_view_quality(&c, &p, &known));
}

static void a_call_has_a_duration_once_it_is_completed(void **state)
{
    (void)state;
    struct store_call row = {.status = "completed", .direction = "inbound", .start_unix_ms = 1000};
    row.connect_unix_ms = 2500;
    row.end_unix_ms = 64000;
    json_t *view = rest_view_call(&row);
    assert_int_equal(json_integer_value(json_object_get(view, "duration")), 63);
    assert_int_equal(json_integer_value(json_object_get(view, "connectDuration")), 61);
    assert_string_equal(json_string_value(json_object_get(view, "startTime")), "Thu, 01 Jan 1970 00:00:01 GMT");
    assert_string_equal(json_string_value(json_object_get(view, "connectTimeISO")), "1970-01-01T00:00:02.500Z");
    json_decref(view);
    row.status = "busy";
    view = rest_view_call(&row);
    assert_true(json_is_null(json_object_get(view, "duration")));
    assert_true(json_is_null(json_object_get(view, "connectDuration")));
    json_decref(view);
    row.status = "inProgress";
    row.end_unix_ms = 0;
    view = rest_view_call(&row);
    assert_true(json_is_null(json_object_get(view, "duration")));
    assert_true(json_is_null(json_object_get(view, "endTime")));
    json_decref(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_has_every_route_and_nothing_else),
        cmocka_unit_test(every_reference_and_every_name_in_a_route_is_known),
        cmocka_unit_test(a_download_is_bytes_of_any_type_that_a_recording_can_have),
        cmocka_unit_test(every_type_is_one_and_every_schema_is_used),
        cmocka_unit_test(views_are_what_their_schemas_say),
        cmocka_unit_test(a_call_has_a_duration_once_it_is_completed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
