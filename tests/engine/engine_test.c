#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/codec.h"
#include "media/pcm_frame.h"
#include "media/sound.h"
#include "os/clock.h"
#include "peer.h"
#include "rtp/rtp_packet.h"

static struct rig rig;

/* Whole periods in the 200 ms that are measured, and no multiples of 50 Hz. */
static const double tones[] = {515, 745, 1015, 1295, 1615};

static int begin(void **state)
{
    (void)state;
    rig_open(&rig, &(struct engine_config){.threads = 1});
    return 0;
}

static int begin_two_threads(void **state)
{
    (void)state;
    rig_open(&rig, &(struct engine_config){.threads = 2});
    return 0;
}

static int finish(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static struct engine_conference *open_conference(enum engine_audio audio)
{
    struct engine_conference *c;
    assert_int_equal(engine_conference_open(rig.engine, &rig, &c), STATUS_OK);
    engine_conference_audio(c, audio);
    return c;
}

static struct peer *call_in(struct engine_conference *c, double tone_hz, uint16_t ptime_ms)
{
    struct peer *p = rig_peer(&rig, tone_hz);
    struct engine_leg_media media = peer_media(p, ptime_ms);
    rig_call(&rig, p, &media, NULL);
    if (c) engine_leg_join(p->leg, c, true, true);
    return p;
}

static bool hears(const struct peer *p, double tone_hz)
{
    return fabs(peer_level(p, tone_hz) - -15) < 0.5;
}

static void each_hears_all_others_and_not_itself(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *p[3];
    for (int i = 0; i < 3; i++)
        p[i] = call_in(c, tones[i], 20);
    for (int i = 0; i < 3; i++) {
        rig_await(&rig, hears(p[i], tones[(i + 1) % 3]) && hears(p[i], tones[(i + 2) % 3]));
        rig_await(&rig, peer_level(p[i], tones[i]) < -60);
    }
    assert_int_equal(rig.reports[ENGINE_LEG_ALIVE], 3);
}

static void codecs_meet_in_one_conference(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *mu = call_in(c, tones[0], 20);
    struct peer *a = rig_peer(&rig, tones[1]);
    a->codec = codec_by_id(CODEC_PCMA);
    struct engine_leg_media media = peer_media(a, 20);
    rig_call(&rig, a, &media, c);
    engine_leg_join(a->leg, c, true, true);
    rig_await(&rig, hears(mu, tones[1]) && hears(a, tones[0]));
}

static void two_conferences_do_not_hear_each_other(void **state)
{
    (void)state;
    struct engine_conference *c[2] = {open_conference(ENGINE_AUDIO_MIX), open_conference(ENGINE_AUDIO_MIX)};
    struct peer *p[4];
    for (int i = 0; i < 4; i++)
        p[i] = call_in(c[i / 2], tones[i], 20);
    rig_await(&rig, hears(p[0], tones[1]) && hears(p[1], tones[0]) && hears(p[2], tones[3]) && hears(p[3], tones[2]));
    rig_await(&rig, peer_level(p[0], tones[2]) < -60 && peer_level(p[0], tones[3]) < -60);
    rig_await(&rig, peer_level(p[3], tones[0]) < -60 && peer_level(p[3], tones[1]) < -60);
}

static struct sound *tone_sound(double hz, double level_dbfs, uint32_t samples)
{
    int16_t *pcm = calloc(samples, sizeof *pcm);
    struct tone tone;
    struct sound *sound;
    tone_init(&tone, 8000, hz, level_dbfs);
    tone_read(&tone, pcm, samples);
    assert_int_equal(sound_create(&sound, 8000, pcm, samples), STATUS_OK);
    free(pcm);
    return sound;
}

static void waiting_legs_hear_music_and_not_each_other(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_NONE);
    struct sound *music = tone_sound(400, -20, 8000);
    engine_conference_music(c, music);
    sound_unref(music);
    engine_conference_audio(c, ENGINE_AUDIO_WAIT);
    struct peer *a = call_in(c, tones[1], 20), *b = call_in(c, tones[2], 20);
    rig_await(&rig, fabs(peer_level(a, 400) - -20) < 0.5 && fabs(peer_level(b, 400) - -20) < 0.5);
    rig_await(&rig, peer_level(a, tones[2]) < -60 && peer_level(b, tones[1]) < -60);
    engine_conference_audio(c, ENGINE_AUDIO_MIX);
    rig_await(&rig, hears(a, tones[2]) && hears(b, tones[1]));
    rig_await(&rig, peer_level(a, 400) < -60);
    engine_conference_close(c);
    rig_await(&rig, rig.reports[ENGINE_CONFERENCE_CLOSED] == 1);
    rig_await(&rig, peer_level(a, tones[2]) < -100); /* silence, but packets all the same */
    peer_forget(a);
    rig_await(&rig, a->heard > 3200);
}

static void roles_decide_who_talks_and_who_listens(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(a, tones[1]) && hears(b, tones[0]));
    engine_leg_roles(a->leg, false, true);
    rig_await(&rig, peer_level(b, tones[0]) < -100);
    rig_await(&rig, hears(a, tones[1]));
    engine_leg_roles(a->leg, true, false);
    rig_await(&rig, peer_level(a, tones[1]) < -100 && hears(b, tones[0]));
    engine_leg_roles(a->leg, true, true);
    rig_await(&rig, hears(a, tones[1]));
    assert_int_equal(a->gaps, 0);
    assert_int_equal(b->gaps, 0);
}

/* So low a tone has steps of a sixth of its amplitude; cut off anywhere, most ends are higher than a third of it. */
static void a_change_of_roles_makes_no_step(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *talker = call_in(c, 215, 20), *ear = call_in(c, tones[1], 20);
    rig_await(&rig, hears(ear, 215));
    ear->steepest = 0;
    rig_run(&rig, 100);
    int steepest = ear->steepest;
    for (int i = 0; i < 10; i++) {
        struct peer *changed = i < 5 ? ear : talker;
        engine_leg_roles(changed->leg, i < 5, i >= 5);
        rig_await(&rig, peer_level(ear, 215) < -100);
        engine_leg_roles(changed->leg, true, true);
        rig_await(&rig, hears(ear, 215));
    }
    assert_true(ear->steepest < 2 * steepest);
}

static void a_leg_on_hold_sends_and_says_nothing(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(a, tones[1]) && hears(b, tones[0]));
    struct engine_leg_media media = peer_media(a, 20);
    media.send = media.receive = false;
    engine_batch_begin(rig.engine);
    assert_int_equal(engine_leg_change(a->leg, &media), STATUS_OK);
    engine_batch_end(rig.engine, 1);
    rig_await(&rig, rig.reports[ENGINE_DONE] == 1);
    rig_run(&rig, 5);
    uint64_t packets = a->packets;
    rig_await(&rig, peer_level(b, tones[0]) < -100);
    assert_int_equal(a->packets, packets);
    media.send = media.receive = true;
    assert_int_equal(engine_leg_change(a->leg, &media), STATUS_OK);
    rig_await(&rig, hears(a, tones[1]) && hears(b, tones[0]));
    assert_int_equal(a->gaps, 0); /* sequence numbers go on */
    assert_int_equal(a->markers, 2);
}

static void a_voice_is_turned_down_and_cleaned_and_goes_on_with_another_codec(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(b, tones[0]));
    double before = peer_level(b, tones[0]);
    engine_leg_voice(a->leg, &(struct engine_leg_voice){.gain_db = -20});
    rig_await(&rig, fabs(peer_level(b, tones[0]) - (before - 20)) < 0.5);
    engine_leg_voice(a->leg, &(struct engine_leg_voice){.automatic_gain = true, .noise_suppression = true});
    struct engine_leg_media media = peer_media(a, 20);
    media.codec = codec_by_id(CODEC_L16_16);
    media.send = false; /* the peer would not know it */
    assert_int_equal(engine_leg_change(a->leg, &media), STATUS_OK);
    rig_run(&rig, 100);
    media.codec = a->codec;
    media.send = true;
    assert_int_equal(engine_leg_change(a->leg, &media), STATUS_OK);
    engine_leg_voice(a->leg, &(struct engine_leg_voice){.gain_db = 0});
    rig_await(&rig, fabs(peer_level(b, tones[0]) - before) < 0.5);
}

static void who_talks_is_reported(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    b->says_zero = true;
    rig_await(&rig, rig.reports[ENGINE_LEG_TALKING] == 1);
    assert_true(engine_leg_talks(a->leg) && !engine_leg_talks(b->leg));
    assert_true(rig.last[ENGINE_LEG_TALKING].talking);
    assert_ptr_equal(rig.last[ENGINE_LEG_TALKING].leg, a->leg);
    engine_leg_leave(a->leg);
    rig_await(&rig, rig.reports[ENGINE_LEG_TALKING] == 2);
    assert_false(engine_leg_talks(a->leg));
    assert_false(rig.last[ENGINE_LEG_TALKING].talking);
}

static void every_ptime_is_kept(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *talker = call_in(c, tones[0], 20), *p[6];
    for (int i = 0; i < 6; i++) {
        p[i] = call_in(NULL, tones[1], (uint16_t)(10 * i + 10));
        engine_leg_join(p[i]->leg, c, false, true);
    }
    for (int i = 0; i < 6; i++) {
        rig_await(&rig, hears(p[i], tones[0]));
        assert_int_equal(p[i]->last_samples, (10 * i + 10) * 8);
        assert_int_equal(p[i]->gaps, 0);
        assert_int_equal(p[i]->markers, 1);                /* on the first only */
        assert_true(p[i]->jumps <= 1 + p[i]->packets / 4); /* a tick that the thread missed is a jump */
    }
    struct engine_leg_media media = peer_media(talker, 40);
    assert_int_equal(engine_leg_change(talker->leg, &media), STATUS_OK);
    rig_await(&rig, talker->last_samples == 320);
    media.send_ptime_ms = 15;
    assert_int_equal(engine_leg_change(talker->leg, &media), STATUS_INVALID);
}

static void a_source_elsewhere_is_latched_onto_and_strangers_are_not_heard(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *b = call_in(c, tones[1], 20);
    struct peer *natted = rig_peer(&rig, tones[0]), *stranger = rig_peer(&rig, tones[2]);
    struct engine_leg_media media = peer_media(natted, 20);
    ((struct sockaddr_in *)&media.remote_rtp)->sin_addr.s_addr = htonl(0x7f000063); /* what the SDP said: 127.0.0.99 */
    ((struct sockaddr_in *)&media.remote_rtcp)->sin_addr.s_addr = htonl(0x7f000063);
    rig_call(&rig, natted, &media, c);
    engine_leg_join(natted->leg, c, true, true);
    rig_await(&rig, hears(b, tones[0]) && hears(natted, tones[1]));
    stranger->bridge = natted->bridge; /* sprays at the leg's port from now on */
    stranger->ssrc = natted->ssrc;
    stranger->next_us = natted->next_us;
    uint64_t heard_by_stranger = stranger->packets;
    struct engine_metrics before, after;
    engine_metrics(rig.engine, &before);
    peer_forget(b);
    rig_run(&rig, 100);
    rig_await(&rig, b->heard >= PEER_KEPT);
    rig_await(&rig, hears(b, tones[0]));
    rig_await(&rig, peer_level(b, tones[2]) < -60);
    assert_int_equal(stranger->packets, heard_by_stranger);
    engine_metrics(rig.engine, &after);
    assert_int_equal(after.packets_foreign, before.packets_foreign); /* the kernel keeps them away */
    /* A re-INVITE that names the stranger's address unlocks; the old source is then the foreign one. */
    media.remote_rtp = stranger->rtp;
    media.remote_rtcp = stranger->rtcp;
    natted->silent = true;
    assert_int_equal(engine_leg_change(natted->leg, &media), STATUS_OK);
    rig_await(&rig, hears(b, tones[2]) && hears(stranger, tones[1]));
}

/* Of a peer whose SDP has a name each re-INVITE says as little as the first did. */
static void a_change_without_an_address_leaves_the_source(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *b = call_in(c, tones[1], 20), *a = rig_peer(&rig, tones[0]), *stranger = rig_peer(&rig, tones[2]);
    struct engine_leg_media media = peer_media(a, 20);
    memset(&media.remote_rtp, 0, sizeof media.remote_rtp);
    memset(&media.remote_rtcp, 0, sizeof media.remote_rtcp);
    rig_call(&rig, a, &media, NULL);
    engine_leg_join(a->leg, c, true, true);
    rig_await(&rig, hears(b, tones[0]) && hears(a, tones[1]));
    a->silent = true;
    assert_int_equal(engine_leg_change(a->leg, &media), STATUS_OK);
    stranger->bridge = a->bridge;
    stranger->next_us = a->next_us;
    rig_run(&rig, 100);
    uint64_t heard = a->packets;
    rig_await(&rig, a->packets > heard);
    assert_int_equal(stranger->packets, 0);
}

/* Where the peer's RTCP came from says nothing of where it is to go after it has moved. */
static void rtcp_goes_where_the_peer_last_wanted_it(void **state)
{
    (void)state;
    struct peer *a = call_in(NULL, tones[0], 20), *other = rig_peer(&rig, tones[1]);
    static const uint8_t report[] = {0x80, 201, 0, 1, 0, 0, 0, 9};
    assert_int_equal(sendto(a->rtcp_fd, report, sizeof report, 0, (const struct sockaddr *)&a->bridge_rtcp,
                            sizeof(struct sockaddr_in)),
                     sizeof report);
    rig_await(&rig, a->rtcp_packets > 0);
    struct engine_leg_media media = peer_media(a, 20);
    media.remote_rtcp = other->rtcp;
    assert_int_equal(engine_leg_change(a->leg, &media), STATUS_OK);
    other->bridge = a->bridge;
    other->bridge_rtcp = a->bridge_rtcp;
    other->silent = true;
    engine_leg_close(a->leg);
    a->leg = NULL;
    rig_await(&rig, other->byes == 1);
    assert_int_equal(a->byes, 0);
}

static void strangers_before_the_first_packet_do_not_get_the_leg(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *b = call_in(c, tones[1], 20), *a = call_in(c, tones[0], 20);
    struct peer *stranger = rig_peer(&rig, tones[2]);
    a->silent = true;
    stranger->bridge = a->bridge;
    stranger->next_us = INT64_MAX;
    for (int i = 0; i < 400; i++) { /* each looks like a first packet */
        uint8_t bytes[172] = {0x80, 0, (uint8_t)(i * 7), (uint8_t)(i * 13)};
        peer_send(stranger, bytes, sizeof bytes);
    }
    rig_run(&rig, 20);
    a->silent = false;
    rig_await(&rig, hears(b, tones[0]) && hears(a, tones[1]));
    assert_int_equal(stranger->packets, 0);
}

static void bytes_that_are_not_rtp_are_counted_and_change_nothing(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(b, tones[0]));
    for (int i = 0; i < 60; i++) {
        uint8_t bytes[1500] = {(uint8_t)(i * 5), (uint8_t)i};
        peer_send(a, bytes, (size_t)(i * 25));
    }
    struct engine_metrics m = {0};
    while (m.packets_bad < 40) {
        rig_run(&rig, 5);
        engine_metrics(rig.engine, &m);
    }
    rig_await(&rig, hears(b, tones[0]));
}

static void a_digit_is_reported_once(void **state)
{
    (void)state;
    struct peer *a = call_in(NULL, tones[0], 20);
    rig_await(&rig, rig.reports[ENGINE_LEG_ALIVE] == 1);
    peer_send_digit(a, '7');
    rig_run(&rig, 40);
    peer_send_digit(a, '3');
    rig_await(&rig, rig.digit_count >= 2);
    rig_run(&rig, 50);
    assert_string_equal(rig.digits, "73");
    assert_ptr_equal(rig.last[ENGINE_LEG_DIGIT].user, a);
}

/* Whoever sends has changed, and its time with it: it begins anywhere, half of all times before that of the last key.
 */
static void a_digit_of_another_source_is_reported(void **state)
{
    (void)state;
    struct peer *a = call_in(NULL, tones[0], 20);
    rig_await(&rig, rig.reports[ENGINE_LEG_ALIVE] == 1);
    peer_send_digit(a, '7');
    rig_await(&rig, rig.digit_count == 1);
    a->ssrc += 500;
    a->timestamp -= 1u << 30;
    rig_run(&rig, 60);
    peer_send_digit(a, '3');
    rig_await(&rig, rig.digit_count == 2);
    rig_run(&rig, 50);
    assert_string_equal(rig.digits, "73");
}

static void a_leg_that_falls_silent_times_out_but_not_on_hold(void **state)
{
    (void)state;
    rig_close(&rig);
    rig_open(&rig, &(struct engine_config){.threads = 1, .rtp_timeout_s = 1});
    struct peer *a = call_in(NULL, tones[0], 20), *held = call_in(NULL, tones[1], 20);
    struct engine_leg_media media = peer_media(held, 20);
    rig_await(&rig, rig.reports[ENGINE_LEG_ALIVE] == 2);
    media.send = media.receive = false;
    assert_int_equal(engine_leg_change(held->leg, &media), STATUS_OK);
    a->silent = held->silent = true;
    rig_await(&rig, rig.reports[ENGINE_LEG_TIMEOUT] > 0);
    assert_ptr_equal(rig.last[ENGINE_LEG_TIMEOUT].leg, a->leg);
    rig_run(&rig, 1200);
    assert_int_equal(rig.reports[ENGINE_LEG_TIMEOUT], 1); /* once, and not for the one on hold */
}

static void all_who_hear_the_same_share_one_encode(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *talker = call_in(c, tones[0], 20), *p[20];
    for (int i = 0; i < 20; i++) {
        p[i] = call_in(c, tones[1], i % 2 ? 20 : 30);
        if (i % 5 == 0) p[i]->says_zero = true; /* talks, and says nothing */
        engine_leg_roles(p[i]->leg, i % 5 == 0, true);
    }
    for (int i = 0; i < 20; i++)
        rig_await(&rig, hears(p[i], tones[0]));
    struct engine_metrics before, after;
    engine_metrics(rig.engine, &before);
    rig_run(&rig, 400);
    engine_metrics(rig.engine, &after);
    uint64_t ticks = after.thread[0].ticks - before.thread[0].ticks;
    uint64_t shared = after.encodes_shared - before.encodes_shared, own = after.encodes_own - before.encodes_own;
    assert_true(shared <= ticks + 1);
    assert_true(own <= ticks + 1); /* the talker's own mix */
    assert_true(after.packets_out - before.packets_out > 15 * 15);
    (void)talker;
}

static void nothing_wakes_an_idle_engine(void **state)
{
    (void)state;
    struct engine_conference *c[1000];
    for (int i = 0; i < 1000; i++)
        c[i] = open_conference(i % 2 ? ENGINE_AUDIO_WAIT : ENGINE_AUDIO_MIX);
    engine_batch_begin(rig.engine);
    engine_conference_audio(c[999], ENGINE_AUDIO_NONE);
    engine_batch_end(rig.engine, 1);
    rig_await(&rig, rig.reports[ENGINE_DONE] == 1);
    struct engine_metrics before, after;
    rig_run(&rig, 20);
    engine_metrics(rig.engine, &before);
    rig_run(&rig, 300);
    engine_metrics(rig.engine, &after);
    for (unsigned i = 0; i < after.threads; i++) {
        assert_int_equal(after.thread[i].wakeups, before.thread[i].wakeups);
        assert_int_equal(after.thread[i].busy_permille, 0);
    }
    assert_int_equal(after.conferences, 1000);
}

static void commands_of_a_batch_are_confirmed_with_their_tick(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(b, tones[0]));
    engine_batch_begin(rig.engine);
    engine_leg_roles(a->leg, false, false);
    engine_leg_roles(b->leg, false, false);
    engine_batch_end(rig.engine, 77);
    rig_await(&rig, rig.reports[ENGINE_DONE] == 1);
    assert_int_equal(rig.last[ENGINE_DONE].token, 77);
    assert_true(rig.last[ENGINE_DONE].tick_us > 0);
    assert_int_equal(rig.last[ENGINE_DONE].tick_us % 1000, 0); /* ticks lie on whole milliseconds, commands do not */
    engine_batch_begin(rig.engine);                            /* nothing in it */
    engine_batch_end(rig.engine, 78);
    rig_await(&rig, rig.reports[ENGINE_DONE] == 2);
    assert_int_equal(rig.last[ENGINE_DONE].token, 78);
}

static void a_leg_of_another_thread_moves_to_its_conference(void **state)
{
    (void)state;
    struct engine_conference *c[2] = {open_conference(ENGINE_AUDIO_MIX), open_conference(ENGINE_AUDIO_MIX)};
    struct peer *p[4];
    for (int i = 0; i < 4; i++)
        p[i] = call_in(NULL, tones[i], 20); /* two on each thread */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++)
            engine_leg_join(p[i]->leg, c[(i / 2 + round) % 2], true, true);
        rig_await(&rig,
                  hears(p[0], tones[1]) && hears(p[1], tones[0]) && hears(p[2], tones[3]) && hears(p[3], tones[2]));
        rig_await(&rig, peer_level(p[0], tones[2]) < -60 && peer_level(p[3], tones[1]) < -60);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(p[i]->gaps, 0);
    struct engine_metrics m = {0};
    while (m.thread[0].legs + m.thread[1].legs != 4) {
        rig_run(&rig, 5);
        engine_metrics(rig.engine, &m);
    }
}

static void commands_follow_a_leg_that_moves(void **state)
{
    (void)state;
    struct engine_conference *c[2] = {open_conference(ENGINE_AUDIO_MIX), open_conference(ENGINE_AUDIO_MIX)};
    struct peer *a = call_in(NULL, tones[0], 20), *b = call_in(NULL, tones[1], 20);
    for (int i = 0; i < 21; i++) { /* without a poll in between: all of it waits in order */
        engine_leg_join(a->leg, c[i % 2], true, true);
        engine_leg_join(b->leg, c[i % 2], true, true);
        engine_leg_roles(a->leg, false, true);
        if (i % 5 == 4) engine_leg_leave(b->leg);
    }
    rig_await(&rig, hears(a, tones[1]) && peer_level(b, tones[0]) < -100);
    engine_leg_join(a->leg, c[1], true, true);
    engine_leg_close(a->leg);
    rig_await(&rig, rig.reports[ENGINE_LEG_CLOSED] == 1);
}

static void a_beep_is_heard_by_all_and_reported(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(b, tones[0]));
    struct sound *beep = tone_sound(850, -15, 4000);
    engine_conference_play(c, beep, 5);
    sound_unref(beep);
    rig_await(&rig, hears(a, 850) && hears(b, 850));
    rig_await(&rig, rig.reports[ENGINE_PLAYED] == 1);
    assert_int_equal(rig.last[ENGINE_PLAYED].token, 5);
}

static void a_recording_has_its_frames_and_its_end(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20);
    struct ring *frames;
    struct pcm_frame frame;
    assert_int_equal(ring_create(&frames, sizeof frame, 16), STATUS_OK);
    rig_await(&rig, rig.reports[ENGINE_LEG_ALIVE] == 1);
    engine_conference_record(c, frames);
    rig_await(&rig, ring_count(frames) == 15);
    rig_await(&rig, rig.reports[ENGINE_RECORD_LOST] > 0); /* nobody reads: frames are lost, the END's place is kept */
    engine_conference_record(c, NULL);
    rig_await(&rig, ring_count(frames) == 16);
    uint64_t tick = 0;
    double loudest_dbfs = -200;
    for (int i = 0; i < 15; i++) {
        assert_true(ring_pop(frames, &frame));
        assert_int_equal(frame.kind, PCM_FRAME_AUDIO);
        assert_int_equal(frame.rate_hz, 8000);
        if (i > 0) assert_int_equal(frame.tick, tick + 1);
        tick = frame.tick;
        loudest_dbfs = fmax(loudest_dbfs, tone_measure(frame.pcm, PCM_FRAME_SAMPLES, 8000, tones[0], 0).level_dbfs);
    }
    assert_true(fabs(loudest_dbfs - -15) < 1);
    assert_true(ring_pop(frames, &frame));
    assert_int_equal(frame.kind, PCM_FRAME_END);
    assert_true(frame.tick >= tick + rig.last[ENGINE_RECORD_LOST].frames);
    ring_destroy(frames);
    (void)a;
}

static void closing_a_leg_says_bye_and_gives_its_figures(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    rig_await(&rig, hears(a, tones[1]) && hears(b, tones[0]));
    engine_leg_close(a->leg);
    rig_await(&rig, rig.reports[ENGINE_LEG_CLOSED] == 1 && a->byes == 1);
    assert_true(rig.closed_stats.packets_in >= 10);
    assert_true(rig.closed_stats.packets_out >= 10);
    assert_true(rig.closed_stats.packets_out >= a->packets);
    assert_int_equal(rig.closed_stats.packets_lost, 0);
    assert_int_equal(rig.closed_stats.packets_bad, 0);
    assert_true(rig.closed_stats.playout_delay_us < 500000); /* no less than the guard only where we send in time */
    rig_await(&rig, peer_level(b, tones[0]) < -100);
}

static void ports_come_in_pairs_from_the_range(void **state)
{
    (void)state;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct engine_sockets any, pairs[3];
    assert_int_equal(engine_socket_open(rig.engine, (struct sockaddr *)&local, &any), STATUS_OK);
    assert_int_equal(any.port % 2, 0);
    struct engine *other;
    struct engine_config config = {.threads = 1, .rtp_port_low = any.port, .rtp_port_high = (uint16_t)(any.port + 1)};
    assert_int_equal(engine_create(&other, &config, NULL, NULL), STATUS_OK);
    assert_int_equal(engine_socket_open(other, (struct sockaddr *)&local, &pairs[0]), STATUS_FULL); /* it is in use */
    engine_socket_close(&any);
    assert_int_equal(engine_socket_open(other, (struct sockaddr *)&local, &pairs[0]), STATUS_OK);
    assert_int_equal(pairs[0].port, config.rtp_port_low);
    assert_int_equal(engine_socket_open(other, (struct sockaddr *)&local, &pairs[1]), STATUS_FULL);
    engine_socket_close(&pairs[0]);
    local.sin_addr.s_addr = htonl(0xc0000201); /* not an address of ours */
    assert_int_equal(engine_socket_open(other, (struct sockaddr *)&local, &pairs[2]), STATUS_IO);
    engine_destroy(other);
    config = (struct engine_config){.threads = 1, .rtp_port_low = 5001, .rtp_port_high = 5002};
    assert_int_equal(engine_create(&other, &config, NULL, NULL), STATUS_INVALID);
}

static void sockets_of_ipv6_come_in_pairs_too(void **state)
{
    (void)state;
    struct sockaddr_in6 local = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct engine_sockets pair;
    int on = 0, dscp = 0;
    socklen_t size = sizeof on;
    assert_int_equal(engine_socket_open(rig.engine, (struct sockaddr *)&local, &pair), STATUS_OK);
    assert_int_equal(getsockopt(pair.rtp_fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, &size), 0);
    assert_int_equal(on, 1);
    assert_int_equal(getsockopt(pair.rtp_fd, IPPROTO_IPV6, IPV6_TCLASS, &dscp, &size), 0);
    assert_int_equal(dscp, 0xb8);
    engine_socket_close(&pair);
}

static void rtcp_on_the_port_of_rtp_is_taken_and_sent_there(void **state)
{
    (void)state;
    struct peer *a = rig_peer(&rig, tones[0]);
    struct engine_leg_media media = peer_media(a, 20);
    static const uint8_t receiver_report[8] = {0x80, 201, 0, 1, 0, 0, 0, 9};
    media.rtcp_mux = true;
    rig_call(&rig, a, &media, NULL);
    rig_await(&rig, rig.reports[ENGINE_LEG_ALIVE] == 1);
    for (int i = 0; i < 20; i++)
        peer_send(a, receiver_report, sizeof receiver_report);
    rig_run(&rig, 100);
    engine_leg_close(a->leg);
    rig_await(&rig, rig.reports[ENGINE_LEG_CLOSED] == 1 && a->byes == 1);
    assert_int_equal(rig.closed_stats.packets_bad, 0);
}

static void audio_goes_over_ipv6(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *old = call_in(c, tones[0], 20), *p = rig_peer6(&rig, tones[1]);
    if (!p) skip();
    struct engine_leg_media media = peer_media(p, 20);
    rig_call(&rig, p, &media, c);
    engine_leg_join(p->leg, c, true, true);
    rig_await(&rig, hears(p, tones[0]) && hears(old, tones[1]));
    p->rtcp_packets = 0;
    engine_leg_close(p->leg);
    rig_await(&rig, !p->leg && p->byes > 0);
    assert_int_equal(p->gaps + p->jumps, 0);
}

/* Ends what a leg says being kept. @return how many frames there were */
static uint32_t end_recording(struct peer *p, struct ring *frames)
{
    struct pcm_frame frame = {.kind = PCM_FRAME_AUDIO};
    uint32_t count = 0;
    engine_leg_record(p->leg, NULL, ENGINE_LEG_SAYS);
    while (frame.kind != PCM_FRAME_END) {
        rig_await(&rig, ring_pop(frames, &frame));
        if (frame.kind == PCM_FRAME_AUDIO) count++;
    }
    return count;
}

/* Ticks lie on whole milliseconds. */
static void assert_ticks_in_order(int64_t began_us, enum engine_report_type first, enum engine_report_type second)
{
    assert_true(rig.last[first].tick_us > began_us);
    assert_true(rig.last[second].tick_us > rig.last[first].tick_us);
    assert_int_equal(rig.last[first].tick_us % 1000, 0);
    assert_int_equal(rig.last[second].tick_us % 1000, 0);
}

static void a_leg_is_played_to_sent_digits_and_recorded_on_its_own(void **state)
{
    (void)state;
    int64_t began_us = clock_now_us();
    struct sound *sound = tone_sound(1823, -15, 8000 * 60);
    struct ring *frames, *utterance;
    struct pcm_frame frame;
    struct peer *p = call_in(NULL, tones[0], 20);
    static const struct engine_digit digits[] = {{'4', 0}, {'2', 200}, {'#', 0}}, wrong[] = {{'x', 0}};
    assert_int_equal(engine_leg_send_digits(p->leg, wrong, 1, 1), STATUS_INVALID);
    assert_int_equal(engine_leg_send_digits(p->leg, digits, 0, 1), STATUS_INVALID);
    assert_int_equal(ring_create(&frames, sizeof frame, 4096), STATUS_OK);
    assert_int_equal(ring_create(&utterance, sizeof frame, 4096), STATUS_OK);
    engine_leg_record(p->leg, frames, ENGINE_LEG_BOTH);
    engine_leg_record(p->leg, utterance, ENGINE_LEG_SAYS);
    engine_leg_play(p->leg, sound, 0, 21);
    rig_await(&rig, fabs(peer_level(p, 1823) + 15) < 0.5);
    assert_int_equal(engine_leg_send_digits(p->leg, digits, 3, 22), STATUS_OK);
    rig_await(&rig, rig.reports[ENGINE_LEG_DIGITS_SENT] == 1);
    assert_int_equal(rig.last[ENGINE_LEG_DIGITS_SENT].token, 22);
    assert_true(rig.last[ENGINE_LEG_DIGITS_SENT].completed);
    assert_ptr_equal(rig.last[ENGINE_LEG_DIGITS_SENT].user, p);
    rig_await(&rig, p->digit_count == 3);
    assert_string_equal(p->digits, "42#");
    uint32_t said = end_recording(p, utterance);
    engine_leg_stop(p->leg);
    rig_await(&rig, rig.reports[ENGINE_LEG_PLAYED] == 1);
    assert_int_equal(rig.last[ENGINE_LEG_PLAYED].token, 21);
    assert_false(rig.last[ENGINE_LEG_PLAYED].completed);
    engine_leg_watch_silence(p->leg, 100, 23);
    p->says_zero = true;
    rig_await(&rig, rig.reports[ENGINE_LEG_SILENT] == 1);
    assert_int_equal(rig.last[ENGINE_LEG_SILENT].token, 23);
    assert_ticks_in_order(began_us, ENGINE_LEG_DIGITS_SENT, ENGINE_LEG_PLAYED);
    assert_ticks_in_order(began_us, ENGINE_LEG_PLAYED, ENGINE_LEG_SILENT);
    engine_leg_close(p->leg); /* ends the recording */
    rig_await(&rig, !p->leg);
    uint32_t count = 0;
    while (ring_pop(frames, &frame) && frame.kind == PCM_FRAME_AUDIO)
        count++;
    assert_int_equal(frame.kind, PCM_FRAME_END);
    assert_true(count > 30);
    assert_true(said > 20 && count > said); /* it went on when the utterance ended */
    assert_int_equal(p->gaps + p->jumps, 0);
    ring_destroy(utterance);
    ring_destroy(frames);
    sound_unref(sound);
}

static void a_passed_on_digit_reaches_who_agreed_to_events(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *p[2] = {call_in(c, tones[0], 20), call_in(c, tones[1], 60)};
    rig_await(&rig, hears(p[0], tones[1]) && hears(p[1], tones[0]));
    engine_leg_dtmf(p[0]->leg, true);
    rig_run(&rig, 60);
    peer_send_digit(p[0], '7');
    rig_await(&rig, p[1]->digit_count == 1 && hears(p[1], tones[0]));
    assert_string_equal(p[1]->digits, "7");
    assert_int_equal(p[0]->digit_count, 0);
    rig_await(&rig, rig.reports[ENGINE_LEG_DIGIT] == 1);
}

static void an_announcement_is_stopped(void **state)
{
    (void)state;
    struct sound *sound = tone_sound(1823, -15, 8000 * 60);
    struct engine_conference *c = open_conference(ENGINE_AUDIO_MIX);
    struct peer *p = call_in(c, tones[0], 20);
    engine_conference_play(c, sound, 31);
    rig_await(&rig, fabs(peer_level(p, 1823) + 15) < 0.5);
    engine_conference_stop(c, 31);
    rig_await(&rig, rig.reports[ENGINE_PLAYED] == 1);
    assert_false(rig.last[ENGINE_PLAYED].completed);
    rig_await(&rig, peer_level(p, 1823) < -60);
    sound_unref(sound);
}

static void an_engine_with_everything_open_can_be_destroyed(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference(ENGINE_AUDIO_WAIT);
    struct sound *music = tone_sound(400, -20, 8000);
    struct peer *a = call_in(c, tones[0], 20), *b = call_in(c, tones[1], 20);
    engine_conference_music(c, music);
    engine_conference_play(c, music, 1);
    rig_await(&rig, a->packets > 5 && b->packets > 5);
    engine_conference_music(c, music);
    sound_unref(music);
    engine_batch_begin(rig.engine);
    engine_leg_roles(a->leg, true, true);
    engine_batch_end(rig.engine, 3);
    engine_leg_close(b->leg);
    engine_destroy(rig.engine);
    a->leg = b->leg = NULL;
    assert_int_equal(engine_create(&rig.engine, &(struct engine_config){.threads = 1}, NULL, NULL), STATUS_OK);
}

#define ENGINE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
#define TWO_THREADS(f) cmocka_unit_test_setup_teardown(f, begin_two_threads, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(each_hears_all_others_and_not_itself),
        ENGINE_TEST(codecs_meet_in_one_conference),
        TWO_THREADS(two_conferences_do_not_hear_each_other),
        ENGINE_TEST(waiting_legs_hear_music_and_not_each_other),
        ENGINE_TEST(roles_decide_who_talks_and_who_listens),
        ENGINE_TEST(a_change_of_roles_makes_no_step),
        ENGINE_TEST(a_leg_on_hold_sends_and_says_nothing),
        ENGINE_TEST(a_voice_is_turned_down_and_cleaned_and_goes_on_with_another_codec),
        ENGINE_TEST(who_talks_is_reported),
        ENGINE_TEST(every_ptime_is_kept),
        ENGINE_TEST(a_source_elsewhere_is_latched_onto_and_strangers_are_not_heard),
        ENGINE_TEST(a_change_without_an_address_leaves_the_source),
        ENGINE_TEST(rtcp_goes_where_the_peer_last_wanted_it),
        ENGINE_TEST(strangers_before_the_first_packet_do_not_get_the_leg),
        ENGINE_TEST(bytes_that_are_not_rtp_are_counted_and_change_nothing),
        ENGINE_TEST(a_digit_is_reported_once),
        ENGINE_TEST(a_digit_of_another_source_is_reported),
        ENGINE_TEST(a_leg_that_falls_silent_times_out_but_not_on_hold),
        ENGINE_TEST(all_who_hear_the_same_share_one_encode),
        TWO_THREADS(nothing_wakes_an_idle_engine),
        ENGINE_TEST(commands_of_a_batch_are_confirmed_with_their_tick),
        TWO_THREADS(a_leg_of_another_thread_moves_to_its_conference),
        TWO_THREADS(commands_follow_a_leg_that_moves),
        ENGINE_TEST(a_beep_is_heard_by_all_and_reported),
        ENGINE_TEST(a_recording_has_its_frames_and_its_end),
        ENGINE_TEST(closing_a_leg_says_bye_and_gives_its_figures),
        ENGINE_TEST(ports_come_in_pairs_from_the_range),
        ENGINE_TEST(sockets_of_ipv6_come_in_pairs_too),
        ENGINE_TEST(rtcp_on_the_port_of_rtp_is_taken_and_sent_there),
        ENGINE_TEST(audio_goes_over_ipv6),
        ENGINE_TEST(a_leg_is_played_to_sent_digits_and_recorded_on_its_own),
        ENGINE_TEST(a_passed_on_digit_reaches_who_agreed_to_events),
        ENGINE_TEST(an_announcement_is_stopped),
        ENGINE_TEST(an_engine_with_everything_open_can_be_destroyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
