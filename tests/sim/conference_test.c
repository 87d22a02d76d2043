/* What is heard in which state, on the engine's own core with a fake clock and network. */
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

static const double tones[] = {515, 745, 1015, 1295, 1615};

static int begin(void **state)
{
    (void)state;
    room_open(3);
    return 0;
}

static void call_in(int i, bool talk, bool listen)
{
    room_call(i, tones[i], (struct sim_party_config){.phase_us = 3000 * i + 1700});
    sim_join(parties[i], conference, talk, listen);
}

static void set_audio(enum engine_audio audio)
{
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_AUDIO, .conference = conference, .audio = audio});
}

/* What person i hears of a tone in the coming second. */
static double level(int i, double hz)
{
    people[i].count = 0;
    sim_run(&sim, 1000000);
    return tone_measure(people[i].kept, people[i].count, SIM_RATE_HZ, hz, 0).level_dbfs;
}

static void settle(void)
{
    sim_run(&sim, 500000);
}

static void set_music(struct sound *music)
{
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_MUSIC, .conference = conference, .sound = music});
}

static void in_the_mix_everybody_hears_all_others(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_MIX);
    for (int i = 0; i < 5; i++)
        call_in(i, true, true);
    settle();
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 5; k++) {
            double heard = level(i, tones[k]);
            if (i == k ? heard > -15 - 45 : fabs(heard - -15) > 0.5) fail_msg("%d hears %d at %.1f", i, k, heard);
        }
    }
}

static void while_waiting_music_is_heard_and_nobody(void **state)
{
    (void)state;
    struct sound *music = sim_tone(SIM_RATE_HZ, 400, -20, 8000);
    set_music(music);
    set_audio(ENGINE_AUDIO_WAIT);
    for (int i = 0; i < 3; i++)
        call_in(i, true, i != 2);
    settle();
    assert_true(fabs(level(0, 400) - -20) < 0.5);
    assert_true(level(0, tones[1]) < -60);
    assert_true(level(1, tones[0]) < -60);
    people[2].count = 0;
    sim_run(&sim, 1000000);
    assert_true(tone_power_dbfs(people[2].kept, people[2].count) < -150); /* does not listen: nothing at all */
    set_music(NULL);
    sound_destroy(music);
}

static void without_audio_there_is_silence_but_packets(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_NONE);
    call_in(0, true, true);
    call_in(1, true, true);
    uint64_t before = parties[0]->packets_heard;
    people[0].count = 0;
    sim_run(&sim, 1000000);
    assert_int_equal(parties[0]->packets_heard - before, 50);
    assert_true(tone_power_dbfs(people[0].kept, people[0].count) < -150);
}

static void talk_and_listen_are_kept_apart(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_MIX);
    call_in(0, true, false);
    call_in(1, false, true);
    call_in(2, true, true);
    settle();
    assert_true(fabs(level(1, tones[0]) - -15) < 0.5);
    assert_true(fabs(level(2, tones[0]) - -15) < 0.5);
    assert_true(level(2, tones[1]) < -60);
    people[0].count = 0;
    sim_run(&sim, 1000000);
    assert_true(tone_power_dbfs(people[0].kept, people[0].count) < -150);
}

/* The loudest jump between neighbouring samples beyond what a sine of this level makes. */
static void mutes_and_leaves_do_not_click(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_MIX);
    call_in(0, true, true);
    call_in(1, false, true);
    settle();
    people[1].count = 0;
    sim_run(&sim, 100000);
    int steady = room_steepest(1);
    for (int i = 0; i < 20; i++) {
        sim_command(&sim, (struct core_command){
                              .type = CORE_LEG_ROLES, .leg = &parties[0]->leg, .talk = i % 2, .listen = true});
        sim_run(&sim, 100000);
        sim_command(&sim, (struct core_command){
                              .type = CORE_LEG_ROLES, .leg = &parties[1]->leg, .talk = false, .listen = i % 4 > 1});
        sim_run(&sim, 60000);
    }
    assert_true(room_steepest(1) < steady * 5 / 4);
    sim_command(&sim,
                (struct core_command){.type = CORE_LEG_ROLES, .leg = &parties[1]->leg, .talk = false, .listen = true});
    settle();
    people[1].count = 0;
    sim_run(&sim, 100000);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &parties[0]->leg});
    sim_run(&sim, 100000);
    assert_true(room_steepest(1) < steady * 5 / 4);
    assert_true(tone_power_dbfs(people[1].kept + people[1].count - 400, 400) < -150);
}

static void music_starts_at_once_and_is_gone_with_the_tick_of_the_mix(void **state)
{
    (void)state;
    struct sound *music = sim_tone(SIM_RATE_HZ, 400, -12, 8000);
    struct ring *frames;
    assert_int_equal(ring_create(&frames, sizeof(struct pcm_frame), 64), STATUS_OK);
    set_music(music);
    set_audio(ENGINE_AUDIO_WAIT);
    sim_run(&sim, 50000);
    int64_t joined_us = sim.now_us;
    call_in(0, true, true);
    people[0].mute = true;
    sim_run(&sim, 60000);
    assert_true(people[0].first_loud_us > 0 && people[0].first_loud_us - joined_us <= 60000);
    settle();
    people[0].count = 0;
    struct core_command commands[] = {
        {.type = CORE_CONFERENCE_AUDIO, .conference = conference, .audio = ENGINE_AUDIO_MIX},
        {.type = CORE_CONFERENCE_RECORD, .conference = conference, .frames = frames}};
    sim_commands(&sim, commands, 2, 9);
    sim_run(&sim, 100000);
    assert_int_equal(sim.done_token, 9);
    assert_true(tone_power_dbfs(people[0].kept, 80) > -40);         /* it fades */
    assert_true(tone_power_dbfs(people[0].kept + 110, 400) < -150); /* 10 ms and the limiter's 2 ms */
    assert_true(room_steepest(0) < 3000);
    struct core_command end = {.type = CORE_CONFERENCE_RECORD, .conference = conference};
    sim_command(&sim, end);
    struct pcm_frame frame;
    int count = 0;
    while (ring_pop(frames, &frame) && frame.kind == PCM_FRAME_AUDIO) {
        assert_true(tone_power_dbfs(frame.pcm, 160) < -150); /* no music in a recording, not its last bit either */
        count++;
    }
    assert_int_equal(frame.kind, PCM_FRAME_END);
    assert_int_equal(count, 5);
    ring_destroy(frames);
    set_music(NULL);
    sound_destroy(music);
}

static void new_music_fades_in_over_the_old(void **state)
{
    (void)state;
    struct sound *old = sim_tone(SIM_RATE_HZ, 400, -20, 8000), *new = sim_tone(SIM_RATE_HZ, 620, -20, 8000);
    set_music(old);
    set_audio(ENGINE_AUDIO_WAIT);
    call_in(0, true, true);
    settle();
    int steady = 0;
    people[0].count = 0;
    sim_run(&sim, 200000);
    steady = room_steepest(0);
    set_music(new);
    sim_run(&sim, 300000);
    assert_true(room_steepest(0) < 2 * steady);
    assert_int_equal(sim.events[MEDIA_SOUND_BACK], 1);
    assert_true(fabs(level(0, 620) - -20) < 0.5);
    assert_true(level(0, 400) < -60);
    set_music(NULL);
    sim_run(&sim, 300000);
    assert_int_equal(sim.events[MEDIA_SOUND_BACK], 2);
    sound_destroy(old);
    sound_destroy(new);
}

static void a_sound_is_heard_by_all_who_listen_in_wait_and_mix_and_is_recorded(void **state)
{
    (void)state;
    struct sound *beep = sim_tone(SIM_RATE_HZ, 850, -15, 1600);
    struct core_command play = {.type = CORE_CONFERENCE_PLAY, .conference = conference, .sound = beep, .token = 4};
    static const enum engine_audio modes[] = {ENGINE_AUDIO_WAIT, ENGINE_AUDIO_MIX, ENGINE_AUDIO_NONE};
    call_in(0, true, true);
    call_in(1, true, false);
    people[0].mute = people[1].mute = true;
    for (int i = 0; i < 3; i++) {
        set_audio(modes[i]);
        settle();
        people[0].count = people[1].count = 0;
        sim_command(&sim, play);
        sim_run(&sim, 400000);
        double heard = tone_measure(people[0].kept + 400, 800, SIM_RATE_HZ, 850, 0).level_dbfs;
        if (modes[i] == ENGINE_AUDIO_NONE)
            assert_true(heard < -100);
        else
            assert_true(fabs(heard - -15) < 0.5);
        assert_true(tone_power_dbfs(people[1].kept, people[1].count) < -150);
    }
    assert_int_equal(sim.events[MEDIA_PLAYED], 3);
    for (int i = 0; i < 20; i++) /* more than fit: the oldest are cut, and given back */
        sim_command(&sim, play);
    sim_run(&sim, 400000);
    assert_int_equal(sim.events[MEDIA_PLAYED], 23);
    sound_destroy(beep);
}

static void a_sound_nobody_hears_is_given_back(void **state)
{
    (void)state;
    struct sound *beep = sim_tone(SIM_RATE_HZ, 850, -15, 1600);
    struct core_command play = {.type = CORE_CONFERENCE_PLAY, .conference = conference, .sound = beep};
    set_audio(ENGINE_AUDIO_MIX);
    sim_command(&sim, play);
    assert_int_equal(sim.events[MEDIA_PLAYED], 1);
    call_in(0, true, true);
    sim_run(&sim, 40000);
    sim_command(&sim, play);
    sim_run(&sim, 40000);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &parties[0]->leg});
    assert_int_equal(sim.events[MEDIA_PLAYED], 2);
    sound_destroy(beep);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* From the arrival of a packet to the sending of the one that carries its first sample. */
static int64_t delay_at_phase(int64_t phase_us)
{
    struct person talker = {.mute = true}, listener = {0};
    sim_open(&sim, 11);
    conference = sim_conference(&sim, 5);
    set_audio(ENGINE_AUDIO_MIX);
    tone_init(&talker.tone, SIM_RATE_HZ, 2000, -3); /* a quarter of its period is one sample: loud at once */
    struct sim_party_config config = {
        .speak = person_say, .hear = person_hear, .user = &talker, .slot = 5, .phase_us = phase_us};
    struct sim_party *t = sim_call(&sim, &config);
    config.user = &listener;
    config.speak = NULL;
    sim_join(t, conference, true, true);
    sim_join(sim_call(&sim, &config), conference, false, true);
    sim_run(&sim, 2000000);
    int64_t said_us = t->next_us; /* arrives at that very moment */
    talker.mute = false;
    sim_run(&sim, 200000);
    assert_true(listener.first_loud_us > said_us);
    sim_conference_close(&sim, conference);
    sim_close(&sim);
    return listener.first_loud_us - said_us;
}

static void the_delay_through_the_bridge_is_short_at_every_phase(void **state)
{
    (void)state;
    enum { PHASES = 80 };
    int64_t delay[PHASES];
    for (int i = 0; i < PHASES; i++)
        delay[i] = delay_at_phase(i * 20000 / PHASES);
    qsort(delay, PHASES, sizeof *delay, by_value);
    print_message("delay over %d phases: p50 %.1f ms, p95 %.1f ms, most %.1f ms\n", PHASES,
                  (double)delay[PHASES / 2] / 1000, (double)delay[PHASES * 95 / 100] / 1000,
                  (double)delay[PHASES - 1] / 1000);
    assert_true(delay[PHASES / 2] <= 15000);
    assert_true(delay[PHASES * 95 / 100] <= 25000);
}

static void a_thread_that_comes_late_keeps_time(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_MIX);
    call_in(0, true, true);
    call_in(1, false, true);
    settle();
    uint64_t packets = parties[1]->packets_heard;
    uint32_t timestamp = parties[1]->heard_timestamp;
    int64_t before_us = sim.now_us;
    sim.now_us += 45000; /* two ticks missed: run in order, nothing lost */
    sim_run(&sim, 55000);
    assert_int_equal(parties[1]->packets_heard - packets, (sim.now_us - before_us) / 20000);
    assert_int_equal(parties[1]->heard_timestamp - timestamp, 160 * ((sim.now_us - before_us) / 20000));
    assert_true(media_counted(&sim.counters.ticks_late) > 0);
}

static void a_conference_without_legs_has_no_ticks(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_WAIT);
    assert_int_equal(core_deadline(sim.core), INT64_MAX);
    call_in(0, true, true);
    assert_true(core_deadline(sim.core) < INT64_MAX);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &parties[0]->leg});
    assert_int_equal(core_deadline(sim.core), INT64_MAX);
}

/* Loud music ends as two loud voices begin: there is room for one of them. */
static void music_fades_out_under_voices_without_clipping(void **state)
{
    (void)state;
    struct sound *music = sim_tone(SIM_RATE_HZ, 400, -1, 8000), *announcement = sim_tone(SIM_RATE_HZ, 700, -1, 640);
    set_audio(ENGINE_AUDIO_WAIT);
    set_music(music);
    for (int i = 0; i < 3; i++) {
        call_in(i, true, true);
        if (i < 2) tone_init(&people[i].tone, SIM_RATE_HZ, tones[i], -1);
        people[i].mute = i == 2;
    }
    settle();
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 3; i++)
            people[i].count = 0;
        /* Voices fade in; this is there at once. */
        sim_command(
            &sim, (struct core_command){.type = CORE_CONFERENCE_PLAY, .conference = conference, .sound = announcement});
        sim_run(&sim, 20000);
        set_audio(ENGINE_AUDIO_MIX);
        sim_run(&sim, 45000 + 137 * round);
        for (int i = 0; i < 3; i++) {
            for (uint32_t k = 0; k < people[i].count; k++)
                assert_true(abs(people[i].kept[k]) < 31500); /* a mu-law step above the ceiling */
        }
        set_audio(ENGINE_AUDIO_WAIT);
        sim_run(&sim, 100000);
    }
    set_audio(ENGINE_AUDIO_NONE);
    set_music(NULL);
    sim_run(&sim, 100000);
    sound_destroy(music);
    sound_destroy(announcement);
}

/* The thread is away for half a second: what is over 60 ms late is not sent any more, and time has passed all the same.
 */
static void a_thread_that_was_away_skips_what_is_too_late(void **state)
{
    (void)state;
    set_audio(ENGINE_AUDIO_MIX);
    for (int i = 0; i < 3; i++)
        call_in(i, true, true);
    settle();
    parties[0]->may_skip = parties[1]->may_skip = parties[2]->may_skip = true;
    uint64_t before = parties[0]->packets_heard, ticks = media_counted(&sim.counters.ticks);
    uint64_t late = media_counted(&sim.counters.ticks_late);
    sim.now_us += 500000;
    sim_run(&sim, 1);
    uint64_t sent = parties[0]->packets_heard - before;
    assert_in_range(sent, 3, 4);
    assert_in_range(media_counted(&sim.counters.ticks) - ticks, 25, 26);
    assert_in_range(media_counted(&sim.counters.ticks_late) - late, 24, 26);
    assert_in_range(media_counted(&sim.counters.late_max_us), 460000, 520000);
    uint64_t ran = media_counted(&sim.counters.ticks) - ticks;
    sim_run(&sim, 20000);
    assert_int_equal(parties[0]->skipped_samples, (ran - sent) * 160);
    parties[0]->may_skip = parties[1]->may_skip = parties[2]->may_skip = false;
    settle();
    assert_true(fabs(level(0, tones[1]) + 15) < 0.5 && fabs(level(0, tones[2]) + 15) < 0.5);
    assert_true(fabs(level(1, tones[0]) + 15) < 0.5);
}

#define CONFERENCE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, room_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFERENCE_TEST(in_the_mix_everybody_hears_all_others),
        CONFERENCE_TEST(while_waiting_music_is_heard_and_nobody),
        CONFERENCE_TEST(without_audio_there_is_silence_but_packets),
        CONFERENCE_TEST(talk_and_listen_are_kept_apart),
        CONFERENCE_TEST(mutes_and_leaves_do_not_click),
        CONFERENCE_TEST(music_starts_at_once_and_is_gone_with_the_tick_of_the_mix),
        CONFERENCE_TEST(new_music_fades_in_over_the_old),
        CONFERENCE_TEST(a_sound_is_heard_by_all_who_listen_in_wait_and_mix_and_is_recorded),
        CONFERENCE_TEST(a_sound_nobody_hears_is_given_back),
        CONFERENCE_TEST(a_thread_that_comes_late_keeps_time),
        CONFERENCE_TEST(a_thread_that_was_away_skips_what_is_too_late),
        CONFERENCE_TEST(music_fades_out_under_voices_without_clipping),
        CONFERENCE_TEST(a_conference_without_legs_has_no_ticks),
        cmocka_unit_test(the_delay_through_the_bridge_is_short_at_every_phase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
