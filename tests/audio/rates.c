/*
 * A conference changes its rate while one says a sine and another listens: two with a wider codec join, half a second
 * later they leave, again and again, at changing moments. Heard over L16 and over PCMU. No hole: no window of 10 ms is
 * 6 dB too low. No click: no window of 5 ms has more besides the tone than -50 dBFS, or for PCMU than 6 dB over its
 * steady noise (residual.h). Conversions to another rate and back make what is heard up to 8 ms later than it was, so
 * the sine's phase is another afterwards. That is why several frequencies are tried (440 and 1562.5 Hz are the worst,
 * by 4 ms they turn around), and why a window's level is its power: a sine fitted over both phases would be none.
 */
#include <math.h>

#include "board.h"
#include "scene.h"

struct heard {
    uint64_t changes;
    double steady_dbfs, largest_dbfs, lowest_db;
};

static const double pitches[] = {440, SCENE_TONE_HZ, 1125, 1562.5};

/* The least level of a window of 10 ms, any that begins at a whole millisecond. */
static double lowest_dbfs(const struct person *p)
{
    size_t ms = person_rate(p) / 1000, window = 10 * ms;
    double lowest = p->kept_count < window ? -200 : 0;
    for (size_t at = 0; at + window <= p->kept_count; at += ms)
        lowest = fmin(lowest, tone_power_dbfs(p->kept + at, window));
    return lowest;
}

static struct heard measure(enum codec_id pair, enum codec_id mates, double hz, uint32_t times)
{
    struct scene s;
    struct heard h = {0};
    scene_open(&s);
    struct person *talker = scene_join(&s, phone(pair, 7300), true, true, true);
    struct person *listener = scene_join(&s, phone(pair, 7300), false, false, true);
    person_says(talker, hz, SCENE_LEVEL_DBFS);
    scene_run_ms(&s, 1000);
    person_listen(listener, 2000);
    scene_run_ms(&s, 2100);
    h.steady_dbfs = person_residual_dbfs(listener, hz);
    person_listen(listener, times * 1100);
    uint32_t before_hz = s.conference->graph->rate_hz;
    for (uint32_t i = 0; i < times; i++) {
        struct person *a = scene_join(&s, phone(mates, 1000 * (i % 20)), true, true, true);
        struct person *b = scene_join(&s, phone(mates, 500), true, true, true);
        a->mute = b->mute = true;
        scene_run_ms(&s, 500 + rng_below(&s.sim.rng, 40));
        h.changes += s.conference->graph->rate_hz != before_hz;
        scene_leave(&s, a);
        scene_leave(&s, b);
        scene_run_ms(&s, 500 + rng_below(&s.sim.rng, 40));
        h.changes += s.conference->graph->rate_hz == before_hz;
    }
    h.largest_dbfs = person_residual_dbfs(listener, hz);
    h.lowest_db = lowest_dbfs(listener) - SCENE_LEVEL_DBFS;
    scene_close(&s);
    return h;
}

static void line(enum codec_id pair, enum codec_id mates, double hz, uint32_t times)
{
    const char *id = board_text("rates/%s-%s-%.0f", codec_label(pair), codec_label(mates), hz);
    const char *what =
        board_text("%s pair, %s comes and goes %u times, %.0f Hz", codec_label(pair), codec_label(mates), times, hz);
    if (!board_wants(id, what)) return;
    struct heard h = measure(pair, mates, hz, times);
    double limit = codec_is_exact(pair) ? -50 : h.steady_dbfs + 6;
    board_share(
        id, what, board_text("no window 6 dB too low, none up to %.1f dBFS", limit),
        board_text("%.1f dB, %.1f dBFS, %llu changes", h.lowest_db, h.largest_dbfs, (unsigned long long)h.changes),
        h.lowest_db > -6 && h.largest_dbfs <= limit && h.changes == 2 * times, pow(10, (h.largest_dbfs - limit) / 20));
}

int main(int argc, char **argv)
{
    static const enum codec_id pairs[][2] = {
        {CODEC_L16_8, CODEC_G722}, {CODEC_L16_8, CODEC_OPUS}, {CODEC_L16_16, CODEC_OPUS}, {CODEC_PCMU, CODEC_OPUS}};
    board_open(argc, argv, "rates", "A conference changes its rate under a steady tone");
    uint32_t times = board_length(2, 4, 100);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        for (size_t k = 0; k < sizeof pitches / sizeof *pitches; k++)
            line(pairs[i][0], pairs[i][1], pitches[k], times);
    }
    return board_close();
}
