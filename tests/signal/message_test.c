#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/message.h"

#define CALL "CA0123456789abcdef0123456789abcdef01234567"

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *object = json_loads(text, 0, &error);
    if (!object) fail_msg("%s in %s", error.text, text);
    return object;
}

/** The message of this text is read, said again, and is the same object. */
static void check_round_trip(const char *text)
{
    json_t *object = parse(text);
    struct signal_message m;
    struct fault fault = {0, NULL};
    if (signal_message_from_json(&m, object, &fault) != STATUS_OK) fail_msg("%s: %s", text, fault.what);
    json_t *again = signal_message_to_json(&m);
    assert_non_null(again);
    if (!json_equal(object, again)) fail_msg("%s became %s", text, json_dumps(again, JSON_COMPACT));
    json_decref(again);
    json_decref(object);
    signal_message_clear(&m);
}

static void every_type_survives_a_round_trip(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"type\":\"hello\",\"version\":\"0.1\",\"epoch\":\"e\",\"calls\":[\"" CALL
        "\"],\"listeners\":[\"sip:[::1]:5060\"]}",
        "{\"type\":\"invite\",\"call\":\"" CALL "\",\"transport\":\"udp\",\"source\":\"192.0.2.1:5060\",\"local\":"
        "\"192.0.2.9:5060\",\"request_uri\":\"sip:room;listen=false@h\",\"from_uri\":\"sip:a@b\",\"from_display\":"
        "\"A\","
        "\"to_uri\":\"sip:room@h\",\"sip_call_id\":\"x@y\",\"identity\":\"sip:+1@t\",\"headers\":{\"X-A\":\"1\"},"
        "\"sdp\":"
        "\"v=0\\r\\n\",\"supports_100rel\":true,\"requires_100rel\":true}",
        "{\"type\":\"cancel\",\"call\":\"" CALL "\"}",
        "{\"type\":\"ack\",\"call\":\"" CALL "\",\"sdp\":\"v=0\\r\\n\"}",
        "{\"type\":\"prack\",\"call\":\"" CALL "\"}",
        "{\"type\":\"reinvite\",\"call\":\"" CALL "\",\"transaction\":4294967295}",
        "{\"type\":\"update\",\"call\":\"" CALL "\",\"transaction\":2,\"sdp\":\"v=0\"}",
        "{\"type\":\"info\",\"call\":\"" CALL "\",\"content_type\":\"application/dtmf-relay\",\"body\":\"Signal=5\"}",
        "{\"type\":\"bye\",\"call\":\"" CALL "\"}",
        "{\"type\":\"ended\",\"call\":\"" CALL "\",\"code\":408,\"reason\":\"no ACK\"}",
        "{\"type\":\"dialog\",\"call\":\"" CALL "\",\"record\":{\"role\":\"uas\"}}",
        "{\"type\":\"response\",\"call\":\"" CALL
        "\",\"transaction\":7,\"code\":200,\"reason\":\"OK\",\"sdp\":\"v=0\"}",
        "{\"type\":\"progress\",\"call\":\"" CALL "\",\"code\":183,\"sdp\":\"v=0\",\"reliable\":true}",
        "{\"type\":\"answer\",\"call\":\"" CALL "\",\"sdp\":\"v=0\"}",
        "{\"type\":\"reject\",\"call\":\"" CALL
        "\",\"code\":503,\"reason\":\"Full\",\"headers\":{\"Retry-After\":\"5\"}}",
        "{\"type\":\"accept\",\"call\":\"" CALL "\",\"transaction\":1,\"sdp\":\"v=0\"}",
        "{\"type\":\"refuse\",\"call\":\"" CALL "\",\"transaction\":1,\"code\":488,\"reason\":\"No\"}",
        "{\"type\":\"modify\",\"call\":\"" CALL "\",\"transaction\":3,\"sdp\":\"v=0\"}",
        "{\"type\":\"hangup\",\"call\":\"" CALL "\",\"code\":480,\"reason\":\"gone\"}",
        "{\"type\":\"dial\",\"call\":\"" CALL
        "\",\"to_uri\":\"sip:b@c\",\"from_uri\":\"sip:a@b\",\"from_display\":\"A\",\"identity\":\"sip:+1@t\","
        "\"sdp\":\"v=0\",\"headers\":{\"X-A\":\"1\"},\"route\":\"[::1]:5070\",\"transport\":\"tcp\",\"user\":\"u\","
        "\"password\":\"p\",\"timeout_s\":60,\"private_only\":true}",
        "{\"type\":\"load\",\"accepting\":false,\"retry_after_s\":5}",
        "{\"type\":\"register\",\"registration\":\"carrier\",\"to_uri\":\"sip:u@c\",\"route\":\"c:5060\","
        "\"transport\":\"udp\",\"user\":\"u\",\"password\":\"p\",\"expires_s\":0}",
        "{\"type\":\"located\",\"call\":\"" CALL
        "\",\"transport\":\"udp\",\"source\":\"192.0.2.1:5060\",\"local\":\"192.0.2.9:5060\"}",
        "{\"type\":\"offer\",\"call\":\"" CALL "\",\"sdp\":\"v=0\"}",
        "{\"type\":\"registered\",\"registration\":\"carrier\",\"code\":200,\"reason\":\"OK\",\"expires_s\":3600}",
    };
    assert_int_equal(sizeof rows / sizeof rows[0], SIGNAL_TYPES);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_round_trip(rows[i]);
}

static void an_answer_may_lack_its_sdp(void **state)
{
    (void)state;
    check_round_trip("{\"type\":\"answer\",\"call\":\"" CALL "\",\"code\":200}");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *what;
    } rows[] = {
        {"{}", "type"},
        {"[]", "type"},
        {"{\"type\":3}", "type"},
        {"{\"type\":\"spam\",\"call\":\"" CALL "\"}", "type"},
        {"{\"type\":\"bye\"}", "call"},
        {"{\"type\":\"bye\",\"call\":\"CA12\"}", "call"},
        {"{\"type\":\"bye\",\"call\":\"" CALL "0\"}", "call"},
        {"{\"type\":\"bye\",\"call\":[]}", "call"},
        {"{\"type\":\"hello\",\"version\":\"1\"}", "epoch"},
        {"{\"type\":\"hello\",\"version\":\"1\",\"epoch\":\"e\",\"calls\":{}}", "calls"},
        {"{\"type\":\"ended\",\"call\":\"" CALL "\"}", "reason"},
        {"{\"type\":\"answer\",\"call\":\"" CALL "\",\"sdp\":1}", "sdp"},
        {"{\"type\":\"progress\",\"call\":\"" CALL "\",\"code\":99}", "code"},
        {"{\"type\":\"progress\",\"call\":\"" CALL "\",\"code\":700}", "code"},
        {"{\"type\":\"progress\",\"call\":\"" CALL "\",\"code\":180.0}", "code"},
        {"{\"type\":\"progress\",\"call\":\"" CALL "\",\"code\":180,\"reliable\":1}", "reliable"},
        {"{\"type\":\"accept\",\"call\":\"" CALL "\"}", "transaction"},
        {"{\"type\":\"accept\",\"call\":\"" CALL "\",\"transaction\":-1}", "transaction"},
        {"{\"type\":\"accept\",\"call\":\"" CALL "\",\"transaction\":4294967296}", "transaction"},
        {"{\"type\":\"dialog\",\"call\":\"" CALL "\",\"record\":\"r\"}", "record"},
        {"{\"type\":\"load\"}", "accepting"},
        {"{\"type\":\"offer\",\"call\":\"" CALL "\"}", "sdp"},
        {"{\"type\":\"located\",\"call\":\"" CALL "\",\"transport\":\"udp\",\"source\":\"a\"}", "local"},
        {"{\"type\":\"dial\",\"call\":\"" CALL "\",\"to_uri\":\"sip:b@c\",\"sdp\":\"v=0\"}", "from_uri"},
        {"{\"type\":\"register\",\"registration\":\"c\",\"to_uri\":\"sip:u@c\"}", "expires_s"},
        {"{\"type\":\"register\",\"to_uri\":\"sip:u@c\",\"expires_s\":1}", "registration"},
        {"{\"type\":\"registered\",\"registration\":\"c\",\"expires_s\":1}", "code"},
        {"{\"type\":\"load\",\"accepting\":null}", "accepting"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *object = parse(rows[i].text);
        struct signal_message m;
        struct fault fault = {0, "none"};
        if (signal_message_from_json(&m, object, &fault) != STATUS_INVALID) fail_msg("accepted: %s", rows[i].text);
        if (strcmp(fault.what, rows[i].what) != 0) fail_msg("%s named %s", rows[i].text, fault.what);
        json_decref(object);
    }
}

static void unknown_members_are_ignored(void **state)
{
    (void)state;
    json_t *object = parse("{\"type\":\"bye\",\"call\":\"" CALL "\",\"colour\":\"blue\",\"n\":[1]}");
    struct signal_message m;
    struct fault fault;
    assert_int_equal(signal_message_from_json(&m, object, &fault), STATUS_OK);
    assert_int_equal(m.type, SIGNAL_BYE);
    assert_string_equal(m.call, CALL);
    signal_message_clear(&m);
    json_decref(object);
}

static void bytes_that_break_utf8_become_the_replacement_character(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } rows[] = {
        {"", 0, ""},
        {"plain", 5, "plain"},
        {"gr\xC3\xBC\xC3\x9F", 6, "gr\xC3\xBC\xC3\x9F"},
        {"\xE2\x82\xAC\xF0\x9F\x93\x9E", 7, "\xE2\x82\xAC\xF0\x9F\x93\x9E"},
        {"a\xFF"
         "b",
         3,
         "a\xEF\xBF\xBD"
         "b"},
        {"\xC3", 1, "\xEF\xBF\xBD"},
        {"\xC0\x80", 2, "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xE0\x9F\xBF", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a\0b", 3,
         "a\xEF\xBF\xBD"
         "b"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = signal_text((struct slice){rows[i].in, rows[i].len});
        assert_string_equal(text, rows[i].out);
        free(text);
    }
    assert_null(signal_text((struct slice){NULL, 0}));
}

static void text_that_is_not_utf8_does_not_stop_a_message(void **state)
{
    (void)state;
    struct signal_message m;
    signal_message_init(&m, SIGNAL_INFO, CALL);
    m.content_type = strdup("a/b");
    m.body = strdup("x\xFFy");
    json_t *object = signal_message_to_json(&m);
    assert_string_equal(json_string_value(json_object_get(object, "body")), "x\xEF\xBF\xBDy");
    json_decref(object);
    signal_message_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_survives_a_round_trip),
        cmocka_unit_test(an_answer_may_lack_its_sdp),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(bytes_that_break_utf8_become_the_replacement_character),
        cmocka_unit_test(text_that_is_not_utf8_does_not_stop_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
