/** The playout buffer with codecs of every rate and kind: states, their own concealment, copies of lost packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_voice.h"
#include "media/comfort_noise.h"
#include "media/tone.h"
#include "playout_rig.h"

static const double frequency_hz = 1013.0, level_dbfs = -12.0;
static const enum codec_id codecs[] = {CODEC_PCMU,   CODEC_PCMA,   CODEC_G722, CODEC_L16_8,
                                       CODEC_L16_16, CODEC_L16_48, CODEC_OPUS};
enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

static void say_tone(void *user, int16_t *pcm, size_t samples)
{
    tone_read(user, pcm, samples);
}

static void open_with_tone(struct rig *r, struct tone *tone, enum codec_id codec, int64_t phase_us)
{
    rig_open(r, codec, NULL, phase_us);
    tone_init(tone, r->rate_hz, frequency_hz, level_dbfs);
    r->voice = say_tone;
    r->user = tone;
}

static void run(struct rig *r, double seconds, struct tone_watch *watch)
{
    for (int i = 0; i < (int)(seconds * 50.0); i++) {
        rig_tick(r, true);
        if (watch) tone_watch_put(watch, r->pcm, r->frame);
    }
}

static void assert_whole(const struct rig *r, const struct tone_watch *w, const char *what)
{
    struct playout_stats s = playout_get_stats(r->playout);
    print_message("%s %u Hz %s: breaks %llu holes %llu first %llu, %.1f deg %.2f dB; delay %u, concealed %llu, splices "
                  "%llu\n",
                  r->codec->name, r->rate_hz, what, (unsigned long long)w->breaks, (unsigned long long)w->holes,
                  (unsigned long long)w->first_break_window, w->max_phase_step_deg, w->max_level_step_db, s.delay_us,
                  (unsigned long long)s.concealed_samples, (unsigned long long)(s.shrinks + s.stretches));
    assert_int_equal(w->breaks + w->holes, 0);
}

static void run_whole(struct rig *r, double seconds, double hz, const char *what)
{
    struct tone_watch watch;
    tone_watch_init(&watch, r->rate_hz, hz, level_dbfs);
    run(r, seconds, &watch);
    assert_whole(r, &watch, what);
}

static void every_codec_passes_a_tone_on_a_clean_network(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct rig r;
        struct tone tone;
        open_with_tone(&r, &tone, codecs[i], 7000);
        run(&r, 1, NULL);
        run_whole(&r, 10, frequency_hz, "clean");
        assert_int_equal(playout_get_stats(r.playout).concealed_samples, 0);
        assert_true(playout_get_stats(r.playout).delay_us < 24000);
        rig_close(&r);
    }
}

static void every_codec_follows_a_foreign_clock(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        for (double ppm = -300.0; ppm <= 300.0; ppm += 600.0) {
            struct rig r;
            struct tone tone;
            open_with_tone(&r, &tone, codecs[i], 7000);
            r.clock = 1.0 - ppm / 1e6;
            run(&r, 20, NULL);
            run_whole(&r, 20, frequency_hz * (1.0 + ppm / 1e6), ppm > 0.0 ? "fast" : "slow");
            struct playout_stats s = playout_get_stats(r.playout);
            assert_int_equal(s.shrinks + s.stretches + s.concealed_samples, 0);
            assert_true(s.delay_us > 20000 && s.delay_us < 30000);
            rig_close(&r);
        }
    }
}

static void every_codec_survives_jitter_and_calms_down(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct rig r;
        struct tone tone;
        open_with_tone(&r, &tone, codecs[i], 7000);
        r.jitter_us = 150000;
        run(&r, 6, NULL);
        r.jitter_us = 0;
        run(&r, 0.5, NULL);
        run_whole(&r, 8, frequency_hz, "calm after jitter");
        assert_true(playout_get_stats(r.playout).delay_us < 40000);
        rig_close(&r);
    }
}

static void every_codec_bridges_single_losses(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct rig r;
        struct tone tone;
        open_with_tone(&r, &tone, codecs[i], 7000);
        double worst_dbfs = 0.0;
        run(&r, 2, NULL);
        for (int k = 0; k < 20; k++) {
            r.loss = 1.0;
            double least_dbfs = 0.0;
            for (int t = 0; t < 30 + k % 5; t++) {
                rig_tick(&r, true);
                r.loss = 0.0;
                least_dbfs = fmin(least_dbfs, tone_power_dbfs(r.pcm, r.frame));
            }
            worst_dbfs = fmin(worst_dbfs, least_dbfs);
        }
        print_message("%s %u Hz: a lost packet costs %.1f dB\n", r.codec->name, r.rate_hz, level_dbfs - worst_dbfs);
        if (codecs[i] != CODEC_OPUS) assert_true(worst_dbfs > level_dbfs - 6.0); /* libopus hears no voice in a tone */
        assert_int_equal(playout_get_stats(r.playout).lost, 20 * 20 / r.ptime_ms);
        rig_close(&r);
    }
}

static void an_outage_fades_with_every_codec(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct rig r;
        struct tone tone;
        open_with_tone(&r, &tone, codecs[i], 7000);
        run(&r, 2, NULL);
        r.loss = 1.0;
        run(&r, 0.2, NULL);
        assert_true(r.got.zero);
        r.loss = 0.0;
        run(&r, 0.5, NULL);
        run_whole(&r, 2, frequency_hz, "after an outage");
        rig_close(&r);
    }
}

/* 40 ms and more of what comes after an unheard time, laid against what it would have been. */
static void a_leg_that_was_not_heard_starts_whole(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct rig r;
        struct tone tone;
        double worst_db = 0.0;
        open_with_tone(&r, &tone, codecs[i], 7000);
        for (int k = 0; k < 50; k++) {
            for (int t = 0; t < 20 + k; t++)
                rig_tick(&r, false);
            for (int t = 0; t < 3; t++) {
                rig_tick(&r, true);
                struct tone_reading reading = tone_measure(r.pcm, r.frame, r.rate_hz, frequency_hz, 0);
                worst_db = fmax(worst_db, fabs(reading.level_dbfs - level_dbfs));
            }
        }
        print_message("%s %u Hz: after an unheard time within %.2f dB\n", r.codec->name, r.rate_hz, worst_db);
        assert_true(worst_db < 1.0);
        rig_close(&r);
    }
}

static void opus_packets_of_any_length_are_taken(void **state)
{
    (void)state;
    static const uint32_t lengths_ms[] = {10, 20, 40, 60, 120, 20, 120, 10, 60, 10};
    struct rig r;
    struct tone tone;
    struct tone_watch watch;
    open_with_tone(&r, &tone, CODEC_OPUS, 7000);
    run(&r, 2, NULL);
    tone_watch_init(&watch, r.rate_hz, frequency_hz, level_dbfs);
    for (size_t i = 0; i < sizeof(lengths_ms) / sizeof(lengths_ms[0]); i++) {
        r.ptime_ms = lengths_ms[i];
        run(&r, 4, &watch);
    }
    assert_whole(&r, &watch, "lengths");
    rig_close(&r);
}

static void say_words(void *user, int16_t *pcm, size_t samples)
{
    made_voice_read(user, pcm, samples);
}

static void copies_of_lost_packets_are_waited_for_and_used(void **state)
{
    (void)state;
    struct codec_params params = {.max_rate_hz = 16000, .bitrate_bps = 24000, .loss_percent = 20, .fec = true};
    struct rig r;
    struct made_voice voice;
    rig_open(&r, CODEC_OPUS, &params, 7000);
    made_voice_init(&voice, r.rate_hz, 5);
    r.voice = say_words;
    r.user = &voice;
    run(&r, 2, NULL);
    assert_true(playout_get_stats(r.playout).delay_us < 24000);
    r.loss = 0.1;
    run(&r, 10, NULL);
    struct playout_stats s = playout_get_stats(r.playout);
    print_message("copies: delay %u us, lost %llu, stretches %llu\n", s.delay_us, (unsigned long long)s.lost,
                  (unsigned long long)s.stretches);
    assert_true(s.delay_us >= 24000 && s.delay_us < 54000);
    r.loss = 0.0;
    run(&r, 60, NULL);
    assert_true(playout_get_stats(r.playout).delay_us < 24000);
    rig_close(&r);
}

/* ---- comfort noise ---- */

/* A second of the tone, then noise of that level. */
static void open_in_a_pause(struct rig *r, struct tone *tone, enum codec_id codec, uint8_t level)
{
    open_with_tone(r, tone, codec, 7000);
    run(r, 1, NULL);
    rig_send_noise(r, &level, 1);
}

static double power_of(struct rig *r, double seconds)
{
    double sum = 0.0;
    int ticks = (int)(seconds * 50.0);
    for (int t = 0; t < ticks; t++) {
        rig_tick(r, true);
        assert_int_equal(r->got.verdict, PLAYOUT_SILENCE);
        for (uint32_t i = 0; i < r->frame; i++)
            sum += (double)r->pcm[i] * r->pcm[i];
    }
    return 10.0 * log10(sum / (ticks * (double)r->frame) / (32768.0 * 32768.0) + 1e-20);
}

static void comfort_noise_sounds_until_voice_comes(void **state)
{
    (void)state;
    static const enum codec_id with_noise[] = {CODEC_PCMU, CODEC_G722, CODEC_L16_16};
    for (int i = 0; i < 3; i++) {
        struct rig r;
        struct tone tone;
        open_with_tone(&r, &tone, with_noise[i], 7000);
        run(&r, 1, NULL);
        for (int spurt = 0; spurt < 4; spurt++) {
            uint8_t level = (uint8_t)(40 + 5 * spurt);
            rig_send_noise(&r, &level, 1);
            run(&r, 0.2, NULL);
            double before_dbov = power_of(&r, 4);
            level = (uint8_t)(level + 10);
            rig_send_noise(&r, &level, 1);
            run(&r, 0.2, NULL);
            double after_dbov = power_of(&r, 1);
            assert_true(fabs(before_dbov + level - 10.0) < 1.5);
            assert_true(fabs(after_dbov + level) < 1.5);
            r.quiet = false;
            run(&r, 0.2, NULL);
            run_whole(&r, 1, frequency_hz, "after noise");
        }
        struct playout_stats s = playout_get_stats(r.playout);
        assert_int_equal(s.lost + s.late + s.jumps + s.concealed_samples, 0);
        assert_true(s.delay_us < 24000);
        rig_close(&r);
    }
}

/* Longer than any pause in a call: it is still the same call. */
static void noise_that_is_told_once_goes_on(void **state)
{
    (void)state;
    struct rig r;
    struct tone tone;
    open_with_tone(&r, &tone, CODEC_PCMA, 3000);
    run(&r, 1, NULL);
    static const uint8_t level = 50;
    rig_send_noise(&r, &level, 1);
    run(&r, 30, NULL);
    assert_true(fabs(power_of(&r, 2) + 50.0) < 1.5);
    rig_close(&r);
}

static double residual_dbfs(struct rig *r, int ticks)
{
    double worst_dbfs = -200.0;
    for (int t = 0; t < ticks; t++) {
        rig_tick(r, true);
        struct tone_reading reading = tone_measure(r->pcm, r->frame, r->rate_hz, frequency_hz, 0);
        worst_dbfs = fmax(worst_dbfs, reading.residual_dbfs);
    }
    return worst_dbfs;
}

static void noise_does_not_sound_under_a_voice_that_began_unheard(void **state)
{
    (void)state;
    for (int spoken = 3; spoken < 30; spoken += 20) {
        struct rig r;
        struct tone tone;
        open_in_a_pause(&r, &tone, CODEC_L16_16, 40);
        run(&r, 0.5, NULL);
        for (int t = 0; t < 10 + spoken; t++) {
            r.quiet = t < 10;
            rig_tick(&r, false);
        }
        run(&r, 0.1, NULL);
        assert_true(residual_dbfs(&r, 10) < -60.0);
        rig_close(&r);
    }
}

static void noise_that_voice_follows_at_once_fades_under_it(void **state)
{
    (void)state;
    struct rig r;
    struct tone tone;
    open_in_a_pause(&r, &tone, CODEC_L16_16, 40);
    r.quiet = false;
    run(&r, 0.2, NULL);
    assert_true(residual_dbfs(&r, 10) < -60.0);
    r.quiet = true;
    run(&r, 0.06, NULL);
    r.quiet = false;
    run(&r, 0.2, NULL);
    assert_true(residual_dbfs(&r, 10) < -60.0);
    rig_close(&r);
}

/* Digital silence is voice too. */
static void noise_fades_under_silent_packets(void **state)
{
    (void)state;
    struct rig r;
    struct tone tone;
    open_in_a_pause(&r, &tone, CODEC_PCMU, 40);
    r.quiet = false;
    tone_init(&tone, r.rate_hz, frequency_hz, -200.0);
    run(&r, 0.3, NULL);
    assert_true(r.got.zero);
    r.quiet = true; /* without a word of noise */
    run(&r, 0.1, NULL);
    assert_int_equal(r.got.verdict, PLAYOUT_CONCEALED);
    rig_close(&r);
}

static void a_stream_may_begin_with_noise(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct rig r;
        struct tone tone;
        static const uint8_t level = 45;
        open_with_tone(&r, &tone, codecs[i], 7000);
        rig_send_noise(&r, &level, 1);
        run(&r, 0.2, NULL);
        assert_true(fabs(power_of(&r, 4) + 45.0) < 1.5);
        assert_int_equal(playout_get_stats(r.playout).concealed_samples, 0);
        rig_close(&r);
    }
}

static void noise_that_was_told_unheard_sounds_once_the_leg_is_heard(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        for (int unheard = 2; unheard < 400; unheard += unheard / 2) {
            struct rig r;
            struct tone tone;
            static const uint8_t level = 45;
            open_with_tone(&r, &tone, codecs[i], 7000);
            run(&r, 1, NULL);
            rig_tick(&r, false);
            rig_send_noise(&r, &level, 1);
            for (int t = 0; t < unheard; t++)
                rig_tick(&r, false);
            run(&r, 0.1, NULL);
            assert_true(fabs(power_of(&r, 4) + 45.0) < 1.5);
            rig_close(&r);
        }
    }
}

/* The way has become longer or shorter meanwhile, or the sender's clock is not ours. */
static void voice_may_come_before_or_after_the_end_that_noise_was_expected_to_have(void **state)
{
    (void)state;
    static const double shifts_us[] = {-150000.0, 15000.0, 70000.0, 390000.0};
    for (int i = 0; i < CODECS; i++) {
        for (size_t k = 0; k < sizeof(shifts_us) / sizeof(shifts_us[0]); k++) {
            struct rig r;
            struct tone tone;
            open_in_a_pause(&r, &tone, codecs[i], 60);
            run(&r, 4, NULL);
            r.quiet = false;
            r.send_us += shifts_us[k];
            run(&r, 10, NULL); /* small changes of the delay glide */
            run_whole(&r, 1, frequency_hz, "at another time than expected");
            struct playout_stats s = playout_get_stats(r.playout);
            assert_int_equal(s.lost + s.late + s.concealed_samples, 0);
            assert_true(s.delay_us < 44000);
            rig_close(&r);
        }
    }
}

/* @return ticks in which a word of a second is heard that begins in the stall, with or without noise before it there */
static int heard_of_a_word(struct rig *r, int64_t stall_us, bool noise_before)
{
    static const uint8_t level = 60;
    int loud = 0;
    run(r, 1, NULL);
    rig_send_noise(r, &level, 1);
    run(r, 1, NULL);
    r->last_arrival_us = r->tick_us + stall_us;
    if (noise_before) rig_send_noise(r, &level, 1);
    uint64_t said = r->sent + 1000 / r->ptime_ms;
    for (r->quiet = false; !r->quiet || r->flying > 0 || loud == 0; r->quiet = r->sent >= said) {
        rig_tick(r, true);
        loud += tone_power_dbfs(r->pcm, r->frame) > level_dbfs - 3.0;
    }
    for (int t = 0; t < 50; t++) {
        rig_tick(r, true);
        loud += tone_power_dbfs(r->pcm, r->frame) > level_dbfs - 3.0;
    }
    return loud;
}

/* The whole word comes at once with the noise, after the time at which the pause was expected to end. */
static void a_word_that_is_held_up_behind_noise_is_heard_whole_or_counted_late(void **state)
{
    (void)state;
    static const int stalls_ms[] = {0, 60, 100, 200, 500, 600};
    for (int i = 0; i < CODECS; i++) {
        for (int k = 0; k < 12; k++) {
            struct rig r;
            struct tone tone;
            open_with_tone(&r, &tone, codecs[i], 7000);
            int stall_ms = stalls_ms[k / 2], heard = heard_of_a_word(&r, stall_ms * 1000, k % 2);
            struct playout_stats s = playout_get_stats(r.playout);
            int late = (int)(s.late * r.ptime_ms / 20);
            print_message("%s %u Hz, stall %d ms, noise %d: %d heard, %d late, %d lost\n", r.codec->name, r.rate_hz,
                          stall_ms, k % 2, heard, late, (int)s.lost);
            assert_true(stall_ms > 200 || late == 0);
            assert_true(stall_ms <= 200 || late > 0);
            assert_true(heard + late >= 50);
            rig_close(&r);
        }
    }
}

/* What it said last belongs to the time in which nobody was to hear it. */
static void a_pause_that_began_unheard_does_not_bring_back_what_was_said(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        for (int unheard = 8; unheard < 40; unheard++) {
            struct rig r;
            struct tone tone;
            open_with_tone(&r, &tone, codecs[i], 7000);
            run(&r, 1, NULL);
            for (int t = 0; t < 50 + unheard; t++) {
                r.quiet = t >= 50;
                rig_tick(&r, false);
            }
            for (int t = 0; t < 25; t++) {
                rig_tick(&r, true);
                if (tone_power_dbfs(r.pcm, r.frame) > -60.0) {
                    print_message("%s %u: %d unheard, tick %d\n", r.codec->name, r.rate_hz, unheard, t);
                    fail();
                }
            }
            rig_close(&r);
        }
    }
}

static void an_empty_packet_of_noise_is_invalid(void **state)
{
    (void)state;
    struct playout *p;
    struct playout_config config = {.codec = codec_by_id(CODEC_PCMU)};
    uint8_t payload[600] = {60};
    assert_int_equal(playout_create(&p, &config), STATUS_OK);
    struct playout_packet packet = {.noise = true, .payload = payload, .len = 0};
    assert_false(playout_put(p, &packet));
    packet.len = sizeof(payload);
    assert_false(playout_put(p, &packet));
    packet.len = 1;
    assert_true(playout_put(p, &packet));
    assert_int_equal(playout_get_stats(p).invalid, 2);
    playout_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_passes_a_tone_on_a_clean_network),
        cmocka_unit_test(every_codec_follows_a_foreign_clock),
        cmocka_unit_test(every_codec_survives_jitter_and_calms_down),
        cmocka_unit_test(every_codec_bridges_single_losses),
        cmocka_unit_test(an_outage_fades_with_every_codec),
        cmocka_unit_test(a_leg_that_was_not_heard_starts_whole),
        cmocka_unit_test(opus_packets_of_any_length_are_taken),
        cmocka_unit_test(copies_of_lost_packets_are_waited_for_and_used),
        cmocka_unit_test(comfort_noise_sounds_until_voice_comes),
        cmocka_unit_test(noise_that_is_told_once_goes_on),
        cmocka_unit_test(noise_does_not_sound_under_a_voice_that_began_unheard),
        cmocka_unit_test(noise_that_voice_follows_at_once_fades_under_it),
        cmocka_unit_test(noise_fades_under_silent_packets),
        cmocka_unit_test(a_stream_may_begin_with_noise),
        cmocka_unit_test(noise_that_was_told_unheard_sounds_once_the_leg_is_heard),
        cmocka_unit_test(voice_may_come_before_or_after_the_end_that_noise_was_expected_to_have),
        cmocka_unit_test(a_word_that_is_held_up_behind_noise_is_heard_whole_or_counted_late),
        cmocka_unit_test(a_pause_that_began_unheard_does_not_bring_back_what_was_said),
        cmocka_unit_test(an_empty_packet_of_noise_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
