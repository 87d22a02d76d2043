/* Listeners whose codec remembers share one encoder, and nobody hears when one goes its own way or comes back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/leg_encoder.h"
#include "media/tone.h"
#include "sim.h"

enum { LISTENERS = 5, KEPT_MS = 4000, BURST_MS = 700, PAUSE_MS = 300 };

struct person {
    struct sim_party *party;
    struct tone tone;
    uint32_t said_ms;
    bool murmurs; /* says something all the time */
    int16_t kept[KEPT_MS * 48];
    uint64_t heard;
};

/* Speech as an encoder sees it: bursts and pauses. */
static void speak(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    struct person *person = p->user;
    bool on = person->murmurs || person->said_ms % (BURST_MS + PAUSE_MS) < BURST_MS;
    person->said_ms += samples * 1000 / p->codec->rate_hz;
    if (on)
        tone_read(&person->tone, pcm, samples);
    else
        memset(pcm, 0, samples * sizeof *pcm);
}

static void say_nothing(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    (void)p;
    memset(pcm, 0, samples * sizeof *pcm);
}

static void hear(struct sim_party *p, const int16_t *pcm, uint32_t samples)
{
    struct person *person = p->user;
    uint32_t kept = KEPT_MS * (p->codec->rate_hz / 1000);
    for (uint32_t i = 0; i < samples; i++)
        person->kept[person->heard++ % kept] = pcm[i];
}

static struct person *call(struct sim *sim, enum codec_id codec, sim_speak_fn *says)
{
    struct person *person = calloc(1, sizeof *person);
    struct sim_party_config config = {
        .codec = codec, .phase_us = 100 * sim->party_count, .speak = says, .hear = hear, .user = person};
    tone_init(&person->tone, codec_by_id(codec)->rate_hz, 700 + 37 * sim->party_count, -15);
    person->party = sim_call(sim, &config);
    return person;
}

/* The loudest 5 ms of what two heard differently in the last seconds. */
static double apart_dbfs(const struct person *a, const struct person *b)
{
    uint32_t rate = a->party->codec->rate_hz, kept = KEPT_MS * (rate / 1000), window = rate / 200;
    double loudest = -200;
    assert_int_equal(a->heard, b->heard);
    for (uint32_t at = 0; at + window <= kept; at += window) {
        int16_t difference[240];
        for (uint32_t i = 0; i < window; i++)
            difference[i] = (int16_t)(a->kept[at + i] - b->kept[at + i]);
        loudest = fmax(loudest, tone_power_dbfs(difference, window));
    }
    return loudest;
}

struct scene {
    struct sim sim;
    struct conference_media *conference;
    struct person *talker, *other, *listeners[LISTENERS];
};

static struct scene *scene_open(enum codec_id codec)
{
    struct scene *s = calloc(1, sizeof *s);
    sim_open(&s->sim, 9);
    s->conference = sim_conference_at(&s->sim, 3, 16000);
    sim_command(&s->sim, (struct core_command){
                             .type = CORE_CONFERENCE_AUDIO, .conference = s->conference, .audio = ENGINE_AUDIO_MIX});
    s->talker = call(&s->sim, CODEC_L16_16, speak);
    s->other = call(&s->sim, CODEC_PCMU, say_nothing);
    sim_join(s->talker->party, s->conference, true, false);
    sim_join(s->other->party, s->conference, true, true);
    for (int i = 0; i < LISTENERS; i++) {
        s->listeners[i] = call(&s->sim, codec, say_nothing);
        sim_join(s->listeners[i]->party, s->conference, true, true);
    }
    return s;
}

static void scene_close(struct scene *s)
{
    sim_conference_close(&s->sim, s->conference);
    sim_close(&s->sim);
    for (int i = 0; i < LISTENERS; i++)
        free(s->listeners[i]);
    free(s->talker);
    free(s->other);
    free(s);
}

static uint64_t counted(const atomic_uint_least64_t *counter)
{
    return media_counted(counter);
}

static const enum codec_id codecs[] = {CODEC_OPUS, CODEC_G722};

static void listeners_come_together_in_the_pauses(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene *s = scene_open(codecs[i]);
        sim_run(&s->sim, 10000000);
        uint64_t own = counted(&s->sim.counters.encodes_own), shared = counted(&s->sim.counters.encodes_shared);
        sim_run(&s->sim, 5000000);
        own = counted(&s->sim.counters.encodes_own) - own;
        shared = counted(&s->sim.counters.encodes_shared) - shared;
        print_message("%s: %llu encodes shared and %llu own in 250 ticks\n", codec_by_id(codecs[i])->name,
                      (unsigned long long)shared, (unsigned long long)own);
        /* One for all of them, one for PCMU; the talker's own is silence. */
        assert_true(shared <= 500);
        assert_int_equal(own, 0);
        for (int k = 1; k < LISTENERS; k++)
            assert_true(apart_dbfs(s->listeners[0], s->listeners[k]) < -100);
        scene_close(s);
    }
}

/* What one hears does not depend on what it says itself: so it is compared with a conference in which it is silent. */
static void who_talks_goes_its_own_way_and_comes_back_unheard(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene *s = scene_open(codecs[i]), *silent = scene_open(codecs[i]);
        struct person *one = s->listeners[2], *same = silent->listeners[2];
        sim_run(&s->sim, 10000000);
        sim_run(&silent->sim, 10000000);
        one->party->speak = speak;
        one->murmurs = true;
        uint64_t own = counted(&s->sim.counters.encodes_own);
        sim_run(&s->sim, 2100000);
        sim_run(&silent->sim, 2100000);
        own = counted(&s->sim.counters.encodes_own) - own;
        double apart = apart_dbfs(one, same);
        one->party->speak = say_nothing;
        sim_run(&s->sim, 3000000);
        sim_run(&silent->sim, 3000000);
        double back = apart_dbfs(one, same);
        sim_run(&s->sim, 10000000);
        sim_run(&silent->sim, 10000000);
        uint64_t own_after = counted(&s->sim.counters.encodes_own);
        sim_run(&s->sim, 2000000);
        own_after = counted(&s->sim.counters.encodes_own) - own_after;
        print_message(
            "%s: apart by %.1f dBFS while it talks, %.1f on its way back; %llu and then %llu encodes of its own\n",
            codec_by_id(codecs[i])->name, apart, back, (unsigned long long)own, (unsigned long long)own_after);
        assert_true(own >= 100);
        assert_true(apart < -100);
        assert_true(back < -33); /* no more than the codec's noise, which is another after another history */
        assert_int_equal(own_after, 0);
        scene_close(s);
        scene_close(silent);
    }
}

/* The listener in whose memory the shared state lives. */
static int home_of(const struct scene *s)
{
    for (int k = 0; k < LISTENERS; k++) {
        const struct leg_media *leg = &s->listeners[k]->party->leg;
        const struct encoder_member *m = &leg->encoder->member;
        if (leg->conference == s->conference && m->share && m->share->home == m) return k;
    }
    return -1;
}

/* Whoever has the shared state leaves, until one is left: for that one it is as if nobody had. */
static void whoever_leaves_is_not_missed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene *s = scene_open(codecs[i]), *whole = scene_open(codecs[i]);
        sim_run(&s->sim, 10000000);
        sim_run(&whole->sim, 10000000);
        for (int k = 0; k < LISTENERS - 1; k++) {
            struct leg_media *home = &s->listeners[home_of(s)]->party->leg;
            sim_command(&s->sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = home});
            sim_run(&s->sim, 1000000);
            sim_run(&whole->sim, 1000000);
        }
        int last = home_of(s);
        double apart = apart_dbfs(s->listeners[last], whole->listeners[last]);
        print_message("%s: apart by %.1f dBFS from a conference that nobody leaves\n", codec_by_id(codecs[i])->name,
                      apart);
        assert_true(apart < -100);
        scene_close(s);
        scene_close(whole);
    }
}

/* One is on its way back while the only one who follows begins to talk: there is nothing to come back to. */
static void the_last_follower_may_leave_while_another_comes_back(void **state)
{
    (void)state;
    struct scene *s = scene_open(CODEC_G722);
    sim_run(&s->sim, 10000000);
    for (int k = 2; k < LISTENERS; k++)
        sim_command(&s->sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &s->listeners[k]->party->leg});
    for (int round = 0; round < 40; round++) {
        struct person *one = s->listeners[round % 2], *last = s->listeners[1 - round % 2];
        one->murmurs = last->murmurs = true;
        tone_init(&one->tone, 16000, 500, -15);
        tone_init(&last->tone, 16000, 500, -66); /* a whisper: what is heard still pauses */
        one->party->speak = speak;
        sim_run(&s->sim, 500000);
        one->party->speak = say_nothing;
        sim_run(&s->sim, 300000 + 20000 * round);
        last->party->speak = speak;
        sim_run(&s->sim, 100000);
        last->party->speak = say_nothing;
        sim_run(&s->sim, 3000000);
    }
    sim_run(&s->sim, 5000000);
    double apart = apart_dbfs(s->listeners[0], s->listeners[1]);
    print_message("apart by %.1f dBFS in the end\n", apart);
    assert_true(apart < -45);
    scene_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listeners_come_together_in_the_pauses),
        cmocka_unit_test(who_talks_goes_its_own_way_and_comes_back_unheard),
        cmocka_unit_test(whoever_leaves_is_not_missed),
        cmocka_unit_test(the_last_follower_may_leave_while_another_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
