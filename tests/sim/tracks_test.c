#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/pcm_frame.h"
#include "media/tone.h"
#include "sim.h"

/* RATE: everybody has L16 of this rate, so that the conference mixes at it and nothing is converted. */
enum {
    RATE = 8000,
    TICK = RATE / 50,
    LATE = RATE / 500,
    PEOPLE = 3,
    TRACKS = PEOPLE + PCM_TRACK_FIRST,
    MAX = 20 * RATE
};

static struct sim sim;
static struct conference_media *conference;
static struct sim_party *parties[PEOPLE];
static struct tone tones[PEOPLE];
static bool quiet[PEOPLE];
static struct ring *frames;

/* What came out of the ring: the mix, and the others delayed as the mix is. */
static int16_t heard[TRACKS][MAX + LATE];
static uint64_t first_tick, ticks;
static struct pcm_mark marks[100];
static uint16_t mark_tracks[100];
static uint32_t mark_count;

static void say(struct sim_party *party, int16_t *pcm, uint32_t samples)
{
    size_t i = (size_t)((struct tone *)party->user - tones);
    if (quiet[i])
        memset(pcm, 0, samples * sizeof *pcm);
    else
        tone_read(&tones[i], pcm, samples);
}

static int begin(void **state)
{
    (void)state;
    sim_open(&sim, 1);
    conference = sim_conference(&sim, 4);
    sim_command(&sim, (struct core_command){
                          .type = CORE_CONFERENCE_AUDIO, .conference = conference, .audio = ENGINE_AUDIO_MIX});
    memset(heard, 0, sizeof heard);
    mark_count = 0;
    ticks = 0;
    for (int i = 0; i < PEOPLE; i++) {
        quiet[i] = true;
        tone_init(&tones[i], RATE, 500 + 300 * i, -20);
        struct sim_party_config config = {
            .codec = CODEC_L16_8, .speak = say, .user = &tones[i], .slot = 4, .phase_us = 5000 * i + 1700};
        parties[i] = sim_call(&sim, &config);
    }
    assert_int_equal(ring_create(&frames, sizeof(struct pcm_frame), 16384), STATUS_OK);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    sim_conference_close(&sim, conference);
    sim_close(&sim);
    ring_destroy(frames);
    return 0;
}

static void join(int i, bool talk)
{
    sim_join(parties[i], conference, talk, true);
    sim_command(&sim, (struct core_command){
                          .type = CORE_LEG_TRACK, .leg = &parties[i]->leg, .number = (uint32_t)(PCM_TRACK_FIRST + i)});
}

static void record(bool tracks)
{
    sim_command(&sim, (struct core_command){
                          .type = CORE_CONFERENCE_RECORD, .conference = conference, .frames = frames, .on = tracks});
}

/* Ends the recording, and reads what is in the ring. */
static void read_ring(void)
{
    struct pcm_frame frame;
    bool started = false;
    sim_command(&sim, (struct core_command){.type = CORE_CONFERENCE_RECORD, .conference = conference});
    while (ring_pop(frames, &frame) && frame.kind != PCM_FRAME_END) {
        if (!started) first_tick = frame.tick;
        started = true;
        uint64_t at = (frame.tick - first_tick) * TICK;
        assert_true(at + TICK <= MAX && frame.track < TRACKS);
        if (frame.kind == PCM_FRAME_MARK) {
            assert_true(mark_count < 100);
            mark_tracks[mark_count] = frame.track;
            marks[mark_count++] = frame.mark;
        } else {
            assert_int_equal(frame.rate_hz, RATE);
            if (frame.track != PCM_TRACK_MIX) at += LATE;
            memcpy(heard[frame.track] + at, frame.pcm, sizeof frame.pcm);
        }
    }
    assert_int_equal(frame.kind, PCM_FRAME_END);
    ticks = frame.tick - first_tick;
}

static void add_up(void)
{
    assert_true(ticks > 20);
    for (uint64_t i = 0; i < ticks * TICK; i++) {
        int sum = 0;
        for (int t = PCM_TRACK_BRIDGE; t < TRACKS; t++)
            sum += heard[t][i];
        assert_int_equal(sum, heard[PCM_TRACK_MIX][i]);
    }
}

static double level(int track)
{
    double sum = 0;
    for (uint64_t i = 0; i < ticks * TICK; i++)
        sum += (double)heard[track][i] * heard[track][i];
    return sqrt(sum / (double)(ticks * TICK));
}

/* @return how many marks of a track are of this type */
static uint32_t marked(uint16_t track, enum pcm_mark_type type, bool on)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < mark_count; i++)
        count += mark_tracks[i] == track && marks[i].type == type && marks[i].on == on;
    return count;
}

static void voices_digits_and_sounds_add_up_sample_by_sample(void **state)
{
    (void)state;
    struct sound *sound = sim_tone(RATE, 1823, -20, RATE / 2);
    record(true);
    join(0, true);
    join(1, true);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_DTMF, .leg = &parties[0]->leg, .on = true});
    quiet[0] = quiet[1] = false;
    sim_run(&sim, 500000);
    sim_command(&sim, (struct core_command){
                          .type = CORE_CONFERENCE_PLAY, .conference = conference, .sound = sound, .token = 3});
    sim_press(parties[0], '4', 200);
    sim_run(&sim, 1500000);
    read_ring();
    add_up();
    assert_true(level(PCM_TRACK_BRIDGE) > 500 && level(PCM_TRACK_FIRST) > 500 && level(PCM_TRACK_FIRST + 1) > 500);
    assert_int_equal(marked(PCM_TRACK_FIRST, PCM_MARK_IN, true), 1);
    assert_int_equal(marked(PCM_TRACK_FIRST, PCM_MARK_DIGIT, false), 1);
    assert_int_equal(marked(PCM_TRACK_BRIDGE, PCM_MARK_SOUND, true), 1);
    assert_int_equal(marked(PCM_TRACK_BRIDGE, PCM_MARK_SOUND, false), 1);
    /* Its own voice is all that is in a caller's track: not the tone of its key. */
    assert_true(tone_measure(heard[PCM_TRACK_FIRST] + RATE / 2, RATE, RATE, 770, 0).level_dbfs < -60);
    sound_destroy(sound);
}

static void who_leaves_in_mid_word_has_its_fade_in_its_own_track(void **state)
{
    (void)state;
    record(true);
    join(0, true);
    join(1, true);
    quiet[1] = false;
    sim_run(&sim, 700000);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &parties[1]->leg});
    sim_run(&sim, 300000);
    read_ring();
    add_up();
    assert_true(level(PCM_TRACK_FIRST + 1) > 500);
    assert_true(level(PCM_TRACK_BRIDGE) < 0.001);
    assert_int_equal(marked(PCM_TRACK_FIRST + 1, PCM_MARK_IN, false), 1);
    assert_int_equal(marked(PCM_TRACK_FIRST + 1, PCM_MARK_SPEAKS, false), 1);
}

static void mutes_are_marked_and_whoever_comes_muted(void **state)
{
    (void)state;
    record(true);
    join(0, true);
    join(1, false);
    quiet[0] = quiet[1] = false;
    sim_run(&sim, 500000);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_ROLES, .leg = &parties[0]->leg, .listen = true});
    sim_run(&sim, 500000);
    sim_command(&sim,
                (struct core_command){.type = CORE_LEG_ROLES, .leg = &parties[1]->leg, .talk = true, .listen = true});
    sim_run(&sim, 500000);
    read_ring();
    add_up();
    assert_int_equal(marked(PCM_TRACK_FIRST, PCM_MARK_TALKS, false), 1);
    assert_int_equal(marked(PCM_TRACK_FIRST + 1, PCM_MARK_TALKS, false), 1);
    assert_int_equal(marked(PCM_TRACK_FIRST + 1, PCM_MARK_TALKS, true), 1);
    assert_int_equal(marked(PCM_TRACK_FIRST + 1, PCM_MARK_SPEAKS, true), 1);
}

static void the_least_gain_of_the_limiter_is_told_every_second(void **state)
{
    (void)state;
    record(true);
    for (int i = 0; i < PEOPLE; i++) {
        join(i, true);
        quiet[i] = false;
        tone_init(&tones[i], RATE, 500 + 300 * i, -6);
    }
    sim_run(&sim, 3100000);
    read_ring();
    assert_in_range(marked(PCM_TRACK_BRIDGE, PCM_MARK_GAIN, false), 2, 3);
    for (uint32_t i = 0; i < mark_count; i++)
        assert_true(marks[i].type != PCM_MARK_GAIN || (marks[i].gain > 0.5f && marks[i].gain < 0.8f));
}

static void without_tracks_the_ring_holds_the_mix_alone(void **state)
{
    (void)state;
    record(false);
    join(0, true);
    quiet[0] = false;
    sim_run(&sim, 500000);
    read_ring();
    assert_int_equal(mark_count, 0);
    assert_true(level(PCM_TRACK_FIRST) < 0.001 && level(PCM_TRACK_MIX) > 500);
}

static void what_finds_no_room_in_the_ring_is_marked_and_the_mix_goes_first(void **state)
{
    (void)state;
    ring_destroy(frames);
    assert_int_equal(ring_create(&frames, sizeof(struct pcm_frame), 32), STATUS_OK);
    record(true);
    join(0, true);
    quiet[0] = false;
    sim_run(&sim, 1000000);
    struct pcm_frame frame;
    uint32_t mixes = 0, voices = 0, lost = 0;
    while (ring_pop(frames, &frame))
        mixes += frame.kind == PCM_FRAME_AUDIO && frame.track == PCM_TRACK_MIX;
    sim_run(&sim, 100000);
    while (ring_pop(frames, &frame)) {
        voices += frame.kind == PCM_FRAME_AUDIO && frame.track == PCM_TRACK_FIRST;
        if (frame.kind == PCM_FRAME_MARK && frame.mark.type == PCM_MARK_LOST) lost += frame.mark.count;
    }
    assert_true(mixes > 10);
    assert_int_equal(voices, 5);
    assert_true(lost > 30);
    record(false);
}

#define SIM_TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(voices_digits_and_sounds_add_up_sample_by_sample),
        SIM_TEST(who_leaves_in_mid_word_has_its_fade_in_its_own_track),
        SIM_TEST(mutes_are_marked_and_whoever_comes_muted),
        SIM_TEST(the_least_gain_of_the_limiter_is_told_every_second),
        SIM_TEST(without_tracks_the_ring_holds_the_mix_alone),
        SIM_TEST(what_finds_no_room_in_the_ring_is_marked_and_the_mix_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
