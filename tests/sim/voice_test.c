/* What is said of a leg's voice and done to it on its way into the mix, on a fake clock and network. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "room.h"

enum { TICK_US = 20000, SECOND_US = 1000000 };

static int begin(void **state)
{
    (void)state;
    room_open(11);
    sim_command(&sim, (struct core_command){
                          .type = CORE_CONFERENCE_AUDIO, .conference = conference, .audio = ENGINE_AUDIO_MIX});
    return 0;
}

static void call(int i, bool mute)
{
    static const double tones[] = {515, 745, 1015, 1295};
    people[i].mute = mute;
    room_call(i, tones[i], (struct sim_party_config){.phase_us = 3000 * i + 1700});
    sim_join(parties[i], conference, true, true);
}

static struct engine_leg_stats stats_of(int i)
{
    struct engine_leg_stats stats;
    sim_run(&sim, 2 * SECOND_US);
    leg_media_read_stats(&parties[i]->leg, &stats);
    return stats;
}

static uint64_t talking_told(void)
{
    return sim.events[MEDIA_LEG_TALKING];
}

/* ---- who talks ---- */

static void who_begins_and_ends_to_speak_is_told_with_the_time_at_which_it_was_so(void **state)
{
    (void)state;
    call(0, true);
    call(1, true);
    sim_run(&sim, SECOND_US);
    assert_int_equal(talking_told(), 0);

    int64_t from_us = sim.now_us;
    people[0].mute = false;
    sim_run(&sim, SECOND_US);
    const struct media_event *told = &sim.last[MEDIA_LEG_TALKING];
    assert_int_equal(talking_told(), 1);
    assert_ptr_equal(told->leg, &parties[0]->leg);
    assert_int_equal(told->number, 1);
    assert_true(told->tick_us > from_us && told->tick_us <= from_us + 3 * TICK_US);

    from_us = sim.now_us;
    people[0].mute = true;
    sim_run(&sim, SECOND_US);
    assert_int_equal(talking_told(), 2);
    assert_int_equal(told->number, 0);
    assert_true(told->tick_us > from_us && told->tick_us <= from_us + 3 * TICK_US);
}

static void who_loses_the_right_to_talk_ends_at_once(void **state)
{
    (void)state;
    call(0, false);
    call(1, true);
    sim_run(&sim, SECOND_US);
    assert_int_equal(talking_told(), 1);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_ROLES, .leg = &parties[0]->leg, .listen = true});
    sim_run(&sim, 3 * TICK_US);
    assert_int_equal(talking_told(), 2);
    assert_int_equal(sim.last[MEDIA_LEG_TALKING].number, 0);
    sim_run(&sim, SECOND_US);
    assert_int_equal(talking_told(), 2);
}

static void the_tone_of_a_key_is_no_speech(void **state)
{
    (void)state;
    call(0, true);
    call(1, true);
    sim_run(&sim, SECOND_US);
    people[0].mute = false; /* what lies under the events */
    sim_press(parties[0], '5', 1000);
    sim_run(&sim, SECOND_US - TICK_US);
    assert_int_equal(talking_told(), 0);
}

/* ---- what is not there to be heard ---- */

static void a_hiss_of_the_smallest_step_is_left_out_of_the_mix(void **state)
{
    (void)state;
    call(0, true);
    call(1, true);
    people[0].hiss = TALKER_INAUDIBLE_PEAK;
    sim_run(&sim, 2 * SECOND_US);
    people[1].count = 0;
    sim_run(&sim, SECOND_US);
    for (uint32_t i = 0; i < people[1].count; i++)
        assert_int_equal(people[1].kept[i], 0);
    assert_true(mixer_common_is_zero(conference->graph->mixer));
}

/* The conference hears what is louder than that from its very first sample on. */
static void a_word_that_follows_is_there_from_its_first_sample(void **state)
{
    (void)state;
    call(0, true);
    call(1, true);
    people[0].hiss = TALKER_INAUDIBLE_PEAK;
    sim_run(&sim, 2 * SECOND_US);
    people[1].count = 0;
    people[0].hiss = 0;
    people[0].mute = false;
    sim_run(&sim, SECOND_US);
    uint32_t first = 0; /* what is above the hiss */
    while (first < people[1].count && abs(people[1].kept[first]) <= TALKER_INAUDIBLE_PEAK)
        first++;
    struct tone tone;
    int16_t pcm[4000];
    tone_init(&tone, SIM_RATE_HZ, 515, -15);
    tone_read(&tone, pcm, 4000);
    const struct codec *codec = codec_by_id(CODEC_PCMU);
    uint8_t bytes[4000];
    size_t count;
    assert_int_equal(codec->encode(NULL, pcm, 4000, bytes, sizeof bytes), 4000);
    assert_int_equal(codec->decode(NULL, bytes, 4000, pcm, 4000, &count), STATUS_OK);
    assert_int_equal(pcm[0], 0);
    assert_memory_equal(people[1].kept + first, pcm + 1, 3999 * sizeof pcm[0]);
}

static void a_hiss_that_can_be_heard_is_heard(void **state)
{
    (void)state;
    call(0, true);
    call(1, true);
    people[0].hiss = 3 * TALKER_INAUDIBLE_PEAK;
    sim_run(&sim, 2 * SECOND_US);
    people[1].count = 0;
    sim_run(&sim, SECOND_US);
    assert_true(tone_power_dbfs(people[1].kept, people[1].count) > -65);
}

/* ---- figures ---- */

static void level_and_peak_are_those_of_the_last_second(void **state)
{
    (void)state;
    call(0, false);
    call(1, true);
    struct engine_leg_stats stats = stats_of(0);
    assert_true(fabsf(stats.level_dbfs + 15) < 0.2f && fabsf(stats.peak_dbfs + 15) < 0.4f);
    assert_true(fabsf(stats.speech_dbfs + 15) < 0.2f);
    assert_int_equal(stats.samples_clipped, 0);
    assert_ptr_equal(stats.codec, codec_by_id(CODEC_PCMU));
    people[0].mute = true;
    stats = stats_of(0);
    assert_true(stats.level_dbfs <= -127 && stats.peak_dbfs <= -127);
    assert_true(fabsf(stats.speech_dbfs + 15) < 0.2f);
    stats = stats_of(1);
    assert_true(stats.speech_dbfs <= -127);
}

static void clipped_samples_are_counted(void **state)
{
    (void)state;
    call(0, false);
    tone_init(&people[0].tone, SIM_RATE_HZ, 515, 0);
    call(1, true);
    struct engine_leg_stats stats = stats_of(0);
    assert_true(stats.samples_clipped > 500);
    assert_int_equal(stats_of(1).samples_clipped, 0);
}

static double mean_loss_run(uint16_t burst_packets)
{
    call(0, false);
    call(1, true);
    assert_int_equal(stats_of(0).loss_runs, 0);
    parties[0]->network.loss_permille = 100;
    parties[0]->network.burst_packets = burst_packets;
    sim_run(&sim, 60 * SECOND_US);
    struct engine_leg_stats stats = stats_of(0);
    return (double)stats.packets_lost / (double)stats.loss_runs;
}

static void losses_in_a_row_are_one_run(void **state)
{
    (void)state;
    double mean = mean_loss_run(4);
    assert_true(mean > 3 && mean < 5.5);
}

static void random_losses_are_as_many_runs_but_for_those_that_meet(void **state)
{
    (void)state;
    double mean = mean_loss_run(0);
    assert_true(mean > 1 && mean < 1.25);
}

/* ---- what is done to it ---- */

static void set_voice(int i, float gain, bool noise_suppression, struct preprocess *preprocess)
{
    sim_command(&sim, (struct core_command){.type = CORE_LEG_VOICE,
                                            .leg = &parties[i]->leg,
                                            .gain = gain,
                                            .noise_suppression = noise_suppression,
                                            .preprocess = preprocess});
}

static double heard_dbfs(int i)
{
    sim_run(&sim, 3 * SECOND_US);
    people[i].count = 0;
    sim_run(&sim, SECOND_US);
    return tone_power_dbfs(people[i].kept, people[i].count);
}

static void others_hear_a_voice_with_its_gain_and_without_one_as_it_was(void **state)
{
    (void)state;
    call(0, false);
    call(1, true);
    double before = heard_dbfs(1);
    assert_true(fabs(before + 15) < 0.1);
    set_voice(0, 0.5f, false, NULL);
    assert_true(fabs(heard_dbfs(1) - (before - 6.02)) < 0.2);
    set_voice(0, 0.001f, false, NULL);
    assert_true(heard_dbfs(1) < -70);
    set_voice(0, 1, false, NULL);
    assert_true(fabs(heard_dbfs(1) - before) < 0.005);
    struct engine_leg_stats stats = stats_of(0);
    assert_true(fabsf(stats.level_dbfs + 15) < 0.2f); /* as it was received */
}

static void noise_is_suppressed_where_that_is_wanted(void **state)
{
    struct preprocess *p;
    (void)state;
    call(0, true);
    call(1, true);
    people[0].hiss = 600;
    double before = heard_dbfs(1);
    assert_int_equal(preprocess_create(&p, SIM_RATE_HZ), STATUS_OK);
    set_voice(0, 1, true, p);
    double after = heard_dbfs(1);
    printf("noise of %.1f dBFS becomes %.1f\n", before, after);
    assert_true(before - after >= 10);
    set_voice(0, 1, false, NULL);
    assert_true(fabs(heard_dbfs(1) - before) < 0.3);
    leg_voice_drop(&parties[0]->leg.voice);
}

/* ---- the loudest only ---- */

static double tone_heard(int by, double hz)
{
    people[by].count = 0;
    sim_run(&sim, SECOND_US / 2);
    return tone_measure(people[by].kept, people[by].count, SIM_RATE_HZ, hz, 0).level_dbfs;
}

static void limit_talkers(uint32_t max)
{
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_TALKERS, .conference = conference, .number = max});
}

static void of_three_talkers_two_are_heard(void **state)
{
    (void)state;
    limit_talkers(2);
    call(0, false);
    call(1, false);
    sim_run(&sim, SECOND_US);
    call(2, false);
    call(3, true);
    sim_run(&sim, SECOND_US);
    assert_true(fabs(tone_heard(3, 515) + 15) < 0.3 && fabs(tone_heard(3, 745) + 15) < 0.3);
    assert_true(tone_heard(3, 1015) < -70);
    people[1].mute = true;
    sim_run(&sim, SECOND_US);
    assert_true(fabs(tone_heard(3, 515) + 15) < 0.3 && fabs(tone_heard(3, 1015) + 15) < 0.3);
}

static void a_shout_is_heard_instead_of_the_softest_without_a_click(void **state)
{
    (void)state;
    limit_talkers(1);
    call(0, false);
    call(3, true);
    sim_run(&sim, SECOND_US);
    tone_init(&people[1].tone, SIM_RATE_HZ, 745, -5);
    call(1, false);
    tone_init(&people[1].tone, SIM_RATE_HZ, 745, -5);
    people[3].count = 0;
    sim_run(&sim, SECOND_US);
    assert_true(room_steepest(3) < 12500); /* 745 Hz at -5 dBFS: up to 10,600 from sample to sample */
    assert_true(tone_heard(3, 515) < -60 && fabs(tone_heard(3, 745) + 5) < 0.3);
}

static void a_speaker_takes_the_seat_of_noise_from_the_first_sample_on(void **state)
{
    (void)state;
    limit_talkers(1);
    call(0, true);
    people[0].hiss = 60;
    call(1, true);
    call(3, true);
    sim_run(&sim, 2 * SECOND_US);
    people[3].count = 0;
    people[1].mute = false;
    sim_run(&sim, SECOND_US);
    uint32_t first = 0;
    while (first < people[3].count && abs(people[3].kept[first]) < 300)
        first++;
    /* From its second sample on it is steeper and larger than any noise: nothing was faded in. */
    assert_true(abs(people[3].kept[first]) > 2000);
    assert_true(fabs(tone_heard(3, 745) + 15) < 0.3);
}

#define VOICE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, room_finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VOICE_TEST(who_begins_and_ends_to_speak_is_told_with_the_time_at_which_it_was_so),
        VOICE_TEST(who_loses_the_right_to_talk_ends_at_once),
        VOICE_TEST(the_tone_of_a_key_is_no_speech),
        VOICE_TEST(a_hiss_of_the_smallest_step_is_left_out_of_the_mix),
        VOICE_TEST(a_word_that_follows_is_there_from_its_first_sample),
        VOICE_TEST(a_hiss_that_can_be_heard_is_heard),
        VOICE_TEST(level_and_peak_are_those_of_the_last_second),
        VOICE_TEST(clipped_samples_are_counted),
        VOICE_TEST(losses_in_a_row_are_one_run),
        VOICE_TEST(others_hear_a_voice_with_its_gain_and_without_one_as_it_was),
        VOICE_TEST(noise_is_suppressed_where_that_is_wanted),
        VOICE_TEST(of_three_talkers_two_are_heard),
        VOICE_TEST(a_shout_is_heard_instead_of_the_softest_without_a_click),
        VOICE_TEST(a_speaker_takes_the_seat_of_noise_from_the_first_sample_on),
        VOICE_TEST(random_losses_are_as_many_runs_but_for_those_that_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
