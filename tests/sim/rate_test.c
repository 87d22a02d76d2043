/* Codecs of different rates in one conference, and a conference that goes from one rate to another. */
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

static const double level_dbfs = -12;

struct mouth {
    struct tone tone;
    double hz;
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
    struct person *person = p->user;
    if (person->mouth.hz == 0)
        memset(pcm, 0, samples * sizeof *pcm);
    else
        tone_read(&person->mouth.tone, pcm, samples);
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

/* While it changes, a tone goes over from one delay to another: no hole, and no step steeper than a tone's own. */
static void a_change_of_rate_leaves_no_gap_and_no_click(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 48000};
    static const double hz = 1013;
    for (size_t i = 0; i < 9; i++) {
        uint32_t from = rates[i / 3], to = rates[i % 3];
        struct sim sim;
        if (from == to) continue;
        sim_open(&sim, 4);
        struct conference_media *c = conference_of(&sim, from);
        struct person *talker = call(&sim, CODEC_L16_8, hz, 7300, 20), *other = call(&sim, CODEC_PCMU, 0, 2100, 20);
        struct person *listener = call(&sim, CODEC_L16_16, 0, 11100, 20);
        sim_join(talker->party, c, true, true);
        sim_join(other->party, c, true, true);
        sim_join(listener->party, c, false, true);
        sim_run(&sim, 1000000);
        measure(other, hz);
        measure(listener, hz);
        sim_conference_rate(&sim, c, to);
        sim_run(&sim, 1000000);
        /* A sine's steepest step, half as much again for the sum of two. */
        double steepest = 8231 * 2 * 3.14159 * hz;
        print_message("%u to %u Hz: %llu holes, %llu breaks, steps of %.2f and %.2f of the tone's steepest\n", from, to,
                      (unsigned long long)(other->ear.watch.holes + listener->ear.watch.holes),
                      (unsigned long long)(other->ear.watch.breaks + listener->ear.watch.breaks),
                      other->ear.max_step / (steepest / 8000), listener->ear.max_step / (steepest / 16000));
        assert_true(other->ear.max_step < 1.5 * steepest / 8000);
        assert_true(listener->ear.max_step < 1.5 * steepest / 16000);
        assert_true(other->ear.watch.windows > 95 && other->ear.watch.breaks <= 4);
        assert_true(fabs(level_of(other, hz) - level_dbfs) < 0.5);
        assert_int_equal(c->graph->rate_hz, to);
        assert_null(c->next);
        sim_conference_close(&sim, c);
        sim_close(&sim);
        free(talker);
        free(other);
        free(listener);
    }
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
        cmocka_unit_test(changes_that_overtake_each_other_end_at_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
