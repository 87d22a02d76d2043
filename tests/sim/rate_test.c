/* Codecs of different rates in one conference, and a conference that goes from one rate to another. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/sound.h"
#include "media/tone.h"
#include "sim.h"

static const double level_dbfs = -12;

struct mouth {
    struct tone tone;
    double hz;
    uint32_t word_ms, said_ms; /**< says so much and then nothing; 0: for ever */
};

struct ear {
    struct tone_watch watch;
    int16_t kept[48000];
    uint64_t heard;
    uint32_t max_step; /* between neighbouring samples */
    int16_t last;
    bool measures;
};

struct person {
    struct mouth mouth;
    struct ear ear;
    struct sim_party *party;
};

static uint32_t rate_of(const struct sim_party *p)
{
    return p->codec->rate_hz;
}

static void speak(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    struct mouth *mouth = &((struct person *)p->user)->mouth;
    uint32_t a_ms = rate_of(p) / 1000, says = mouth->hz == 0 ? 0 : samples;
    if (mouth->word_ms > 0) {
        uint32_t left = (mouth->word_ms - mouth->said_ms) * a_ms;
        if (left < says) says = left;
        mouth->said_ms += says / a_ms;
    }
    memset(pcm, 0, samples * sizeof *pcm);
    if (says > 0) tone_read(&mouth->tone, pcm, says);
}

static void hear(struct sim_party *p, const int16_t *pcm, uint32_t samples)
{
    struct ear *ear = &((struct person *)p->user)->ear;
    for (uint32_t i = 0; i < samples; i++) {
        uint32_t step = (uint32_t)abs(pcm[i] - ear->last);
        if (ear->measures && step > ear->max_step) ear->max_step = step;
        ear->last = pcm[i];
        ear->kept[(ear->heard + i) % rate_of(p)] = pcm[i];
    }
    ear->heard += samples;
    if (ear->measures) tone_watch_put(&ear->watch, pcm, samples);
}

/* From now on. */
static void measure(struct person *person, double hz)
{
    memset(&person->ear.watch, 0, sizeof person->ear.watch);
    tone_watch_init(&person->ear.watch, rate_of(person->party), hz, level_dbfs);
    person->ear.max_step = 0;
    person->ear.measures = true;
}

static double level_of(const struct person *person, double hz)
{
    uint32_t rate = rate_of(person->party);
    int16_t *pcm = calloc(rate, sizeof *pcm);
    for (uint32_t i = 0; i < rate; i++)
        pcm[i] = person->ear.kept[(person->ear.heard + i) % rate];
    double level = tone_measure(pcm, rate, rate, hz, 0).level_dbfs;
    free(pcm);
    return level;
}

static struct person *call(struct sim *sim, enum codec_id codec, double hz, int64_t phase_us, uint16_t ptime_ms)
{
    struct person *person = calloc(1, sizeof *person);
    struct sim_party_config config = {
        .codec = codec, .phase_us = phase_us, .speak = speak, .hear = hear, .user = person, .ptime_ms = ptime_ms};
    person->mouth.hz = hz;
    tone_init(&person->mouth.tone, codec_by_id(codec)->rate_hz, hz > 0 ? hz : 1000, level_dbfs);
    person->party = sim_call(sim, &config);
    return person;
}

static struct conference_media *conference_of(struct sim *sim, uint32_t rate_hz)
{
    struct conference_media *c = sim_conference_at(sim, 3, rate_hz);
    sim_command(sim, (struct core_command){.type = CORE_CONFERENCE_AUDIO, .conference = c, .audio = ENGINE_AUDIO_MIX});
    return c;
}

static uint16_t ptime_of(enum codec_id id)
{
    return (uint16_t)codec_packet_ms(codec_by_id(id), 20);
}

/* Two talkers of any two codecs, at every rate of the conference: each hears the other's tone, and not its own. */
static void all_codecs_hear_each_other_at_every_rate(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 48000};
    for (int i = 0; i < CODEC_COUNT * CODEC_COUNT * 3; i++) {
        enum codec_id a = (enum codec_id)(i / 3 / CODEC_COUNT), b = (enum codec_id)(i / 3 % CODEC_COUNT);
        struct sim sim;
        sim_open(&sim, 3);
        struct conference_media *c = conference_of(&sim, rates[i % 3]);
        struct person *first = call(&sim, a, 937, 7300, ptime_of(a)), *second = call(&sim, b, 1213, 2100, ptime_of(b));
        sim_join(first->party, c, true, true);
        sim_join(second->party, c, true, true);
        sim_run(&sim, 2000000);
        double there = level_of(first, 1213), back = level_of(second, 937);
        double own = fmax(level_of(first, 937), level_of(second, 1213));
        if (fabs(there - level_dbfs) > 0.5 || fabs(back - level_dbfs) > 0.5 || own > level_dbfs - 30)
            print_message("%s and %s at %u: %.2f and %.2f dBFS, own voice %.1f\n", codec_by_id(a)->name,
                          codec_by_id(b)->name, rates[i % 3], there, back, own);
        assert_true(fabs(there - level_dbfs) < 0.5 && fabs(back - level_dbfs) < 0.5);
        assert_true(own < level_dbfs - 30);
        sim_conference_close(&sim, c);
        sim_close(&sim);
        free(first);
        free(second);
    }
}

/* From one rate to another under a tone; what a PCMU and an L16/16000 party hear of it is measured. */
struct change {
    struct sim sim;
    struct conference_media *conference;
    struct person *talker, *narrow, *wide;
};

static struct change *change_rate(uint32_t from, uint32_t to, double hz, int64_t after_us)
{
    struct change *c = calloc(1, sizeof *c);
    sim_open(&c->sim, 4);
    c->conference = conference_of(&c->sim, from);
    c->talker = call(&c->sim, CODEC_L16_8, hz, 7300, 20);
    c->narrow = call(&c->sim, CODEC_PCMU, 0, 2100, 20);
    c->wide = call(&c->sim, CODEC_L16_16, 0, 11100, 20);
    sim_join(c->talker->party, c->conference, true, true);
    sim_join(c->narrow->party, c->conference, true, true);
    sim_join(c->wide->party, c->conference, false, true);
    sim_run(&c->sim, after_us);
    measure(c->narrow, hz);
    measure(c->wide, hz);
    sim_conference_rate(&c->sim, c->conference, to);
    sim_run(&c->sim, 1500000);
    assert_int_equal(c->conference->graph->rate_hz, to);
    assert_null(c->conference->next);
    assert_true(fabs(level_of(c->narrow, hz) - level_dbfs) < 0.5);
    return c;
}

static void change_over(struct change *c)
{
    sim_conference_close(&c->sim, c->conference);
    sim_close(&c->sim);
    free(c->talker);
    free(c->narrow);
    free(c->wide);
    free(c);
}

/*
 * Conversions take time, so that the tone goes over from one delay to another. Where these are next to whole periods
 * (up to 8 ms of 1003 Hz: 9 degrees more) nothing is heard of it, while a frame that is dropped or comes twice is a
 * step of 22 degrees; where they are halves, two tones that are opposite to each other cross, and no step is steeper
 * than these are.
 */
static void a_change_of_rate_leaves_no_gap_and_no_click(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 48000};
    for (size_t i = 0; i < 9; i++) {
        uint32_t from = rates[i / 3], to = rates[i % 3];
        if (from == to) continue;
        struct change *c = change_rate(from, to, 1003, 1000000);
        const struct tone_watch *narrow = &c->narrow->ear.watch, *wide = &c->wide->ear.watch;
        print_message("%u to %u Hz: %llu holes, %llu breaks, %.1f and %.1f degrees\n", from, to,
                      (unsigned long long)(narrow->holes + wide->holes),
                      (unsigned long long)(narrow->breaks + wide->breaks), narrow->max_phase_step_deg,
                      wide->max_phase_step_deg);
        assert_true(narrow->windows > 145 && wide->windows > 145);
        assert_int_equal(narrow->holes + wide->holes + narrow->breaks + wide->breaks, 0);
        change_over(c);
        double steepest = 8231 * 2 * 3.14159 * 1062.5, worst = 0; /* of the tone, in a second */
        /* Each tick begins a quarter of a period later. */
        for (int64_t ticks = 50; ticks < 52; ticks++) {
            c = change_rate(from, to, 1062.5, ticks * 20000);
            worst = fmax(worst, c->narrow->ear.max_step / (steepest / 8000));
            worst = fmax(worst, c->wide->ear.max_step / (steepest / 16000));
            change_over(c);
        }
        print_message("  opposite tones: steps of %.2f of the tone's steepest\n", worst);
        assert_true(worst < 1.2);
    }
}

/* What was on its way in the filters when a voice ends comes out all the same: all that was said is heard. */
static void the_end_of_a_word_is_heard_too(void **state)
{
    (void)state;
    for (uint32_t said_ms = 40; said_ms < 60; said_ms += 2) {
        struct sim sim;
        sim_open(&sim, 6);
        struct conference_media *c = conference_of(&sim, 16000);
        struct person *talker = call(&sim, CODEC_L16_8, 700, 7300, 20), *ear = call(&sim, CODEC_L16_8, 0, 2100, 20);
        sim_join(talker->party, c, true, false);
        sim_join(ear->party, c, false, true);
        talker->mouth.word_ms = said_ms;
        sim_run(&sim, 900000);
        double heard = 0, said = 0.5 * 8231 * 8231 * 8 * said_ms;
        for (int i = 0; i < 8000; i++)
            heard += (double)ear->ear.kept[i] * ear->ear.kept[i];
        if (fabs(heard / said - 1) > 0.02) print_message("of %u ms %.1f %% are heard\n", said_ms, 100 * heard / said);
        assert_true(fabs(heard / said - 1) <= 0.02);
        sim_conference_close(&sim, c);
        sim_close(&sim);
        free(talker);
        free(ear);
    }
}

/* Who begins to talk gets a mix of its own, and goes on hearing what it heard without a seam; and when it stops. */
static void a_mix_of_ones_own_begins_and_ends_without_a_seam(void **state)
{
    (void)state;
    struct sim sim;
    sim_open(&sim, 7);
    struct conference_media *c = conference_of(&sim, 16000);
    struct person *talker = call(&sim, CODEC_L16_16, 1003, 7300, 20), *one = call(&sim, CODEC_L16_8, 453, 2100, 20);
    sim_join(talker->party, c, true, true);
    sim_join(one->party, c, false, true);
    sim_run(&sim, 1000000);
    measure(one, 1003);
    for (int i = 0; i < 20; i++) {
        sim_command(
            &sim,
            (struct core_command){
                .type = CORE_LEG_ROLES, .leg = &one->party->leg, .conference = c, .talk = i % 2 == 0, .listen = true});
        sim_run(&sim, 500000);
    }
    const struct tone_watch *w = &one->ear.watch;
    print_message("steps of at most %.3f degrees and %.3f dB\n", w->max_phase_step_deg, w->max_level_step_db);
    assert_int_equal(w->breaks + w->holes, 0);
    assert_true(w->max_phase_step_deg < 0.5 && w->max_level_step_db < 0.05);
    sim_conference_close(&sim, c);
    sim_close(&sim);
    free(talker);
    free(one);
}

/* Both sides go over to a codec without a state at once. */
static void change_codec(struct sim_party *p, enum codec_id codec, uint16_t ptime_ms)
{
    struct core_change change = {.media = p->leg.media};
    struct playout_config playing = {.codec = codec_by_id(codec)};
    change.media.codec = playing.codec;
    change.media.send_ptime_ms = ptime_ms;
    assert_int_equal(playout_create(&change.playout, &playing), STATUS_OK);
    sim_command(p->sim, (struct core_command){.type = CORE_LEG_CHANGE, .leg = &p->leg, .change = &change});
    playout_destroy(change.playout);
    p->codec = playing.codec;
    p->ptime_ms = ptime_ms;
    p->queue_head = p->queue_tail; /* what is on its way has another payload type */
    p->packets_heard = 0;          /* timestamps go by another clock now */
}

/* A digit that is sent as a tone goes on at the new rate, and ends in time. */
static void a_codec_may_change_under_a_digit(void **state)
{
    (void)state;
    struct sim sim;
    sim_open(&sim, 8);
    struct person *one = calloc(1, sizeof *one);
    struct sim_party_config config = {
        .codec = CODEC_L16_48, .ptime_ms = 10, .hear = hear, .user = one, .no_events = true};
    one->party = sim_call(&sim, &config);
    sim_run(&sim, 200000);
    struct leg_digits *digits = calloc(1, sizeof *digits + sizeof digits->list[0]);
    digits->count = 1;
    digits->list[0] = (struct engine_digit){.digit = '5'};
    sim_command(&sim, (struct core_command){.type = CORE_LEG_DIGITS, .leg = &one->party->leg, .digits = digits});
    sim_run(&sim, 50000);
    change_codec(one->party, CODEC_PCMU, 20);
    one->ear.heard = 0;
    sim_run(&sim, 1000000);
    uint32_t sounds = 0;
    for (uint32_t i = 0; i < 8000; i++)
        sounds += abs(one->ear.kept[i]) > 1000;
    double level = tone_measure(one->ear.kept, 200, 8000, 770, 0).level_dbfs;
    print_message("%u samples of it are heard after the change, with 770 Hz at %.1f dBFS\n", sounds, level);
    assert_true(sounds > 8 * 30 && sounds < 8 * 100 && level > -14);
    sim_close(&sim);
    free(one);
}

/* A sound at another rate than the leg's comes to its end, also where the leg takes up the sound's rate meanwhile. */
static void a_codec_may_change_under_a_sound_for_one_leg(void **state)
{
    (void)state;
    struct sim sim;
    sim_open(&sim, 9);
    struct person *one = call(&sim, CODEC_L16_8, 0, 2100, 20);
    struct sound *sound = sim_tone(16000, 1000, level_dbfs, 16000);
    sim_run(&sim, 200000);
    sim_command(&sim,
                (struct core_command){.type = CORE_LEG_PLAY, .leg = &one->party->leg, .sound = sound, .number = 1});
    sim_run(&sim, 500000);
    change_codec(one->party, CODEC_L16_16, 20);
    sim_run(&sim, 1000000);
    assert_int_equal(sim.events[MEDIA_LEG_PLAYED], 1);
    sim_close(&sim);
    sound_destroy(sound);
    free(one);
}

/* What is said in the former codec fades out, and what is said in the new one comes in without a click. */
static void a_talker_that_changes_its_codec_makes_no_click(void **state)
{
    (void)state;
    static const enum codec_id codecs[] = {CODEC_L16_16, CODEC_L16_8};
    struct sim sim;
    sim_open(&sim, 10);
    struct conference_media *c = conference_of(&sim, 16000);
    struct person *talker = call(&sim, CODEC_L16_8, 300, 7300, 20), *ear = call(&sim, CODEC_L16_16, 0, 2100, 20);
    sim_join(talker->party, c, true, false);
    sim_join(ear->party, c, false, true);
    sim_run(&sim, 1000000);
    measure(ear, 300);
    for (int i = 0; i < 20; i++) {
        enum codec_id codec = codecs[i % 2];
        change_codec(talker->party, codec, 20);
        tone_init(&talker->mouth.tone, codec_by_id(codec)->rate_hz, 300, level_dbfs);
        sim_run(&sim, 303000);
    }
    double steepest = 8231 * 2 * 3.14159 * 300 / 16000;
    print_message("steps of %.2f of the tone's steepest\n", ear->ear.max_step / steepest);
    assert_true(ear->ear.max_step < 1.5 * steepest);
    sim_conference_close(&sim, c);
    sim_close(&sim);
    free(talker);
    free(ear);
}

/* Somebody comes, somebody goes and the rate changes again before the first change is over. */
static void changes_that_overtake_each_other_end_at_the_last(void **state)
{
    (void)state;
    struct sim sim;
    sim_open(&sim, 5);
    struct conference_media *c = conference_of(&sim, 8000);
    struct person *people[6];
    for (int i = 0; i < 6; i++)
        people[i] = call(&sim, i % 2 ? CODEC_L16_48 : CODEC_PCMA, 700 + 100 * i, 1000 * i, i % 2 ? 10 : 20);
    sim_join(people[0]->party, c, true, true);
    sim_join(people[1]->party, c, true, true);
    sim_run(&sim, 500000);
    sim_conference_rate(&sim, c, 48000);
    sim_join(people[2]->party, c, true, true);
    sim_run(&sim, 20000);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &people[0]->party->leg});
    sim_join(people[3]->party, c, true, true);
    sim_conference_rate(&sim, c, 16000);
    sim_join(people[4]->party, c, true, true);
    sim_run(&sim, 20000);
    sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &people[3]->party->leg});
    sim_join(people[5]->party, c, true, true);
    sim_run(&sim, 1500000);
    assert_int_equal(c->graph->rate_hz, 16000);
    assert_null(c->next);
    static const int there[] = {1, 2, 4, 5};
    for (size_t i = 0; i < 4; i++) {
        for (int k = 0; k < 6; k++) {
            double level = level_of(people[there[i]], 700 + 100 * k);
            bool heard = k != there[i] && k != 0 && k != 3;
            if (heard)
                assert_true(fabs(level - level_dbfs) < 0.5);
            else
                assert_true(level < level_dbfs - 40);
        }
    }
    for (int i = 0; i < 6; i++)
        if (people[i]->party->leg.conference == c)
            sim_command(&sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &people[i]->party->leg});
    sim_conference_rate(&sim, c, 8000);
    assert_int_equal(c->graph->rate_hz, 8000); /* nobody is there to hear it: at once */
    sim_conference_close(&sim, c);
    sim_close(&sim);
    for (int i = 0; i < 6; i++)
        free(people[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_codecs_hear_each_other_at_every_rate),
        cmocka_unit_test(a_change_of_rate_leaves_no_gap_and_no_click),
        cmocka_unit_test(the_end_of_a_word_is_heard_too),
        cmocka_unit_test(a_mix_of_ones_own_begins_and_ends_without_a_seam),
        cmocka_unit_test(a_codec_may_change_under_a_digit),
        cmocka_unit_test(a_talker_that_changes_its_codec_makes_no_click),
        cmocka_unit_test(a_codec_may_change_under_a_sound_for_one_leg),
        cmocka_unit_test(changes_that_overtake_each_other_end_at_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
