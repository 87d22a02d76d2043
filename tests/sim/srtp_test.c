/* Encrypted and plain parties in one conference: a tone comes through whole, whatever its way is protected with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../some_keys.h"
#include "media/tone.h"
#include "sim.h"

enum { PARTIES = 3, SECOND_US = 1000000 };

static const double frequency_hz = 1013, level_dbfs = -12;

/* Party 0 is as plain as its key; the others have suites of their own. */
struct scene {
    struct sim sim;
    struct conference_media *conference;
    struct tone tone;
    struct engine_leg_srtp keys[PARTIES];
    struct sim_party *parties[PARTIES];
    struct tone_watch watches[PARTIES];
    uint32_t talker;
};

static struct scene *scene_of(struct sim_party *p)
{
    return (struct scene *)((char *)p->sim - offsetof(struct scene, sim));
}

static void say(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    struct scene *s = scene_of(p);
    memset(pcm, 0, samples * sizeof *pcm);
    if (s->parties[s->talker] == p) tone_read(&s->tone, pcm, samples);
}

static void hear(struct sim_party *p, const int16_t *pcm, uint32_t samples)
{
    struct tone_watch *watch = p->user;
    if (watch->rate_hz) tone_watch_put(watch, pcm, samples);
}

static void watch_anew(struct scene *s)
{
    for (uint32_t i = 0; i < PARTIES; i++)
        tone_watch_init(&s->watches[i], SIM_RATE_HZ, frequency_hz, level_dbfs);
}

static struct scene *scene_open(uint32_t talker)
{
    static const enum srtp_suite suites[PARTIES] = {0, SRTP_AES_CM_128_HMAC_SHA1_80, SRTP_AEAD_AES_256_GCM};
    struct scene *s = calloc(1, sizeof *s);
    s->talker = talker;
    sim_open(&s->sim, 1);
    tone_init(&s->tone, SIM_RATE_HZ, frequency_hz, level_dbfs);
    s->conference = sim_conference(&s->sim, 3);
    for (uint32_t i = 0; i < PARTIES; i++) {
        struct sim_party_config config = {.speak = say, .hear = hear, .user = &s->watches[i], .phase_us = 7300};
        s->keys[i] = some_keys(suites[i], (uint8_t)(50 * i));
        if (i > 0) config.srtp = &s->keys[i];
        s->parties[i] = sim_call(&s->sim, &config);
        sim_join(s->parties[i], s->conference, true, true);
    }
    sim_command(&s->sim, (struct core_command){
                             .type = CORE_CONFERENCE_AUDIO, .conference = s->conference, .audio = ENGINE_AUDIO_MIX});
    sim_run(&s->sim, SECOND_US);
    watch_anew(s);
    return s;
}

static void scene_close(struct scene *s)
{
    sim_conference_close(&s->sim, s->conference);
    sim_close(&s->sim);
    free(s);
}

static void assert_whole(const struct scene *s, uint32_t seconds)
{
    for (uint32_t i = 0; i < PARTIES; i++) {
        const struct tone_watch *w = &s->watches[i];
        if (i == s->talker) continue;
        assert_true(w->windows >= seconds * 100 - 4);
        assert_int_equal(w->breaks, 0);
        assert_int_equal(w->holes, 0);
    }
}

static const struct engine_leg_stats *stats_of(const struct scene *s, uint32_t i)
{
    return &s->parties[i]->leg.stats;
}

static void encrypted_and_plain_parties_hear_each_other_whole(void **state)
{
    (void)state;
    for (uint32_t talker = 0; talker < PARTIES; talker++) {
        struct scene *s = scene_open(talker);
        sim_run(&s->sim, 20 * SECOND_US);
        assert_whole(s, 20);
        for (uint32_t i = 0; i < PARTIES; i++) {
            assert_int_equal(stats_of(s, i)->packets_unauthentic, 0);
            assert_int_equal(stats_of(s, i)->packets_bad, 0);
        }
        scene_close(s);
    }
}

static void sequence_numbers_that_wrap_break_nothing(void **state)
{
    (void)state;
    struct scene *s = scene_open(2);
    sim_run(&s->sim, (int64_t)23 * 60 * SECOND_US);
    assert_whole(s, 23 * 60);
    assert_int_equal(stats_of(s, 2)->packets_unauthentic, 0);
    scene_close(s);
}

static void keys_change_without_a_gap(void **state)
{
    (void)state;
    for (uint32_t changes = 1; changes < PARTIES; changes++) {
        struct scene *s = scene_open(1);
        struct sim_party *p = s->parties[changes];
        struct engine_leg_srtp other = some_keys(SRTP_AEAD_AES_128_GCM, 200);
        sim_run(&s->sim, 2 * SECOND_US);
        sim_change_keys(p, &other, &s->keys[changes], 0);
        sim_run(&s->sim, SECOND_US / 5); /* the answer is on its way: the party knows the former keys alone */
        assert_true(p->heard_former_key);
        sim_party_send_key(p, &other.receive);
        sim_run(&s->sim, SECOND_US / 5);
        assert_false(p->heard_former_key);
        sim_run(&s->sim, 2 * SECOND_US);
        assert_whole(s, 4);
        assert_int_equal(stats_of(s, changes)->packets_unauthentic, 0);

        /* The former key is good for a while only. */
        sim_run(&s->sim, LEG_SRTP_OVERLAP_US);
        sim_party_send_key(p, &s->keys[changes].receive);
        sim_run(&s->sim, SECOND_US);
        assert_in_range(stats_of(s, changes)->packets_unauthentic, 49, 51);
        scene_close(s);
    }
}

static void a_new_key_of_ours_waits_for_the_peer_no_longer_than_it_has_to(void **state)
{
    (void)state;
    struct scene *s = scene_open(0);
    struct sim_party *p = s->parties[1];
    struct engine_leg_srtp other = some_keys(SRTP_AEAD_AES_128_GCM, 200);
    p->speak = NULL;
    sim_change_keys(p, &other, &s->keys[1], 0);
    sim_run(&s->sim, LEG_SRTP_SWITCH_US - SECOND_US / 20);
    assert_true(p->heard_former_key);
    sim_run(&s->sim, SECOND_US / 10);
    assert_false(p->heard_former_key);

    /* Two changes, one right after the other. */
    struct engine_leg_srtp third = some_keys(SRTP_AES_CM_128_HMAC_SHA1_32, 60);
    struct engine_leg_srtp fourth = some_keys(SRTP_AES_CM_128_HMAC_SHA1_32, 70);
    sim_change_keys(p, &third, &other, 0);
    sim_change_keys(p, &fourth, &third, 0);
    sim_run(&s->sim, SECOND_US);
    assert_false(p->heard_former_key);
    assert_whole(s, 1);
    scene_close(s);
}

static void a_peer_at_another_address_is_sent_the_new_key_at_once(void **state)
{
    (void)state;
    struct scene *s = scene_open(0);
    struct sim_party *p = s->parties[1];
    struct engine_leg_srtp other = some_keys(SRTP_AEAD_AES_128_GCM, 200);
    p->speak = NULL;
    sim_change_keys(p, &other, &s->keys[1], 5004);
    sim_run(&s->sim, SECOND_US / 20);
    assert_false(p->heard_former_key);
    scene_close(s);
}

/* Of a counter that is not 0 nobody knows whether it goes on. */
static void keys_change_after_a_wrap_without_a_gap(void **state)
{
    (void)state;
    struct scene *s = scene_open(1);
    struct sim_party *p = s->parties[1];
    struct engine_leg_srtp other = some_keys(SRTP_AES_CM_128_HMAC_SHA1_80, 200);
    sim_run(&s->sim, 21 * 60 * (int64_t)SECOND_US); /* both have wrapped, the bridge once */
    assert_int_equal(p->leg.stream.receiver.cycles, 65536);
    uint32_t ssrc = p->leg.stream.sender.ssrc;
    sim_change_keys(p, &other, &s->keys[1], 0);
    sim_run(&s->sim, SECOND_US / 5);
    assert_int_equal(p->leg.stream.sender.ssrc, ssrc);
    sim_party_send_key(p, &other.receive);
    sim_run(&s->sim, 2 * SECOND_US);
    assert_int_not_equal(p->leg.stream.sender.ssrc, ssrc);
    assert_whole(s, 21 * 60 + 2);
    assert_int_equal(stats_of(s, 1)->packets_unauthentic, 0);
    scene_close(s);
}

static void the_same_keys_go_on_where_they_were(void **state)
{
    (void)state;
    struct scene *s = scene_open(2);
    sim_run(&s->sim, 23 * 60 * (int64_t)SECOND_US); /* past a wrap, which a new context would know nothing of */
    const struct srtp_sender *sender = s->parties[2]->leg.srtp.sender;
    const struct srtp_receiver *receiver = s->parties[2]->leg.srtp.receiver;
    sim_change_keys(s->parties[2], &s->keys[2], &s->keys[2], 0);
    sim_run(&s->sim, 2 * SECOND_US);
    assert_ptr_equal(s->parties[2]->leg.srtp.sender, sender);
    assert_ptr_equal(s->parties[2]->leg.srtp.receiver, receiver);
    assert_whole(s, 23 * 60 + 2);
    scene_close(s);
}

static void one_direction_may_change_its_key_alone(void **state)
{
    (void)state;
    struct scene *s = scene_open(1);
    struct engine_leg_srtp other = s->keys[1];
    other.receive = some_key(SRTP_AES_CM_128_HMAC_SHA1_80, 201);
    sim_run(&s->sim, SECOND_US);
    sim_change_keys(s->parties[1], &other, &s->keys[1], 0);
    sim_party_send_key(s->parties[1], &other.receive);
    sim_run(&s->sim, SECOND_US);
    assert_whole(s, 2);
    scene_close(s);
}

/* Nobody hears anything of it. */
static void assert_unheard(struct scene *s, uint64_t packets)
{
    sim_run(&s->sim, SECOND_US / 5); /* what came before is played out */
    uint64_t unauthentic = stats_of(s, s->talker)->packets_unauthentic, in = stats_of(s, s->talker)->packets_in;
    watch_anew(s);
    sim_run(&s->sim, SECOND_US);
    for (uint32_t i = 0; i < PARTIES; i++) {
        if (i != s->talker) assert_int_equal(s->watches[i].holes, s->watches[i].windows);
    }
    assert_in_range(stats_of(s, s->talker)->packets_unauthentic - unauthentic, packets - 1, packets + 1);
    assert_int_equal(stats_of(s, s->talker)->packets_in, in);
}

static void what_has_another_key_is_counted_and_never_heard(void **state)
{
    (void)state;
    struct scene *s = scene_open(1);
    struct srtp_key wrong = some_key(SRTP_AES_CM_128_HMAC_SHA1_80, 99);
    sim_party_send_key(s->parties[1], &wrong);
    assert_unheard(s, 50);
    scene_close(s);
}

static void what_is_plain_is_not_heard_of_who_should_encrypt(void **state)
{
    (void)state;
    struct scene *s = scene_open(2);
    sim_party_send_key(s->parties[2], NULL);
    assert_unheard(s, 50);
    scene_close(s);
}

static void doubled_packets_are_played_once(void **state)
{
    (void)state;
    struct scene *s = scene_open(1);
    s->parties[1]->network.duplicate_permille = 1000;
    sim_run(&s->sim, 5 * SECOND_US);
    assert_whole(s, 5);
    assert_in_range(stats_of(s, 1)->packets_replayed, 240, 260);
    scene_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encrypted_and_plain_parties_hear_each_other_whole),
        cmocka_unit_test(sequence_numbers_that_wrap_break_nothing),
        cmocka_unit_test(keys_change_without_a_gap),
        cmocka_unit_test(a_new_key_of_ours_waits_for_the_peer_no_longer_than_it_has_to),
        cmocka_unit_test(a_peer_at_another_address_is_sent_the_new_key_at_once),
        cmocka_unit_test(keys_change_after_a_wrap_without_a_gap),
        cmocka_unit_test(the_same_keys_go_on_where_they_were),
        cmocka_unit_test(one_direction_may_change_its_key_alone),
        cmocka_unit_test(what_has_another_key_is_counted_and_never_heard),
        cmocka_unit_test(what_is_plain_is_not_heard_of_who_should_encrypt),
        cmocka_unit_test(doubled_packets_are_played_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
