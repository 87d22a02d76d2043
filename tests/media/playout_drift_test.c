#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/rng.h"
#include "media/playout_drift.h"

/** Packets each 20 ms of a clock that is `ppm` too fast, each up to jitter_us late. */
struct stream {
    struct playout_drift drift;
    struct rng rng;
    double ppm;
    uint32_t jitter_us;
    int64_t delay_us;
    double sent_us, media_us;
};

static void stream_init(struct stream *s, double ppm, uint32_t jitter_us)
{
    *s = (struct stream){.ppm = ppm, .jitter_us = jitter_us, .sent_us = 5e9};
    rng_init(&s->rng, 7);
    playout_drift_reset(&s->drift);
}

static void run(struct stream *s, double seconds)
{
    for (int i = 0; i < (int)(seconds * 50.0); i++) {
        int64_t late_us = s->jitter_us ? (int64_t)rng_below(&s->rng, s->jitter_us + 1) : 0;
        int64_t arrival_us = (int64_t)s->sent_us + s->delay_us + late_us;
        playout_drift_put(&s->drift, arrival_us, arrival_us - (int64_t)s->media_us);
        s->media_us += 20000.0;
        s->sent_us += 20000.0 / (1.0 + s->ppm * 1e-6);
    }
}

static void a_clock_is_known_within_seconds_on_a_clean_network(void **state)
{
    (void)state;
    static const double rates_ppm[] = {-3000, -300, 300, 3000};
    for (int i = 0; i < 4; i++) {
        struct stream s;
        stream_init(&s, rates_ppm[i], 0);
        run(&s, 4);
        assert_true(fabs((double)playout_drift_ppm(&s.drift) - rates_ppm[i]) < 15.0);
        run(&s, 40);
        assert_true(fabs((double)playout_drift_ppm(&s.drift) - rates_ppm[i]) < 2.0 + fabs(rates_ppm[i]) / 300.0);
    }
}

static void jitter_alone_is_no_drift(void **state)
{
    (void)state;
    for (uint32_t jitter_us = 1000; jitter_us <= 100000; jitter_us *= 10) {
        struct stream s;
        stream_init(&s, 0.0, jitter_us);
        double worst_ppm = 0.0;
        for (int i = 0; i < 600; i++) {
            run(&s, 1);
            worst_ppm = fmax(worst_ppm, fabs((double)playout_drift_ppm(&s.drift)));
        }
        print_message("jitter of %u us: at most %.0f ppm\n", jitter_us, worst_ppm);
        assert_true(worst_ppm < (jitter_us > 10000 ? 1000.0 : 150.0));
    }
}

static void drift_is_seen_through_jitter(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 300.0, 10000);
    run(&s, 40);
    assert_true(fabs((double)playout_drift_ppm(&s.drift) - 300.0) < 40.0);
}

static void a_step_of_the_network_is_no_drift_and_is_learnt(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 300.0, 500);
    run(&s, 30);
    s.delay_us = 50000;
    for (int i = 0; i < 60; i++) {
        run(&s, 0.5);
        double ppm = (double)playout_drift_ppm(&s.drift);
        assert_true(ppm == 0.0 || fabs(ppm - 300.0) < 100.0);
    }
    assert_true(fabs((double)playout_drift_ppm(&s.drift) - 300.0) < 20.0);
}

static void calm_after_jitter_is_no_drift(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 0.0, 300000);
    run(&s, 20);
    s.jitter_us = 0;
    for (int i = 0; i < 120; i++) {
        run(&s, 0.5);
        assert_true(fabs((double)playout_drift_ppm(&s.drift)) < 60.0);
    }
    s.ppm = 200.0;
    run(&s, 40);
    assert_true(fabs((double)playout_drift_ppm(&s.drift) - 200.0) < 20.0);
}

static void it_forgets(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 1000.0, 0);
    run(&s, 10);
    playout_drift_reset(&s.drift);
    assert_true(playout_drift_ppm(&s.drift) == 0.0f);
    s.ppm = -1000.0;
    run(&s, 4);
    assert_true(fabs((double)playout_drift_ppm(&s.drift) + 1000.0) < 20.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_is_known_within_seconds_on_a_clean_network),
        cmocka_unit_test(jitter_alone_is_no_drift),
        cmocka_unit_test(drift_is_seen_through_jitter),
        cmocka_unit_test(a_step_of_the_network_is_no_drift_and_is_learnt),
        cmocka_unit_test(calm_after_jitter_is_no_drift),
        cmocka_unit_test(it_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
