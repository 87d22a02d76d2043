#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/resampler.h"

enum { SAMPLES_MAX = 200000 };

struct collected {
    int16_t pcm[SAMPLES_MAX];
    size_t count;
};

static struct collected collected;

static void collect(void *arg, const int16_t *pcm, size_t samples)
{
    struct collected *c = arg;
    assert_true(c->count + samples <= SAMPLES_MAX);
    memcpy(c->pcm + c->count, pcm, samples * sizeof *pcm);
    c->count += samples;
}

static void convert(uint32_t in_hz, uint32_t out_hz, const int16_t *pcm, size_t samples, size_t step)
{
    struct resampler *r;
    collected.count = 0;
    assert_int_equal(resampler_create(&r, in_hz, out_hz, 7), STATUS_OK);
    for (size_t at = 0; at < samples; at += step)
        resampler_put(r, pcm + at, samples - at < step ? samples - at : step, collect, &collected);
    resampler_finish(r, collect, &collected);
    resampler_destroy(r);
}

static void the_length_is_exact_at_every_rate(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 22050, 44100, 48000};
    static int16_t pcm[16000];
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            convert(rates[i], rates[k], pcm, 8765, 160);
            assert_int_equal(collected.count, (8765ull * rates[k] + rates[i] / 2) / rates[i]);
        }
    }
}

static void an_impulse_stays_where_it_was(void **state)
{
    (void)state;
    static int16_t pcm[8000];
    memset(pcm, 0, sizeof pcm);
    pcm[4000] = 20000;
    convert(8000, 16000, pcm, 8000, 160);
    size_t peak = 0;
    for (size_t i = 0; i < collected.count; i++) {
        if (abs(collected.pcm[i]) > abs(collected.pcm[peak])) peak = i;
    }
    assert_in_range(peak, 7999, 8001);
}

static void a_tone_keeps_its_level_and_phase(void **state)
{
    (void)state;
    static int16_t pcm[16000];
    for (size_t i = 0; i < 16000; i++)
        pcm[i] = (int16_t)lrint(10000 * sin(2 * M_PI * 1013 * (double)i / 8000));
    convert(8000, 16000, pcm, 16000, 160);
    for (size_t i = 200; i + 200 < collected.count; i++) {
        double wanted = 10000 * sin(2 * M_PI * 1013 * (double)i / 16000);
        assert_true(fabs(collected.pcm[i] - wanted) < 60);
    }
}

static void equal_rates_pass_unchanged(void **state)
{
    (void)state;
    static int16_t pcm[1000];
    for (size_t i = 0; i < 1000; i++)
        pcm[i] = (int16_t)(i * 31);
    convert(8000, 8000, pcm, 1000, 160);
    assert_int_equal(collected.count, 1000);
    assert_memory_equal(collected.pcm, pcm, sizeof pcm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_is_exact_at_every_rate),
        cmocka_unit_test(an_impulse_stays_where_it_was),
        cmocka_unit_test(a_tone_keeps_its_level_and_phase),
        cmocka_unit_test(equal_rates_pass_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
