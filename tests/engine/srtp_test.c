/* Encrypted legs on real sockets. What a peer cannot open is counted by it: a test that ends without one saw no packet
 * that was plain or of another key. */
#include <arpa/inet.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../some_keys.h"
#include "engine/engine_parts.h"
#include "peer.h"

static struct rig rig;

static const double tones[] = {515, 745, 1015};

static int begin(void **state)
{
    (void)state;
    rig_open(&rig, &(struct engine_config){.threads = 1});
    return 0;
}

static int finish(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

static struct engine_conference *open_conference(void)
{
    struct engine_conference *c;
    assert_int_equal(engine_conference_open(rig.engine, &rig, &c), STATUS_OK);
    engine_conference_audio(c, ENGINE_AUDIO_MIX);
    return c;
}

static void call(struct peer *p, struct engine_leg_media *media, struct engine_conference *c,
                 const struct engine_leg_srtp *keys)
{
    media->srtp = keys;
    peer_keys(p, keys);
    rig_call(&rig, p, media, NULL);
    engine_leg_join(p->leg, c, true, true);
}

static struct peer *call_in(struct engine_conference *c, double tone_hz, const struct engine_leg_srtp *keys)
{
    struct peer *p = rig_peer(&rig, tone_hz);
    struct engine_leg_media media = peer_media(p, 20);
    call(p, &media, c, keys);
    return p;
}

static void change(struct peer *p, const struct engine_leg_srtp *keys)
{
    struct engine_leg_media media = peer_media(p, 20);
    media.srtp = keys;
    assert_int_equal(engine_leg_change(p->leg, &media), STATUS_OK);
}

static bool hears(const struct peer *p, double tone_hz)
{
    return fabs(peer_level(p, tone_hz) - -15) < 0.5;
}

static struct engine_metrics metrics(void)
{
    struct engine_metrics m;
    engine_metrics(rig.engine, &m);
    return m;
}

static void close_leg(struct peer *p)
{
    uint64_t closed = rig.reports[ENGINE_LEG_CLOSED];
    engine_leg_close(p->leg);
    rig_await(&rig, rig.reports[ENGINE_LEG_CLOSED] == closed + 1 && p->byes == 1);
}

static void encrypted_and_plain_peers_hear_each_other(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp cm = some_keys(SRTP_AES_CM_128_HMAC_SHA1_32, 1), gcm = some_keys(SRTP_AEAD_AES_128_GCM, 3);
    struct peer *p[3] = {call_in(c, tones[0], &cm), call_in(c, tones[1], &gcm), call_in(c, tones[2], NULL)};
    for (int i = 0; i < 3; i++)
        rig_await(&rig, hears(p[i], tones[(i + 1) % 3]) && hears(p[i], tones[(i + 2) % 3]));
    peer_send_digit(p[0], '5');
    rig_await(&rig, rig.reports[ENGINE_LEG_DIGIT] == 1);
    for (int i = 0; i < 3; i++) {
        close_leg(p[i]); /* its BYE was opened: RTCP is encrypted too */
        assert_int_equal(p[i]->unopened, 0);
        assert_true(rig.closed_stats.packets_in > 0);
        assert_int_equal(rig.closed_stats.packets_bad, 0);
        assert_int_equal(rig.closed_stats.packets_unauthentic, 0);
    }
}

static void what_is_not_authentic_never_locks_the_source(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp keys = some_keys(SRTP_AEAD_AES_128_GCM, 1), wrong = some_keys(SRTP_AEAD_AES_128_GCM, 9);
    struct peer *b = call_in(c, tones[1], NULL), *natted = rig_peer(&rig, tones[0]),
                *stranger = rig_peer(&rig, tones[2]);
    struct engine_leg_media media = peer_media(natted, 20);
    media.remote_rtp = stranger->rtp; /* what the SDP says is no proof either */
    media.remote_rtcp.ss_family = AF_UNSPEC;
    natted->silent = true;
    call(natted, &media, c, &keys);
    stranger->bridge = natted->bridge;
    stranger->next_us = natted->next_us;
    rig_await(&rig, metrics().packets_unauthentic >= 10); /* plain */
    peer_keys(stranger, &wrong);
    rig_await(&rig, metrics().packets_unauthentic >= 20); /* of another key */
    assert_int_equal(rig.reports[ENGINE_LEG_ALIVE], 1);   /* the plain one */
    natted->silent = false;
    rig_await(&rig, hears(b, tones[0]) && hears(natted, tones[1]));
    rig_await(&rig, peer_level(b, tones[2]) < -60);
    assert_int_equal(rig.reports[ENGINE_LEG_ALIVE], 2);
    assert_int_equal(natted->unopened, 0);
}

static void send_rtcp(struct peer *p, const uint8_t *bytes, size_t len)
{
    assert_int_equal(sendto(p->rtcp_fd, bytes, len, 0, (struct sockaddr *)&p->bridge_rtcp, sizeof(struct sockaddr_in)),
                     len);
}

static void rtcp_that_is_plain_is_not_taken(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp keys = some_keys(SRTP_AES_CM_128_HMAC_SHA1_80, 1);
    struct peer *p = call_in(c, tones[0], &keys);
    struct engine_leg_stats stats = {0};
    /* A receiver report that says that half is lost. */
    uint8_t plain[32] = {0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 0, 128};
    _Alignas(8) uint8_t sealed[80] = {0};
    uint32_t ssrc = htonl(0xabc0 + p->ssrc);
    size_t len = sizeof plain;
    memcpy(plain + 8, &ssrc, sizeof ssrc);
    rig_await(&rig, rig.reports[ENGINE_LEG_ALIVE] == 1);
    send_rtcp(p, plain, sizeof plain);
    rig_await(&rig, metrics().packets_unauthentic == 1);
    engine_leg_stats(p->leg, &stats);
    assert_int_equal(stats.peer_lost_fraction, 0);
    memcpy(sealed, plain, sizeof plain);
    assert_int_equal(srtp_sender_protect_rtcp(p->sender, sealed, &len, sizeof sealed), STATUS_OK);
    send_rtcp(p, sealed, len);
    rig_await(&rig, (engine_leg_stats(p->leg, &stats), stats.peer_lost_fraction == 128));
    assert_int_equal(metrics().packets_unauthentic, 1);
}

static void a_renegotiation_with_the_same_keys_disturbs_nothing(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp keys = some_keys(SRTP_AEAD_AES_256_GCM, 1);
    struct peer *p = call_in(c, tones[0], &keys), *b = call_in(c, tones[1], NULL);
    rig_await(&rig, hears(b, tones[0]) && hears(p, tones[1]));
    for (int i = 0; i < 5; i++) {
        change(p, &keys);
        rig_run(&rig, 50);
    }
    assert_true(hears(b, tones[0]) && hears(p, tones[1]));
    close_leg(p);
    assert_int_equal(p->gaps + p->jumps + p->unopened, 0);
    assert_int_equal(rig.closed_stats.packets_replayed + rig.closed_stats.packets_unauthentic, 0);
}

/* A leg that goes on in plain RTP for a while comes back to its keys where it left them. */
static void keys_that_come_back_do_not_begin_anew(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp keys = some_keys(SRTP_AES_CM_128_HMAC_SHA1_80, 1);
    struct peer *p = call_in(c, tones[0], &keys), *b = call_in(c, tones[1], NULL);
    rig_await(&rig, hears(b, tones[0]) && hears(p, tones[1]));
    struct srtp_sender *sender = p->sender;
    struct srtp_receiver *receiver = p->receiver;
    const struct leg_srtp before = p->leg->media.srtp;
    for (int on = 0; on < 2; on++) {
        change(p, on ? &keys : NULL);
        rig_run(&rig, 60);
        p->sender = on ? sender : NULL;
        p->receiver = on ? receiver : NULL;
        p->unopened = 0;
        peer_forget(b);
        peer_forget(p);
        rig_await(&rig, hears(b, tones[0]) && hears(p, tones[1]));
        assert_int_equal(p->unopened, 0);
    }
    assert_ptr_equal(p->leg->media.srtp.sender, before.sender);
    assert_ptr_equal(p->leg->media.srtp.receiver, before.receiver);
}

static void a_leg_is_not_opened_nor_changed_with_keys_that_are_none(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp keys = some_keys(SRTP_AES_CM_128_HMAC_SHA1_80, 1), wrong = keys;
    struct peer *p = call_in(c, tones[0], &keys), *b = call_in(c, tones[1], NULL);
    struct engine_leg_media media = peer_media(p, 20);
    struct engine_leg_config config = {.media = media, .cname = "bridge"};
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct engine_leg *leg = NULL;
    wrong.receive.suite = SRTP_SUITES;
    config.media.srtp = media.srtp = &wrong;
    assert_int_equal(engine_leg_change(p->leg, &media), STATUS_INVALID);
    assert_int_equal(engine_socket_open(rig.engine, (struct sockaddr *)&local, &config.sockets), STATUS_OK);
    assert_int_equal(engine_leg_open(rig.engine, &config, &leg), STATUS_INVALID);
    assert_null(leg);
    rig_await(&rig, hears(b, tones[0]) && hears(p, tones[1])); /* with the keys that it had */
    assert_int_equal(p->unopened, 0);
}

static void protection_can_begin_and_change_in_a_call(void **state)
{
    (void)state;
    struct engine_conference *c = open_conference();
    struct engine_leg_srtp first = some_keys(SRTP_AES_CM_128_HMAC_SHA1_80, 1);
    struct engine_leg_srtp second = some_keys(SRTP_AEAD_AES_128_GCM, 5);
    const struct engine_leg_srtp *steps[] = {&first, &second, NULL};
    struct peer *p = call_in(c, tones[0], NULL), *b = call_in(c, tones[1], NULL);
    rig_await(&rig, hears(b, tones[0]) && hears(p, tones[1]));
    uint32_t ssrc = p->heard_ssrc;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        change(p, steps[i]);
        rig_run(&rig, 60); /* what was sent before has arrived */
        peer_keys(p, steps[i]);
        rig_run(&rig, 60); /* it is heard, and the bridge goes over to its new key */
        p->unopened = 0;
        peer_forget(b);
        peer_forget(p);
        rig_await(&rig, hears(b, tones[0]) && hears(p, tones[1]));
        assert_int_equal(p->unopened, 0);
        assert_int_equal(p->heard_ssrc, ssrc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(encrypted_and_plain_peers_hear_each_other, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_not_authentic_never_locks_the_source, begin, finish),
        cmocka_unit_test_setup_teardown(rtcp_that_is_plain_is_not_taken, begin, finish),
        cmocka_unit_test_setup_teardown(a_renegotiation_with_the_same_keys_disturbs_nothing, begin, finish),
        cmocka_unit_test_setup_teardown(keys_that_come_back_do_not_begin_anew, begin, finish),
        cmocka_unit_test_setup_teardown(a_leg_is_not_opened_nor_changed_with_keys_that_are_none, begin, finish),
        cmocka_unit_test_setup_teardown(protection_can_begin_and_change_in_a_call, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
