/*
 * A listener starts to talk and stops again, and so changes from the encoder that it shares with others to one of its
 * own and back. One says 1013 Hz with a pause of 400 ms in every two seconds, faded over 40 ms, so that there is a
 * moment to go back in; of three who hear it over the same codec one says 440 Hz for half a second now and then. What
 * that one hears is never 440 Hz, so all it hears should be what it hears in a second run, in which it says nothing:
 * the largest window of 5 ms besides the tone (residual.h) of the first against 6 dB over that of the second. The
 * bridge's own count says that the listener shared an encoder and that talking gave it one of its own.
 */
#include <math.h>
#include <string.h>

#include "board.h"
#include "media/ramp.h"
#include "scene.h"

enum { ROUND_MS = 2000, PAUSE_MS = 400, FADE_MS = 40, TALK_MS = 500, CLICK_DB = 6 };

static const double own_hz = 440, own_dbfs = -20;

struct heard {
    double largest_dbfs, own_db;
    uint64_t shared, own; /* frames encoded by the bridge */
};

/* The tone, led down to nothing and up again where it is mute. */
static void say_in_turns(struct person *p, int16_t *pcm, uint32_t samples)
{
    struct ramp *ramp = p->user;
    tone_read(&p->tone, pcm, samples);
    ramp_apply(ramp, pcm, samples);
}

static struct heard measure(enum codec_id codec, uint32_t rounds, bool talks)
{
    struct scene s;
    struct ramp ramp;
    scene_open(&s);
    struct person *talker = scene_join(&s, phone(codec, 7300), true, true, true);
    struct person *other = scene_join(&s, phone(codec, 12100), true, true, true);
    scene_join(&s, phone(codec, 0), false, false, true);
    scene_join(&s, phone(codec, 0), false, false, true);
    ramp_init(&ramp, 1);
    talker->voice = say_in_turns;
    talker->user = &ramp;
    person_says(other, own_hz, own_dbfs);
    other->mute = true;
    scene_run_ms(&s, 1000);
    person_listen(other, rounds * ROUND_MS);
    uint32_t fade = ramp_samples(person_rate(talker), FADE_MS);
    for (uint32_t i = 0; i < rounds; i++) {
        uint32_t before_ms = 100 + rng_below(&s.sim.rng, 800);
        scene_run_ms(&s, before_ms);
        other->mute = !talks;
        scene_run_ms(&s, TALK_MS);
        other->mute = true;
        scene_run_ms(&s, ROUND_MS - PAUSE_MS - TALK_MS - before_ms);
        ramp_to(&ramp, 0, fade);
        scene_run_ms(&s, PAUSE_MS);
        ramp_to(&ramp, 1, fade);
    }
    size_t count = other->kept_count;
    struct heard h = {.largest_dbfs = person_residual_dbfs(other, SCENE_TONE_HZ),
                      .own_db = tone_measure(other->kept, count, person_rate(other), own_hz, 0).level_dbfs - own_dbfs,
                      .shared = media_counted(&s.sim.counters.encodes_shared),
                      .own = media_counted(&s.sim.counters.encodes_own)};
    scene_close(&s);
    return h;
}

static void line(enum codec_id codec, uint32_t rounds)
{
    const char *id = board_text("handover/%s", codec_label(codec));
    const char *what = board_text("a listener talks %u times, %s", rounds, codec_label(codec));
    if (!board_wants(id, what)) return;
    struct heard a = measure(codec, rounds, true), b = measure(codec, rounds, false);
    double limit = b.largest_dbfs + CLICK_DB, shared = 100.0 * (double)a.shared / (double)(a.shared + a.own);
    board_share(id, what, board_text("5 ms windows up to %.1f dBFS", limit),
                board_text("%.1f dBFS; %.0f %% of the encodes are shared ones", a.largest_dbfs, shared),
                a.largest_dbfs <= limit && b.largest_dbfs < 0 && a.own_db < -60 && a.shared > 0 && a.own > b.own,
                pow(10, (a.largest_dbfs - limit) / 20));
}

int main(int argc, char **argv)
{
    static const enum codec_id codecs[] = {CODEC_PCMU, CODEC_G722, CODEC_L16_16, CODEC_OPUS};
    board_open(argc, argv, "handover", "A listener starts to talk: an encoder of its own, and back to the shared one");
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        line(codecs[i], board_length(1, 10, 200));
    return board_close();
}
