/* Conversions between 8, 16 and 48 kHz: flat, without images, without a seam, and lines that can be copied. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "media/codec.h"
#include "media/resample.h"
#include "media/tone.h"

enum { FRAMES = 25 };

static const uint32_t rates[] = {8000, 16000, 48000};

static int bank_open(void **state)
{
    struct resample_bank *bank;
    if (resample_bank_create(&bank) != STATUS_OK) return -1;
    *state = bank;
    return 0;
}

static int bank_close(void **state)
{
    resample_bank_destroy(*state);
    return 0;
}

/* A tone of half a second through a conversion; its last 400 ms are left in pcm. */
static size_t convert_tone(struct resample_bank *bank, uint32_t from, uint32_t to, double hz, int16_t *pcm)
{
    struct tone tone;
    struct resample_line line;
    int16_t in[FRAME_SAMPLES_MAX];
    tone_init(&tone, from, hz, -6);
    resample_line_init(&line);
    for (int i = 0; i < FRAMES; i++) {
        tone_read(&tone, in, frame_samples(from));
        assert_true(resample_frame(bank, &line, from, in, to, pcm + (size_t)(i < 5 ? 0 : i - 5) * frame_samples(to)));
        resample_line_put(&line, from, in);
    }
    return (FRAMES - 5) * frame_samples(to);
}

static void a_tone_keeps_its_level_and_gets_no_image(void **state)
{
    int16_t pcm[FRAMES * FRAME_SAMPLES_MAX];
    for (size_t i = 0; i < 9; i++) {
        uint32_t from = rates[i / 3], to = rates[i % 3];
        double worst_db = 0, image_db = -200, top_hz = 0.85 * (from < to ? from : to) / 2;
        if (from == to) continue;
        for (double hz = 75; hz <= top_hz; hz += (top_hz - 75) / 40) {
            size_t samples = convert_tone(*state, from, to, hz, pcm);
            struct tone_reading r = tone_measure(pcm, samples, to, hz, 0);
            worst_db = fmax(worst_db, fabs(r.level_dbfs + 6));
            image_db = fmax(image_db, r.residual_dbfs - r.level_dbfs);
        }
        print_message("%u to %u Hz: within %.3f dB, all else at %.1f dB\n", from, to, worst_db, image_db);
        assert_true(worst_db <= 0.1);
        assert_true(image_db <= -60);
    }
}

/* Above the lower Nyquist frequency nothing comes through, as an alias or at all. */
static void what_does_not_fit_the_lower_rate_stays_out(void **state)
{
    int16_t pcm[FRAMES * FRAME_SAMPLES_MAX];
    static const struct {
        uint32_t from, to;
        double hz;
    } rows[] = {
        {16000, 8000, 4600}, {16000, 8000, 7300}, {48000, 8000, 4600}, {48000, 16000, 9200}, {48000, 16000, 20000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t samples = convert_tone(*state, rows[i].from, rows[i].to, rows[i].hz, pcm);
        double alias_dbfs = tone_power_dbfs(pcm, samples);
        print_message("%.0f Hz from %u to %u: %.1f dBFS\n", rows[i].hz, rows[i].from, rows[i].to, alias_dbfs);
        assert_true(alias_dbfs < -66);
    }
}

/* Where a single sample comes out says how long it took. */
static void a_conversion_takes_at_most_4_ms(void **state)
{
    for (size_t i = 0; i < 9; i++) {
        uint32_t from = rates[i / 3], to = rates[i % 3], highest = 0;
        int16_t in[FRAME_SAMPLES_MAX] = {0}, out[FRAME_SAMPLES_MAX];
        struct resample_line line;
        if (from == to) continue;
        resample_line_init(&line);
        in[frame_samples(from) / 2] = 20000;
        assert_true(resample_frame(*state, &line, from, in, to, out));
        for (uint32_t k = 0; k < frame_samples(to); k++)
            if (out[k] > out[highest]) highest = k;
        double ms = 1000.0 * highest / to - FRAME_MS / 2;
        print_message("%u to %u Hz: %.2f ms\n", from, to, ms);
        assert_true(ms > 0 && ms <= 4);
    }
}

/* Two streams take turns in one filter; each is as if it had one for itself, frame after frame without a seam. */
static void streams_share_the_filters_of_a_thread(void **state)
{
    struct tone tones[2];
    struct tone_watch watches[2];
    struct resample_line lines[2];
    int16_t in[FRAME_SAMPLES_MAX], out[FRAME_SAMPLES_MAX];
    static const double hz[] = {1013, 2741};
    for (int i = 0; i < 2; i++) {
        tone_init(&tones[i], 8000, hz[i], -12);
        tone_watch_init(&watches[i], 48000, hz[i], -12);
        resample_line_init(&lines[i]);
    }
    for (int frame = 0; frame < 100; frame++) {
        for (int i = 0; i < 2; i++) {
            tone_read(&tones[i], in, 160);
            assert_true(resample_frame(*state, &lines[i], 8000, in, 48000, out));
            resample_line_put(&lines[i], 8000, in);
            if (frame > 0) tone_watch_put(&watches[i], out, 960);
        }
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(watches[i].breaks + watches[i].holes, 0);
        assert_true(watches[i].max_phase_step_deg < 0.1);
    }
}

static void a_copied_line_goes_on_exactly(void **state)
{
    struct rng rng;
    struct resample_line a, b;
    int16_t in[FRAME_SAMPLES_MAX], first[FRAME_SAMPLES_MAX], second[FRAME_SAMPLES_MAX];
    rng_init(&rng, 5);
    resample_line_init(&a);
    memset(&b, 0x55, sizeof b);
    for (int i = 0; i < 20; i++) {
        for (int k = 0; k < FRAME_SAMPLES_MAX; k++)
            in[k] = (int16_t)(rng_u32(&rng) >> 18);
        if (i == 10) b = a;
        resample_frame(*state, &a, 48000, in, 8000, first);
        resample_line_put(&a, 48000, in);
        if (i < 10) continue;
        resample_frame(*state, &b, 48000, in, 8000, second);
        resample_line_put(&b, 48000, in);
        assert_memory_equal(first, second, 160 * sizeof first[0]);
        assert_true(resample_line_same(&a, &b, 48000));
    }
    b.past[100]++;
    assert_false(resample_line_same(&a, &b, 48000));
}

/* Silence costs nothing, but what was on its way still comes out. */
static void silence_begins_after_the_end_of_what_was_said(void **state)
{
    struct tone tone;
    struct resample_line line;
    int16_t in[FRAME_SAMPLES_MAX], out[FRAME_SAMPLES_MAX];
    tone_init(&tone, 8000, 440, -12);
    tone_read(&tone, in, 160);
    resample_line_init(&line);
    assert_false(resample_frame(*state, &line, 8000, NULL, 16000, out));
    resample_line_put(&line, 8000, NULL);
    assert_true(resample_frame(*state, &line, 8000, in, 16000, out));
    resample_line_put(&line, 8000, in);
    assert_true(resample_frame(*state, &line, 8000, NULL, 16000, out));
    assert_true(tone_power_dbfs(out, 128) > -40);
    assert_true(tone_power_dbfs(out + 128, 192) < -60);
    resample_line_put(&line, 8000, NULL);
    assert_false(resample_frame(*state, &line, 8000, NULL, 16000, out));
}

/* Full scale with sharp edges rings above it: it is held there. */
static void what_rings_over_full_scale_is_held(void **state)
{
    struct resample_line line;
    int16_t in[160], out[FRAME_SAMPLES_MAX];
    resample_line_init(&line);
    for (int i = 0; i < 160; i++)
        in[i] = i / 8 % 2 ? INT16_MAX : INT16_MIN;
    for (int frame = 0; frame < 3; frame++) {
        assert_true(resample_frame(*state, &line, 8000, in, 48000, out));
        resample_line_put(&line, 8000, in);
    }
    for (int i = 1; i < 960; i++)
        assert_true(abs(out[i] - out[i - 1]) < 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tone_keeps_its_level_and_gets_no_image),
        cmocka_unit_test(what_does_not_fit_the_lower_rate_stays_out),
        cmocka_unit_test(a_conversion_takes_at_most_4_ms),
        cmocka_unit_test(streams_share_the_filters_of_a_thread),
        cmocka_unit_test(a_copied_line_goes_on_exactly),
        cmocka_unit_test(silence_begins_after_the_end_of_what_was_said),
        cmocka_unit_test(what_rings_over_full_scale_is_held),
    };
    return cmocka_run_group_tests(tests, bank_open, bank_close);
}
