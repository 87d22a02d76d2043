#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/loudest.h"

enum { PEOPLE = 6 };

struct person {
    float dbfs;
    bool here, speaks, heard;
};

static struct person people[PEOPLE];

static void tick(struct loudest *l)
{
    loudest_begin(l);
    for (int i = 0; i < PEOPLE; i++) {
        struct person *p = &people[i];
        p->heard = p->here && loudest_put(l, p, p->dbfs, p->speaks);
    }
}

static void ticks(struct loudest *l, int count)
{
    for (int i = 0; i < count; i++)
        tick(l);
}

static void are(float dbfs, bool speaks, int from, int to)
{
    for (int i = from; i <= to; i++)
        people[i] = (struct person){.dbfs = dbfs, .here = true, .speaks = speaks};
}

static int heard(void)
{
    int count = 0;
    for (int i = 0; i < PEOPLE; i++)
        count += people[i].heard;
    return count;
}

static int begin(void **state)
{
    (void)state;
    for (int i = 0; i < PEOPLE; i++)
        people[i] = (struct person){.here = false};
    return 0;
}

static void up_to_the_limit_everybody_is_heard_noise_too(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 3);
    are(-50, false, 0, 2);
    for (int i = 0; i < 50; i++) {
        tick(&l);
        assert_int_equal(heard(), 3);
    }
}

static void only_in_the_tick_of_a_change_are_more_heard_than_there_are_seats(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 2);
    are(-30, true, 0, 5);
    for (int i = 0; i < 50; i++) {
        tick(&l);
        assert_int_equal(heard(), 2);
    }
    /* Words go round: at every change of a seat both are heard, once. */
    for (int i = 0; i < 600; i++) {
        for (int who = 0; who < PEOPLE; who++)
            people[who].speaks = (i / 7 + who) % PEOPLE < 2;
        tick(&l);
        assert_true(heard() >= 2 && heard() <= 3);
        if (i % 7 > 0) assert_int_equal(heard(), 2);
    }
}

static void who_begins_to_speak_takes_the_seat_of_one_who_does_not_in_the_same_tick(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 2);
    are(-50, false, 0, 2);
    ticks(&l, 10);
    assert_true(people[0].heard && people[1].heard && !people[2].heard);
    people[1].dbfs = -60;
    tick(&l);
    people[2].speaks = true;
    people[2].dbfs = -55; /* it has hardly begun */
    tick(&l);
    assert_true(people[0].heard && people[1].heard && people[2].heard); /* the one to fade out, the other in */
    tick(&l);
    assert_true(people[0].heard && !people[1].heard && people[2].heard);
}

static void a_seat_that_nobody_wants_is_kept_in_silence(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 1);
    are(-20, true, 0, 0);
    ticks(&l, 10);
    people[0].speaks = false;
    are(-50, false, 1, 2); /* noise does not displace noise */
    for (int i = 0; i < 100; i++) {
        tick(&l);
        assert_true(people[0].heard && !people[1].heard && !people[2].heard);
    }
    people[0].here = false;
    ticks(&l, 100);
    people[0].here = true;
    tick(&l);
    assert_true(people[0].heard);
}

static void a_louder_voice_waits_for_a_while_and_then_takes_the_softest_ones_seat(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 2);
    are(-30, true, 0, 0);
    are(-35, true, 1, 1);
    tick(&l);
    are(-20, true, 2, 2);
    ticks(&l, LOUDEST_RIVAL_TICKS);
    assert_true(people[0].heard && people[1].heard && !people[2].heard);
    tick(&l);
    assert_true(people[0].heard && !people[1].heard && people[2].heard);
}

static void a_voice_that_is_hardly_louder_waits_until_somebody_pauses(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 2);
    are(-30, true, 0, 1);
    tick(&l);
    are(-25, true, 2, 2);
    for (int i = 0; i < 100; i++) {
        tick(&l);
        assert_false(people[2].heard);
    }
    people[1].speaks = false;
    tick(&l);
    assert_true(people[0].heard && people[2].heard);
}

static void two_who_take_turns_at_being_loudest_do_not_add_up(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 1);
    are(-30, true, 0, 0);
    tick(&l);
    are(-20, true, 1, 2);
    for (int i = 0; i < 40; i++) {
        people[1].dbfs = i / 4 % 2 ? -10 : -20;
        people[2].dbfs = i / 4 % 2 ? -20 : -10;
        tick(&l);
        assert_true(people[0].heard);
    }
}

static void who_leaves_gives_its_seat_free(void **state)
{
    struct loudest l;
    (void)state;
    loudest_init(&l, 2);
    are(-30, true, 0, 2);
    ticks(&l, 3);
    assert_false(people[2].heard);
    people[0].here = false;
    loudest_leave(&l, &people[0]);
    loudest_leave(&l, &people[5]);
    tick(&l);
    assert_true(people[1].heard && people[2].heard);
    loudest_leave(&l, &people[2]);
    loudest_leave(&l, &people[1]);
    assert_int_equal(l.count, 0);
}

#define LOUDEST_TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOUDEST_TEST(up_to_the_limit_everybody_is_heard_noise_too),
        LOUDEST_TEST(only_in_the_tick_of_a_change_are_more_heard_than_there_are_seats),
        LOUDEST_TEST(who_begins_to_speak_takes_the_seat_of_one_who_does_not_in_the_same_tick),
        LOUDEST_TEST(a_seat_that_nobody_wants_is_kept_in_silence),
        LOUDEST_TEST(a_louder_voice_waits_for_a_while_and_then_takes_the_softest_ones_seat),
        LOUDEST_TEST(a_voice_that_is_hardly_louder_waits_until_somebody_pauses),
        LOUDEST_TEST(two_who_take_turns_at_being_loudest_do_not_add_up),
        LOUDEST_TEST(who_leaves_gives_its_seat_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
