/*
 * Random commands on two media threads and a recorder, with traffic, for a bounded number of operations: what the
 * sanitizers watch. The seed is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "media/codec.h"
#include "media/sound.h"
#include "os/clock.h"
#include "os/media_guard.h"
#include "os/random.h"
#include "os/thread.h"
#include "peer.h"
#include "record/recorder.h"

enum { CONFERENCES = 4, PEERS = 12, OPERATIONS = 1500 };

static struct rig rig;
static struct rng rng;
static struct engine_conference *conferences[CONFERENCES];
static bool recording[CONFERENCES];
static struct recording *tracked[CONFERENCES]; /* with tracks */
static struct sound *sounds[3];
static struct recorder *recorder;
static uint32_t recordings, recordings_done;
static uint64_t batches;

static void recording_done(void *arg, const struct recording_report *report)
{
    (void)arg;
    recordings_done++;
    assert_int_equal(report->end, RECORDING_ENDED);
}

static struct engine_conference *any_conference(void)
{
    return conferences[rng_below(&rng, CONFERENCES)];
}

static void toggle_recording(uint32_t i)
{
    struct recording *g;
    struct recording_spec spec = {.user = NULL};
    spec.tracks = rng_below(&rng, 2);
    tracked[i] = NULL;
    if (recording[i]) {
        engine_conference_record(conferences[i], NULL);
    } else {
        random_id(spec.id, "RE");
        assert_int_equal(recorder_open(recorder, &spec, &g), STATUS_OK);
        if (spec.tracks)
            engine_conference_record_tracks(conferences[i], recording_ring(g));
        else
            engine_conference_record(conferences[i], recording_ring(g));
        if (spec.tracks) tracked[i] = g;
        recordings++;
    }
    recording[i] = !recording[i];
}

static void conference_operation(void)
{
    uint32_t i = rng_below(&rng, CONFERENCES);
    struct engine_conference *c = conferences[i];
    switch (rng_below(&rng, 7)) {
    case 6: engine_conference_stop(c, 7); break;
    case 0: engine_conference_audio(c, (enum engine_audio)rng_below(&rng, 3)); break;
    case 1: engine_conference_music(c, rng_below(&rng, 4) ? sounds[rng_below(&rng, 3)] : NULL); break;
    case 2:
    case 3: engine_conference_play(c, sounds[rng_below(&rng, 3)], 7); break;
    case 4: toggle_recording(i); break;
    default:
        if (rng_below(&rng, 4)) break;
        if (recording[i]) toggle_recording(i);
        engine_conference_close(c);
        assert_int_equal(engine_conference_open(rig.engine, NULL, &conferences[i]), STATUS_OK);
        engine_conference_talkers(conferences[i], rng_below(&rng, 3));
        break;
    }
}

/* A leg is recorded for the rest of its life, at most once. */
static void record_leg(struct peer *p)
{
    struct recording *g;
    struct recording_spec spec = {.user = NULL};
    if (p->recorded) {
        if (rng_below(&rng, 2))
            engine_leg_record(p->leg, NULL, (enum engine_leg_sides)rng_below(&rng, ENGINE_LEG_SIDES));
        return;
    }
    random_id(spec.id, "RE");
    assert_int_equal(recorder_open(recorder, &spec, &g), STATUS_OK);
    engine_leg_record(p->leg, recording_ring(g), (enum engine_leg_sides)rng_below(&rng, ENGINE_LEG_SIDES));
    recordings++;
    p->recorded = true;
}

/* In whatever conference it is: the number is one of that recording. */
static void give_track(struct peer *p)
{
    char name[16];
    uint16_t number;
    snprintf(name, sizeof name, "CA%u", p->ssrc);
    for (uint32_t i = 0; i < CONFERENCES; i++) {
        if (!tracked[i] || !engine_leg_is_in(p->leg, conferences[i])) continue;
        assert_int_equal(recording_track(tracked[i], name, &number), STATUS_OK);
        engine_leg_track(p->leg, number);
    }
}

static void treat_voice(struct peer *p)
{
    engine_leg_voice(p->leg, &(struct engine_leg_voice){.gain_db = (int)rng_below(&rng, 81) - 60,
                                                        .noise_suppression = rng_below(&rng, 2),
                                                        .automatic_gain = rng_below(&rng, 2)});
}

static void own_operation(struct peer *p)
{
    static const struct engine_digit digits[] = {{'1', 0}, {'#', 300}, {'9', 20}};
    switch (rng_below(&rng, 11)) {
    case 10: treat_voice(p); break;
    case 8:
    case 9: give_track(p); break;
    case 0:
    case 1: engine_leg_play(p->leg, sounds[rng_below(&rng, 3)], rng_below(&rng, 4), 9); break;
    case 2: engine_leg_stop(p->leg); break;
    case 3: assert_int_equal(engine_leg_send_digits(p->leg, digits, 1 + rng_below(&rng, 3), 10), STATUS_OK); break;
    case 4: record_leg(p); break;
    case 6: engine_leg_press(p->leg, digits[rng_below(&rng, 3)].digit, rng_below(&rng, 300)); break;
    case 5: engine_leg_watch_silence(p->leg, rng_below(&rng, 200), 11); break;
    default: engine_leg_dtmf(p->leg, rng_below(&rng, 4) > 0); break;
    }
}

/* The peer's own, or new ones, which replace them. */
static struct engine_leg_srtp keys_of(struct peer *p)
{
    static struct engine_leg_srtp latest[64];
    static uint32_t count;
    struct engine_leg_srtp *keys = &latest[p->ssrc % 64];
    if (keys->send.bytes[0] != 0 && rng_below(&rng, 3)) return *keys;
    enum srtp_suite suite = (enum srtp_suite)rng_below(&rng, SRTP_SUITES);
    *keys = (struct engine_leg_srtp){.send.suite = suite, .receive.suite = suite};
    count++;
    keys->send.bytes[0] = keys->receive.bytes[1] = 1;
    memcpy(keys->send.bytes + 2, &count, sizeof count);
    memcpy(keys->receive.bytes + 2, &count, sizeof count);
    return *keys;
}

static void leg_operation(struct peer *p)
{
    static const uint16_t ptimes[] = {10, 20, 30, 40, 50, 60};
    bool talk = rng_below(&rng, 2), listen = rng_below(&rng, 2);
    switch (rng_below(&rng, 13)) {
    case 0:
    case 1:
    case 2: engine_leg_join(p->leg, any_conference(), talk, listen); break;
    case 3: engine_leg_roles(p->leg, talk, listen); break;
    case 4: engine_leg_leave(p->leg); break;
    case 5: {
        p->codec = codec_by_id((enum codec_id)rng_below(&rng, CODEC_COUNT));
        struct engine_leg_media media = peer_media(p, (uint16_t)codec_packet_ms(p->codec, ptimes[rng_below(&rng, 6)]));
        media.encode.dtx = rng_below(&rng, 2);
        media.encode.max_rate_hz = rng_below(&rng, 2) ? 16000 : 0;
        media.send = rng_below(&rng, 4) > 0;
        if (rng_below(&rng, 3) == 0) media.send_event_type = ENGINE_NO_PAYLOAD_TYPE;
        media.receive = rng_below(&rng, 4) > 0;
        media.detect_dtmf = rng_below(&rng, 2);
        struct engine_leg_srtp keys = keys_of(p);
        if (rng_below(&rng, 2)) media.srtp = &keys;
        if (rng_below(&rng, 4)) peer_keys(p, media.srtp); /* else it sends what is not what was agreed on */
        assert_int_equal(engine_leg_change(p->leg, &media), STATUS_OK);
        break;
    }
    case 6: {
        struct engine_leg_stats stats;
        engine_leg_stats(p->leg, &stats);
        break;
    }
    default: own_operation(p); break;
    }
}

static void operate(void)
{
    struct peer *p = rig.peers[rng_below(&rng, PEERS)];
    if (rng_below(&rng, 3) == 0) {
        conference_operation();
    } else if (!p->leg) {
        struct engine_leg_media media = peer_media(p, (uint16_t)codec_packet_ms(p->codec, 20));
        rig_call(&rig, p, &media, rng_below(&rng, 2) ? any_conference() : NULL);
        p->recorded = false;
    } else if (rng_below(&rng, 20) == 0) {
        engine_leg_close(p->leg);
        p->leg = NULL;
    } else {
        leg_operation(p);
    }
}

/* Peers of a storm take any payload type and any numbering: they only keep the sockets empty and the traffic up. */
static void attend_all(void)
{
    enum { PACKET = 172 };
    _Alignas(8) uint8_t bytes[PACKET + SRTP_TRAILER_MAX] = {0x80, 0};
    for (uint32_t i = 0; i < PEERS; i++) {
        struct peer *p = rig.peers[i];
        while (recv(p->rtp_fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
        }
        while (recv(p->rtcp_fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
        }
        if (!p->bridge.ss_family) continue;
        bytes[0] = 0x80;
        bytes[1] = peer_payload_type(p);
        bytes[2] = (uint8_t)(p->seq >> 8);
        bytes[3] = (uint8_t)p->seq++;
        for (size_t k = 12; k < PACKET; k++)
            bytes[k] = (uint8_t)rng_u32(&rng);
        p->timestamp += 160;
        uint32_t t = p->timestamp;
        memcpy(bytes + 4, (uint8_t[]){(uint8_t)(t >> 24), (uint8_t)(t >> 16), (uint8_t)(t >> 8), (uint8_t)t}, 4);
        size_t len = PACKET;
        peer_seal(p, bytes, &len, sizeof bytes);
        if (rng_below(&rng, 10)) peer_send(p, bytes, len);
        if (rng_below(&rng, 50) == 0) peer_send_digit(p, '5');
    }
}

static void random_commands_do_no_harm(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 48000};
    char dir[] = "/tmp/storm_test.XXXXXX";
    uint64_t seed = random_u64();
    print_message("seed %llu%s\n", (unsigned long long)seed, media_guard_on() ? ", media guard on" : "");
    rng_init(&rng, seed);
    assert_non_null(mkdtemp(dir));
    rig_open(&rig, &(struct engine_config){.threads = 2});
    assert_int_equal(recorder_create(&recorder, &(struct recorder_config){.dir = dir}, recording_done, NULL),
                     STATUS_OK);
    for (int i = 0; i < CONFERENCES; i++)
        assert_int_equal(engine_conference_open(rig.engine, NULL, &conferences[i]), STATUS_OK);
    int16_t pcm[2000] = {1, 2, 3};
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(sound_create(&sounds[i], rates[i], pcm, 500 * (i + 1)), STATUS_OK);
    for (int i = 0; i < PEERS; i++)
        rig_peer(&rig, 1000);
    for (int i = 0; i < OPERATIONS; i++) {
        bool batch = rng_below(&rng, 3) == 0;
        if (batch) engine_batch_begin(rig.engine);
        for (uint32_t k = batch ? rng_below(&rng, 6) : 1; k > 0; k--)
            operate();
        if (batch) engine_batch_end(rig.engine, ++batches);
        if (i % 4 == 0) {
            attend_all();
            engine_poll(rig.engine);
            recorder_poll(recorder);
            usleep(2000); /* lets ticks happen; nothing depends on how many */
        }
    }
    while (rig.reports[ENGINE_DONE] < batches) {
        engine_poll(rig.engine);
        usleep(1000);
    }
    for (uint32_t i = 0; i < CONFERENCES; i++) {
        if (recording[i]) toggle_recording(i);
        engine_conference_close(conferences[i]);
    }
    for (int i = 0; i < PEERS; i++) {
        if (!rig.peers[i]->leg) continue;
        engine_leg_record(rig.peers[i]->leg, NULL, ENGINE_LEG_SAYS);
        engine_leg_record(rig.peers[i]->leg, NULL, ENGINE_LEG_BOTH);
    }
    while (recordings_done < recordings) {
        engine_poll(rig.engine);
        recorder_poll(recorder);
        usleep(1000);
    }
    for (uint32_t i = 0; i < 3; i++)
        sound_unref(sounds[i]);
    for (int i = 0; i < PEERS; i++) /* what still comes is of the storm's kind */
        rig.peers[i]->silent = true;
    attend_all();
    engine_destroy(rig.engine);
    recorder_destroy(recorder);
    for (int i = 0; i < PEERS; i++) {
        close(rig.peers[i]->rtp_fd);
        close(rig.peers[i]->rtcp_fd);
        peer_keys(rig.peers[i], NULL);
        free(rig.peers[i]);
    }
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    thread_set_role(THREAD_CONTROL);
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_commands_do_no_harm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
