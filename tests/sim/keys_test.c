/* Keys, from whoever presses them to all who must not, or shall, learn of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "key_room.h"

static const char keys[] = "159D*0#A42B7";

static void check_unreadable(const struct key_room *r, const char *what)
{
    for (int ear = 0; ear < KEY_EARS; ear++) {
        size_t chances = ear_chances(r->ears[ear]);
        assert_true(r->ears[ear]->count > 1000 || ear == EAR_BRIDGE || ear == EAR_TRACK);
        if (chances > 0) fail_msg("%s: %s: read with %zu of 34 beginnings", what, key_ear_names[ear], chances);
    }
    assert_int_equal(r->listeners[EAR_EVENTS]->digit_count, 0);
}

/* What an ear reads, whatever its blocks begin with: the same each time. */
static void check_reads(const struct key_room *r, enum key_ear ear, const char *expected)
{
    char read[128];
    for (size_t begin = 0; begin < 102; begin += 17) {
        dtmf_ear_read(r->ears[ear]->pcm + begin, r->ears[ear]->count - begin, read);
        if (strcmp(read, expected) != 0) fail_msg("%s reads \"%s\", not \"%s\"", key_ear_names[ear], read, expected);
    }
}

static void keys_that_are_looked_for_are_told_and_cannot_be_read(void **state)
{
    (void)state;
    static const enum codec_id codecs[] = {CODEC_PCMU, CODEC_G722, CODEC_L16_16, CODEC_L16_48, CODEC_OPUS};
    for (size_t c = 0; c < sizeof codecs / sizeof codecs[0]; c++) {
        struct key_room_config config = {
            .codec = codecs[c], .dbm0 = c % 2 ? -6 : -30, .snr_db = 15, .detect_dtmf = true, .phase_us = 4400};
        struct key_room *r = key_room_open(&config);
        for (size_t i = 0; i < strlen(keys); i++) {
            key_room_tone(r, keys[i], 20000 + 1700 * (uint32_t)i, 60);
            key_room_run(r, 300);
        }
        assert_string_equal(r->sim.told, keys);
        check_unreadable(r, codec_by_id(codecs[c])->name);
        key_room_close(r);
    }
}

static void keys_of_one_who_is_muted_or_waits_are_told(void **state)
{
    (void)state;
    struct key_room_config config = {.codec = CODEC_PCMU, .dbm0 = -30, .snr_db = 15, .detect_dtmf = true};
    struct key_room *r = key_room_open(&config);
    struct core_command commands[] = {
        {.type = CORE_LEG_ROLES, .leg = &r->presser->leg},
        {.type = CORE_CONFERENCE_AUDIO, .conference = r->conference, .audio = ENGINE_AUDIO_WAIT},
        {.type = CORE_LEG_LEAVE, .leg = &r->presser->leg}};
    sim_command(&r->sim, (struct core_command){.type = CORE_LEG_RECORD, .leg = &r->presser->leg}); /* no more */
    for (size_t i = 0; i < 3; i++) {
        sim_command(&r->sim, commands[i]);
        key_room_run(r, 200);
        key_room_tone(r, keys[i], 20000, 60);
        key_room_run(r, 300);
    }
    assert_string_equal(r->sim.told, "159");
    key_room_close(r);
}

/* A line that gives back what it hears, 16 dB weaker and 100 ms later. */
struct line {
    int16_t past[800];
    uint64_t heard, said;
};

static void line_hear(struct sim_party *party, const int16_t *pcm, uint32_t samples)
{
    struct line *line = party->user;
    for (uint32_t i = 0; i < samples; i++)
        line->past[line->heard++ % 800] = (int16_t)(pcm[i] / 6);
}

static void line_speak(struct sim_party *party, int16_t *pcm, uint32_t samples)
{
    struct line *line = party->user;
    for (uint32_t i = 0; i < samples; i++)
        pcm[i] = line->past[line->said++ % 800];
}

static void the_echo_of_a_key_is_no_press(void **state)
{
    (void)state;
    struct line line = {.heard = 0};
    struct key_room_config config = {.codec = CODEC_PCMU, .pass = true};
    struct key_room *r = key_room_open(&config);
    struct sim_party_config echoes = {
        .slot = 4, .hear = line_hear, .speak = line_speak, .user = &line, .no_events = true, .detect_dtmf = true};
    struct sim_party *party = sim_call(&r->sim, &echoes);
    sim_join(party, r->conference, true, true);
    sim_command(&r->sim, (struct core_command){.type = CORE_LEG_DTMF, .leg = &party->leg, .on = true});
    key_room_run(r, 500);
    sim_press(r->presser, '5', 200);
    key_room_run(r, 1500);
    assert_string_equal(r->sim.told, "5");
    assert_true(party->leg.detect.step_count > 100 && party->leg.keys.heard == 5);
    key_room_close(r);
}

/* The events come late, and so does the audio where packets are delayed; then it is also late to stop. */
static void tones_beside_events_cannot_be_read(void **state)
{
    (void)state;
    static const enum codec_id codecs[] = {CODEC_PCMU, CODEC_L16_48};
    static const uint32_t jitters_us[] = {0, 60000};
    for (int c = 0; c < 2; c++) {
        for (int j = 0; j < 2; j++) {
            struct key_room_config config = {
                .codec = codecs[c], .dbm0 = c ? -6 : -30, .snr_db = 15, .jitter_us = jitters_us[j], .phase_us = 9100};
            struct key_room *r = key_room_open(&config);
            key_room_run(r, 2000); /* the playout buffer learns of the jitter */
            key_room_clear(r);
            for (size_t i = 0; i < strlen(keys); i++) {
                key_room_tone_and_events(r, keys[i], 1500 * (uint32_t)i, 100, 20 * (uint32_t)(i % 4));
                key_room_run(r, 500);
            }
            assert_string_equal(r->sim.told, keys);
            check_unreadable(r, jitters_us[j] ? "delayed" : "at once");
            key_room_close(r);
        }
    }
}

/* Whoever has events gets one, the others and the files a tone, and nobody both or two. */
static void check_passed(struct key_room *r, const char *expected)
{
    assert_string_equal(r->sim.told, expected);
    for (int ear = EAR_PCMU; ear < EAR_EVENTS; ear++)
        check_reads(r, (enum key_ear)ear, expected);
    check_reads(r, EAR_MIX, expected);
    check_reads(r, EAR_BOTH, expected);
    check_reads(r, EAR_EVENTS, "");
    check_reads(r, EAR_SAYS, "");
    check_reads(r, EAR_TRACK, "");
    check_reads(r, EAR_BRIDGE, expected);
    assert_string_equal(r->listeners[EAR_EVENTS]->digits, expected);
}

static void a_key_that_was_found_is_passed_on_once(void **state)
{
    (void)state;
    static const enum codec_id codecs[] = {CODEC_PCMU, CODEC_L16_16, CODEC_L16_48};
    for (size_t c = 0; c < 3; c++) {
        struct key_room_config config = {
            .codec = codecs[c], .dbm0 = -20, .snr_db = 15, .detect_dtmf = true, .pass = true, .phase_us = 7000};
        struct key_room *r = key_room_open(&config);
        for (size_t i = 0; i < strlen(keys); i++) {
            key_room_tone(r, keys[i], 20000 + 1700 * (uint32_t)i, 60 + 40 * (uint32_t)(i % 3));
            key_room_run(r, 500);
        }
        check_passed(r, keys);
        key_room_close(r);
    }
}

static void a_tone_beside_events_is_passed_on_once(void **state)
{
    (void)state;
    static const struct {
        bool detect;
        uint32_t jitter_us, ms;
    } ways[] = {{false, 0, 100}, {true, 0, 100}, {false, 100000, 240}};
    for (size_t w = 0; w < 3; w++) {
        struct key_room_config config = {.codec = CODEC_PCMU,
                                         .dbm0 = -10,
                                         .snr_db = 20,
                                         .jitter_us = ways[w].jitter_us,
                                         .detect_dtmf = ways[w].detect,
                                         .pass = true,
                                         .phase_us = 3000};
        struct key_room *r = key_room_open(&config);
        key_room_run(r, ways[w].jitter_us / 20);
        for (size_t i = 0; i < strlen(keys); i++) {
            key_room_tone_and_events(r, keys[i], 1300 * (uint32_t)i, ways[w].ms, 20 * (uint32_t)(i % 4));
            key_room_run(r, 600);
        }
        check_passed(r, keys);
        key_room_close(r);
    }
}

/* A press goes three ways at once, and the same key once more a moment later. */
static void a_key_that_comes_three_ways_is_one(void **state)
{
    (void)state;
    struct key_room_config config = {.codec = CODEC_PCMU, .dbm0 = -10, .detect_dtmf = true, .pass = true};
    struct key_room *r = key_room_open(&config);
    struct core_command signalled = {.type = CORE_LEG_PRESS, .leg = &r->presser->leg, .key = 7, .number = 100};
    for (int i = 0; i < 2; i++) {
        key_room_tone_and_events(r, '7', 0, 80, 0);
        key_room_run(r, i ? 10 : 90);
        sim_command(&r->sim, signalled);
        key_room_run(r, i ? 150 : 70);
    }
    key_room_run(r, 500);
    check_passed(r, "77");
    sim_command(&r->sim, signalled);
    key_room_run(r, 600);
    check_passed(r, "777");
    assert_int_equal(r->presser->leg.stats.digits, 3);
    key_room_close(r);
}

static void a_key_that_was_signalled_is_passed_on_as_long_as_it_was_held(void **state)
{
    (void)state;
    struct key_room_config config = {.codec = CODEC_L16_48, .pass = true};
    struct key_room *r = key_room_open(&config);
    struct core_command signalled = {.type = CORE_LEG_PRESS, .leg = &r->presser->leg, .key = 11, .number = 400};
    sim_command(&r->sim, signalled);
    key_room_run(r, 1000);
    check_passed(r, "#");
    assert_in_range(r->listeners[EAR_EVENTS]->event_duration, 380 * 8, 440 * 8);
    key_room_close(r);
}

/* Who has agreed to events and sends none may be behind a gateway that makes tones of them. */
static void a_tone_without_events_is_heard_where_digits_are_passed_on(void **state)
{
    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        struct key_room_config config = {.codec = CODEC_PCMU, .dbm0 = -10, .snr_db = 20, .pass = pass};
        struct key_room *r = key_room_open(&config);
        key_room_tone(r, '8', 15000, 250);
        key_room_run(r, 600);
        key_room_tone(r, '9', 5000, 60); /* known by now */
        key_room_run(r, 300);
        assert_string_equal(r->sim.told, "");
        if (pass) {
            check_reads(r, EAR_PCMU, "89");
            check_reads(r, EAR_L16_48, "89");
            check_reads(r, EAR_EVENTS, "89");
        } else {
            check_unreadable(r, "not passed on");
        }
        key_room_tone_and_events(r, '1', 5000, 200, 80); /* no more */
        key_room_run(r, 600);
        key_room_clear(r);
        key_room_tone_and_events(r, '2', 5000, 100, 40);
        key_room_run(r, 500);
        check_reads(r, EAR_PCMU, pass ? "2" : "");
        key_room_close(r);
    }
}

static void a_long_key_goes_out_in_segments_where_the_clock_is_fast(void **state)
{
    (void)state;
    struct key_room_config config = {.codec = CODEC_L16_48, .pass = true};
    struct key_room *r = key_room_open(&config);
    struct sim_party_config wide = {.codec = CODEC_L16_48, .ptime_ms = 10, .slot = 4, .hear = ear_hear};
    wide.user = ear_create(48000);
    struct sim_party *listener = sim_call(&r->sim, &wide);
    sim_join(listener, r->conference, true, true);
    sim_press(r->presser, '3', 3000); /* in segments itself */
    key_room_run(r, 4000);
    assert_string_equal(r->sim.told, "3");
    assert_string_equal(listener->digits, "3");
    assert_int_equal(listener->event_segments, 1);
    assert_int_equal(listener->event_duration, 2 * 48000 - 65535); /* no longer than 2 s are passed on */
    assert_int_equal(listener->event_ends, 3);
    listener->hear = NULL;
    ear_destroy(wide.user);
    key_room_close(r);
}

/* Somebody speaks again right after a key. */
static void what_comes_after_a_key_is_heard(void **state)
{
    (void)state;
    for (int detect = 0; detect < 2; detect++) {
        struct key_room_config config = {.codec = CODEC_L16_8, .dbm0 = -10, .snr_db = 6, .detect_dtmf = detect};
        struct key_room *r = key_room_open(&config);
        key_room_run(r, 400);
        double before = tone_power_dbfs(r->ears[EAR_PCMU]->pcm, r->ears[EAR_PCMU]->count);
        r->pad.sigma /= 10; /* quiet enough for a key */
        key_room_tone_and_events(r, '6', 20000, 100, 20);
        key_room_run(r, 200);
        r->pad.sigma *= 10;
        key_room_run(r, 60);
        key_room_clear(r);
        key_room_run(r, 400);
        double after = tone_power_dbfs(r->ears[EAR_PCMU]->pcm, r->ears[EAR_PCMU]->count);
        assert_string_equal(r->sim.told, "6");
        assert_true(after > before - 1 && after < before + 1);
        key_room_close(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_are_looked_for_are_told_and_cannot_be_read),
        cmocka_unit_test(keys_of_one_who_is_muted_or_waits_are_told),
        cmocka_unit_test(the_echo_of_a_key_is_no_press),
        cmocka_unit_test(tones_beside_events_cannot_be_read),
        cmocka_unit_test(a_key_that_was_found_is_passed_on_once),
        cmocka_unit_test(a_tone_beside_events_is_passed_on_once),
        cmocka_unit_test(a_key_that_comes_three_ways_is_one),
        cmocka_unit_test(a_key_that_was_signalled_is_passed_on_as_long_as_it_was_held),
        cmocka_unit_test(a_tone_without_events_is_heard_where_digits_are_passed_on),
        cmocka_unit_test(a_long_key_goes_out_in_segments_where_the_clock_is_fast),
        cmocka_unit_test(what_comes_after_a_key_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
