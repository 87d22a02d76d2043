/* An hour of a steady tone through a conference of three, and what the watch makes of one bad frame. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/tone.h"
#include "sim.h"

#if defined(__SANITIZE_THREAD__)
enum { LENGTH_S = 600 };
#else
enum { LENGTH_S = 3600 };
#endif

static const double frequency_hz = 1013, level_dbfs = -12;

enum { SETTLE_S = 1, KEPT = 8000 };

enum spoil { SPOIL_NONE, SPOIL_DROPPED, SPOIL_REPEATED, SPOIL_ZEROED };

/* What one ear gathers. */
struct ear {
    struct tone_watch watch;
    enum spoil spoil;
    uint64_t spoil_at; /* packet */
    int16_t last[480];
    int16_t kept[KEPT]; /* the last second */
    uint64_t heard;
};

static void say_tone(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    tone_read(p->user, pcm, samples);
}

static void say_nothing(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    (void)p;
    memset(pcm, 0, samples * sizeof *pcm);
}

static void watch(struct ear *ear, const int16_t *pcm, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++)
        ear->kept[(ear->heard + i) % KEPT] = pcm[i];
    ear->heard += samples;
    if (ear->watch.rate_hz) tone_watch_put(&ear->watch, pcm, samples);
}

static void hear(struct sim_party *p, const int16_t *pcm, uint32_t samples)
{
    struct ear *ear = p->user;
    static const int16_t zeros[480];
    bool bad = p->packets_heard == ear->spoil_at;
    if (!bad || ear->spoil == SPOIL_NONE)
        watch(ear, pcm, samples);
    else if (ear->spoil == SPOIL_REPEATED)
        watch(ear, ear->last, samples);
    else if (ear->spoil == SPOIL_ZEROED)
        watch(ear, zeros, samples);
    memcpy(ear->last, pcm, samples * sizeof *pcm);
}

struct scene {
    struct sim sim;
    struct conference_media *conference;
    struct tone tone;
    struct sim_party *talker, *silent, *listener;
    struct ear at_talker, at_silent, at_listener;
};

static void hear_talker(struct sim_party *p, const int16_t *pcm, uint32_t samples)
{
    (void)p;
    struct scene *scene = (struct scene *)((char *)p->sim - offsetof(struct scene, sim));
    watch(&scene->at_talker, pcm, samples);
}

static struct scene *scene_at(uint16_t ptime_ms, int64_t phase_us, uint32_t jitter_us)
{
    struct scene *s = calloc(1, sizeof *s);
    sim_open(&s->sim, 1);
    tone_init(&s->tone, SIM_RATE_HZ, frequency_hz, level_dbfs);
    s->conference = sim_conference(&s->sim, 3);
    struct sim_party_config config = {.speak = say_tone,
                                      .hear = hear_talker,
                                      .user = &s->tone,
                                      .ptime_ms = ptime_ms,
                                      .phase_us = phase_us,
                                      .network = {.jitter_us = jitter_us}};
    s->talker = sim_call(&s->sim, &config);
    config.speak = say_nothing;
    config.hear = hear;
    config.user = &s->at_silent;
    config.phase_us = 12100;
    s->silent = sim_call(&s->sim, &config);
    config.speak = NULL;
    config.user = &s->at_listener;
    s->listener = sim_call(&s->sim, &config);
    sim_join(s->talker, s->conference, true, true);
    sim_join(s->silent, s->conference, true, true);
    sim_join(s->listener, s->conference, false, true);
    sim_command(&s->sim, (struct core_command){
                             .type = CORE_CONFERENCE_AUDIO, .conference = s->conference, .audio = ENGINE_AUDIO_MIX});
    sim_run(&s->sim, SETTLE_S * 1000000);
    tone_watch_init(&s->at_silent.watch, SIM_RATE_HZ, frequency_hz, level_dbfs);
    tone_watch_init(&s->at_listener.watch, SIM_RATE_HZ, frequency_hz, level_dbfs);
    return s;
}

static struct scene *scene_open(uint16_t ptime_ms, uint32_t jitter_us)
{
    return scene_at(ptime_ms, 7300, jitter_us);
}

static void scene_close(struct scene *s)
{
    sim_conference_close(&s->sim, s->conference);
    sim_close(&s->sim);
    free(s);
}

/* What an ear heard in the last second. */
static struct tone_reading reading(const struct ear *ear)
{
    int16_t pcm[KEPT];
    for (uint32_t i = 0; i < KEPT; i++)
        pcm[i] = ear->kept[(ear->heard + i) % KEPT];
    return tone_measure(pcm, KEPT, SIM_RATE_HZ, frequency_hz, 0);
}

static void a_tone_stays_whole_for_its_whole_time(void **state)
{
    (void)state;
    struct scene *s = scene_open(20, 0);
    sim_run(&s->sim, (int64_t)LENGTH_S * 1000000);
    const struct ear *ears[] = {&s->at_silent, &s->at_listener};
    for (size_t i = 0; i < 2; i++) {
        const struct tone_watch *w = &ears[i]->watch;
        print_message("tone of %d s: %llu windows, %llu breaks, %llu holes, largest steps %.2f degrees %.3f dB\n",
                      LENGTH_S, (unsigned long long)w->windows, (unsigned long long)w->breaks,
                      (unsigned long long)w->holes, w->max_phase_step_deg, w->max_level_step_db);
        assert_true(w->windows >= LENGTH_S * 100 - 4);
        assert_int_equal(w->breaks, 0);
        assert_int_equal(w->holes, 0);
        assert_true(fabs(reading(ears[i]).level_dbfs - level_dbfs) < 0.05);
    }
    /* The one who speaks it does not hear it. */
    double own_dbfs = reading(&s->at_talker).level_dbfs;
    print_message("own voice at %.1f dBFS, as heard by the others %.1f dBFS\n", own_dbfs,
                  reading(&s->at_listener).level_dbfs);
    assert_true(own_dbfs < level_dbfs - 45);
    scene_close(s);
}

static void a_little_jitter_breaks_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_open(20, 2000);
    sim_run(&s->sim, 60000000);
    assert_int_equal(s->at_listener.watch.breaks, 0);
    assert_int_equal(s->at_listener.watch.holes, 0);
    scene_close(s);
}

/* None, one or two packets between two ticks: those that stand behind the first one are there when they are needed. */
static void packets_about_the_time_of_the_tick_break_nothing(void **state)
{
    (void)state;
    for (uint32_t jitter_us = 1000; jitter_us <= 15000; jitter_us += 2000) {
        struct scene *s = scene_at(20, 3000 - (int64_t)jitter_us / 2, jitter_us);
        struct playout_stats before = playout_get_stats(s->talker->leg.playout);
        sim_run(&s->sim, 30000000);
        struct playout_stats stats = playout_get_stats(s->talker->leg.playout);
        const struct tone_watch *w = &s->at_listener.watch;
        print_message("jitter %u us: %llu breaks, %llu holes, delay %u us\n", jitter_us, (unsigned long long)w->breaks,
                      (unsigned long long)w->holes, stats.delay_us);
        assert_int_equal(w->holes, 0);
        assert_int_equal(w->breaks, 0);
        assert_int_equal(stats.lost, 0);
        assert_true(stats.concealed_samples - before.concealed_samples <= 2 * 160);
        scene_close(s);
    }
}

/*
 * Packets come in another order, twice, or many at once, but they all come: the delay grows, and then nothing of them
 * is lost. One in a thousand may come later than all those of the seconds before, where the time of each is chance.
 */
static void packets_that_the_network_shuffles_are_heard(void **state)
{
    (void)state;
    static const struct network ways[] = {
        {.delay_us = 5000, .reorder_permille = 100, .reorder_us = 30000, .duplicate_permille = 100},
        {.jitter_us = 60000, .may_overtake = true, .duplicate_permille = 50},
        {.delay_us = 40000, .stall_us = 100000},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct scene *s = scene_open(20, 0);
        uint32_t clean_us = playout_get_stats(s->talker->leg.playout).delay_us, most_us = 0;
        s->talker->network = ways[i];
        sim_run(&s->sim, 20000000);
        struct playout_stats known = playout_get_stats(s->talker->leg.playout), stats;
        tone_watch_init(&s->at_listener.watch, SIM_RATE_HZ, frequency_hz, level_dbfs);
        for (int tick = 0; tick < 30 * 50; tick++) {
            sim_run(&s->sim, 20000);
            stats = playout_get_stats(s->talker->leg.playout);
            if (stats.delay_us > most_us) most_us = stats.delay_us;
        }
        const struct tone_watch *w = &s->at_listener.watch;
        uint64_t packets = stats.packets - known.packets, lost = stats.lost - known.lost,
                 twice = stats.duplicates - known.duplicates;
        print_message(
            "way %zu: %llu breaks, %llu holes, %llu of %llu lost, %llu twice, delay %u and then up to %u us\n", i,
            (unsigned long long)w->breaks, (unsigned long long)w->holes, (unsigned long long)lost,
            (unsigned long long)packets, (unsigned long long)twice, clean_us, most_us);
        assert_true(w->windows > 2990);
        assert_int_equal(w->breaks + w->holes, 0);
        assert_true(lost <= (ways[i].may_overtake ? packets / 1000 : 0));
        assert_true(ways[i].may_overtake || stats.concealed_samples == known.concealed_samples);
        assert_true(twice >= packets * ways[i].duplicate_permille * 3 / 4 / 1000);
        assert_true(most_us > clean_us + 30000);
        scene_close(s);
    }
}

static void every_packet_length_carries_it_whole(void **state)
{
    (void)state;
    for (uint16_t ptime_ms = 10; ptime_ms <= 60; ptime_ms = (uint16_t)(ptime_ms + 10)) {
        struct scene *s = scene_open(ptime_ms, 0);
        sim_run(&s->sim, 30000000);
        const struct tone_watch *w = &s->at_listener.watch;
        print_message("ptime %d: %llu breaks, %llu holes\n", ptime_ms, (unsigned long long)w->breaks,
                      (unsigned long long)w->holes);
        assert_true(w->windows > 2990);
        assert_int_equal(w->breaks, 0);
        assert_int_equal(w->holes, 0);
        assert_int_equal(s->listener->markers, 1);
        scene_close(s);
    }
}

static void a_silent_talker_sounds_as_it_has_told(void **state)
{
    (void)state;
    struct scene *s = scene_open(20, 0);
    for (int i = 0; i < 3; i++) {
        s->talker->noise_level = (uint8_t)(45 + 5 * i);
        s->talker->quiet = true;
        sim_run(&s->sim, 3000000);
        /* dBFS is counted from a sine, RFC 3389's level from a square wave. */
        double level = tone_power_dbfs(s->at_listener.kept, KEPT) - 3.0;
        print_message("noise told of at -%d dBov is heard at %.1f\n", s->talker->noise_level, level);
        assert_true(fabs(level + s->talker->noise_level) < 1.5);
        s->talker->quiet = false;
        sim_run(&s->sim, 500000);
        tone_watch_init(&s->at_listener.watch, SIM_RATE_HZ, frequency_hz, level_dbfs);
        sim_run(&s->sim, 1000000);
        assert_int_equal(s->at_listener.watch.breaks + s->at_listener.watch.holes, 0);
    }
    assert_int_equal(s->talker->leg.stats.packets_bad, 0);
    scene_close(s);
}

static uint64_t faults_seen(enum spoil spoil)
{
    struct scene *s = scene_open(20, 0);
    s->at_listener.spoil = spoil;
    s->at_listener.spoil_at = s->listener->packets_heard + 100;
    sim_run(&s->sim, 5000000);
    uint64_t seen = s->at_listener.watch.breaks + s->at_listener.watch.holes;
    scene_close(s);
    return seen;
}

static void one_bad_frame_is_seen(void **state)
{
    (void)state;
    assert_int_equal(faults_seen(SPOIL_NONE), 0);
    assert_true(faults_seen(SPOIL_DROPPED) > 0);
    assert_true(faults_seen(SPOIL_REPEATED) > 0);
    assert_true(faults_seen(SPOIL_ZEROED) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bad_frame_is_seen),
        cmocka_unit_test(a_little_jitter_breaks_nothing),
        cmocka_unit_test(packets_about_the_time_of_the_tick_break_nothing),
        cmocka_unit_test(packets_that_the_network_shuffles_are_heard),
        cmocka_unit_test(every_packet_length_carries_it_whole),
        cmocka_unit_test(a_silent_talker_sounds_as_it_has_told),
        cmocka_unit_test(a_tone_stays_whole_for_its_whole_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
