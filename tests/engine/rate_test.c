/* The rate at which a conference mixes: the highest at which one leg can speak and another hear. */
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "os/clock.h"
#include "os/thread.h"

enum { LEGS_MAX = 4 };

static struct engine *engine;

/* Of these tests, none has a report but those that name one. */
static uint64_t done_tokens[4];
static uint32_t done_count;

static void note_done(void *arg, const struct engine_report *report)
{
    (void)arg;
    if (report->type == ENGINE_DONE && done_count < 4) done_tokens[done_count++] = report->token;
}

static int begin(void **state)
{
    (void)state;
    thread_set_role(THREAD_CONTROL);
    return engine_create(&engine, &(struct engine_config){.threads = 1}, note_done, NULL) == STATUS_OK ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    engine_destroy(engine);
    return 0;
}

static struct engine_leg_media media_of(enum codec_id id)
{
    return (struct engine_leg_media){
        .codec = codec_by_id(id),
        .send_ptime_ms = (uint16_t)codec_packet_ms(codec_by_id(id), 20),
        .send_payload_type = 96,
        .receive_payload_type = 96,
        .send_event_type = ENGINE_NO_PAYLOAD_TYPE,
        .receive_event_type = ENGINE_NO_PAYLOAD_TYPE,
        .receive_cn_type = ENGINE_NO_PAYLOAD_TYPE,
        .send = true,
        .receive = true,
    };
}

static struct engine_leg *open_leg(const struct engine_leg_media *media)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct engine_leg_config config = {.media = *media, .cname = "leg"};
    struct engine_leg *leg;
    assert_int_equal(engine_socket_open(engine, (struct sockaddr *)&local, &config.sockets), STATUS_OK);
    assert_int_equal(engine_leg_open(engine, &config, &leg), STATUS_OK);
    return leg;
}

struct row {
    const char *what;
    struct {
        enum codec_id codec;
        bool talk, listen;
        uint32_t speaks_hz, hears_hz; /* as the peer has said; 0: nothing */
    } legs[LEGS_MAX];
    uint32_t count, rate_hz;
};

static const struct row rows[] = {
    {"nobody", {{0}}, 0, 8000},
    {"one alone, whatever it can", {{CODEC_OPUS, true, true, 0, 0}}, 1, 8000},
    {"two that are narrow", {{CODEC_PCMU, true, true, 0, 0}, {CODEC_L16_8, true, true, 0, 0}}, 2, 8000},
    {"one wide, one narrow", {{CODEC_OPUS, true, true, 0, 0}, {CODEC_PCMA, true, true, 0, 0}}, 2, 8000},
    {"two that are wide", {{CODEC_G722, true, true, 0, 0}, {CODEC_L16_16, true, true, 0, 0}}, 2, 16000},
    {"wide and full", {{CODEC_G722, true, true, 0, 0}, {CODEC_OPUS, true, true, 0, 0}}, 2, 16000},
    {"two that are full", {{CODEC_L16_48, true, true, 0, 0}, {CODEC_OPUS, true, true, 0, 0}}, 2, 48000},
    {"one speaks, one hears", {{CODEC_OPUS, true, false, 0, 0}, {CODEC_OPUS, false, true, 0, 0}}, 2, 48000},
    {"two who only hear", {{CODEC_OPUS, false, true, 0, 0}, {CODEC_OPUS, false, true, 0, 0}}, 2, 8000},
    {"two who only speak", {{CODEC_OPUS, true, false, 0, 0}, {CODEC_OPUS, true, false, 0, 0}}, 2, 8000},
    {"the one who speaks full hears itself only",
     {{CODEC_OPUS, true, true, 0, 0}, {CODEC_G722, false, true, 0, 0}, {CODEC_PCMU, true, true, 0, 0}},
     3,
     16000},
    {"a player of 16 kHz", {{CODEC_OPUS, true, true, 0, 16000}, {CODEC_OPUS, true, false, 0, 0}}, 2, 16000},
    {"a player of 24 kHz", {{CODEC_OPUS, true, true, 0, 24000}, {CODEC_OPUS, true, false, 0, 0}}, 2, 48000},
    {"a microphone of 8 kHz", {{CODEC_OPUS, true, false, 8000, 0}, {CODEC_OPUS, false, true, 0, 0}}, 2, 8000},
    {"a microphone of 16 kHz", {{CODEC_OPUS, true, false, 16000, 0}, {CODEC_OPUS, false, true, 0, 0}}, 2, 16000},
};

static void the_highest_rate_that_one_speaks_and_another_hears(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct engine_conference *c;
        struct engine_leg *legs[LEGS_MAX];
        assert_int_equal(engine_conference_open(engine, NULL, &c), STATUS_OK);
        for (uint32_t k = 0; k < rows[i].count; k++) {
            struct engine_leg_media media = media_of(rows[i].legs[k].codec);
            media.speaks_hz = rows[i].legs[k].speaks_hz;
            media.encode.max_rate_hz = rows[i].legs[k].hears_hz;
            legs[k] = open_leg(&media);
            engine_leg_join(legs[k], c, rows[i].legs[k].talk, rows[i].legs[k].listen);
        }
        if (engine_conference_rate_hz(c) != rows[i].rate_hz) print_message("%s\n", rows[i].what);
        assert_int_equal(engine_conference_rate_hz(c), rows[i].rate_hz);
        for (uint32_t k = 0; k < rows[i].count; k++)
            engine_leg_close(legs[k]);
        assert_int_equal(engine_conference_rate_hz(c), 8000);
        engine_conference_close(c);
    }
}

/* A mute never lowers it, lest every word of the only one who speaks wide changes it; who goes does. */
static void mutes_do_not_lower_it_but_leaving_does(void **state)
{
    (void)state;
    struct engine_conference *c;
    struct engine_leg_media wide = media_of(CODEC_G722), full = media_of(CODEC_OPUS), narrow = media_of(CODEC_PCMU);
    struct engine_leg *first = open_leg(&full), *second = open_leg(&full), *third = open_leg(&wide);
    assert_int_equal(engine_conference_open(engine, NULL, &c), STATUS_OK);
    engine_leg_join(first, c, false, true);
    engine_leg_join(second, c, false, true);
    engine_leg_join(third, c, true, true);
    assert_int_equal(engine_conference_rate_hz(c), 16000);
    engine_leg_roles(first, true, true);
    assert_int_equal(engine_conference_rate_hz(c), 48000);
    engine_leg_roles(first, false, true);
    assert_int_equal(engine_conference_rate_hz(c), 48000);
    engine_leg_leave(second);
    assert_int_equal(engine_conference_rate_hz(c), 16000);
    engine_leg_join(second, c, true, true);
    assert_int_equal(engine_conference_rate_hz(c), 48000);
    assert_int_equal(engine_leg_change(second, &narrow), STATUS_OK);
    assert_int_equal(engine_conference_rate_hz(c), 16000);
    full.receive = full.send = false;
    assert_int_equal(engine_leg_change(first, &full), STATUS_OK); /* on hold */
    assert_int_equal(engine_conference_rate_hz(c), 8000);
    engine_conference_close(c);
}

static void wait_until_done(uint32_t count)
{
    struct pollfd wait = {.fd = engine_report_fd(engine), .events = POLLIN};
    while (done_count < count) {
        assert_int_equal(poll(&wait, 1, 5000), 1);
        engine_poll(engine);
    }
}

/* The graph of the former rate comes back to us, and to nobody else. */
static void a_change_of_rate_makes_no_report(void **state)
{
    (void)state;
    struct engine_conference *c;
    struct engine_leg_media full = media_of(CODEC_OPUS);
    struct engine_leg *first = open_leg(&full), *second = open_leg(&full);
    assert_int_equal(engine_conference_open(engine, NULL, &c), STATUS_OK);
    done_count = 0;
    engine_leg_join(first, c, true, true);
    engine_leg_join(second, c, true, true);
    assert_int_equal(engine_conference_rate_hz(c), 48000);
    for (uint64_t i = 1; i <= 3; i++) { /* the rate has changed in the second tick from here at the latest */
        engine_batch_begin(engine);
        engine_leg_roles(first, true, true);
        engine_batch_end(engine, i);
        wait_until_done((uint32_t)i);
        assert_int_equal(done_tokens[i - 1], i);
    }
}

/* As many as leave when a very large conference ends. */
static void a_batch_may_have_more_commands_than_there_is_room_for_events(void **state)
{
    (void)state;
    struct engine_conference *c;
    struct engine_leg_media narrow = media_of(CODEC_PCMU);
    struct engine_leg *leg = open_leg(&narrow);
    assert_int_equal(engine_conference_open(engine, NULL, &c), STATUS_OK);
    engine_leg_join(leg, c, true, true);
    done_count = 0;
    engine_batch_begin(engine);
    for (int i = 0; i < 20000; i++)
        engine_leg_roles(leg, i % 2, true);
    engine_batch_end(engine, 7);
    wait_until_done(1);
    assert_int_equal(done_tokens[0], 7);
}

/*
 * Of so many events that wait some are left out, but nothing gets lost that is ours to free: a build with
 * SANITIZE=address judges that. Here it only has to come to its end.
 */
static void a_graph_comes_back_however_many_events_wait(void **state)
{
    (void)state;
    struct engine_conference *c;
    struct engine_leg_media full = media_of(CODEC_OPUS);
    struct engine_leg *first = open_leg(&full), *second = open_leg(&full);
    struct engine_metrics now;
    assert_int_equal(engine_conference_open(engine, NULL, &c), STATUS_OK);
    engine_leg_join(first, c, true, true);
    done_count = 0;
    engine_batch_begin(engine);
    engine_leg_join(second, c, true, true);
    engine_batch_end(engine, 1);
    wait_until_done(1);
    engine_batch_begin(engine);
    for (int i = 0; i < 60000; i++)
        engine_leg_press(first, '5', 20);
    engine_batch_end(engine, 0);
    engine_leg_leave(first); /* the rate goes down, and then at once */
    engine_leg_leave(second);
    engine_conference_close(c);
    int64_t deadline_us = clock_now_us() + 20000000;
    do {
        sched_yield();
        engine_metrics(engine, &now);
        if (clock_now_us() > deadline_us) fail_msg("the conference is still open");
    } while (now.thread[0].conferences > 0);
}

static void packets_that_a_codec_does_not_send_are_refused(void **state)
{
    (void)state;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static const struct {
        enum codec_id codec;
        uint16_t ptime_ms;
    } bad[] = {{CODEC_OPUS, 30}, {CODEC_OPUS, 50}, {CODEC_L16_48, 20}, {CODEC_L16_16, 40}, {CODEC_PCMU, 70}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct engine_leg_config config = {.media = media_of(bad[i].codec), .cname = "leg"};
        struct engine_leg *leg;
        config.media.send_ptime_ms = bad[i].ptime_ms;
        assert_int_equal(engine_socket_open(engine, (struct sockaddr *)&local, &config.sockets), STATUS_OK);
        assert_int_equal(engine_leg_open(engine, &config, &leg), STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_highest_rate_that_one_speaks_and_another_hears, begin, finish),
        cmocka_unit_test_setup_teardown(mutes_do_not_lower_it_but_leaving_does, begin, finish),
        cmocka_unit_test_setup_teardown(a_change_of_rate_makes_no_report, begin, finish),
        cmocka_unit_test_setup_teardown(a_batch_may_have_more_commands_than_there_is_room_for_events, begin, finish),
        cmocka_unit_test_setup_teardown(a_graph_comes_back_however_many_events_wait, begin, finish),
        cmocka_unit_test_setup_teardown(packets_that_a_codec_does_not_send_are_refused, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
