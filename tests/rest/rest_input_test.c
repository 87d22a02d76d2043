#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rest/rest_input.h"

static status check_url(void *arg, const char *url, char why[FETCH_WHY_SIZE])
{
    const struct fetch_guard guard = {0};
    (void)arg;
    return fetch_guard_url(&guard, slice_of(url), why);
}

static void bodies_for_a_new_conference_are_taken_or_refused_by_member(void **state)
{
    (void)state;
    static const struct {
        const char *body, *member, *why; /* member NULL: it is fine */
    } rows[] = {
        {"", NULL, NULL},
        {"  {} ", NULL, NULL},
        {"{\"alias\":\"a\",\"playBeep\":\"never\",\"record\":true,\"whatever\":[1]}", NULL, NULL},
        {"{\"alias\":null,\"waitUrl\":null,\"statusCallbackUrl\":\"\"}", NULL, NULL},
        {"{\"waitUrl\":\"https://music.example/a.wav\"}", NULL, NULL},
        {"{\"alias\":7}", "alias", "string"},
        {"{\"alias\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "alias", "64"},
        {"{\"playBeep\":\"sometimes\"}", "playBeep", "entryOnly"},
        {"{\"playBeep\":true}", "playBeep", "string"},
        {"{\"record\":\"true\"}", "record", "true or false"},
        {"{\"waitUrl\":\"ftp://music.example/\"}", "waitUrl", "http"},
        {"{\"waitUrl\":\"http://10.0.0.5/a.wav\"}", "waitUrl", "10.0.0.5"},
        {"{\"statusCallbackUrl\":\"http://169.254.169.254/\"}", "statusCallbackUrl", "--fetch-allow"},
        {"{\"statusCallbackUrl\":{}}", "statusCallbackUrl", "string"},
        {"[]", "", "object"},
        {"{\"alias\":\"a\"", "", "line 1"},
        {"{\"alias\":\"a\",\"alias\":\"b\"}", "", "duplicate"},
        {"{\"alias\":\"\\u0000\"}", "", "NUL"},
        {"\xff", "", "line 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rest_fault fault = {0};
        struct conference_options options;
        json_t *body = NULL;
        status s = rest_input_parse(&body, slice_of(rows[i].body), &fault);
        if (s == STATUS_OK) s = rest_input_conference(&options, body, check_url, NULL, &fault);
        if ((s == STATUS_OK) != (rows[i].member == NULL)) fail_msg("%s: %s", rows[i].body, status_name(s));
        if (s != STATUS_OK) {
            assert_string_equal(fault.member, rows[i].member);
            if (!strstr(fault.why, rows[i].why)) fail_msg("%s: %s", rows[i].body, fault.why);
        }
        json_decref(body);
    }
}

static void an_update_becomes_events_in_a_fixed_order(void **state)
{
    (void)state;
    struct conference_event events[REST_UPDATE_EVENTS];
    struct rest_fault fault;
    size_t count = 9;
    json_t *body = json_pack("{s:s, s:s, s:s}", "status", "terminated", "playBeep", "never", "alias", "x");
    assert_int_equal(rest_input_conference_update(events, &count, body, &fault), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(events[0].type, CONFERENCE_SET_ATTRIBUTES);
    assert_true(events[0].set_alias && events[0].set_play_beep);
    assert_int_equal(events[1].type, CONFERENCE_TERMINATE);
    json_decref(body);
    body = json_pack("{s:s}", "status", "inProgress");
    assert_int_equal(rest_input_conference_update(events, &count, body, &fault), STATUS_INVALID);
    assert_string_equal(fault.member, "status");
    json_decref(body);
}

static void a_participant_keeps_what_is_not_said(void **state)
{
    (void)state;
    struct conference_event event = {.call = "CA"};
    struct rest_fault fault;
    json_t *body = json_pack("{s:b}", "talk", 0);
    assert_int_equal(rest_input_participant(&event, body, &fault), STATUS_OK);
    assert_true(event.set_talk && !event.talk && !event.set_listen && !event.set_dtmf);
    json_decref(body);
    body = json_pack("{s:b, s:s}", "talk", 1, "listen", "no");
    assert_int_equal(rest_input_participant(&event, body, &fault), STATUS_INVALID);
    assert_string_equal(fault.member, "listen");
    assert_false(event.talk);
    json_decref(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_for_a_new_conference_are_taken_or_refused_by_member),
        cmocka_unit_test(an_update_becomes_events_in_a_fixed_order),
        cmocka_unit_test(a_participant_keeps_what_is_not_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
