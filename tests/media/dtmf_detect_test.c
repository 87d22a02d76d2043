#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "dtmf_ear.h"
#include "media/dtmf_detect.h"
#include "media/tone.h"

enum { FRAMES = 25, LONGEST = FRAMES * FRAME_SAMPLES_MAX };

static const double rows[] = {697, 770, 852, 941}, columns[] = {1209, 1336, 1477, 1633};
static const char keypad[] = "123A456B789C*0#D";

/* One press, as it comes from a leg. Zero: of the usual. */
struct said {
    uint32_t rate_hz;
    int key;         /* place on the keypad */
    double dbm0;     /* of the low tone */
    double twist_db; /* the high one above it */
    bool low_only;   /* is out of tune */
    double mistune;  /* share */
    double snr_db;   /* noise of 4 kHz below the power of both; 0: none */
    double begin_ms, ms;
    double pause_ms; /* then it comes again, where it is not 0 */
    double break_ms; /* in its middle */
};

struct heard {
    char keys[32];
    size_t count;
    uint32_t muted_frames;
    int16_t pcm[LONGEST];
};

static int16_t said_pcm[LONGEST];

static void put_tone(const struct said *s, double begin_ms, double ms)
{
    uint32_t from = (uint32_t)(begin_ms * s->rate_hz / 1000), count = (uint32_t)(ms * s->rate_hz / 1000);
    struct tone low, high;
    assert_true(from + count <= LONGEST);
    tone_init(&low, s->rate_hz, rows[s->key / 4] * (1 + s->mistune), s->dbm0 - 3.17);
    tone_init(&high, s->rate_hz, columns[s->key % 4] * (1 + (s->low_only ? 0 : s->mistune)),
              s->dbm0 - 3.17 + s->twist_db);
    tone_add(&low, said_pcm + from, count);
    tone_add(&high, said_pcm + from, count);
}

static double gaussian(struct rng *rng)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += rng_below(rng, 1 << 20) / (double)(1 << 20);
    return sum;
}

static void make(const struct said *s, struct rng *rng)
{
    uint32_t n = frame_samples(s->rate_hz) * FRAMES;
    memset(said_pcm, 0, n * sizeof *said_pcm);
    put_tone(s, s->begin_ms, s->ms);
    if (s->pause_ms > 0) put_tone(s, s->begin_ms + s->ms + s->pause_ms, s->ms);
    uint32_t from = (uint32_t)((s->begin_ms + s->ms / 2) * s->rate_hz / 1000);
    memset(said_pcm + from, 0, (uint32_t)(s->break_ms * s->rate_hz / 1000) * sizeof *said_pcm);
    if (s->snr_db == 0) return;
    double peak = 32768 * pow(10, (s->dbm0 - 3.17) / 20), twisted = peak * pow(10, s->twist_db / 20);
    double power = (peak * peak + twisted * twisted) / 2 * s->rate_hz / 8000;
    double sigma = sqrt(power * pow(10, -s->snr_db / 10));
    for (uint32_t i = 0; i < n; i++) {
        double v = said_pcm[i] + sigma * gaussian(rng);
        said_pcm[i] = (int16_t)lrint(fmax(-32768, fmin(32767, v)));
    }
}

static void listen(const struct said *s, enum dtmf_detect_use use, struct heard *h)
{
    static struct dtmf_detect d;
    uint32_t n = frame_samples(s->rate_hz);
    dtmf_detect_init(&d, s->rate_hz, use);
    memcpy(h->pcm, said_pcm, FRAMES * n * sizeof *h->pcm);
    h->count = h->muted_frames = 0;
    for (uint32_t i = 0; i < FRAMES; i++) {
        if (!dtmf_detect_frame(&d, h->pcm + i * n, true)) memset(h->pcm + i * n, 0, n * sizeof *h->pcm);
        if (d.pressed) h->keys[h->count++] = "0123456789*#ABCD"[d.event];
        h->muted_frames += d.down;
    }
    h->keys[h->count] = '\0';
}

static struct said usual(int key)
{
    return (struct said){.rate_hz = 8000, .key = key, .dbm0 = -10, .begin_ms = 63, .ms = 100};
}

static void check_told(const struct said *s, struct rng *rng, size_t times)
{
    struct heard *h = malloc(sizeof *h);
    make(s, rng);
    listen(s, DTMF_DETECT_KEYS, h);
    bool right = h->count == times;
    for (size_t i = 0; right && i < times; i++)
        right = h->keys[i] == keypad[s->key];
    if (!right)
        fail_msg("key %c at %u Hz, %.0f dBm0, twist %.0f, mistune %.3f, snr %.0f, begins %.1f, %.0f ms: told \"%s\"",
                 keypad[s->key], s->rate_hz, s->dbm0, s->twist_db, s->mistune, s->snr_db, s->begin_ms, s->ms, h->keys);
    free(h);
}

static void every_key_is_told_once(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 16000, 48000};
    struct rng rng;
    rng_init(&rng, 1);
    for (int key = 0; key < 16; key++) {
        for (int r = 0; r < 3; r++) {
            struct said s = usual(key);
            s.rate_hz = rates[r];
            check_told(&s, &rng, 1);
            s.ms = 400; /* held */
            check_told(&s, &rng, 1);
        }
    }
}

/* Every key, wherever in a frame it begins; for 80 ms where a row does not say how long. */
static void check_rows(const struct said *table, size_t count, uint64_t seed, size_t times)
{
    struct rng rng;
    rng_init(&rng, seed);
    for (size_t row = 0; row < count; row++) {
        for (int key = 0; key < 16; key++) {
            struct said s = table[row];
            s.rate_hz = 8000;
            s.key = key;
            if (s.ms == 0) s.ms = 80;
            for (s.begin_ms = 60; s.begin_ms < 80; s.begin_ms += 0.875)
                check_told(&s, &rng, times);
        }
    }
}

static void what_q24_asks_for_is_told(void **state)
{
    (void)state;
    static const struct said table[] = {
        {.dbm0 = 0},
        {.dbm0 = -30},
        {.dbm0 = -42},
        {.dbm0 = -10, .twist_db = 4},
        {.dbm0 = -10, .twist_db = -8},
        {.dbm0 = -10, .mistune = 0.015},
        {.dbm0 = -10, .mistune = -0.015},
        {.dbm0 = -10, .mistune = 0.015, .snr_db = 20},
        {.dbm0 = -30, .snr_db = 15},
        {.dbm0 = 0, .snr_db = 15},
        {.dbm0 = -10, .break_ms = 10},
        {.dbm0 = -10, .break_ms = 10, .snr_db = 20},
        {.dbm0 = -10, .ms = 40},
        {.dbm0 = -30, .ms = 45, .snr_db = 15},
    };
    check_rows(table, sizeof table / sizeof table[0], 2, 1);
}

static void a_key_pressed_again_after_40_ms_is_told_again(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 3);
    for (int key = 0; key < 16; key++) {
        struct said s = usual(key);
        s.ms = s.pause_ms = 40;
        for (s.begin_ms = 60; s.begin_ms < 80; s.begin_ms += 0.875)
            check_told(&s, &rng, 2);
    }
}

static void what_is_no_key_is_not_told(void **state)
{
    (void)state;
    static const struct said table[] = {
        {.dbm0 = -10, .ms = 24},
        {.dbm0 = -10, .ms = 100, .mistune = 0.035},
        {.dbm0 = -10, .ms = 100, .mistune = -0.035},
        {.dbm0 = -10, .ms = 100, .mistune = 0.035, .low_only = true},
        {.dbm0 = -10, .ms = 100, .mistune = -0.035, .low_only = true},
        {.dbm0 = -10, .ms = 100, .twist_db = 12},
        {.dbm0 = -10, .ms = 100, .twist_db = -14},
        {.dbm0 = -10, .ms = 100, .snr_db = 3},
        {.dbm0 = -60, .ms = 100},
    };
    check_rows(table, sizeof table / sizeof table[0], 4, 0);
}

/* At 8000 Hz: there is nothing in it above 4000. */
static void thin_out(int16_t *pcm, uint32_t rate_hz)
{
    for (uint32_t i = 0; i < FRAMES * 160; i++)
        pcm[i] = pcm[i * (rate_hz / 8000)];
}

/* Wherever in a frame the tone begins. */
static void check_unreadable(enum dtmf_detect_use use, struct said s)
{
    struct rng rng;
    struct heard *h = malloc(sizeof *h);
    rng_init(&rng, 5);
    for (s.begin_ms = 60; s.begin_ms < 80; s.begin_ms += 0.625) {
        s.key = (int)(s.begin_ms * 8) % 16;
        s.ms = 50 + s.begin_ms;
        make(&s, &rng);
        listen(&s, use, h);
        thin_out(said_pcm, s.rate_hz);
        thin_out(h->pcm, s.rate_hz);
        assert_true(dtmf_ear_chances(said_pcm, FRAMES * 160) > 30); /* there was something to be read */
        size_t chances = dtmf_ear_chances(h->pcm, FRAMES * 160);
        if (chances > 0)
            fail_msg(
                "use %d, %u Hz, %.0f dBm0, snr %.0f: a key that begins at %.1f ms is read with %zu of 34 beginnings",
                use, s.rate_hz, s.dbm0, s.snr_db, s.begin_ms, chances);
    }
    free(h);
}

static void no_key_can_be_read_in_what_is_left(void **state)
{
    (void)state;
    static const struct said table[] = {
        {.rate_hz = 8000, .dbm0 = 0},
        {.rate_hz = 8000, .dbm0 = -30},
        {.rate_hz = 8000, .dbm0 = 0, .snr_db = 15},
        {.rate_hz = 8000, .dbm0 = -30, .snr_db = 15},
        {.rate_hz = 8000, .dbm0 = -30, .snr_db = 15, .mistune = 0.01},
        {.rate_hz = 8000, .dbm0 = -15, .twist_db = 3, .snr_db = 20},
        {.rate_hz = 8000, .dbm0 = -15, .twist_db = -6, .snr_db = 20},
        {.rate_hz = 16000, .dbm0 = -10},
        {.rate_hz = 48000, .dbm0 = -30},
    };
    for (size_t row = 0; row < sizeof table / sizeof table[0]; row++) {
        check_unreadable(DTMF_DETECT_KEYS, table[row]);
        check_unreadable(DTMF_DETECT_LEAKS, table[row]);
    }
}

/* How long something loud is left of a tone. */
static double left_ms(enum dtmf_detect_use use, double begin_ms)
{
    struct rng rng;
    struct heard *h = malloc(sizeof *h);
    struct said s = usual(4);
    uint32_t loud = 0;
    rng_init(&rng, 9);
    s.begin_ms = begin_ms;
    make(&s, &rng);
    listen(&s, use, h);
    for (uint32_t i = 0; i < FRAMES * 160; i++)
        loud += abs(h->pcm[i]) > 1000;
    free(h);
    return loud / 8.0;
}

static void little_is_left_of_a_tone(void **state)
{
    (void)state;
    for (double begin = 60; begin < 80; begin += 0.5) {
        assert_true(left_ms(DTMF_DETECT_KEYS, begin) < 5);
        assert_true(left_ms(DTMF_DETECT_LEAKS, begin) < 17);
    }
    assert_true(left_ms(DTMF_DETECT_LEAKS, 60) < 6); /* its frame holds enough of it to fade it out at once */
}

static void what_is_no_tone_passes_bit_for_bit(void **state)
{
    (void)state;
    struct rng rng;
    struct heard *h = malloc(sizeof *h);
    rng_init(&rng, 6);
    struct said s = {.rate_hz = 16000, .key = 3, .dbm0 = -20, .snr_db = 2, .begin_ms = 100, .ms = 300};
    make(&s, &rng);
    listen(&s, DTMF_DETECT_LEAKS, h);
    assert_memory_equal(h->pcm, said_pcm, FRAMES * 320 * sizeof *said_pcm);
    listen(&s, DTMF_DETECT_KEYS, h);
    for (int i = 0; i < 320; i++)
        assert_int_equal(h->pcm[i], 0);
    assert_memory_equal(h->pcm + 320, said_pcm, (FRAMES - 1) * 320 * sizeof *said_pcm); /* 20 ms later */
    free(h);
}

static void a_mute_makes_no_click(void **state)
{
    (void)state;
    struct heard *h = malloc(sizeof *h);
    for (int use = 0; use < 2; use++) {
        struct said s = {.rate_hz = 48000, .key = 5, .dbm0 = -10, .begin_ms = 0, .ms = 500};
        for (double begin = 60; begin < 80; begin += 1.25) {
            struct tone voice;
            memset(said_pcm, 0, sizeof said_pcm);
            tone_init(&voice, 48000, 200, -20);
            tone_read(&voice, said_pcm, FRAMES * 960);
            s.begin_ms = begin;
            s.ms = 80;
            put_tone(&s, s.begin_ms, s.ms);
            listen(&s, use, h);
            int most = 0;
            for (uint32_t i = 1; i < FRAMES * 960; i++) {
                int step = abs(h->pcm[i] - h->pcm[i - 1]);
                if (step > most) most = step;
            }
            assert_true(h->muted_frames > 0);
            assert_true(most < 3000); /* both tones make 2350 at most, the voice 90 */
        }
    }
    free(h);
}

static void quiet_costs_nothing_and_leaves_nothing(void **state)
{
    (void)state;
    struct rng rng;
    static struct dtmf_detect d;
    static int16_t pcm[160];
    struct said s = usual(7);
    rng_init(&rng, 8);
    make(&s, &rng);
    dtmf_detect_init(&d, 8000, DTMF_DETECT_KEYS);
    uint32_t presses = 0, sounding = 0;
    for (uint32_t i = 0; i < 40; i++) {
        bool sounds = i >= 3 && i <= 8; /* 60 to 180 ms */
        memcpy(pcm, said_pcm + (i < FRAMES ? i : 0) * 160, sizeof pcm);
        sounding += dtmf_detect_frame(&d, pcm, sounds);
        presses += d.pressed;
    }
    assert_int_equal(presses, 1);
    assert_int_equal(sounding, 6);
    uint32_t steps = d.step_count;
    assert_false(dtmf_detect_frame(&d, pcm, false));
    assert_int_equal(d.step_count, steps);
    /* A line's noise neither, which passes all the same. */
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 160; k++)
            pcm[k] = (int16_t)(k % 2 ? 100 : -100);
        assert_true(dtmf_detect_frame(&d, pcm, true) == (i > 0));
    }
    assert_int_equal(pcm[1], 100);
    assert_int_equal(d.step_count, steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_told_once),
        cmocka_unit_test(what_q24_asks_for_is_told),
        cmocka_unit_test(a_key_pressed_again_after_40_ms_is_told_again),
        cmocka_unit_test(what_is_no_key_is_not_told),
        cmocka_unit_test(no_key_can_be_read_in_what_is_left),
        cmocka_unit_test(little_is_left_of_a_tone),
        cmocka_unit_test(what_is_no_tone_passes_bit_for_bit),
        cmocka_unit_test(a_mute_makes_no_click),
        cmocka_unit_test(quiet_costs_nothing_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
