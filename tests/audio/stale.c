/*
 * A leg that nobody could hear, and so was not decoded, is heard: codecs whose decoders have a state have to find it.
 *
 * Two playout buffers get the same packets. One is decoded all the time; the other is not for 0.2 to 1.2 s, then for
 * 0.3 s, and so on. The sender's 1013 Hz begins between 100 ms before that moment and 60 ms after it ("starts"), or
 * never ends ("goes on"). Of the first 20 ms of it that both give, the level of the one that was not decoded is told
 * against that of the other; and the largest step between neighbouring samples in 100 ms against the other's largest
 * there, both under the 5 ms over which a talker is let in.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "media/ramp.h"
#include "media/tone.h"
#include "playout_rig.h"

enum { HEARD_TICKS = 15, WATCHED_TICKS = 5, KEPT = HEARD_TICKS * FRAME_SAMPLES_MAX, RAMP_MS = 5 };

struct sender {
    struct tone tone;
    struct rng rng;
    bool sounds;
};

struct found {
    double level_db, step; /* the worst */
    uint32_t bursts;       /* heard, by the one that was decoded all the time */
};

static void speak(void *user, int16_t *pcm, size_t samples)
{
    struct sender *s = user;
    tone_read(&s->tone, pcm, samples);
    if (s->sounds) return;
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)((int)rng_below(&s->rng, 21) - 10); /* the quiet of a room */
}

static void open_rig(struct rig *r, struct sender *s, enum codec_id codec)
{
    rig_open(r, codec, NULL, 7000);
    tone_init(&s->tone, r->rate_hz, 1013.0, -12.0);
    rng_init(&s->rng, 3);
    s->sounds = true;
    r->voice = speak;
    r->user = s;
}

static double rms(const int16_t *pcm, size_t samples)
{
    double sum = 0;
    for (size_t i = 0; i < samples; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / (double)samples) + 1;
}

static double largest_step(const int16_t *pcm, size_t samples)
{
    int most = 1;
    for (size_t i = 1; i < samples; i++)
        most = abs(pcm[i] - pcm[i - 1]) > most ? abs(pcm[i] - pcm[i - 1]) : most;
    return most;
}

static void let_in(int16_t *pcm, uint32_t rate_hz, size_t samples)
{
    struct ramp ramp;
    ramp_init(&ramp, 0);
    ramp_to(&ramp, 1, ramp_samples(rate_hz, RAMP_MS));
    ramp_apply(&ramp, pcm, (uint32_t)samples);
}

static void judge(struct found *f, int16_t *stale, int16_t *warm, const struct rig *r)
{
    size_t window = r->frame, samples = WATCHED_TICKS * r->frame, begin = 0, last = HEARD_TICKS * r->frame - window;
    while (begin < last && abs(warm[begin]) < 1000)
        begin++;
    double level_db = 20 * log10(rms(stale + begin, window) / rms(warm + begin, window));
    if (fabs(level_db) > fabs(f->level_db)) f->level_db = level_db;
    let_in(stale, r->rate_hz, samples);
    let_in(warm, r->rate_hz, samples);
    f->step = fmax(f->step, largest_step(stale, samples) / largest_step(warm, samples));
    f->bursts += begin < last;
}

static struct found measure(enum codec_id codec, bool starts, uint32_t bursts)
{
    static struct rig a, b;
    static int16_t stale[KEPT], warm[KEPT];
    struct sender of_a, of_b;
    struct found f = {0};
    struct rng rng;
    rng_init(&rng, 17);
    open_rig(&a, &of_a, codec);
    open_rig(&b, &of_b, codec);
    for (uint32_t i = 0; i < bursts; i++) {
        int unheard = 10 + (int)rng_below(&rng, 50), onset = unheard - 5 + (int)rng_below(&rng, 8);
        for (int tick = 0; tick < unheard + HEARD_TICKS; tick++) {
            of_a.sounds = of_b.sounds = !starts || tick >= onset;
            rig_tick(&a, tick >= unheard);
            rig_tick(&b, true);
            if (tick < unheard) continue;
            memcpy(stale + (size_t)(tick - unheard) * a.frame, a.pcm, a.frame * sizeof *stale);
            memcpy(warm + (size_t)(tick - unheard) * a.frame, b.pcm, a.frame * sizeof *warm);
        }
        judge(&f, stale, warm, &a);
    }
    rig_close(&a);
    rig_close(&b);
    return f;
}

static void line(const char *name, enum codec_id codec, bool starts, uint32_t bursts)
{
    const char *id = board_text("stale/%s-%s", name, starts ? "starts" : "goes-on");
    const char *what = board_text("%s, heard after 0.2 to 1.2 s, a tone that %s, %u times", name,
                                  starts ? "starts then" : "goes on", bursts);
    if (!board_wants(id, what)) return;
    struct found f = measure(codec, starts, bursts);
    board_share(id, what, "first 20 ms within 1 dB, steps up to 1.5 times the tone's",
                board_text("%.2f dB, %.2f times", f.level_db, f.step),
                f.bursts == bursts && fabs(f.level_db) <= 1 && f.step <= 1.5, fmax(fabs(f.level_db), f.step / 1.5));
}

int main(int argc, char **argv)
{
    static const enum codec_id codecs[] = {CODEC_G722, CODEC_OPUS, CODEC_PCMU};
    static const char *const names[] = {"G722", "opus", "PCMU"};
    board_open(argc, argv, "stale", "A leg that was not decoded starts to talk");
    uint32_t bursts = board_length(20, 100, 1000);
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        line(names[i], codecs[i], true, bursts);
        line(names[i], codecs[i], false, bursts);
    }
    return board_close();
}
