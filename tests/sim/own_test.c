/* What one leg alone hears, says and is sent, and the digits that go from leg to leg, on a fake clock and network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/pcm_frame.h"
#include "media/sound.h"
#include "room.h"

enum { FRAMES = 512 };

static const double tones[] = {515, 745, 1015, 1295};
static const double sound_hz = 1823;

static int begin(void **state)
{
    (void)state;
    room_open(11);
    sim_command(&sim, (struct core_command){
                          .type = CORE_CONFERENCE_AUDIO, .conference = conference, .audio = ENGINE_AUDIO_MIX});
    return 0;
}

static void call(int i, bool mute, bool no_events)
{
    people[i].mute = mute;
    room_call(i, tones[i], (struct sim_party_config){.phase_us = 3000 * i + 1700, .no_events = no_events});
}

static void call_in(int i, bool mute, bool no_events)
{
    call(i, mute, no_events);
    sim_join(parties[i], conference, true, true);
}

static void forget(void)
{
    for (int i = 0; i < 4; i++)
        people[i].count = 0;
}

static double level(int i, double hz)
{
    forget();
    sim_run(&sim, 500000);
    return tone_measure(people[i].kept, people[i].count, SIM_RATE_HZ, hz, 0).level_dbfs;
}

static void settle(void)
{
    sim_run(&sim, 500000);
    forget();
}

static void play(int i, struct sound *sound, uint32_t loops, uint64_t token)
{
    sim_command(&sim,
                (struct core_command){
                    .type = CORE_LEG_PLAY, .leg = &parties[i]->leg, .sound = sound, .number = loops, .token = token});
}

static void stop(int i)
{
    sim_command(&sim, (struct core_command){.type = CORE_LEG_STOP, .leg = &parties[i]->leg});
}

static void a_sound_is_heard_outside_of_a_conference_and_ends(void **state)
{
    (void)state;
    struct sound *sound = sim_tone(SIM_RATE_HZ, sound_hz, -12, 16000);
    call(0, false, false);
    settle();
    play(0, sound, 1, 7);
    assert_true(fabs(level(0, sound_hz) + 12) < 0.5);
    sim_run(&sim, 1600000);
    assert_int_equal(sim.events[MEDIA_LEG_PLAYED], 1);
    assert_int_equal(sim.last[MEDIA_LEG_PLAYED].token, 7);
    assert_int_equal(sim.last[MEDIA_LEG_PLAYED].number, 1);
    assert_true(level(0, sound_hz) < -90);
    sound_destroy(sound);
}

static void a_sound_loops_without_a_seam_as_often_as_asked(void **state)
{
    (void)state;
    struct sound *sound = sim_tone(SIM_RATE_HZ, 800, -12, 1610); /* whole periods, not whole frames */
    call(0, true, false);
    settle();
    play(0, sound, 5, 7);
    sim_run(&sim, 2000000);
    uint32_t from = 0, to = people[0].count;
    while (people[0].kept[from] == 0)
        from++;
    while (people[0].kept[to - 1] == 0)
        to--;
    assert_in_range(to - from, 5 * 1610 - 20, 5 * 1610);
    assert_true(room_steepest(0) < 5400); /* the tone's own: 8230 * 2 * sin(pi / 10) is 5087 */
    play(0, sound, 0, 8);
    sim_run(&sim, 10000000);
    assert_int_equal(sim.events[MEDIA_LEG_PLAYED], 1);
    stop(0);
    sim_run(&sim, 20000);
    assert_int_equal(sim.events[MEDIA_LEG_PLAYED], 2);
    assert_int_equal(sim.last[MEDIA_LEG_PLAYED].number, 0);
    sound_destroy(sound);
}

static void in_a_conference_only_that_leg_hears_it_and_the_rest_is_ducked(void **state)
{
    (void)state;
    struct sound *sound = sim_tone(SIM_RATE_HZ, sound_hz, -10, 160000);
    for (int i = 0; i < 3; i++)
        call_in(i, i == 0, false);
    settle();
    play(0, sound, 1, 7);
    sim_run(&sim, 100000);
    assert_true(fabs(level(0, sound_hz) + 12.5) < 0.5);
    assert_true(fabs(level(0, tones[1]) + 27) < 0.5);
    assert_true(level(1, sound_hz) < -60);
    assert_true(fabs(level(1, tones[2]) + 15) < 0.5);
    stop(0);
    sim_run(&sim, 100000);
    assert_true(fabs(level(0, tones[1]) + 15) < 0.5);
    assert_true(level(0, sound_hz) < -60);
    sound_destroy(sound);
}

static void a_new_sound_replaces_the_old_one_without_a_click(void **state)
{
    (void)state;
    struct sound *first = sim_tone(SIM_RATE_HZ, 300, -12, 160000), *second = sim_tone(SIM_RATE_HZ, 400, -12, 160000);
    call(0, true, false);
    settle();
    play(0, first, 1, 1);
    sim_run(&sim, 503000);
    play(0, second, 1, 2);
    sim_run(&sim, 100000);
    assert_int_equal(sim.events[MEDIA_LEG_PLAYED], 1);
    assert_int_equal(sim.last[MEDIA_LEG_PLAYED].token, 1);
    assert_int_equal(sim.last[MEDIA_LEG_PLAYED].number, 0);
    assert_true(room_steepest(0) < 2 * 8230 * 2 * 0.16); /* of both at once */
    assert_true(fabs(level(0, 400) + 12) < 0.5);
    assert_true(level(0, 300) < -60);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &parties[0]->leg});
    assert_int_equal(sim.events[MEDIA_LEG_PLAYED], 2);
    sound_destroy(first);
    sound_destroy(second);
}

static void an_announcement_is_stopped_by_its_token(void **state)
{
    (void)state;
    struct sound *first = sim_tone(SIM_RATE_HZ, 300, -20, 160000), *second = sim_tone(SIM_RATE_HZ, 1900, -20, 160000);
    call_in(0, true, false);
    settle();
    struct core_command command = {.type = CORE_CONFERENCE_PLAY, .conference = conference, .sound = first, .token = 1};
    sim_command(&sim, command);
    command.sound = second;
    command.token = 2;
    sim_command(&sim, command);
    assert_true(fabs(level(0, 300) + 20) < 0.5);
    forget();
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_STOP, .conference = conference, .token = 1});
    sim_run(&sim, 60000);
    assert_true(room_steepest(0) < 6000);
    assert_int_equal(sim.events[MEDIA_PLAYED], 1);
    assert_int_equal(sim.last[MEDIA_PLAYED].token, 1);
    assert_int_equal(sim.last[MEDIA_PLAYED].number, 0);
    assert_true(level(0, 300) < -60);
    assert_true(fabs(level(0, 1900) + 20) < 0.5);
    sim_run(&sim, 20000000);
    assert_int_equal(sim.last[MEDIA_PLAYED].number, 1);
    sound_destroy(first);
    sound_destroy(second);
}

/* ---- recording and silence ---- */

static struct ring *record(int i, enum engine_leg_sides sides)
{
    struct ring *ring;
    assert_int_equal(ring_create(&ring, sizeof(struct pcm_frame), FRAMES), STATUS_OK);
    sim_command(
        &sim, (struct core_command){.type = CORE_LEG_RECORD, .leg = &parties[i]->leg, .frames = ring, .sides = sides});
    return ring;
}

/* @return samples; the frames follow each other and end with an END */
static uint32_t recorded(int i, enum engine_leg_sides sides, struct ring *ring, int16_t *pcm, uint32_t max)
{
    struct pcm_frame frame;
    uint32_t samples = 0;
    uint64_t tick = 0;
    sim_command(&sim, (struct core_command){.type = CORE_LEG_RECORD, .leg = &parties[i]->leg, .sides = sides});
    while (ring_pop(ring, &frame)) {
        assert_int_equal(frame.tick, tick++);
        if (frame.kind == PCM_FRAME_END) break;
        assert_true(samples + PCM_FRAME_SAMPLES <= max);
        memcpy(pcm + samples, frame.pcm, sizeof frame.pcm);
        samples += PCM_FRAME_SAMPLES;
    }
    assert_int_equal(frame.kind, PCM_FRAME_END);
    ring_destroy(ring);
    return samples;
}

static void a_leg_is_recorded_alone_or_with_what_it_hears(void **state)
{
    (void)state;
    static int16_t pcm[ROOM_KEPT];
    call(0, false, false);
    call_in(1, false, false);
    call_in(2, false, false);
    sim_join(parties[2], conference, false, true); /* muted: it is recorded all the same */
    settle();
    struct ring *alone = record(0, ENGINE_LEG_SAYS), *muted = record(2, ENGINE_LEG_SAYS),
                *both = record(1, ENGINE_LEG_BOTH);
    sim_run(&sim, 1000000);
    uint32_t n = recorded(0, ENGINE_LEG_SAYS, alone, pcm, ROOM_KEPT);
    assert_in_range(n, 7840, 8160);
    assert_true(fabs(tone_measure(pcm + 400, n - 400, SIM_RATE_HZ, tones[0], 0).level_dbfs + 15) < 0.3);
    n = recorded(2, ENGINE_LEG_SAYS, muted, pcm, ROOM_KEPT);
    assert_true(fabs(tone_measure(pcm + 400, n - 400, SIM_RATE_HZ, tones[2], 0).level_dbfs + 15) < 0.3);
    assert_true(tone_measure(pcm + 400, n - 400, SIM_RATE_HZ, tones[1], 0).level_dbfs < -60);
    n = recorded(1, ENGINE_LEG_BOTH, both, pcm, ROOM_KEPT);
    assert_true(fabs(tone_measure(pcm + 400, n - 400, SIM_RATE_HZ, tones[1], 0).level_dbfs + 15) < 0.3);
    sim_join(parties[2], conference, true, true);
    settle();
    both = record(1, ENGINE_LEG_BOTH);
    sim_run(&sim, 1000000);
    n = recorded(1, ENGINE_LEG_BOTH, both, pcm, ROOM_KEPT);
    for (int i = 1; i <= 2; i++)
        assert_true(fabs(tone_measure(pcm + 400, n - 400, SIM_RATE_HZ, tones[i], 0).level_dbfs + 15) < 0.3);
}

static void watch(int i, uint32_t ms, uint64_t token)
{
    sim_command(&sim,
                (struct core_command){.type = CORE_LEG_WATCH, .leg = &parties[i]->leg, .number = ms, .token = token});
}

static void silence_is_told_once_after_its_time(void **state)
{
    (void)state;
    call(0, false, false);
    settle();
    watch(0, 1000, 5);
    sim_run(&sim, 3000000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 0);
    people[0].mute = true;
    sim_run(&sim, 960000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 0);
    sim_run(&sim, 120000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 1);
    assert_int_equal(sim.last[MEDIA_LEG_SILENT].token, 5);
    sim_run(&sim, 3000000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 1);
    watch(0, 500, 6); /* from the start, without a word */
    sim_run(&sim, 480000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 1);
    sim_run(&sim, 60000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 2);
    /* -50 dBFS is silence, -40 is not */
    people[0].mute = false;
    tone_init(&people[0].tone, SIM_RATE_HZ, 515, -50);
    watch(0, 500, 7);
    sim_run(&sim, 600000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 3);
    tone_init(&people[0].tone, SIM_RATE_HZ, 515, -40);
    sim_run(&sim, 100000);
    watch(0, 500, 8);
    sim_run(&sim, 2000000);
    assert_int_equal(sim.events[MEDIA_LEG_SILENT], 3);
    watch(0, 0, 0);
}

/* ---- digits ---- */

static void send_digits(int i, const char *text, uint16_t pause_ms, uint64_t token)
{
    size_t count = strlen(text);
    struct leg_digits *digits = calloc(1, sizeof *digits + count * sizeof digits->list[0]);
    digits->token = token;
    digits->count = count;
    for (size_t k = 0; k < count; k++)
        digits->list[k] = (struct engine_digit){.digit = text[k], .pause_ms = k == 0 ? 40 : k == 1 ? pause_ms : 0};
    sim_command(&sim, (struct core_command){.type = CORE_LEG_DIGITS, .leg = &parties[i]->leg, .digits = digits});
}

static void digits_are_sent_as_events_with_three_ends(void **state)
{
    (void)state;
    call(0, true, false);
    settle();
    send_digits(0, "19*#", 500, 3);
    sim_run(&sim, 1300000);
    assert_int_equal(sim.events[MEDIA_LEG_DIGITS_SENT], 1);
    assert_int_equal(sim.last[MEDIA_LEG_DIGITS_SENT].number, 1);
    assert_int_equal(sim.last[MEDIA_LEG_DIGITS_SENT].token, 3);
    assert_string_equal(parties[0]->digits, "19*#");
    assert_int_equal(parties[0]->event_packets, 4 * 7);
    assert_int_equal(parties[0]->event_ends, 4 * 3);
    assert_int_equal(parties[0]->event_duration, 800);
}

static void call_opus(int i, uint32_t event_clock_hz)
{
    people[i].mute = true;
    room_call(i, tones[i], (struct sim_party_config){.codec = CODEC_OPUS, .event_clock_hz = event_clock_hz});
}

static void the_length_of_events_counts_in_the_clock_that_was_agreed(void **state)
{
    (void)state;
    call_opus(0, 0);
    call_opus(1, 8000);
    settle();
    send_digits(0, "1", 0, 3);
    send_digits(1, "2", 0, 3);
    sim_run(&sim, 600000);
    assert_string_equal(parties[0]->digits, "1");
    assert_int_equal(parties[0]->event_duration, 4800);
    assert_string_equal(parties[1]->digits, "2");
    assert_int_equal(parties[1]->event_duration, 800);
}

static void an_event_longer_than_its_field_can_tell_goes_on_in_a_segment(void **state)
{
    (void)state;
    call_opus(0, 0);
    call(1, true, false);
    sim_join(parties[0], conference, true, true);
    sim_join(parties[1], conference, true, true);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_DTMF, .leg = &parties[1]->leg, .on = true});
    settle();
    sim_press(parties[1], '7', 1700);
    sim_run(&sim, 3000000);
    assert_string_equal(parties[0]->digits, "7");
    assert_int_equal(parties[0]->event_segments, 1);
    assert_in_range(parties[0]->event_duration + UINT16_MAX, 48 * 1680, 48 * 1760);
    assert_int_equal(parties[0]->event_ends, 3);
}

static void digits_are_stopped_after_the_present_one(void **state)
{
    (void)state;
    call(0, true, false);
    settle();
    send_digits(0, "12345", 0, 3);
    sim_run(&sim, 250000);
    stop(0);
    sim_run(&sim, 1000000);
    assert_int_equal(sim.events[MEDIA_LEG_DIGITS_SENT], 1);
    assert_int_equal(sim.last[MEDIA_LEG_DIGITS_SENT].number, 0);
    assert_string_equal(parties[0]->digits, "12");
    assert_false(parties[0]->in_event);
}

static double tone_at(int i, uint32_t from, double hz)
{
    return tone_measure(people[i].kept + from, 600, SIM_RATE_HZ, hz, 0).level_dbfs;
}

/* Where the first sample is that is not silence. */
static uint32_t first_sound(int i)
{
    uint32_t from = 0;
    while (from < people[i].count && abs(people[i].kept[from]) < 8)
        from++;
    return from;
}

static void without_events_digits_are_clean_tones(void **state)
{
    (void)state;
    call_in(0, true, true);
    call_in(1, false, false); /* somebody talks: it must not lie over the digits */
    settle();
    send_digits(0, "5#", 0, 3);
    sim_run(&sim, 25000); /* what was heard fades in the pause before the first digit */
    forget();
    sim_run(&sim, 500000);
    uint32_t at = first_sound(0);
    assert_true(fabs(tone_at(0, at + 80, 770) + 11.2) < 0.5);
    assert_true(fabs(tone_at(0, at + 80, 1336) + 11.2) < 0.5);
    for (uint32_t k = at + 810; k < at + 1590; k++)
        assert_int_equal(people[0].kept[k], 0);
    assert_true(fabs(tone_at(0, at + 1680, 941) + 11.2) < 0.5);
    assert_true(fabs(tone_at(0, at + 1680, 1477) + 11.2) < 0.5);
    assert_int_equal(parties[0]->event_packets, 0);
    settle();
    assert_true(fabs(level(0, tones[1]) + 15) < 0.5);
}

static void pass(int i, bool on)
{
    sim_command(&sim, (struct core_command){.type = CORE_LEG_DTMF, .leg = &parties[i]->leg, .on = on});
}

/* 0 presses, 1 has events, 2 has none, 3 has events and does not listen. */
static void a_digit_is_passed_on_as_an_event_or_as_a_tone_never_both(void **state)
{
    (void)state;
    static int16_t pcm[ROOM_KEPT];
    struct ring *ring;
    struct pcm_frame frame;
    call_in(0, true, false);
    call_in(1, true, false);
    call_in(2, true, true);
    call_in(3, true, false);
    sim_join(parties[3], conference, true, false);
    pass(0, true);
    settle();
    assert_int_equal(ring_create(&ring, sizeof(struct pcm_frame), FRAMES), STATUS_OK);
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_RECORD, .conference = conference, .frames = ring});
    sim_press(parties[0], '5', 200);
    sim_run(&sim, 1000000);
    assert_string_equal(parties[1]->digits, "5");
    assert_in_range(parties[1]->event_duration, 1280, 1920);
    assert_int_equal(parties[1]->event_ends, 3);
    assert_int_equal(parties[0]->event_packets + parties[2]->event_packets + parties[3]->event_packets, 0);
    for (uint32_t k = 0; k < people[1].count; k++)
        assert_int_equal(people[1].kept[k], 0);
    for (uint32_t k = 0; k < people[0].count; k++)
        assert_int_equal(people[0].kept[k], 0);
    uint32_t at = first_sound(2);
    assert_true(fabs(tone_at(2, at + 80, 770) + 11.2) < 0.5);
    assert_true(fabs(tone_at(2, at + 80, 1336) + 11.2) < 0.5);
    uint32_t n = 0;
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_RECORD, .conference = conference});
    while (ring_pop(ring, &frame) && frame.kind == PCM_FRAME_AUDIO) {
        memcpy(pcm + n, frame.pcm, sizeof frame.pcm);
        n += PCM_FRAME_SAMPLES;
    }
    uint32_t loud = 0;
    while (loud < n && abs(pcm[loud]) < 8)
        loud++;
    assert_true(loud < n - 1600);
    assert_true(fabs(tone_measure(pcm + loud + 80, 600, SIM_RATE_HZ, 770, 0).level_dbfs + 11.2) < 0.5);
    ring_destroy(ring);
}

static void digits_that_are_not_passed_on_are_not_heard(void **state)
{
    (void)state;
    call_in(0, false, false); /* says its tone all the time but for the events */
    call_in(1, true, false);
    call_in(2, true, true);
    settle();
    sim_press(parties[0], '5', 200);
    sim_run(&sim, 600000);
    assert_int_equal(parties[1]->event_packets, 0);
    /* Its voice has a gap with soft ends, and nothing else. */
    for (int i = 1; i <= 2; i++) {
        assert_true(room_steepest(i) < 2600); /* 5827 * 2 * sin(pi * 515 / 8000) is 2343 */
        assert_true(fabs(level(i, tones[0]) + 15) < 0.5);
    }
    assert_int_equal(sim.events[MEDIA_LEG_DIGIT], 1);
    /* While people wait nobody's digits are heard either. */
    pass(0, true);
    sim_command(&sim, (struct core_command){
                          .type = CORE_CONFERENCE_AUDIO, .conference = conference, .audio = ENGINE_AUDIO_WAIT});
    settle();
    sim_press(parties[0], '5', 200);
    sim_run(&sim, 600000);
    assert_int_equal(parties[1]->event_packets, 0);
    for (uint32_t k = 0; k < people[2].count; k++)
        assert_int_equal(people[2].kept[k], 0);
}

static void digits_of_two_people_are_passed_on_one_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        call_in(i, true, i == 3);
        pass(i, true);
    }
    settle();
    sim_press(parties[0], '1', 300);
    sim_run(&sim, 40000);
    sim_press(parties[1], '2', 100);
    sim_run(&sim, 160000);
    sim_press(parties[2], '3', 100);
    sim_run(&sim, 1500000);
    assert_string_equal(parties[0]->digits, "23");
    assert_string_equal(parties[1]->digits, "13");
    assert_string_equal(parties[2]->digits, "12");
    assert_int_equal(parties[3]->event_packets, 0);
}

static void who_leaves_while_a_digit_sounds_ends_it(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        call_in(i, true, false);
    pass(0, true);
    settle();
    sim_press(parties[0], '7', 1000);
    sim_run(&sim, 200000);
    assert_true(parties[1]->in_event);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &parties[1]->leg});
    sim_run(&sim, 40000);
    assert_false(parties[1]->in_event);
    assert_true(parties[2]->in_event);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &parties[0]->leg});
    sim_run(&sim, 60000);
    assert_false(parties[2]->in_event);
    assert_int_equal(parties[2]->event_ends, 3);
}

#define OWN_TEST(f) cmocka_unit_test_setup_teardown(f, begin, room_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN_TEST(a_sound_is_heard_outside_of_a_conference_and_ends),
        OWN_TEST(a_sound_loops_without_a_seam_as_often_as_asked),
        OWN_TEST(in_a_conference_only_that_leg_hears_it_and_the_rest_is_ducked),
        OWN_TEST(a_new_sound_replaces_the_old_one_without_a_click),
        OWN_TEST(an_announcement_is_stopped_by_its_token),
        OWN_TEST(a_leg_is_recorded_alone_or_with_what_it_hears),
        OWN_TEST(silence_is_told_once_after_its_time),
        OWN_TEST(digits_are_sent_as_events_with_three_ends),
        OWN_TEST(the_length_of_events_counts_in_the_clock_that_was_agreed),
        OWN_TEST(an_event_longer_than_its_field_can_tell_goes_on_in_a_segment),
        OWN_TEST(digits_are_stopped_after_the_present_one),
        OWN_TEST(without_events_digits_are_clean_tones),
        OWN_TEST(a_digit_is_passed_on_as_an_event_or_as_a_tone_never_both),
        OWN_TEST(digits_that_are_not_passed_on_are_not_heard),
        OWN_TEST(digits_of_two_people_are_passed_on_one_after_the_other),
        OWN_TEST(who_leaves_while_a_digit_sounds_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
