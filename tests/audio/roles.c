/*
 * One says 1013 Hz, one listens, both with the same codec; talk of the first and listen of the second are taken away
 * and given back in turn, 60 to 140 ms apart.
 *
 * click: the largest window of 5 ms of what is heard besides the tone (residual.h), from before the first to after the
 * last change, against the largest of four seconds in which nothing is changed; L16, which has no noise of its own,
 * against -50 dBFS.
 *
 * heard: from the tick that is reported for the command (which is what lets the REST reply go out) to the sending of
 * the packet in which the tone is back, at 30 dB below its level. Each time that it was taken away, the last 10 ms have
 * to be as far below.
 */
#include <math.h>
#include <stdlib.h>

#include "board.h"
#include "scene.h"

enum { EVENLY_S = 4, GONE_DB = 30 };

struct toggles {
    double steady_dbfs, largest_dbfs, heard_ms;
    uint64_t gone, back; /* how often the tone went away, and came back */
};

static const double limit_exact_dbfs = -50;

/* The next 60 to 140 ms; when the tone is heard first. @return microseconds, 0 where it is not */
static int64_t run_and_wait(struct scene *s, struct person *listener)
{
    int64_t until_us = s->sim.now_us + 60000 + rng_below(&s->sim.rng, 80000), heard_us = 0;
    size_t from = listener->kept_count;
    while (s->sim.now_us < until_us) {
        sim_run(&s->sim, 1000);
        for (; from < listener->kept_count && heard_us == 0; from++) {
            if (abs(listener->kept[from]) > 260) heard_us = listener->party->last_heard_us;
        }
        from = listener->kept_count;
    }
    return heard_us;
}

/* The last 10 ms heard hold no tone. */
static bool is_gone(const struct person *p)
{
    size_t n = person_rate(p) / 100;
    return p->kept_count >= n && tone_power_dbfs(p->kept + p->kept_count - n, n) < SCENE_LEVEL_DBFS - GONE_DB;
}

static struct toggles measure(enum codec_id codec, uint32_t count)
{
    struct scene s;
    struct toggles t = {0};
    scene_open(&s);
    struct person *talker = scene_join(&s, phone(codec, 7300), true, true, true);
    struct person *listener = scene_join(&s, phone(codec, 7300), false, false, true);
    scene_run_ms(&s, 1000);
    person_listen(listener, EVENLY_S * 1000);
    scene_run_ms(&s, EVENLY_S * 1000 + 100);
    t.steady_dbfs = person_residual_dbfs(listener, SCENE_TONE_HZ);
    person_listen(listener, count * 140 + 1000);
    scene_run_ms(&s, 100);
    for (uint32_t i = 0; i < count; i++) {
        bool on = i % 2, talk = i % 4 < 2 ? on : true, listen = i % 4 < 2 ? true : on;
        struct core_command command = {.type = CORE_LEG_ROLES,
                                       .leg = i % 4 < 2 ? &talker->party->leg : &listener->party->leg,
                                       .talk = i % 4 < 2 && talk,
                                       .listen = listen};
        sim_commands(&s.sim, &command, 1, i + 1);
        int64_t heard_us = run_and_wait(&s, listener);
        if (!on) t.gone += is_gone(listener);
        if (!on || s.sim.done_token != i + 1 || heard_us == 0) continue;
        t.heard_ms = fmax(t.heard_ms, (double)(heard_us - s.sim.done_us) / 1000.0);
        t.back++;
    }
    scene_run_ms(&s, 100);
    t.largest_dbfs = person_residual_dbfs(listener, SCENE_TONE_HZ);
    scene_close(&s);
    return t;
}

static void line(enum codec_id codec, uint32_t count)
{
    const char *id = board_text("roles/%s", codec_label(codec));
    const char *what = board_text("talk and listen over %s, %u times", codec_label(codec), count);
    if (!board_wants(id, what)) return;
    struct toggles t = measure(codec, count);
    double limit_dbfs = codec_is_exact(codec) ? limit_exact_dbfs : t.steady_dbfs + 6;
    board_share(id, what, board_text("heard in 40 ms, 5 ms windows up to %.1f dBFS", limit_dbfs),
                board_text("%.0f ms (%llu times, gone %llu), %.1f dBFS", t.heard_ms, (unsigned long long)t.back,
                           (unsigned long long)t.gone, t.largest_dbfs),
                t.heard_ms <= 40 && t.back == count / 2 && t.gone == count - count / 2 && t.largest_dbfs <= limit_dbfs,
                pow(10, (t.largest_dbfs - limit_dbfs) / 20));
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "roles", "Talk and listen taken away and given back under a steady 1013 Hz");
    static const enum codec_id codecs[] = {CODEC_PCMU,   CODEC_PCMA, CODEC_L16_8, CODEC_L16_16,
                                           CODEC_L16_48, CODEC_OPUS, CODEC_G722};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        line(codecs[i], board_length(8, 100, 1000));
    return board_close();
}
