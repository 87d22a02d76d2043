#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "media/codec.h"
#include "media/limiter.h"
#include "media/preprocess.h"
#include "media/tone.h"

static const double full_turn = 6.283185307179586;

/* Something like a voice: harmonics of a wavering pitch, a syllable and a pause by turns, over white noise. */
struct murmur {
    struct rng rng;
    uint32_t rate_hz, frames;
    double phase, voice, noise; /**< amplitudes: of a syllable's middle, of the noise */
    bool voiced, paused;        /**< the last frame was in a syllable, or well between two */
};

static void murmur_init(struct murmur *m, uint32_t rate_hz, double speech_dbfs, double noise_dbfs)
{
    memset(m, 0, sizeof *m);
    rng_init(&m->rng, 7);
    m->rate_hz = rate_hz;
    m->voice = pow(10, speech_dbfs / 20) * 32768;
    m->noise = pow(10, noise_dbfs / 20) * 32768 / sqrt(2) * sqrt(3);
}

static void murmur_read(struct murmur *m, int16_t *pcm)
{
    uint32_t samples = frame_samples(m->rate_hz);
    double open = sin(full_turn * 1.7 * m->frames * 0.02);
    double pitch_hz = 140 + 30 * sin(full_turn * 0.9 * m->frames++ * 0.02);
    m->voiced = open > 0.3;
    m->paused = open < -0.3;
    for (uint32_t i = 0; i < samples; i++) {
        double v = 0;
        m->phase += full_turn * pitch_hz / m->rate_hz;
        for (int h = 1; open > 0 && h < 20; h++)
            v += sin(h * m->phase) / h * (1 + 0.8 * cos(h * 0.9));
        double noise = (rng_below(&m->rng, 65536) / 32768.0 - 1) * m->noise;
        pcm[i] = (int16_t)lrint(v * m->voice * (open > 0 ? open : 0) * 0.8 + noise);
    }
}

struct levels {
    double in_speech, out_speech, in_pause, out_pause; /**< dBFS */
    int peak;
};

static double square_sum(const int16_t *pcm, uint32_t samples)
{
    double sum = 0;
    for (uint32_t i = 0; i < samples; i++)
        sum += (double)pcm[i] * pcm[i];
    return sum / samples;
}

static double dbfs(double power, uint32_t frames)
{
    return 10 * log10(2 * power / frames / (32768.0 * 32768.0) + 1e-20);
}

/* What goes in and comes out, PREPROCESS_DELAY_MS or not, over so many frames after as many to settle. */
static struct levels measure(struct preprocess *p, struct murmur *m, uint32_t settle, uint32_t frames)
{
    int16_t pcm[FRAME_SAMPLES_MAX];
    uint32_t samples = frame_samples(m->rate_hz), speech = 0, pause = 0;
    double in_speech = 0, out_speech = 0, in_pause = 0, out_pause = 0;
    struct levels l = {.peak = 0};
    for (uint32_t f = 0; f < settle + frames; f++) {
        murmur_read(m, pcm);
        double in = square_sum(pcm, samples);
        assert_true(preprocess_run(p, pcm, false));
        double out = square_sum(pcm, samples);
        for (uint32_t i = 0; i < samples; i++)
            l.peak = abs(pcm[i]) > l.peak ? abs(pcm[i]) : l.peak;
        if (f < settle) continue;
        speech += m->voiced;
        pause += m->paused;
        if (m->voiced) in_speech += in, out_speech += out;
        if (m->paused) in_pause += in, out_pause += out;
    }
    l.in_speech = dbfs(in_speech, speech);
    l.out_speech = dbfs(out_speech, speech);
    l.in_pause = dbfs(in_pause, pause);
    l.out_pause = dbfs(out_pause, pause);
    return l;
}

static const uint32_t rates[] = {8000, 16000, 48000};

static struct preprocess *made(uint32_t rate_hz, bool noise_suppression, bool automatic_gain)
{
    struct preprocess *p;
    assert_int_equal(preprocess_create(&p, rate_hz), STATUS_OK);
    preprocess_set(p, noise_suppression, automatic_gain);
    return p;
}

static void off_it_changes_nothing(void **state)
{
    (void)state;
    struct preprocess *p = made(8000, false, false);
    int16_t pcm[160], same[160];
    for (int i = 0; i < 160; i++)
        pcm[i] = same[i] = (int16_t)(i * 401 - 32000);
    for (int i = 0; i < 10; i++)
        assert_true(preprocess_run(p, pcm, false));
    assert_memory_equal(pcm, same, sizeof pcm);
    assert_false(preprocess_run(p, pcm, true));
    preprocess_destroy(p);
    preprocess_destroy(NULL);
    assert_int_equal(preprocess_create(&p, 44100), STATUS_INVALID);
}

static void white_noise_goes_down_by_more_than_ten_decibels(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct murmur m;
        struct preprocess *p = made(rates[i], true, false);
        murmur_init(&m, rates[i], -120, -40);
        struct levels l = measure(p, &m, 150, 200);
        printf("%u Hz: noise of %.1f dBFS becomes %.1f\n", rates[i], l.in_pause, l.out_pause);
        assert_true(l.in_pause - l.out_pause >= 10);
        preprocess_destroy(p);
    }
}

static void speech_over_noise_stays_and_the_noise_in_its_pauses_goes_down(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct murmur m;
        struct preprocess *p = made(rates[i], true, false);
        murmur_init(&m, rates[i], -20, -45);
        struct levels l = measure(p, &m, 150, 400);
        printf("%u Hz: speech %.1f to %.1f, pauses %.1f to %.1f\n", rates[i], l.in_speech, l.out_speech, l.in_pause,
               l.out_pause);
        assert_true(fabs(l.in_speech - l.out_speech) < 1.5);
        assert_true(l.in_pause - l.out_pause >= 10);
        preprocess_destroy(p);
    }
}

/* Half-second tones on a line that is never quite silent. */
static void a_tone_at_speech_level_that_pauses_stays(void **state)
{
    (void)state;
    struct preprocess *p = made(8000, true, false);
    struct tone tone;
    struct murmur line;
    int16_t pcm[160], tone_pcm[160];
    tone_init(&tone, 8000, 1013, -20);
    murmur_init(&line, 8000, -200, -60);
    for (int f = 0; f < 400; f++) {
        bool sounds = f % 50 >= 25;
        murmur_read(&line, pcm);
        tone_read(&tone, tone_pcm, 160);
        for (int i = 0; sounds && i < 160; i++)
            pcm[i] = (int16_t)(pcm[i] + tone_pcm[i]);
        preprocess_run(p, pcm, false);
        if (f > 100 && f % 50 > 25) assert_true(fabs(tone_power_dbfs(pcm, 160) + 20) < 1.5);
    }
    preprocess_destroy(p);
}

static void automatic_gain_brings_quiet_and_loud_speech_to_one_level(void **state)
{
    (void)state;
    static const double levels[] = {-40, -23, -12};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            struct murmur m;
            struct preprocess *p = made(rates[i], false, true);
            murmur_init(&m, rates[i], levels[k], -80);
            struct levels l = measure(p, &m, 500, 250);
            printf("%u Hz: speech of %.1f dBFS becomes %.1f\n", rates[i], l.in_speech, l.out_speech);
            assert_true(fabs(l.out_speech + 23) < 2);
            preprocess_destroy(p);
        }
    }
}

static void a_shout_after_a_whisper_is_not_clipped(void **state)
{
    (void)state;
    struct murmur whisper, shout;
    struct preprocess *p = made(8000, false, true);
    murmur_init(&whisper, 8000, -40, -80);
    murmur_init(&shout, 8000, -8, -80);
    measure(p, &whisper, 400, 50);
    struct levels l = measure(p, &shout, 0, 250);
    assert_true(l.peak <= LIMITER_CEILING + 1);
    preprocess_destroy(p);
}

/* A pulse comes out where it went in, so much later. */
static void the_delay_is_what_it_says(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct preprocess *p = made(rates[i], true, false);
        uint32_t samples = frame_samples(rates[i]), largest = 0;
        int16_t pcm[FRAME_SAMPLES_MAX], most = 0;
        for (uint32_t f = 0; f < 10; f++) {
            memset(pcm, 0, sizeof pcm);
            if (f == 5) pcm[3] = 20000;
            pcm[samples - 1] = 20; /* no frame is all zero */
            preprocess_run(p, pcm, false);
            for (uint32_t k = 0; f >= 5 && k < samples; k++) {
                if (abs(pcm[k]) <= most) continue;
                most = (int16_t)abs(pcm[k]);
                largest = (f - 5) * samples + k;
            }
        }
        assert_int_equal(largest, 3 + rates[i] / 1000 * PREPROCESS_DELAY_MS);
        preprocess_destroy(p);
    }
}

static int steepest(const int16_t *pcm, uint32_t samples, int16_t before)
{
    int most = 0;
    for (uint32_t i = 0; i < samples; i++) {
        int step = abs(pcm[i] - before);
        most = step > most ? step : most;
        before = pcm[i];
    }
    return most;
}

/* The tone's period fits into the delay: both sides of a cross-fade are in phase, and no 5 ms of it are softer. */
static void going_over_makes_no_click_and_no_hole(void **state)
{
    (void)state;
    struct preprocess *p = made(8000, false, false);
    struct tone tone;
    int16_t pcm[160], last = 0;
    int usual = 0, worst = 0;
    tone_init(&tone, 8000, 200, -20);
    for (int f = 0; f < 30; f++) {
        if (f == 5 || f == 20) preprocess_set(p, true, false);
        if (f == 12 || f == 25) preprocess_set(p, false, false);
        tone_read(&tone, pcm, 160);
        if (f == 0) usual = steepest(pcm, 160, 0);
        preprocess_run(p, pcm, false);
        int step = steepest(pcm, 160, last);
        worst = step > worst ? step : worst;
        last = pcm[159];
        for (int at = 0; at < 160; at += 40)
            assert_true(tone_power_dbfs(pcm + at, 40) > -21.5);
    }
    assert_true(worst < 2 * usual);
    preprocess_destroy(p);
}

static void silence_stays_silence_and_what_it_held_comes_out_first(void **state)
{
    (void)state;
    struct preprocess *p = made(8000, true, true);
    struct murmur m;
    int16_t pcm[160];
    murmur_init(&m, 8000, -20, -60);
    measure(p, &m, 0, 8);
    assert_true(preprocess_run(p, pcm, true));
    assert_true(tone_power_dbfs(pcm, 80) > -60);
    preprocess_run(p, pcm, true);
    for (int i = 0; i < 50; i++)
        assert_false(preprocess_run(p, pcm, true));
    preprocess_destroy(p);
}

static void after_a_rest_nothing_of_before_is_heard(void **state)
{
    (void)state;
    struct preprocess *p = made(8000, true, false);
    struct murmur m;
    int16_t pcm[160];
    murmur_init(&m, 8000, -10, -60);
    measure(p, &m, 0, 8); /* ends in the middle of a syllable */
    preprocess_rest(p);
    memset(pcm, 0, sizeof pcm);
    pcm[159] = 20;
    preprocess_run(p, pcm, false);
    assert_true(tone_power_dbfs(pcm, 160) < -60);
    preprocess_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_it_changes_nothing),
        cmocka_unit_test(white_noise_goes_down_by_more_than_ten_decibels),
        cmocka_unit_test(speech_over_noise_stays_and_the_noise_in_its_pauses_goes_down),
        cmocka_unit_test(a_tone_at_speech_level_that_pauses_stays),
        cmocka_unit_test(automatic_gain_brings_quiet_and_loud_speech_to_one_level),
        cmocka_unit_test(a_shout_after_a_whisper_is_not_clipped),
        cmocka_unit_test(the_delay_is_what_it_says),
        cmocka_unit_test(going_over_makes_no_click_and_no_hole),
        cmocka_unit_test(silence_stays_silence_and_what_it_held_comes_out_first),
        cmocka_unit_test(after_a_rest_nothing_of_before_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
