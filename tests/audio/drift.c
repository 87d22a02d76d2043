/*
 * A talker whose clock is wrong, and one whose packets are held up.
 *
 * drift: the clock is fast or slow all the time. From the fifth second on, once a second: the playout delay of the
 * talker, of which half the distance between the least and the most is told. A listener watches the tone for breaks and
 * holes, as in the first group; the talker says the frequency that is 1013 Hz by the bridge's clock. Splices, which can
 * be laid on a tone's own phase and leave no break then, are counted where they are made: from the same second on there
 * is to be none. With 3000 ppm, ten times what is promised, a tone that is played at its sender's pace turns by more
 * than 10 degrees in 10 ms: it is watched from when the clock's error has been found out, after the twentieth second.
 *
 * held: each packet is late by 0 to 300 ms, evenly spread, in order, for ten seconds; then none is. From that moment
 * on: how long until the playout delay stays under 60 ms, and breaks and holes. In the first half second the last of
 * the late packets are on their way still, and one that is later than all before is concealed: what breaks there is
 * told, and has no limit. Several times, each with other delays; the way back begins at the most of that half second,
 * which has to be 100 ms at least.
 */
#include <math.h>
#include <stdlib.h>

#include "board.h"
#include "scene.h"

enum { SETTLE_S = 5, FOUND_OUT_S = 20, HELD_S = 10, HELD_US = 300000, BACK_MS = 5000, STEP_MS = 20, PLAYED_MS = 500 };

static const double delay_limit_ms = 60;

static uint64_t splices(const struct person *p)
{
    struct playout_stats stats = playout_get_stats(p->party->leg.playout);
    return stats.shrinks + stats.stretches;
}

static double delay_ms(const struct person *p)
{
    return playout_get_stats(p->party->leg.playout).delay_us / 1000.0;
}

/* ---- drift ---- */

static void drift(enum codec_id codec, int32_t ppm, uint32_t seconds)
{
    const char *id = board_text("drift/%s%+d", codec_label(codec), ppm);
    const char *what = board_text("clock %+d ppm, %s, %u s", ppm, codec_label(codec), seconds);
    if (!board_wants(id, what)) return;
    struct scene s;
    scene_open(&s);
    struct sim_party_config config = phone(codec, 7300);
    config.drift_ppm = ppm;
    struct person *talker = scene_join(&s, config, true, true, true);
    struct person *listener = scene_join(&s, phone(codec, 0), false, false, true);
    person_says(talker, SCENE_TONE_HZ / (1 + ppm / 1e6), SCENE_LEVEL_DBFS);
    scene_run_ms(&s, SETTLE_S * 1000);
    uint32_t from_s = abs(ppm) > 300 ? FOUND_OUT_S : SETTLE_S;
    double least = INFINITY, most = 0;
    uint64_t spliced = 0;
    for (uint32_t i = SETTLE_S; i < seconds; i++) {
        if (i == from_s) {
            person_watch(listener, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
            spliced = splices(talker);
        }
        scene_run_ms(&s, 1000);
        least = fmin(least, delay_ms(talker));
        most = fmax(most, delay_ms(talker));
    }
    const struct tone_watch *w = &listener->watch;
    spliced = splices(talker) - spliced;
    board_share(
        id, what, "delay within 10 ms, 0 breaks, holes, splices",
        board_text("%.1f ms (%.1f to %.1f), %llu breaks, %llu holes, %llu splices", (most - least) / 2, least, most,
                   (unsigned long long)w->breaks, (unsigned long long)w->holes, (unsigned long long)spliced),
        most - least <= 20 && w->windows > 0 && w->breaks == 0 && w->holes == 0 && spliced == 0, (most - least) / 20);
    scene_close(&s);
}

/* ---- held up ---- */

struct back {
    double ms, highest_ms;
    uint64_t early, breaks, holes; /* early: of both, in the first half second */
};

static struct back hold_up(enum codec_id codec, uint32_t seed)
{
    struct scene s;
    struct back back = {0};
    scene_open(&s);
    rng_init(&s.sim.rng, seed);
    struct person *talker = scene_join(&s, phone(codec, 1000 * (seed % 20)), true, true, true);
    struct person *listener = scene_join(&s, phone(codec, 0), false, false, true);
    scene_run_ms(&s, 2000);
    talker->party->network.jitter_us = HELD_US;
    scene_run_ms(&s, HELD_S * 1000);
    talker->party->network.jitter_us = 0;
    person_watch(listener, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
    for (uint32_t ms = STEP_MS; ms <= 2 * BACK_MS; ms += STEP_MS) {
        scene_run_ms(&s, STEP_MS);
        if (delay_ms(talker) >= delay_limit_ms) back.ms = ms;
        if (ms <= PLAYED_MS) back.highest_ms = fmax(back.highest_ms, delay_ms(talker));
        if (ms != PLAYED_MS) continue;
        back.early = listener->watch.breaks + listener->watch.holes;
        person_watch(listener, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
    }
    back.breaks = listener->watch.breaks;
    back.holes = listener->watch.holes;
    scene_close(&s);
    return back;
}

static void held(enum codec_id codec, uint32_t times)
{
    const char *id = board_text("drift/held-%s", codec_label(codec));
    const char *what = board_text("packets held up for 0 to 300 ms, then not, %s, %u times", codec_label(codec), times);
    if (!board_wants(id, what)) return;
    struct back worst = {0};
    double least_ms = INFINITY;
    for (uint32_t i = 0; i < times; i++) {
        struct back back = hold_up(codec, i + 1);
        worst.ms = fmax(worst.ms, back.ms);
        worst.highest_ms = fmax(worst.highest_ms, back.highest_ms);
        least_ms = fmin(least_ms, back.highest_ms);
        worst.early += back.early;
        worst.breaks += back.breaks;
        worst.holes += back.holes;
    }
    board_share(id, what, "under 60 ms in 5 s, 0 breaks, 0 holes from 0.5 s on",
                board_text("from %.0f to %.0f ms in %.1f s, %llu breaks, %llu holes, %llu before 0.5 s", least_ms,
                           worst.highest_ms, worst.ms / 1000, (unsigned long long)worst.breaks,
                           (unsigned long long)worst.holes, (unsigned long long)worst.early),
                least_ms >= 100 && worst.ms <= BACK_MS && worst.breaks == 0 && worst.holes == 0, worst.ms / BACK_MS);
}

int main(int argc, char **argv)
{
    static const enum codec_id codecs[] = {CODEC_PCMU, CODEC_G722, CODEC_L16_16, CODEC_OPUS};
    board_open(argc, argv, "drift", "A talker's clock is wrong; a talker's packets are held up");
    int32_t ppm = board_full() ? 300 : 3000;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        drift(codecs[i], ppm, board_length(40, i == 0 ? 600 : 60, 7200));
        drift(codecs[i], -ppm, board_length(40, i == 0 ? 600 : 60, 7200));
    }
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        held(codecs[i], board_length(1, 4, 100));
    return board_close();
}
