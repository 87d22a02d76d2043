/**
 * @file conference_memory_test.c  Every allocation of a conference fails once (the linker wraps malloc and its kin).
 *
 * After each failure the conference and the list of effects must be as they were, and the same event must succeed once
 * memory is back. Leaks show in a build with the address sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../short_memory.h"
#include "conf/conference.h"

static const struct conference_options options = {.record = true,
                                                  .wait_url = "http://example.net/wait.wav",
                                                  .status_callback_url = "http://example.net/status",
                                                  .action_url = "http://example.net/action"};

static void creation_fails_whole(void **state)
{
    (void)state;
    struct conference *c = NULL;
    int failures = 0;
    for (int n = 1;; n++, failures++) {
        memory_fail_at(n);
        status s = conference_create(&c, "CF1", "AC1", &options, 0);
        if (memory_sufficed()) {
            assert_int_equal(s, STATUS_OK);
            break;
        }
        assert_int_equal(s, STATUS_NO_MEMORY);
        assert_null(c);
    }
    assert_int_equal(failures, 4); /* the struct and three strings */
    conference_destroy(c);
}

static int clone_failing(const struct conference *c)
{
    struct conference *copy = NULL;
    for (int n = 1;; n++) {
        memory_fail_at(n);
        status s = conference_clone(&copy, c);
        if (memory_sufficed()) {
            assert_int_equal(s, STATUS_OK);
            conference_destroy(copy);
            return n - 1;
        }
        assert_int_equal(s, STATUS_NO_MEMORY);
        assert_null(copy);
    }
}

static void apply_failing(struct conference *c, const struct conference_event *event,
                          struct conference_effects *effects, int *failures)
{
    for (int n = 1;; n++) {
        struct conference before = *c;
        struct conference_effects list_before = *effects;
        memory_fail_at(n);
        status s = conference_apply(c, event, 0, effects);
        if (memory_sufficed()) {
            assert_int_equal(s, STATUS_OK);
            return;
        }
        assert_int_equal(s, STATUS_NO_MEMORY);
        assert_memory_equal(c, &before, sizeof before);
        assert_int_equal(effects->count, list_before.count);
        ++*failures;
    }
}

static void an_event_that_finds_no_memory_has_not_happened(void **state)
{
    (void)state;
    const struct conference_event events[] = {
        {.type = CONFERENCE_OPEN},
        {.type = CONFERENCE_JOIN, .call = "A", .talk = true, .listen = true},
        {.type = CONFERENCE_JOIN, .call = "B", .talk = true, .listen = true, .start = true},
        {.type = CONFERENCE_UPDATE, .call = "B", .set_talk = true},
        {.type = CONFERENCE_SET_ATTRIBUTES, .set_alias = true, .alias = slice_of("b")},
        {.type = CONFERENCE_LEAVE, .call = "A"},
        {.type = CONFERENCE_MAKE_EMPTY},
        {.type = CONFERENCE_JOIN, .call = "A", .start = true},
        {.type = CONFERENCE_TERMINATE},
        {.type = CONFERENCE_RECORDED, .recording = "RE1"},
    };
    struct conference *c;
    struct conference_effects effects = {0};
    int failures = 0;
    assert_int_equal(conference_create(&c, "CF1", "AC1", &options, 0), STATUS_OK);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        conference_effects_clear(&effects); /* so that every event has to take room for its effects */
        apply_failing(c, &events[i], &effects, &failures);
        if (i == 2) assert_int_equal(clone_failing(c), 4 + 2);
    }
    assert_int_equal(failures, 10 + 3); /* a list for each event, a participant for each join */
    assert_int_equal(c->events, 9);
    conference_effects_clear(&effects);
    conference_destroy(c);
}

static void effects_are_appended_to_those_that_are_there(void **state)
{
    (void)state;
    struct conference *c;
    struct conference_effects effects = {0};
    assert_int_equal(conference_create(&c, "CF1", "AC1", &options, 0), STATUS_OK);
    struct conference_event event = {.type = CONFERENCE_OPEN};
    assert_int_equal(conference_apply(c, &event, 0, &effects), STATUS_OK);
    event = (struct conference_event){.type = CONFERENCE_JOIN, .listen = true};
    enum { CROWD = 1000 };
    char calls[CROWD][8];
    for (int i = 0; i < CROWD; i++) {
        snprintf(calls[i], sizeof calls[i], "CA%d", i);
        event.call = calls[i];
        assert_int_equal(conference_apply(c, &event, 0, &effects), STATUS_OK);
    }
    assert_int_equal(effects.items[0].type, EFFECT_SAVE);
    effects.count = 0;
    event = (struct conference_event){.type = CONFERENCE_TERMINATE};
    assert_int_equal(conference_apply(c, &event, 0, &effects), STATUS_OK);
    assert_int_equal(effects.count, 2 * CROWD + 5); /* save, audio, empty, terminated, closed */
    conference_effects_clear(&effects);
    conference_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creation_fails_whole),
        cmocka_unit_test(an_event_that_finds_no_memory_has_not_happened),
        cmocka_unit_test(effects_are_appended_to_those_that_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
