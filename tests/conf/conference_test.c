#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "conf/conference.h"

/* ---- A table: an event a row, and its effects as a line of words ---- */

struct row {
    struct conference_event event;
    status result;
    const char *effects; /**< "" for none */
};

static const char *const audio_names[] = {"none", "wait", "mix"};
static const char *const reason_names[] = {"terminated", "emptied", "removed", "error"};

static void put_voice(struct buffer *b, const struct participant_voice *v)
{
    if (v->gain_db != 0) buffer_printf(b, " %+d dB", v->gain_db);
    if (v->noise_suppression) buffer_append_text(b, " suppressed");
    if (v->automatic_gain) buffer_append_text(b, " automatic");
}

static void put_effect(struct buffer *b, const struct conference_effect *e)
{
    if (b->len > 0) buffer_append_text(b, "; ");
    switch (e->type) {
    case EFFECT_AUDIO: buffer_printf(b, "audio %s", audio_names[e->audio]); break;
    case EFFECT_LEG_IN:
        buffer_printf(b, "in %s t%d l%d d%d", e->call, e->talk, e->listen, e->on);
        put_voice(b, &e->voice);
        break;
    case EFFECT_LEG_ROLES: buffer_printf(b, "roles %s t%d l%d", e->call, e->talk, e->listen); break;
    case EFFECT_LEG_DTMF: buffer_printf(b, "digits %s %d", e->call, e->on); break;
    case EFFECT_LEG_VOICE:
        buffer_printf(b, "voice %s", e->call);
        put_voice(b, &e->voice);
        break;
    case EFFECT_LEG_OUT: buffer_printf(b, "out %s", e->call); break;
    case EFFECT_BEEP: buffer_append_text(b, e->beep == CONFERENCE_BEEP_ENTER ? "beep enter" : "beep exit"); break;
    case EFFECT_RECORD_START: buffer_append_text(b, "record"); break;
    case EFFECT_RECORD_STOP: buffer_append_text(b, "stop"); break;
    case EFFECT_CALL_LEFT:
        buffer_printf(b, "left %s", e->call);
        if (e->put_out) buffer_printf(b, " %s", reason_names[e->reason]);
        break;
    case EFFECT_JOINED: buffer_printf(b, "joined %s", e->call); break;
    case EFFECT_STATUS: buffer_printf(b, "%u %s", e->event, conference_status_name(e->status)); break;
    case EFFECT_RECORDED: buffer_printf(b, "%u recorded %s", e->event, e->recording); break;
    case EFFECT_SAVE: buffer_append_text(b, "save"); break;
    case EFFECT_CLOSED: buffer_append_text(b, "closed"); break;
    }
}

static void play(struct conference *c, const struct row *rows, size_t count)
{
    struct conference_effects effects = {0};
    for (size_t i = 0; i < count; i++) {
        struct buffer line;
        buffer_init(&line);
        effects.count = 0;
        assert_int_equal(conference_apply(c, &rows[i].event, (int64_t)i, &effects), rows[i].result);
        for (size_t k = 0; k < effects.count; k++)
            put_effect(&line, &effects.items[k]);
        assert_string_equal(buffer_text(&line), rows[i].effects);
        buffer_clear(&line);
    }
    conference_effects_clear(&effects);
}

#define PLAY(c, rows) play(c, rows, sizeof(rows) / sizeof(*(rows)))
#define OPEN                                                                                                           \
    {                                                                                                                  \
        .type = CONFERENCE_OPEN                                                                                        \
    }
#define JOIN(who, moderator)                                                                                           \
    {                                                                                                                  \
        .type = CONFERENCE_JOIN, .call = who, .talk = true, .listen = true, .start = moderator                         \
    }
#define ABOUT(kind, who)                                                                                               \
    {                                                                                                                  \
        .type = kind, .call = who                                                                                      \
    }

static struct conference *created(bool record, enum play_beep beep, uint32_t participants_max)
{
    struct conference_options options = {
        .alias = slice_of("standup"), .record = record, .play_beep = beep, .participants_max = participants_max};
    struct conference *c;
    assert_int_equal(conference_create(&c, "CF1", "AC1", &options, 7), STATUS_OK);
    return c;
}

/* ---- Life ---- */

static void a_life_has_its_effects_in_the_documented_order(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {JOIN("A", false), STATUS_CONFLICT, ""},
        {OPEN, STATUS_OK, "save; 1 empty"},
        {OPEN, STATUS_CONFLICT, ""},
        {JOIN("A", false), STATUS_OK, "save; audio wait; in A t1 l1 d0; beep enter; joined A; 2 populated"},
        {JOIN("A", true), STATUS_EXISTS, ""},
        {JOIN("B", false), STATUS_OK, "in B t1 l1 d0; beep enter; joined B"},
        {JOIN("M", true), STATUS_OK, "save; audio mix; record; in M t1 l1 d0; beep enter; joined M; 3 inProgress"},
        {ABOUT(CONFERENCE_LEAVE, "M"), STATUS_OK, "out M; beep exit; left M"},
        {ABOUT(CONFERENCE_LEAVE, "M"), STATUS_NOT_FOUND, ""},
        {ABOUT(CONFERENCE_REMOVE, "A"), STATUS_OK, "out A; beep exit; left A removed"},
        {ABOUT(CONFERENCE_LEAVE, "B"), STATUS_OK, "save; out B; stop; audio none; left B; 4 empty"},
        {{.type = CONFERENCE_RECORDED, .recording = "RE1"}, STATUS_OK, "save; 5 recorded RE1"},
        {{.type = CONFERENCE_MAKE_EMPTY}, STATUS_OK, ""},
        {{.type = CONFERENCE_TERMINATE}, STATUS_OK, "save; 6 terminated; closed"},
    };
    struct conference *c = created(true, PLAY_BEEP_ALWAYS, 0);
    PLAY(c, rows);
    assert_int_equal(c->revision, 5); /* a revision a transition; the recording took an event number only */
    assert_int_equal(c->events, 6);
    conference_destroy(c);
}

static void a_moderator_who_comes_first_brings_the_mix_at_once_and_both_callbacks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {JOIN("M", true), STATUS_OK, "save; audio mix; record; in M t1 l1 d0; joined M; 2 populated; 3 inProgress"},
    };
    struct conference *c = created(true, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    assert_int_equal(c->revision, 3);
    conference_destroy(c);
}

static void a_conference_populated_twice_more_makes_a_recording_each_time(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {JOIN("A", false), STATUS_OK, "save; audio wait; in A t1 l1 d0; joined A; 2 populated"},
        {{.type = CONFERENCE_MAKE_EMPTY}, STATUS_OK, "save; out A; audio none; left A emptied; 3 empty"},
        {JOIN("A", true), STATUS_OK, "save; audio mix; record; in A t1 l1 d0; joined A; 4 populated; 5 inProgress"},
        {ABOUT(CONFERENCE_LEAVE, "A"), STATUS_OK, "save; out A; stop; audio none; left A; 6 empty"},
        {JOIN("B", false), STATUS_OK, "save; audio wait; in B t1 l1 d0; joined B; 7 populated"},
        {JOIN("A", true), STATUS_OK, "save; audio mix; record; in A t1 l1 d0; joined A; 8 inProgress"},
        {{.type = CONFERENCE_MAKE_EMPTY},
         STATUS_OK,
         "save; out B; out A; stop; audio none; left B emptied; left A emptied; 9 empty"},
    };
    struct conference *c = created(true, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    assert_int_equal(c->revision, 9);
    conference_destroy(c);
}

static void a_terminated_conference_refuses_everything_but_the_news_of_its_recording(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {JOIN("A", true), STATUS_OK,
         "save; audio mix; record; in A t1 l1 d0; beep enter; joined A; 2 populated; 3 inProgress"},
        {{.type = CONFERENCE_TERMINATE},
         STATUS_OK,
         "save; out A; stop; audio none; left A terminated; 4 empty; 5 terminated; closed"},
        {JOIN("A", true), STATUS_NOT_FOUND, ""},
        {JOIN("B", false), STATUS_NOT_FOUND, ""},
        {OPEN, STATUS_NOT_FOUND, ""},
        {ABOUT(CONFERENCE_LEAVE, "A"), STATUS_NOT_FOUND, ""},
        {ABOUT(CONFERENCE_SET_TALK, "A"), STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_alias = true}, STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_MAKE_EMPTY}, STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_TERMINATE}, STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_FAIL}, STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_RECORDED, .recording = "RE1"}, STATUS_OK, "save; 6 recorded RE1"},
    };
    struct conference *c = created(true, PLAY_BEEP_ALWAYS, 0);
    PLAY(c, rows);
    assert_int_equal(c->status, CONFERENCE_TERMINATED);
    conference_destroy(c);
}

static void a_failed_conference_ends_its_calls_and_is_never_usable_again(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {JOIN("A", false), STATUS_OK, "save; audio wait; in A t1 l1 d0; joined A; 2 populated"},
        {{.type = CONFERENCE_FAIL}, STATUS_OK, "save; out A; audio none; left A error; 3 internalError; closed"},
        {JOIN("A", false), STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_FAIL}, STATUS_NOT_FOUND, ""},
    };
    struct conference *c = created(false, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    conference_destroy(c);
    static const struct row unborn[] = {{{.type = CONFERENCE_FAIL}, STATUS_OK, "save; 1 internalError; closed"}};
    c = created(false, PLAY_BEEP_NEVER, 0);
    PLAY(c, unborn);
    conference_destroy(c);
}

/* ---- Beeps ---- */

static void each_play_beep_sounds_where_it_says(void **state)
{
    (void)state;
    static const struct {
        enum play_beep beep;
        bool in, out;
    } table[] = {
        {PLAY_BEEP_ALWAYS, true, true},
        {PLAY_BEEP_NEVER, false, false},
        {PLAY_BEEP_ENTRY_ONLY, true, false},
        {PLAY_BEEP_EXIT_ONLY, false, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct row rows[] = {
            {OPEN, STATUS_OK, "save; 1 empty"},
            {JOIN("A", true), STATUS_OK,
             table[i].in ? "save; audio mix; in A t1 l1 d0; beep enter; joined A; 2 populated; 3 inProgress"
                         : "save; audio mix; in A t1 l1 d0; joined A; 2 populated; 3 inProgress"},
            {JOIN("B", false), STATUS_OK,
             table[i].in ? "in B t1 l1 d0; beep enter; joined B" : "in B t1 l1 d0; joined B"},
            {ABOUT(CONFERENCE_LEAVE, "A"), STATUS_OK, table[i].out ? "out A; beep exit; left A" : "out A; left A"},
            {ABOUT(CONFERENCE_REMOVE, "B"), STATUS_OK, "save; out B; audio none; left B removed; 4 empty"},
        };
        struct conference *c = created(false, table[i].beep, 0);
        PLAY(c, rows);
        conference_destroy(c);
    }
}

static void a_change_of_play_beep_counts_from_the_next_who_comes_or_goes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_play_beep = true, .play_beep = PLAY_BEEP_NEVER}, STATUS_OK, ""},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_play_beep = true, .play_beep = PLAY_BEEP_ENTRY_ONLY},
         STATUS_OK,
         "save"},
        {JOIN("A", false), STATUS_OK, "save; audio wait; in A t1 l1 d0; beep enter; joined A; 2 populated"},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_play_beep = true, .play_beep = PLAY_BEEP_EXIT_ONLY},
         STATUS_OK,
         "save"},
        {JOIN("B", false), STATUS_OK, "in B t1 l1 d0; joined B"},
        {ABOUT(CONFERENCE_LEAVE, "A"), STATUS_OK, "out A; beep exit; left A"},
    };
    struct conference *c = created(false, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    assert_int_equal(c->revision, 4);
    assert_int_equal(c->updated_unix_ms, 4); /* the row's number: B and A did not change the conference */
    conference_destroy(c);
}

/* ---- Participants ---- */

static void privileges_change_once_and_only_the_participant(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {JOIN("A", true), STATUS_OK, "save; audio mix; in A t1 l1 d0; joined A; 2 populated; 3 inProgress"},
        {{.type = CONFERENCE_SET_TALK, .call = "A", .on = true}, STATUS_OK, ""},
        {{.type = CONFERENCE_SET_TALK, .call = "A"}, STATUS_OK, "roles A t0 l1"},
        {{.type = CONFERENCE_SET_LISTEN, .call = "A"}, STATUS_OK, "roles A t0 l0"},
        {{.type = CONFERENCE_SET_DTMF, .call = "A", .on = true}, STATUS_OK, "digits A 1"},
        {{.type = CONFERENCE_SET_TALK, .call = "B"}, STATUS_NOT_FOUND, ""},
        {{.type = CONFERENCE_UPDATE, .call = "A", .talk = true, .listen = true}, STATUS_OK, ""},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_talk = true, .talk = true, .set_dtmf = true},
         STATUS_OK,
         "roles A t1 l0; digits A 0"},
    };
    struct conference *c = created(false, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    const struct participant *p = conference_participant(c, "A");
    assert_int_equal(p->revision, 5);
    assert_int_equal(p->created_unix_ms, 1);
    assert_int_equal(p->updated_unix_ms, 8);
    assert_true(p->start_conf_on_enter);
    assert_int_equal(c->revision, 3);
    assert_null(conference_participant(c, "a call id that is longer than any call id can ever be"));
    conference_destroy(c);
}

static void a_voice_is_treated_as_it_was_joined_with_until_that_is_changed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {{.type = CONFERENCE_JOIN, .call = "A", .voice = {.gain_db = -6, .noise_suppression = true}},
         STATUS_OK,
         "save; audio wait; in A t0 l0 d0 -6 dB suppressed; joined A; 2 populated"},
        {{.type = CONFERENCE_UPDATE, .call = "A", .voice = {.gain_db = 3}}, STATUS_OK, ""},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_gain = true, .voice = {.gain_db = -6}}, STATUS_OK, ""},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_gain = true, .voice = {.gain_db = 20}},
         STATUS_OK,
         "voice A +20 dB suppressed"},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_gain = true, .voice = {.gain_db = 21}}, STATUS_INVALID, ""},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_gain = true, .voice = {.gain_db = -61}}, STATUS_INVALID, ""},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_automatic_gain = true, .voice = {.automatic_gain = true}},
         STATUS_OK,
         "voice A +20 dB suppressed automatic"},
        {{.type = CONFERENCE_UPDATE, .call = "A", .set_noise_suppression = true, .set_talk = true, .talk = true},
         STATUS_OK,
         "roles A t1 l0; voice A +20 dB automatic"},
        {{.type = CONFERENCE_JOIN, .call = "B", .voice = {.gain_db = 21}}, STATUS_INVALID, ""},
        {{.type = CONFERENCE_SET_LISTEN, .call = "A", .on = true}, STATUS_OK, "roles A t1 l1"},
    };
    struct conference *c = created(false, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    const struct participant *p = conference_participant(c, "A");
    assert_int_equal(p->revision, 5);
    assert_int_equal(p->voice.gain_db, 20);
    conference_destroy(c);
}

static void a_full_conference_takes_one_more_when_one_has_left(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {JOIN("A", false), STATUS_OK, "save; audio wait; in A t1 l1 d0; joined A; 2 populated"},
        {JOIN("A", false), STATUS_EXISTS, ""},
        {JOIN("B", true), STATUS_FULL, ""},
        {ABOUT(CONFERENCE_LEAVE, "A"), STATUS_OK, "save; out A; audio none; left A; 3 empty"},
        {JOIN("B", false), STATUS_OK, "save; audio wait; in B t1 l1 d0; joined B; 4 populated"},
    };
    struct conference *c = created(false, PLAY_BEEP_NEVER, 1);
    PLAY(c, rows);
    conference_destroy(c);
}

static void participants_are_kept_oldest_first(void **state)
{
    (void)state;
    static const char *const calls[] = {"A", "B", "C", "D"};
    struct conference *c = created(false, PLAY_BEEP_NEVER, 0), *copy;
    struct conference_effects effects = {0};
    struct conference_event event = OPEN;
    assert_int_equal(conference_apply(c, &event, 0, &effects), STATUS_OK);
    for (int i = 0; i < 4; i++) {
        event = (struct conference_event)JOIN(calls[i], false);
        assert_int_equal(conference_apply(c, &event, 0, &effects), STATUS_OK);
    }
    event = (struct conference_event)ABOUT(CONFERENCE_LEAVE, "B");
    assert_int_equal(conference_apply(c, &event, 0, &effects), STATUS_OK);
    assert_int_equal(conference_clone(&copy, c), STATUS_OK);
    conference_destroy(c);
    struct buffer order;
    buffer_init(&order);
    list_each (link, &copy->participants)
        buffer_append_text(&order, list_object(link, struct participant, link)->call);
    assert_string_equal(buffer_text(&order), "ACD");
    buffer_clear(&order);
    conference_effects_clear(&effects);
    conference_destroy(copy);
}

/* ---- Names ---- */

static void an_alias_is_at_most_64_characters_of_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t repeat;
        bool valid;
    } table[] = {
        {"", 1, true},
        {"a", 64, true},
        {"a", 65, false},
        {"\xC3\xA9", 64, true},
        {"\xC3\xA9", 65, false},
        {"\xF0\x9F\x8E\xB5", 64, true},
        {"\xF4\x8F\xBF\xBF", 1, true},
        {"\xF4\x90\x80\x80", 1, false}, /* beyond U+10FFFF */
        {"\xC3", 1, false},             /* cut short */
        {"\xE2\x82", 1, false},
        {"\xC0\xAF", 1, false}, /* overlong */
        {"\xE0\x80\xAF", 1, false},
        {"\xED\xA0\x80", 1, false}, /* a surrogate */
        {"\x80", 1, false},
        {"\xE2\x28\xA1", 1, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer text;
        buffer_init(&text);
        for (size_t k = 0; k < table[i].repeat; k++)
            buffer_append_text(&text, table[i].text);
        struct slice alias = slice_of(buffer_text(&text));
        assert_int_equal(conference_alias_valid(alias), table[i].valid);
        struct conference_options options = {.alias = alias};
        struct conference *c = NULL;
        assert_int_equal(conference_create(&c, "CF1", "AC1", &options, 0), table[i].valid ? STATUS_OK : STATUS_INVALID);
        if (c) assert_string_equal(c->alias, buffer_text(&text));
        conference_destroy(c);
        buffer_clear(&text);
    }
    assert_false(conference_alias_valid((struct slice){"a\0b", 3}));
}

static void an_alias_can_be_changed_and_a_bad_one_changes_nothing(void **state)
{
    (void)state;
    const struct row rows[] = {
        {OPEN, STATUS_OK, "save; 1 empty"},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_alias = true, .alias = slice_of("standup")}, STATUS_OK, ""},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_alias = true, .alias = slice_of("\xFF")}, STATUS_INVALID, ""},
        {{.type = CONFERENCE_SET_ATTRIBUTES, .set_alias = true, .alias = slice_of("retro")}, STATUS_OK, "save"},
    };
    struct conference *c = created(false, PLAY_BEEP_NEVER, 0);
    PLAY(c, rows);
    assert_string_equal(c->alias, "retro");
    assert_int_equal(c->revision, 2);
    conference_destroy(c);
}

static void names_are_read_as_they_are_written(void **state)
{
    (void)state;
    for (int i = CONFERENCE_CREATING; i <= CONFERENCE_INTERNAL_ERROR; i++) {
        enum conference_status s;
        assert_true(conference_status_parse(slice_of(conference_status_name((enum conference_status)i)), &s));
        assert_int_equal(s, i);
    }
    for (int i = PLAY_BEEP_ALWAYS; i <= PLAY_BEEP_EXIT_ONLY; i++) {
        enum play_beep b;
        assert_true(play_beep_parse(slice_of(play_beep_name((enum play_beep)i)), &b));
        assert_int_equal(b, i);
    }
    enum conference_status s = CONFERENCE_POPULATED;
    enum play_beep b = PLAY_BEEP_ENTRY_ONLY;
    assert_false(conference_status_parse(slice_of("inprogress"), &s));
    assert_false(play_beep_parse(slice_of(""), &b));
    assert_int_equal(s, CONFERENCE_POPULATED);
    assert_int_equal(b, PLAY_BEEP_ENTRY_ONLY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_has_its_effects_in_the_documented_order),
        cmocka_unit_test(a_moderator_who_comes_first_brings_the_mix_at_once_and_both_callbacks),
        cmocka_unit_test(a_conference_populated_twice_more_makes_a_recording_each_time),
        cmocka_unit_test(a_terminated_conference_refuses_everything_but_the_news_of_its_recording),
        cmocka_unit_test(a_failed_conference_ends_its_calls_and_is_never_usable_again),
        cmocka_unit_test(each_play_beep_sounds_where_it_says),
        cmocka_unit_test(a_change_of_play_beep_counts_from_the_next_who_comes_or_goes),
        cmocka_unit_test(privileges_change_once_and_only_the_participant),
        cmocka_unit_test(a_voice_is_treated_as_it_was_joined_with_until_that_is_changed),
        cmocka_unit_test(a_full_conference_takes_one_more_when_one_has_left),
        cmocka_unit_test(participants_are_kept_oldest_first),
        cmocka_unit_test(an_alias_is_at_most_64_characters_of_utf8),
        cmocka_unit_test(an_alias_can_be_changed_and_a_bad_one_changes_nothing),
        cmocka_unit_test(names_are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
