#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "media/e_model.h"

static void near(double is, double should, double by)
{
    if (!(fabs(is - should) <= by)) fail_msg("%f instead of %f", is, should);
}

/* G.107: "If all parameters are set to the default values, the calculation results in ... R = 93.2". */
static void the_defaults_give_the_rating_and_the_score_of_the_recommendation(void **state)
{
    (void)state;
    struct e_model m = e_model_defaults();
    near(e_model_rate(&m), 93.2, 0.05);
    near(e_model_mos(e_model_rate(&m)), 4.41, 0.005);
}

/* G.109 Table 1, G.107 Annex B. */
static void scores_are_those_of_the_published_table(void **state)
{
    (void)state;
    static const struct {
        double rating, mos;
    } rows[] = {{-5, 1}, {0, 1}, {50, 2.58}, {60, 3.10}, {70, 3.60}, {80, 4.03}, {90, 4.34}, {100, 4.5}, {120, 4.5}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        near(e_model_mos(rows[i].rating), rows[i].mos, 0.0065);
    for (double r = 0; r < 100; r += 0.5)
        assert_true(e_model_mos(r) <= e_model_mos(r + 0.5) + 1e-9);
}

/* G.113 Appendix I: G.729A has Ie 11 and Bpl 19, G.723.1 at 6.3 kbit/s 15 and 16.1, G.711 without concealment 0, 4.3.
 */
static void codecs_and_loss_take_away_what_the_formula_of_loss_says(void **state)
{
    (void)state;
    static const struct {
        double ie, bpl, ppl, burst, less;
    } rows[] = {
        {11, 19, 0, 1, 11},       {11, 19, 2, 1, 19},       {15, 16.1, 4, 1, 15 + 80 * 4 / 20.1},
        {0, 4.3, 1, 1, 95 / 5.3}, {0, 4.3, 1, 2, 95 / 4.8}, {0, 25.1, 5, 1, 95 * 5 / 30.1},
    };
    struct e_model m = e_model_defaults();
    double best = e_model_rate(&m);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        m.ie = rows[i].ie;
        m.bpl = rows[i].bpl;
        m.ppl = rows[i].ppl;
        m.burst_ratio = rows[i].burst;
        near(best - e_model_rate(&m), rows[i].less, 1e-9);
    }
}

/* G.107 7.4: nothing up to 100 ms, and by hand at twice and four times that. */
static void delay_alone_takes_away_nothing_up_to_a_tenth_of_a_second(void **state)
{
    (void)state;
    struct e_model m = e_model_defaults();
    double best = e_model_rate(&m);
    m.ta = 100;
    near(e_model_rate(&m), best, 1e-9);
    m.ta = 200;
    near(best - e_model_rate(&m), 25 * (pow(2, 1.0 / 6) - 3 * pow(1 + 1.0 / 729, 1.0 / 6) + 2), 1e-9);
    m.ta = 400;
    near(best - e_model_rate(&m), 24.1, 0.1);
}

/* G.131: with this little echo loss 25 ms are a nuisance, and 100 ms cannot be borne. */
static void echo_counts_the_more_the_later_it_comes(void **state)
{
    (void)state;
    struct e_model m = e_model_defaults();
    m.telr = 35;
    double before = e_model_rate(&m);
    for (double t = 10; t <= 100; t += 10) {
        m.t = t;
        assert_true(e_model_rate(&m) < before);
        before = e_model_rate(&m);
    }
    assert_true(before < 60);
}

static void noise_and_loudness_away_from_the_best_take_away(void **state)
{
    (void)state;
    struct e_model best = e_model_defaults(), m = best;
    m.nc = -50;
    assert_true(e_model_rate(&m) < e_model_rate(&best) - 10);
    m = best;
    m.ps = 60;
    assert_true(e_model_rate(&m) < e_model_rate(&best));
    m = best;
    m.pr = 60;
    assert_true(e_model_rate(&m) < e_model_rate(&best));
    m = best;
    m.slr = 20;
    assert_true(e_model_rate(&m) < e_model_rate(&best) - 10);
    m = best;
    m.slr = 0;
    m.rlr = -6;
    assert_true(e_model_rate(&m) < e_model_rate(&best) - 10);
    m = best;
    m.qdu = 10;
    assert_true(e_model_rate(&m) < e_model_rate(&best) - 5);
    m = best;
    m.a = 10;
    near(e_model_rate(&m) - e_model_rate(&best), 10, 1e-9);
}

static void a_clean_call_scores_best_and_every_codec_falls_with_loss_and_delay(void **state)
{
    (void)state;
    for (int id = 0; id < CODEC_COUNT; id++) {
        struct e_model_path path = {.codec = (enum codec_id)id};
        struct e_model_estimate before = e_model_estimate(&path);
        assert_true(before.mos > 4.2 && before.mos <= 4.5);
        assert_int_equal(before.wideband, codec_by_id((enum codec_id)id)->rate_hz > 8000);
        for (path.loss_percent = 1; path.loss_percent <= 30; path.loss_percent++) {
            struct e_model_estimate now = e_model_estimate(&path);
            assert_true(now.mos < before.mos && now.rating < before.rating);
            before = now;
        }
        path.loss_percent = 0;
        before = e_model_estimate(&path);
        for (path.delay_ms = 150; path.delay_ms <= 600; path.delay_ms += 50) {
            struct e_model_estimate now = e_model_estimate(&path);
            assert_true(now.mos < before.mos);
            before = now;
        }
    }
}

static void loss_in_bursts_is_worse_than_random_loss_and_less_than_random_does_not_exist(void **state)
{
    (void)state;
    struct e_model_path path = {.codec = CODEC_PCMU, .loss_percent = 5, .burst_ratio = 1};
    double random = e_model_estimate(&path).mos;
    path.burst_ratio = 2;
    assert_true(e_model_estimate(&path).mos < random);
    path.burst_ratio = 0.2;
    near(e_model_estimate(&path).mos, random, 1e-9);
    path.burst_ratio = 0;
    near(e_model_estimate(&path).mos, random, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_give_the_rating_and_the_score_of_the_recommendation),
        cmocka_unit_test(scores_are_those_of_the_published_table),
        cmocka_unit_test(codecs_and_loss_take_away_what_the_formula_of_loss_says),
        cmocka_unit_test(delay_alone_takes_away_nothing_up_to_a_tenth_of_a_second),
        cmocka_unit_test(echo_counts_the_more_the_later_it_comes),
        cmocka_unit_test(noise_and_loudness_away_from_the_best_take_away),
        cmocka_unit_test(a_clean_call_scores_best_and_every_codec_falls_with_loss_and_delay),
        cmocka_unit_test(loss_in_bursts_is_worse_than_random_loss_and_less_than_random_does_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
