#include "keypad.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double full_scale_dbm0 = 3.17;

void keypad_init(struct keypad *k, uint32_t rate_hz, double dbm0, double snr_db, uint64_t seed)
{
    *k = (struct keypad){.rate_hz = rate_hz};
    rng_init(&k->rng, seed);
    double peak = 32768 * pow(10, (dbm0 - full_scale_dbm0) / 20);
    if (snr_db > 0) k->sigma = peak * pow(10, -snr_db / 20); /* both tones together have peak * peak of power */
}

void keypad_press(struct keypad *k, char key, double dbm0, uint32_t in_us, uint32_t ms)
{
    static const char keys[] = "123A456B789C*0#D";
    static const double rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
    const char *at = strchr(keys, key);
    assert_non_null(at);
    tone_init(&k->low, k->rate_hz, rows[(at - keys) / 4], dbm0 - full_scale_dbm0);
    tone_init(&k->high, k->rate_hz, columns[(at - keys) % 4], dbm0 - full_scale_dbm0);
    k->from = k->said + (uint64_t)in_us * k->rate_hz / 1000000;
    k->to = k->from + k->rate_hz / 1000 * ms;
}

static double gaussian(struct rng *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += rng_below(rng, 1 << 20) / (double)(1 << 20);
    return sum;
}

void keypad_speak(struct sim_party *party, int16_t *pcm, uint32_t samples)
{
    struct keypad *k = party->user;
    double sigma = k->sigma * sqrt(k->rate_hz / 8000.0);
    for (uint32_t i = 0; i < samples; i++, k->said++) {
        double v = sigma > 0 ? sigma * gaussian(&k->rng) : 0;
        pcm[i] = (int16_t)lrint(fmax(-32768, fmin(32767, v)));
        if (k->said < k->from || k->said >= k->to) continue;
        tone_add(&k->low, pcm + i, 1);
        tone_add(&k->high, pcm + i, 1);
    }
}

struct ear *ear_create(uint32_t rate_hz)
{
    struct ear *ear = calloc(1, sizeof *ear);
    assert_non_null(ear);
    assert_int_equal(resample_bank_create(&ear->bank), STATUS_OK);
    resample_line_init(&ear->line);
    ear->rate_hz = rate_hz;
    return ear;
}

void ear_destroy(struct ear *ear)
{
    resample_bank_destroy(ear->bank);
    free(ear);
}

static void keep(struct ear *ear, const int16_t *pcm)
{
    int16_t *to = ear->pcm + ear->count;
    if (ear->count + 160 > EAR_SAMPLES) return;
    ear->count += 160;
    if (ear->rate_hz == 8000) {
        memcpy(to, pcm, 160 * sizeof *to);
        return;
    }
    if (!resample_frame(ear->bank, &ear->line, ear->rate_hz, pcm, 8000, to)) memset(to, 0, 160 * sizeof *to);
    resample_line_put(&ear->line, ear->rate_hz, pcm);
}

void ear_put(struct ear *ear, const int16_t *pcm, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        ear->frame[ear->filled++] = pcm[i];
        if (ear->filled < frame_samples(ear->rate_hz)) continue;
        keep(ear, ear->frame);
        ear->filled = 0;
    }
}

void ear_hear(struct sim_party *party, const int16_t *pcm, uint32_t samples)
{
    ear_put(party->user, pcm, samples);
}

void ear_clear(struct ear *ear)
{
    ear->count = 0;
}

size_t ear_chances(const struct ear *ear)
{
    return dtmf_ear_chances(ear->pcm, ear->count);
}
