#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/dialog_record.h"

static const char whole[] =
    "{\"role\":\"uac\",\"call_id\":\"c\",\"local_uri\":\"<sip:me@h>\",\"local_tag\":\"l\",\"remote_uri\":\"<sip:you@h>"
    "\","
    "\"remote_tag\":\"r\",\"local_cseq\":7,\"remote_cseq\":4294967295,\"remote_target\":\"sip:you@10.0.0.2\","
    "\"transport\":\"udp\",\"source\":\"10.0.0.2:5060\",\"local\":\"10.0.0.1:5060\",\"confirmed\":true,"
    "\"session_expires_s\":1800,\"we_refresh\":true,\"peer_allows_update\":true,\"sdp_version\":3,\"local_sdp\":\"v="
    "0\","
    "\"remote_sdp\":\"v=0\\r\\n\",\"route_set\":[\"<sip:p1;lr>\",\"<sip:p2;lr>\"]}";

static void a_record_survives_a_round_trip(void **state)
{
    (void)state;
    json_t *object = json_loads(whole, 0, NULL);
    struct dialog_record r;
    struct fault fault = {0, ""};
    assert_int_equal(dialog_record_from_json(&r, object, &fault), STATUS_OK);
    assert_int_equal(r.role, DIALOG_UAC);
    assert_string_equal(r.remote_tag, "r");
    assert_int_equal(r.remote_cseq, UINT32_MAX);
    assert_int_equal(json_array_size(r.route_set), 2);
    json_t *again = dialog_record_to_json(&r);
    assert_true(json_equal(object, again));
    json_decref(again);
    json_decref(object);
    dialog_record_clear(&r);
    assert_null(r.call_id);
}

static void no_key_gets_into_a_record(void **state)
{
    (void)state;
    json_t *object = json_loads(whole, 0, NULL);
    struct fault fault = {0, ""};
    struct dialog_record r;
    static const char with_key[] = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET\r\na=sendrecv\r\n";
    json_object_set_new(object, "local_sdp", json_string(with_key));
    json_object_set_new(object, "remote_sdp", json_string(with_key));
    assert_int_equal(dialog_record_from_json(&r, object, &fault), STATUS_OK);
    json_t *again = dialog_record_to_json(&r);
    char *text = json_dumps(again, 0);
    assert_null(strstr(text, "SECRET"));
    assert_string_equal(json_string_value(json_object_get(again, "local_sdp")), "v=0\r\na=sendrecv\r\n");
    free(text);
    json_decref(again);
    json_decref(object);
    dialog_record_clear(&r);
}

static void what_is_missing_or_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *member, *value;
    } rows[] = {
        {"role", NULL},       {"role", "\"proxy\""},
        {"call_id", NULL},    {"local_tag", "5"},
        {"remote_uri", NULL}, {"local_cseq", "-1"},
        {"local_cseq", NULL}, {"remote_cseq", "4294967296"},
        {"transport", NULL},  {"confirmed", "1"},
        {"route_set", NULL},  {"route_set", "[1]"},
        {"route_set", "{}"},  {"session_expires_s", "\"1\""},
        {"we_refresh", "0"},  {"local_sdp", "[]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *object = json_loads(whole, 0, NULL);
        json_object_del(object, rows[i].member);
        if (rows[i].value)
            json_object_set_new(object, rows[i].member, json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
        struct dialog_record r;
        struct fault fault = {0, ""};
        assert_int_equal(dialog_record_from_json(&r, object, &fault), STATUS_INVALID);
        assert_string_equal(fault.what, rows[i].member);
        json_decref(object);
    }
}

static void a_peer_without_a_tag_and_with_foreign_bytes_is_recorded(void **state)
{
    (void)state;
    json_t *object = json_loads(whole, 0, NULL);
    json_object_del(object, "remote_tag");
    struct dialog_record r;
    struct fault fault;
    assert_int_equal(dialog_record_from_json(&r, object, &fault), STATUS_OK);
    assert_null(r.remote_tag);
    memcpy(r.call_id, "\xFF", 1);
    json_t *again = dialog_record_to_json(&r);
    assert_null(json_object_get(again, "remote_tag"));
    assert_string_equal(json_string_value(json_object_get(again, "call_id")), "\xEF\xBF\xBD");
    json_decref(again);
    json_decref(object);
    dialog_record_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_survives_a_round_trip),
        cmocka_unit_test(no_key_gets_into_a_record),
        cmocka_unit_test(what_is_missing_or_wrong_is_named),
        cmocka_unit_test(a_peer_without_a_tag_and_with_foreign_bytes_is_recorded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
