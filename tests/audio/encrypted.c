/*
 * A steady 1013 Hz between encrypted legs: a talker and two listeners of one suite and a plain listener, all PCMU, and
 * every ten seconds the keys of the talker and of a listener change, as a re-INVITE changes them: the bridge has the
 * new ones first, the phone 200 ms later. Breaks and holes are those of media/tone.h, the worst listener counts.
 *
 * Then each packet of the talker has one bit changed on its way, another bit each, or is of another key: how many are
 * taken in, and how loud the tone is in the second after, as the plain listener hears it.
 */
#include <math.h>
#include <string.h>

#include "board.h"
#include "scene.h"

enum { LISTENERS = 3, CHANGE_EVERY_S = 10, ANSWER_MS = 200, SPOILT_MS = 2000 };

struct party_keys {
    struct person *person;
    struct engine_leg_srtp keys;
};

static struct srtp_key fresh_key(enum srtp_suite suite)
{
    static uint8_t count;
    struct srtp_key key = {.suite = suite};
    memset(key.bytes, ++count, srtp_suite_key_bytes(suite) + srtp_suite_salt_bytes(suite));
    return key;
}

static struct engine_leg_srtp fresh_keys(enum srtp_suite suite)
{
    return (struct engine_leg_srtp){.send = fresh_key(suite), .receive = fresh_key(suite)};
}

static void join(struct scene *s, struct party_keys *p, enum srtp_suite suite, bool talks)
{
    struct sim_party_config config = phone(CODEC_PCMU, 7300);
    p->keys = fresh_keys(suite);
    config.srtp = &p->keys;
    p->person = scene_join(s, config, true, talks, true);
    p->person->mute = !talks;
}

static void change_keys(struct scene *s, struct party_keys *p)
{
    struct engine_leg_srtp keys = fresh_keys(p->keys.send.suite);
    sim_change_keys(p->person->party, &keys, &p->keys, 0);
    scene_run_ms(s, ANSWER_MS);
    sim_party_send_key(p->person->party, &keys.receive);
    p->keys = keys;
}

struct heard {
    struct steadiness worst;
    uint64_t refused;
};

static uint64_t refused_of(const struct engine_leg_stats *stats)
{
    return stats->packets_unauthentic + stats->packets_replayed + stats->packets_bad;
}

static struct heard measure(enum srtp_suite suite, uint32_t seconds)
{
    struct scene s;
    struct party_keys talker, listener, other;
    struct heard heard = {.refused = 0};
    scene_open(&s);
    join(&s, &talker, suite, true);
    join(&s, &listener, suite, false);
    join(&s, &other, suite, false);
    struct person *plain = scene_join(&s, phone(CODEC_PCMU, 12100), false, false, true);
    struct person *ears[LISTENERS] = {listener.person, other.person, plain};
    scene_run_ms(&s, 2000);
    for (int i = 0; i < LISTENERS; i++)
        person_watch(ears[i], SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
    for (uint32_t second = 0; second < seconds; second++) {
        for (int i = 0; i < LISTENERS; i++)
            person_listen(ears[i], 1000);
        if (second % CHANGE_EVERY_S == 1) change_keys(&s, &talker);
        if (second % CHANGE_EVERY_S == 1) change_keys(&s, &listener);
        scene_run_ms(&s, 1000);
        for (int i = 0; i < LISTENERS; i++)
            person_judge(ears[i], &heard.worst);
    }
    heard.refused = refused_of(&talker.person->party->leg.stats);
    scene_close(&s);
    return heard;
}

static void steady(enum srtp_suite suite, uint32_t seconds)
{
    const char *id = board_text("encrypted/%s", srtp_suite_name(suite));
    const char *what = board_text("%s, keys changed every %d s, %u s", srtp_suite_name(suite), CHANGE_EVERY_S, seconds);
    if (!board_wants(id, what)) return;
    struct heard h = measure(suite, seconds);
    board_share(id, what, "0 breaks, 0 holes, 0 refused, level within 0.05 dB",
                board_text("%llu breaks, %llu holes, %llu refused, %.3f dB", (unsigned long long)h.worst.breaks,
                           (unsigned long long)h.worst.holes, (unsigned long long)h.refused, h.worst.level_error_db),
                h.worst.breaks == 0 && h.worst.holes == 0 && h.refused == 0 && h.worst.level_error_db <= 0.05,
                h.worst.level_error_db / 0.05);
}

struct spoilt {
    uint64_t taken, refused;
    double level_dbfs;
};

static struct spoilt spoil(enum srtp_suite suite, bool other_key)
{
    struct scene s;
    struct party_keys talker;
    struct srtp_key wrong = fresh_key(suite);
    scene_open(&s);
    join(&s, &talker, suite, true);
    struct person *ear = scene_join(&s, phone(CODEC_PCMU, 12100), false, false, true);
    const struct engine_leg_stats *stats = &talker.person->party->leg.stats;
    scene_run_ms(&s, 2000);
    if (other_key)
        sim_party_send_key(talker.person->party, &wrong);
    else
        talker.person->party->network.flips_bits = true;
    scene_run_ms(&s, 100); /* what was under way has come */
    uint64_t taken = stats->packets_in, refused = refused_of(stats);
    scene_run_ms(&s, SPOILT_MS);
    person_listen(ear, 1000);
    scene_run_ms(&s, 1000);
    struct spoilt result = {
        .taken = stats->packets_in - taken,
        .refused = refused_of(stats) - refused,
        .level_dbfs = tone_measure(ear->kept, ear->kept_count, person_rate(ear), SCENE_TONE_HZ, 0).level_dbfs,
    };
    scene_close(&s);
    return result;
}

static void forged(enum srtp_suite suite, bool other_key)
{
    const char *kind = other_key ? "another key" : "a bit changed in each packet";
    const char *id = board_text("encrypted/%s-%s", srtp_suite_name(suite), other_key ? "other-key" : "changed");
    const char *what = board_text("%s, %s", srtp_suite_name(suite), kind);
    if (!board_wants(id, what)) return;
    struct spoilt s = spoil(suite, other_key);
    board_share(id, what, "none taken, tone below -90 dBFS",
                board_text("%llu of %llu taken, %.0f dBFS", (unsigned long long)s.taken,
                           (unsigned long long)(s.taken + s.refused), s.level_dbfs),
                s.taken == 0 && s.refused >= SPOILT_MS / 20 && s.level_dbfs < -90, s.level_dbfs < -90 ? 0 : 2);
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "encrypted", "A steady 1013 Hz between encrypted legs");
    uint32_t seconds = board_length(12, 30, 3600);
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        steady(suite, seconds);
        forged(suite, false);
        forged(suite, true);
    }
    return board_close();
}
