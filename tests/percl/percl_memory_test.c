/**
 * @file percl_memory_test.c  Every allocation of a script, a runner and a webhook's body fails once (the linker wraps
 * malloc and its kin; jansson is given the wrapped ones). Scripts begin with JSON that was read: jansson's own reader
 * can lose a byte without a word where memory is short.
 *
 * After each failure the same event must bring the same effects once memory is back. Leaks show in a build with the
 * address sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../short_memory.h"
#include "percl_player.h"

#define CF "CF0123456789012345678901234567890123456789"

static const char script_text[] =
    "[{\"CreateConference\":{\"actionUrl\":\"http://a\",\"alias\":\"x\",\"waitUrl\":\"http://w\",\"colour\":1}},"
    "{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"allowCallControl\":true,\"callControlSequence\":\"1\","
    "\"callControlUrl\":\"http://k\",\"leaveConferenceUrl\":\"http://l\",\"notificationUrl\":\"http://n\"}},"
    "{\"GetDigits\":{\"actionUrl\":\"http://d\",\"prompts\":[{\"Say\":{\"text\":\"a\"}},{\"Pause\":{\"length\":1}}]}},"
    "{\"SendDigits\":{\"digits\":\"1\"}},{\"Say\":{\"text\":\"b\",\"engine\":{\"name\":\"e\"}}}]";

static void a_script_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct percl_script *script = NULL;
    struct percl_fault fault;
    json_t *value = json_loads(script_text, 0, NULL);
    int failures = 0;
    for (int n = 1;; n++, failures++) {
        memory_fail_at(n);
        status s = percl_parse_json(&script, value, &fault);
        if (memory_sufficed()) {
            assert_int_equal(s, STATUS_OK);
            break;
        }
        assert_int_equal(s, STATUS_NO_MEMORY);
        assert_null(script);
    }
    assert_true(failures >= 17);
    assert_int_equal(script->count, 5);
    percl_script_destroy(script);
    json_decref(value);
}

static void a_runner_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    struct percl_run *run = NULL;
    int failures = 0;
    for (int n = 1;; n++, failures++) {
        memory_fail_at(n);
        status s = percl_run_create(&run, CF, "http://f");
        if (memory_sufficed()) break;
        assert_int_equal(s, STATUS_NO_MEMORY);
        assert_null(run);
    }
    assert_int_equal(failures, 2);
    percl_run_destroy(run);
}

static void a_body_is_built_whole_or_not_at_all(void **state)
{
    (void)state;
    const struct percl_call_facts call = {.call = "CA1", .account = "AC1", .from = "a"};
    const struct percl_recording recording = {.id = "RE1", .url = "http://r"};
    const struct percl_extra extra = {.recording = &recording, .term_reason = "hangup"};
    for (int n = 1;; n++) {
        memory_fail_at(n);
        json_t *body = percl_webhook_body(PERCL_HOOK_RECORD, &call, &extra);
        if (memory_sufficed()) {
            assert_string_equal(json_string_value(json_object_get(body, "recordingId")), "RE1");
            json_decref(body);
            break;
        }
        assert_null(body);
    }
}

static const struct line life[] = {
    {"start", "ask 1 inboundCall http://v"},
    {"script 1 [{'Play':{'file':'http://f'}},{'GetDigits':{'actionUrl':'http://d'}}]", "answer"},
    {"answered", "play 2 http://f"},
    {"key 1", ""},
    {"played 2", "collect 1"},
    {"wait 3000", "collect 0; ask 3 getDigits http://d digits=1 reason=timeout"},
    {"script 3 [{'AddToConference':{'conferenceId':'$1','leaveConferenceUrl':'http://l'}}]", "add @0 $1 t1 l1 d1 s1"},
    {"joined $1", ""},
    {"add $2", "leave $1; post 4 leaveConference http://l $1; add @0 $2 t1 l0 d0 s0"},
    {"joined $2", ""},
    {"left $2 removed", "ask 5 leaveConference http://added $2"},
    {"script 5 {}", "error: a script must be an array of commands; hangup appInvalidPercl"},
};

enum { LINES = sizeof life / sizeof *life };

static void apply_line(struct player *p, const struct line *line)
{
    struct buffer out;
    buffer_init(&out);
    assert_int_equal(player_apply(p, line->event, &out), STATUS_OK);
    assert_string_equal(buffer_text(&out), line->effects);
    buffer_clear(&out);
}

/** Applies the events before the one that is to meet with short memory. The list of effects starts empty there. */
static void lead_to(struct player *p, size_t line)
{
    player_open(p, false);
    for (size_t i = 0; i < line; i++)
        apply_line(p, &life[i]);
    percl_effects_clear(&p->effects);
}

/** The event of a line with the n-th allocation of the runner itself failing. @return whether it did */
static bool fails_at(struct player *p, const struct percl_event *event, int n)
{
    memory_fail_at(n);
    status s = percl_run_apply(p->run, event, p->now_us, &p->effects);
    if (memory_sufficed()) {
        assert_int_equal(s, STATUS_OK);
        return false;
    }
    assert_int_equal(s, STATUS_NO_MEMORY);
    assert_int_equal(p->effects.count, 0);
    return true;
}

static void an_event_that_fails_for_want_of_memory_can_be_repeated(void **state)
{
    (void)state;
    static const char control[] = "http://c";
    char sequence[] = "12", control_url[sizeof control], leave_url[] = "http://added", notify_url[] = "http://n";
    memcpy(control_url, control, sizeof control);
    struct percl_add_to_conference add = {.talk = true,
                                          .leave_conference_url = leave_url,
                                          .notification_url = notify_url,
                                          .call_control_sequence = sequence,
                                          .call_control_url = control_url};
    memset(add.conference, '2', ID_LENGTH);
    memcpy(add.conference, "CF", 2);
    static const enum percl_event_type types[] = {PERCL_ON_ANSWERED, PERCL_ON_KEY, PERCL_ON_ADD, PERCL_ON_OVER};
    static const size_t lines[] = {2, 3, 8, 9};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct percl_event event = {.type = types[i], .key = '1', .add = &add};
        struct player p;
        lead_to(&p, lines[i]);
        int failures = 0;
        while (fails_at(&p, &event, failures + 1))
            failures++;
        assert_int_equal(failures, types[i] == PERCL_ON_ADD ? 5 : 1);
        player_close(&p);
    }
}

static void a_script_that_was_not_taken_is_still_the_givers(void **state)
{
    (void)state;
    struct player p;
    lead_to(&p, 6);
    struct percl_event event = {.type = PERCL_ON_SCRIPT, .id = 3};
    struct percl_fault fault;
    assert_int_equal(percl_parse(&event.script, slice_of("[{\"Hangup\":{}}]"), &fault), STATUS_OK);
    assert_true(fails_at(&p, &event, 1));
    assert_int_equal(event.script->count, 1);
    assert_false(fails_at(&p, &event, 2));
    assert_int_equal(p.effects.items[0].type, PERCL_DO_HANGUP);
    player_close(&p);
}

static void what_is_due_stays_due_when_memory_was_short(void **state)
{
    (void)state;
    struct player p;
    lead_to(&p, 5);
    p.now_us += 3000000;
    memory_fail_at(1);
    assert_int_equal(percl_run_expire(p.run, p.now_us, &p.effects), STATUS_NO_MEMORY);
    assert_true(percl_run_deadline(p.run) <= p.now_us);
    memory_fail_at(0);
    for (size_t i = 5; i < LINES; i++) {
        p.now_us -= i == 5 ? 3000000 : 0;
        apply_line(&p, &life[i]);
    }
    player_close(&p);
}

int main(void)
{
    json_set_alloc_funcs(malloc, free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_runner_is_made_whole_or_not_at_all),
        cmocka_unit_test(a_body_is_built_whole_or_not_at_all),
        cmocka_unit_test(an_event_that_fails_for_want_of_memory_can_be_repeated),
        cmocka_unit_test(a_script_that_was_not_taken_is_still_the_givers),
        cmocka_unit_test(what_is_due_stays_due_when_memory_was_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
