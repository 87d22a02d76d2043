#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "media/limiter.h"
#include "media/mixer.h"
#include "media/tone.h"

enum { FRAME = 160, LEGS = 8, DELAY = 16 };

struct room {
    struct mixer *mixer;
    mixer_slot slots[LEGS];
    struct tone tones[LEGS];
    int16_t voices[LEGS][FRAME];
};

static void room_init(struct room *r, double level_dbfs)
{
    struct mixer_config config = {.rate_hz = 8000, .max_slots = LEGS};
    assert_int_equal(mixer_create(&r->mixer, &config), STATUS_OK);
    assert_int_equal(mixer_frame_samples(r->mixer), FRAME);
    for (int i = 0; i < LEGS; i++) {
        assert_int_equal(mixer_add(r->mixer, &r->slots[i]), STATUS_OK);
        tone_init(&r->tones[i], 8000, 413.0 + 211.0 * i, level_dbfs);
    }
}

/* One tick in which the first `talkers` legs talk, put in the order of `first`, `first` + 1 ... */
static void room_tick(struct room *r, int talkers, int first)
{
    for (int i = 0; i < LEGS; i++)
        tone_read(&r->tones[i], r->voices[i], FRAME);
    mixer_begin(r->mixer);
    for (int i = 0; i < talkers; i++) {
        int leg = (i + first) % talkers;
        mixer_put(r->mixer, r->slots[leg], r->voices[leg]);
    }
    mixer_tick(r->mixer);
}

static void a_listener_hears_the_exact_sum(void **state)
{
    (void)state;
    struct room r;
    int16_t before[LEGS][FRAME] = {{0}};
    room_init(&r, -30.0);
    for (int tick = 0; tick < 20; tick++) {
        room_tick(&r, 3, 0);
        for (int i = 0; i < FRAME; i++) {
            int sum = 0;
            for (int leg = 0; leg < 3; leg++)
                sum += i < DELAY ? before[leg][FRAME - DELAY + i] : r.voices[leg][i - DELAY];
            assert_int_equal(mixer_common(r.mixer)[i], sum);
        }
        memcpy(before, r.voices, sizeof(before));
        assert_ptr_equal(mixer_heard_by(r.mixer, r.slots[5]), mixer_common(r.mixer));
        assert_int_equal(mixer_talkers(r.mixer), 3);
        assert_true(mixer_talked(r.mixer, r.slots[2]));
        assert_false(mixer_talked(r.mixer, r.slots[3]));
    }
    mixer_destroy(r.mixer);
}

static void a_talker_does_not_hear_itself(void **state)
{
    (void)state;
    struct room r;
    int16_t before[LEGS][FRAME] = {{0}};
    room_init(&r, -30.0);
    for (int tick = 0; tick < 20; tick++) {
        room_tick(&r, 3, 0);
        for (int i = 0; i < FRAME; i++) {
            int others = 0;
            for (int leg = 1; leg < 3; leg++)
                others += i < DELAY ? before[leg][FRAME - DELAY + i] : r.voices[leg][i - DELAY];
            assert_int_equal(mixer_heard_by(r.mixer, r.slots[0])[i], others);
        }
        memcpy(before, r.voices, sizeof(before));
    }
    mixer_destroy(r.mixer);
}

static void a_lone_talker_hears_nothing_however_loud(void **state)
{
    (void)state;
    struct room r;
    int16_t zero[FRAME] = {0};
    room_init(&r, 0.0);
    for (int tick = 0; tick < 20; tick++) {
        room_tick(&r, 1, 0);
        assert_memory_equal(mixer_heard_by(r.mixer, r.slots[0]), zero, sizeof(zero));
    }
    mixer_destroy(r.mixer);
}

static void the_order_of_the_puts_does_not_matter(void **state)
{
    (void)state;
    struct room a, b;
    room_init(&a, -1.0);
    room_init(&b, -1.0);
    for (int tick = 0; tick < 50; tick++) {
        room_tick(&a, 6, 0);
        room_tick(&b, 6, tick % 6);
        assert_memory_equal(mixer_common(a.mixer), mixer_common(b.mixer), FRAME * sizeof(int16_t));
        for (int leg = 0; leg < 6; leg++)
            assert_memory_equal(mixer_heard_by(a.mixer, a.slots[leg]), mixer_heard_by(b.mixer, b.slots[leg]),
                                FRAME * sizeof(int16_t));
    }
    mixer_destroy(a.mixer);
    mixer_destroy(b.mixer);
}

static void six_talkers_near_full_scale_neither_wrap_nor_clip(void **state)
{
    (void)state;
    struct room r;
    int last = 0, run = 0, longest_run = 0, most_step = 0;
    room_init(&r, -1.0);
    for (int tick = 0; tick < 200; tick++) {
        room_tick(&r, 6, 0);
        const int16_t *heard = mixer_common(r.mixer);
        for (int i = 0; i < FRAME; i++) {
            assert_true(heard[i] <= LIMITER_CEILING + 1 && heard[i] >= -LIMITER_CEILING - 1);
            int step = heard[i] > last ? heard[i] - last : last - heard[i];
            if (step > most_step) most_step = step;
            bool top = heard[i] > LIMITER_CEILING - 10 || heard[i] < -LIMITER_CEILING + 10;
            run = top ? run + 1 : 0;
            if (run > longest_run) longest_run = run;
            last = heard[i];
        }
    }
    /* Tones up to 1468 Hz: a step between neighbours of more than 1.1 times full scale would be a wrapped sample. */
    assert_true(most_step < 40000);
    /* Peaks reach the ceiling; none stays there. */
    assert_true(longest_run <= 2);
    mixer_destroy(r.mixer);
}

static void after_an_overload_the_mix_is_exact_again(void **state)
{
    (void)state;
    struct room r;
    int16_t before[FRAME];
    room_init(&r, -20.0);
    for (int i = 1; i < 6; i++)
        tone_init(&r.tones[i], 8000, 413.0 + 211.0 * i, -1.0);
    for (int tick = 0; tick < 50; tick++)
        room_tick(&r, 6, 0);
    for (int tick = 0; tick < 15; tick++)
        room_tick(&r, 1, 0);
    memcpy(before, r.voices[0], sizeof(before));
    room_tick(&r, 1, 0);
    for (int i = 0; i < FRAME; i++)
        assert_int_equal(mixer_common(r.mixer)[i], i < DELAY ? before[FRAME - DELAY + i] : r.voices[0][i - DELAY]);
    mixer_destroy(r.mixer);
}

static void falling_silent_and_talking_again_makes_no_click(void **state)
{
    (void)state;
    struct room r;
    struct tone_watch watch;
    int16_t quiet[FRAME] = {0};
    room_init(&r, -12.0);
    /* Leg 0 hears leg 1 without a break, while it starts and stops talking. */
    for (int tick = 0; tick < 1000; tick++) {
        tone_read(&r.tones[1], r.voices[1], FRAME);
        tone_read(&r.tones[0], r.voices[0], FRAME);
        mixer_begin(r.mixer);
        mixer_put(r.mixer, r.slots[0], tick / 7 % 2 ? r.voices[0] : quiet);
        mixer_put(r.mixer, r.slots[1], r.voices[1]);
        mixer_tick(r.mixer);
        if (tick == 5) tone_watch_init(&watch, 8000, 413.0 + 211.0, -12.0);
        if (tick < 5) continue;
        /* Where it stops its own last 2 ms stay out: what it hears is the other only. */
        tone_watch_put(&watch, mixer_heard_by(r.mixer, r.slots[0]), FRAME);
        struct tone_reading reading = tone_measure(mixer_heard_by(r.mixer, r.slots[0]), FRAME, 8000, 413.0 + 211.0, 0);
        assert_true(reading.residual_dbfs < -80.0);
    }
    assert_int_equal(watch.breaks + watch.holes, 0);
    mixer_destroy(r.mixer);
}

static void a_silent_talker_shares_the_common_mix(void **state)
{
    (void)state;
    struct room r;
    int16_t quiet[FRAME] = {0};
    room_init(&r, -12.0);
    room_tick(&r, 2, 0);
    assert_ptr_not_equal(mixer_heard_by(r.mixer, r.slots[0]), mixer_common(r.mixer));
    for (int tick = 0; tick < 2; tick++) {
        tone_read(&r.tones[1], r.voices[1], FRAME);
        mixer_begin(r.mixer);
        mixer_put(r.mixer, r.slots[0], quiet);
        mixer_put(r.mixer, r.slots[1], r.voices[1]);
        mixer_tick(r.mixer);
        assert_false(mixer_talked(r.mixer, r.slots[0]));
    }
    assert_ptr_equal(mixer_heard_by(r.mixer, r.slots[0]), mixer_common(r.mixer));
    mixer_destroy(r.mixer);
}

static void sources_are_heard_by_talkers_and_listeners(void **state)
{
    (void)state;
    struct room r;
    int16_t beep[FRAME], before[FRAME];
    struct tone tone;
    room_init(&r, -12.0);
    tone_init(&tone, 8000, 880.0, -20.0);
    for (int tick = 0; tick < 5; tick++) {
        memcpy(before, beep, tick > 0 ? sizeof(beep) : 0);
        tone_read(&tone, beep, FRAME);
        tone_read(&r.tones[0], r.voices[0], FRAME);
        mixer_begin(r.mixer);
        mixer_put(r.mixer, r.slots[0], r.voices[0]);
        mixer_put_source(r.mixer, beep);
        mixer_tick(r.mixer);
        for (int i = tick > 0 ? 0 : DELAY; i < FRAME; i++)
            assert_int_equal(mixer_heard_by(r.mixer, r.slots[0])[i],
                             i < DELAY ? before[FRAME - DELAY + i] : beep[i - DELAY]);
    }
    assert_false(mixer_common_is_zero(r.mixer));
    for (int tick = 0; tick < 2; tick++) {
        mixer_begin(r.mixer);
        mixer_tick(r.mixer);
    }
    assert_true(mixer_common_is_zero(r.mixer));
    mixer_destroy(r.mixer);
}

static void slots_run_out_and_come_back(void **state)
{
    (void)state;
    struct room r;
    mixer_slot slot;
    room_init(&r, -12.0);
    assert_int_equal(mixer_add(r.mixer, &slot), STATUS_FULL);
    room_tick(&r, 4, 0);
    mixer_remove(r.mixer, r.slots[2]);
    assert_int_equal(mixer_add(r.mixer, &slot), STATUS_OK);
    assert_int_equal(slot, r.slots[2]);
    assert_ptr_equal(mixer_heard_by(r.mixer, slot), mixer_common(r.mixer));
    room_tick(&r, 4, 0);
    mixer_destroy(r.mixer);
    mixer_destroy(NULL);
    struct mixer_config wrong = {.rate_hz = 44100, .max_slots = 2};
    assert_int_equal(mixer_create(&r.mixer, &wrong), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_hears_the_exact_sum),
        cmocka_unit_test(a_talker_does_not_hear_itself),
        cmocka_unit_test(a_lone_talker_hears_nothing_however_loud),
        cmocka_unit_test(the_order_of_the_puts_does_not_matter),
        cmocka_unit_test(six_talkers_near_full_scale_neither_wrap_nor_clip),
        cmocka_unit_test(after_an_overload_the_mix_is_exact_again),
        cmocka_unit_test(falling_silent_and_talking_again_makes_no_click),
        cmocka_unit_test(a_silent_talker_shares_the_common_mix),
        cmocka_unit_test(sources_are_heard_by_talkers_and_listeners),
        cmocka_unit_test(slots_run_out_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
