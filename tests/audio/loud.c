/*
 * Six talkers at -1 dBFS at once.
 *
 * wrapped: sines of six frequencies go through a mixer; each sample of each talker's mix and of the listeners' must lie
 * between 0 and the exact sum that it stands for (the look-ahead earlier), and be below full scale. The same voices
 * then talk in a simulated conference to a listener with L16, where no two neighbouring samples may be further apart
 * than the six sines can bring them, nor than full scale: half the way around, which is what a wrap jumps at least.
 *
 * attack, release: constant voices, so that each output sample divided by its sum is the gain at that moment. Five join
 * one in a single sample, and stop together two seconds later. A ramp is told from a jump by its length, which has to
 * be 1 ms at least, and by its end: that gain brings six voices to between 0.86 and 1.07 of one at full scale.
 *
 * alone: one talker with L16 at -20 dBFS; what is heard is what was said, bit for bit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board.h"
#include "media/limiter.h"
#include "media/mixer.h"
#include "scene.h"

enum { TALKERS = 6, SECONDS_MAX = 60, FOUND_BY = 1000 };

static const double pitches[TALKERS] = {233, 317, 449, 571, 709, 883};
static const uint32_t rates[] = {8000, 16000, 48000};

/* -1 dBFS. */
static double loud(void)
{
    return 32767.0 * pow(10.0, -1.0 / 20.0);
}

static struct mixer *open_mixer(uint32_t rate_hz, mixer_slot slots[TALKERS])
{
    struct mixer *m;
    struct mixer_config config = {.rate_hz = rate_hz, .max_slots = TALKERS};
    assert_int_equal(mixer_create(&m, &config), STATUS_OK);
    for (int i = 0; i < TALKERS; i++)
        assert_int_equal(mixer_add(m, &slots[i]), STATUS_OK);
    return m;
}

/* ---- nothing wraps, nothing clips ---- */

struct bounds {
    uint32_t late;
    int32_t past[TALKERS + 1][LIMITER_LOOKAHEAD_MAX]; /* the end of each mix's sum before this frame */
    uint64_t samples, outside, full_scale;
    int peak;
};

/* One mix of a frame against its own sum. */
static void check(struct bounds *b, int mix, const int32_t *sum, const int16_t *heard, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        int32_t wide = i < b->late ? b->past[mix][i] : sum[i - b->late], out = heard[i];
        bool between = wide >= 0 ? out >= 0 && out <= wide : out <= 0 && out >= wide;
        b->outside += !between;
        b->full_scale += abs(out) >= INT16_MAX;
        if (abs(out) > b->peak) b->peak = abs(out);
    }
    b->samples += samples;
    memcpy(b->past[mix], sum + samples - b->late, b->late * sizeof *sum);
}

static struct bounds mix_loudly(uint32_t rate_hz, uint32_t seconds)
{
    static struct bounds b;
    mixer_slot slots[TALKERS];
    struct tone tones[TALKERS];
    static int16_t said[TALKERS][FRAME_SAMPLES_MAX];
    uint32_t n = frame_samples(rate_hz);
    struct mixer *m = open_mixer(rate_hz, slots);
    memset(&b, 0, sizeof b);
    b.late = rate_hz / 1000 * 2;
    for (int i = 0; i < TALKERS; i++)
        tone_init(&tones[i], rate_hz, pitches[i], -1);
    for (uint32_t frame = 0; frame < seconds * 50; frame++) {
        int32_t all[FRAME_SAMPLES_MAX] = {0}, others[FRAME_SAMPLES_MAX];
        mixer_begin(m);
        for (int i = 0; i < TALKERS; i++) {
            tone_read(&tones[i], said[i], n);
            mixer_put(m, slots[i], said[i]);
            for (uint32_t k = 0; k < n; k++)
                all[k] += said[i][k];
        }
        mixer_tick(m);
        check(&b, TALKERS, all, mixer_common(m), n);
        for (int i = 0; i < TALKERS; i++) {
            for (uint32_t k = 0; k < n; k++)
                others[k] = all[k] - said[i][k];
            check(&b, i, others, mixer_heard_by(m, slots[i]), n);
        }
    }
    mixer_destroy(m);
    return b;
}

static void wrapped(uint32_t rate_hz, uint32_t seconds)
{
    const char *id = board_text("loud/wrap-%u", rate_hz / 1000);
    const char *what = board_text("six at -1 dBFS, seven mixes at %u kHz, %u s", rate_hz / 1000, seconds);
    if (!board_wants(id, what)) return;
    struct bounds b = mix_loudly(rate_hz, seconds);
    board_share(id, what, "0 wrapped, 0 at full scale",
                board_text("%llu wrapped, %llu at full scale, peak %d", (unsigned long long)b.outside,
                           (unsigned long long)b.full_scale, b.peak),
                b.outside == 0 && b.full_scale == 0, b.peak / 32767.0);
}

/* The most by which neighbouring samples of all the sines differ; a wrapped one jumps by more than full scale. */
static double steepest(uint32_t rate_hz)
{
    double most = 0;
    for (int i = 0; i < TALKERS; i++)
        most += 2 * loud() * sin(M_PI * pitches[i] / rate_hz);
    return fmin(most, 32767);
}

static void in_a_conference(enum codec_id codec, uint32_t seconds)
{
    const char *id = board_text("loud/heard-%s", codec_label(codec));
    const char *what = board_text("the same heard over %s, %u s", codec_label(codec), seconds);
    if (!board_wants(id, what)) return;
    struct scene s;
    scene_open(&s);
    for (int i = 0; i < TALKERS; i++)
        person_says(scene_join(&s, phone(codec, 3100 * i), true, true, true), pitches[i], -1);
    struct person *listener = scene_join(&s, phone(codec, 0), false, false, true);
    scene_run_ms(&s, 1000);
    person_listen(listener, seconds * 1000);
    scene_run_ms(&s, seconds * 1000);
    uint64_t full_scale = 0;
    int largest = 0;
    for (size_t i = 1; i < listener->kept_count; i++) {
        int jump = abs(listener->kept[i] - listener->kept[i - 1]);
        full_scale += abs(listener->kept[i]) >= INT16_MAX;
        largest = jump > largest ? jump : largest;
    }
    double limit = steepest(person_rate(listener));
    scene_close(&s);
    board_share(id, what, board_text("0 at full scale, jumps up to %.0f", limit),
                board_text("%llu at full scale, jumps up to %d", (unsigned long long)full_scale, largest),
                full_scale == 0 && largest > 0 && largest <= limit, largest / limit);
}

/* ---- how the gain moves ---- */

enum { GAIN_SECONDS = 5, GAIN_MAX = 48000 * GAIN_SECONDS };

static double gain[GAIN_MAX];

/* Of the listeners' mix: one voice, from second 1 to 3 six. Gains are those of the samples as they are put out. */
static void follow_gain(uint32_t rate_hz)
{
    mixer_slot slots[TALKERS];
    static int16_t voice[FRAME_SAMPLES_MAX];
    uint32_t n = frame_samples(rate_hz), late = rate_hz / 1000 * 2;
    struct mixer *m = open_mixer(rate_hz, slots);
    for (uint32_t i = 0; i < n; i++)
        voice[i] = (int16_t)loud();
    for (uint32_t frame = 0; frame < GAIN_SECONDS * 50; frame++) {
        bool all = frame >= 50 && frame < 150;
        mixer_begin(m);
        for (int i = 0; i < (all ? TALKERS : 1); i++)
            mixer_put(m, slots[i], voice);
        mixer_tick(m);
        for (uint32_t i = 0; i < n; i++) {
            uint32_t at = frame * n + i;
            bool six = at >= rate_hz + late && at < 3 * rate_hz + late;
            gain[at] = at < late ? 1.0 : (double)mixer_common(m)[i] / ((six ? TALKERS : 1) * voice[0]);
        }
    }
    mixer_destroy(m);
}

static double db(double ratio)
{
    return 20.0 * log10(ratio);
}

static void attack(uint32_t rate_hz)
{
    const char *id = board_text("loud/attack-%u", rate_hz / 1000);
    const char *what = board_text("attack at %u kHz", rate_hz / 1000);
    if (!board_wants(id, what)) return;
    follow_gain(rate_hz);
    uint32_t loud_at = rate_hz + rate_hz / 1000 * 2, begin = loud_at;
    while (begin > 0 && gain[begin - 1] < 0.999)
        begin--;
    double ahead_ms = 1000.0 * (loud_at - begin) / rate_hz, steepest = 0, rise = 0;
    for (uint32_t i = begin; i <= loud_at; i++) {
        steepest = fmax(steepest, gain[i - 1] - gain[i]);
        rise = fmax(rise, gain[i] - gain[i - 1]);
    }
    double even = (gain[begin - 1] - gain[loud_at]) / (loud_at - begin);
    bool ok = ahead_ms >= 1.0 && ahead_ms <= 2.0 && rise <= 0.001 && steepest <= 2 * even && gain[loud_at] > 0.15 &&
              gain[loud_at] < 0.187;
    board_share(
        id, what, "ramp of 1 to 2 ms, no step over twice the even one",
        board_text("%.2f ms for %.1f dB, step %.2f times the even one", ahead_ms, db(gain[loud_at]), steepest / even),
        ok, ahead_ms / 2.0);
}

static void release(uint32_t rate_hz)
{
    const char *id = board_text("loud/release-%u", rate_hz / 1000);
    const char *what = board_text("release at %u kHz, five of six fall silent", rate_hz / 1000);
    if (!board_wants(id, what)) return;
    follow_gain(rate_hz);
    uint32_t quiet_at = 3 * rate_hz + rate_hz / 1000 * 2, n = frame_samples(rate_hz), unity = quiet_at;
    double fastest_db = 0;
    for (uint32_t i = quiet_at - n; i + n < 4 * rate_hz; i++) {
        fastest_db = fmax(fastest_db, db(gain[i + n]) - db(gain[i]));
        if (gain[i] < 0.9999) unity = i + 1;
    }
    double unity_ms = 1000.0 * (unity - 3 * rate_hz) / rate_hz, before = gain[quiet_at - 1];
    board_share(id, what, "1.5 dB in 20 ms, unity within 300 ms",
                board_text("%.2f dB in 20 ms from %.1f dB, %.0f ms", fastest_db, db(before), unity_ms),
                before > 0 && before < 0.2 && fastest_db <= 1.5 && unity_ms <= 300, unity_ms / 300);
}

/* ---- one alone ---- */

/* Where in what was said the heard begins; SIZE_MAX: nowhere. */
static size_t find(const struct person *said, const struct person *heard)
{
    for (size_t at = 0; heard->kept_count >= FOUND_BY && at + FOUND_BY < said->said_count; at++) {
        if (memcmp(said->said + at, heard->kept, FOUND_BY * sizeof *heard->kept) == 0) return at;
    }
    return SIZE_MAX;
}

static void alone(enum codec_id codec, uint32_t seconds)
{
    const char *id = board_text("loud/alone-%s", codec_label(codec));
    const char *what = board_text("one alone at -20 dBFS over %s, %u s", codec_label(codec), seconds);
    if (!board_wants(id, what)) return;
    struct scene s;
    scene_open(&s);
    struct person *talker = scene_join(&s, phone(codec, 7300), true, true, true);
    struct person *listener = scene_join(&s, phone(codec, 7300), false, false, true);
    person_says(talker, SCENE_TONE_HZ, -20);
    scene_run_ms(&s, 1000);
    person_keep_said(talker, seconds * 1000);
    scene_run_ms(&s, 200);
    person_listen(listener, (seconds - 1) * 1000);
    scene_run_ms(&s, (seconds - 1) * 1000);
    size_t at = find(talker, listener);
    uint64_t different = at == SIZE_MAX ? listener->kept_count : 0;
    for (size_t i = 0; at != SIZE_MAX && i < listener->kept_count; i++)
        different += at + i >= talker->said_count || talker->said[at + i] != listener->kept[i];
    size_t heard = listener->kept_count;
    bool all = heard == listener->kept_max;
    scene_close(&s);
    board_line(id, what, "0 samples differ", board_text("%llu of %zu differ", (unsigned long long)different, heard),
               at != SIZE_MAX && all && different == 0);
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "loud", "Six talkers at -1 dBFS at once");
    uint32_t seconds = board_length(2, 10, SECONDS_MAX);
    static const enum codec_id exact[] = {CODEC_L16_8, CODEC_L16_16, CODEC_L16_48};
    for (int i = 0; i < 3; i++)
        wrapped(rates[i], seconds);
    for (int i = 0; i < 3; i++)
        in_a_conference(exact[i], seconds);
    for (int i = 0; i < 3; i++)
        attack(rates[i]);
    for (int i = 0; i < 3; i++)
        release(rates[i]);
    for (int i = 0; i < 3; i++)
        alone(exact[i], seconds);
    return board_close();
}
