#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "media/tone.h"

static void what_is_made_is_what_is_measured(void **state)
{
    (void)state;
    static const double levels[] = {0.0, -6.0, -30.0};
    for (int i = 0; i < 3; i++) {
        struct tone t;
        int16_t pcm[800];
        tone_init(&t, 8000, 1013.0, levels[i]);
        tone_read(&t, pcm, 123);
        tone_read(&t, pcm, 80);
        struct tone_reading r = tone_measure(pcm, 80, 8000, 1013.0, 123);
        assert_true(fabs(r.level_dbfs - levels[i]) < 0.01);
        assert_true(fabs(r.phase_deg) < 0.2);
        assert_true(r.residual_dbfs < -80.0);
        assert_true(tone_measure(pcm, 80, 8000, 2400.0, 123).level_dbfs < levels[i] - 15.0);
    }
}

static void six_minutes_keep_their_level_and_phase(void **state)
{
    (void)state;
    struct tone t;
    struct tone_watch w;
    int16_t pcm[160];
    tone_init(&t, 8000, 1013.0, -12.0);
    tone_watch_init(&w, 8000, 1013.0, -12.0);
    for (int i = 0; i < 360 * 50; i++) {
        tone_read(&t, pcm, 160);
        tone_watch_put(&w, pcm, 160);
    }
    assert_int_equal(w.breaks + w.holes, 0);
    assert_true(w.max_phase_step_deg < 0.5 && w.max_level_step_db < 0.05);
}

static void silence_has_no_level(void **state)
{
    (void)state;
    int16_t pcm[80] = {0};
    assert_true(tone_measure(pcm, 80, 8000, 1013.0, 0).level_dbfs < -190.0);
    assert_true(tone_power_dbfs(pcm, 80) < -190.0);
}

/* Plays 100 frames, of which number 50 is spoilt. */
static struct tone_watch watched(void (*spoil)(struct tone *t, int16_t *pcm))
{
    struct tone t;
    struct tone_watch w;
    int16_t pcm[160];
    tone_init(&t, 8000, 1013.0, -12.0);
    tone_watch_init(&w, 8000, 1013.0, -12.0);
    for (int i = 0; i < 100; i++) {
        if (i != 50 || spoil) tone_read(&t, pcm, 160);
        if (i == 50 && spoil) spoil(&t, pcm);
        tone_watch_put(&w, pcm, 160);
    }
    return w;
}

static void drop(struct tone *t, int16_t *pcm)
{
    tone_read(t, pcm, 160);
}

static void zero(struct tone *t, int16_t *pcm)
{
    (void)t;
    memset(pcm, 0, 160 * sizeof(*pcm));
}

static void leave(struct tone *t, int16_t *pcm)
{
    (void)t;
    (void)pcm;
}

static void one_dropped_repeated_or_zeroed_frame_is_seen(void **state)
{
    (void)state;
    assert_int_equal(watched(leave).breaks, 0);
    struct tone_watch w = watched(drop);
    assert_true(w.breaks > 0 && w.first_break_window == 100);
    w = watched(NULL); /* frame 49 again, the tone goes on from there */
    assert_true(w.breaks > 0);
    w = watched(zero);
    assert_true(w.holes == 2 && w.breaks > 0 && w.first_break_window == 100);
}

static void adding_holds_at_full_scale(void **state)
{
    (void)state;
    struct tone t;
    int16_t pcm[80];
    for (int i = 0; i < 80; i++)
        pcm[i] = 32000;
    tone_init(&t, 8000, 1013.0, 0.0);
    tone_add(&t, pcm, 80);
    int16_t most = -32768;
    for (int i = 0; i < 80; i++)
        most = pcm[i] > most ? pcm[i] : most;
    assert_int_equal(most, 32767);
    assert_true(pcm[0] == 32000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_what_is_measured),
        cmocka_unit_test(six_minutes_keep_their_level_and_phase),
        cmocka_unit_test(silence_has_no_level),
        cmocka_unit_test(one_dropped_repeated_or_zeroed_frame_is_seen),
        cmocka_unit_test(adding_holds_at_full_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
