/*
 * A talker whose clock is wrong, and one whose packets are held up.
 *
 * drift: the clock is fast or slow all the time. From the fifth second on, once a second: the playout delay of the
 * talker, of which half the distance between the least and the most is told. A listener watches the tone for breaks and
 * holes, as in the first group; the talker says the frequency that is 1013 Hz by the bridge's clock. With 3000 ppm, ten
 * times what is promised, a tone that is played at its sender's pace turns by more than 10 degrees in 10 ms: it is
 * watched from when the clock's error has been found out, after the twentieth second.
 *
 * held: each packet is late by 0 to 300 ms, evenly spread, in order, for ten seconds; then none is. From that moment
 * on: how long until the playout delay stays under 60 ms, and, when the last of the late packets has been played (half
 * a second), breaks and holes. Several times, each with other delays.
 */
#include <math.h>
#include <stdlib.h>

#include "board.h"
#include "scene.h"

enum { SETTLE_S = 5, FOUND_OUT_S = 20, HELD_S = 10, HELD_US = 300000, BACK_MS = 5000, STEP_MS = 20, PLAYED_MS = 500 };

static const double delay_limit_ms = 60;

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
    for (uint32_t i = SETTLE_S; i < seconds; i++) {
        if (i == from_s) person_watch(listener, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
        scene_run_ms(&s, 1000);
        least = fmin(least, delay_ms(talker));
        most = fmax(most, delay_ms(talker));
    }
    const struct tone_watch *w = &listener->watch;
    board_share(id, what, "delay within 10 ms, 0 breaks, 0 holes",
                board_text("%.1f ms (%.1f to %.1f), %llu breaks, %llu holes", (most - least) / 2, least, most,
                           (unsigned long long)w->breaks, (unsigned long long)w->holes),
                most - least <= 20 && w->breaks == 0 && w->holes == 0, (most - least) / 20);
    scene_close(&s);
}

/* ---- held up ---- */

struct back {
    double ms, highest_ms;
    uint64_t breaks, holes;
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
    back.highest_ms = delay_ms(talker);
    for (uint32_t ms = STEP_MS; ms <= 2 * BACK_MS; ms += STEP_MS) {
        scene_run_ms(&s, STEP_MS);
        if (delay_ms(talker) >= delay_limit_ms) back.ms = ms;
        if (ms == PLAYED_MS) person_watch(listener, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
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
    for (uint32_t i = 0; i < times; i++) {
        struct back back = hold_up(codec, i + 1);
        worst.ms = fmax(worst.ms, back.ms);
        worst.highest_ms = fmax(worst.highest_ms, back.highest_ms);
        worst.breaks += back.breaks;
        worst.holes += back.holes;
    }
    board_share(id, what, "under 60 ms in 5 s, 0 breaks, 0 holes",
                board_text("from %.0f ms in %.1f s, %llu breaks, %llu holes", worst.highest_ms, worst.ms / 1000,
                           (unsigned long long)worst.breaks, (unsigned long long)worst.holes),
                worst.ms <= BACK_MS && worst.breaks == 0 && worst.holes == 0, worst.ms / BACK_MS);
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
