#include "media/dtmf_detect.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "media/pcm.h"

enum {
    RATE_HZ = 8000, /* at which tones are looked for */
    STEP = 20,      /* samples of that rate */
    STEPS = 8,      /* in a frame */
    HALF = 3,       /* steps: half of the window in which a key is seen */
    RUN = 4,        /* windows in a row that make sure of one */
    PRESS = 14,     /* steps that it lasts at least */
    RELEASE = 10,   /* steps without it that end it */
    FADE = 2,       /* steps that a mute begins early where it can */
    ROWS = 4,
    TAPS_A_PHASE = 12,
    NO_KEY = 16,
    LEAST_PEAK = 128,
};

static const double tones_hz[DTMF_DETECT_TONES] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};

/* By row and column: 1 2 3 A, 4 5 6 B, 7 8 9 C, * 0 # D. */
static const uint8_t events[16] = {1, 2, 3, 12, 4, 5, 6, 13, 7, 8, 9, 14, 10, 0, 11, 15};

/* The square of the peak of the weakest tone, -45 dBm0, where 32768 is 3.17 dBm0. */
static const float least_peak = (float)LEAST_PEAK * LEAST_PEAK;

static const float least_share = 0.85f;       /* of all power in the window that is in the two tones */
static const float least_clean_share = 0.82f; /* the same, where they are exactly in tune */
static const float most_twist = 9.0f, most_reverse_twist = 3.2f; /* ratios of power */
static const float least_lead = 6.3f; /* over the other three of its group, where the window is whole */
static const float most_swing = 4.0f; /* between the halves */
static const float most_mistune = 0.021f;

void dtmf_detect_init(struct dtmf_detect *d, uint32_t rate_hz, enum dtmf_detect_use use)
{
    uint32_t factor = rate_hz / RATE_HZ, taps = TAPS_A_PHASE * factor;
    assert(factor * RATE_HZ == rate_hz && taps <= DTMF_DETECT_TAPS_MAX);
    memset(d, 0, sizeof *d);
    d->use = use;
    d->rate_hz = rate_hz;
    d->seen = NO_KEY;
    ramp_init(&d->ramp, 1);
    for (int k = 0; k < DTMF_DETECT_TONES; k++) {
        double turn = 2 * M_PI * tones_hz[k] / RATE_HZ;
        d->cos_1[k] = (float)cos(turn);
        d->sin_1[k] = (float)sin(turn);
        d->turn_step.re[k] = (float)cos(turn * STEP);
        d->turn_step.im[k] = (float)sin(turn * STEP);
        d->turn_half.re[k] = (float)cos(turn * STEP * HALF);
        d->turn_half.im[k] = (float)sin(turn * STEP * HALF);
    }
    for (uint32_t i = 0; i < taps; i++) {
        double at = i - (taps - 1) / 2.0, x = M_PI * at / factor;
        double sinc = at == 0 ? 1 : sin(x) / x;
        d->taps[i] = (float)(sinc * (0.5 + 0.5 * cos(2 * M_PI * at / taps)) / factor);
    }
}

/* ---- what is in the audio ---- */

/*
 * A windowed sinc: flat as far as the tones go, and 40 dB down where something would be folded onto them. Its taps are
 * gone through one by one, each for all samples that come out, which vectors like.
 */
static void to_8000(struct dtmf_detect *d, const int16_t *pcm, float *out)
{
    uint32_t factor = d->rate_hz / RATE_HZ, samples = frame_samples(d->rate_hz);
    float phase[STEP * STEPS + TAPS_A_PHASE];
    int16_t all[DTMF_DETECT_TAPS_MAX + FRAME_SAMPLES_MAX];
    if (factor == 1) {
        for (uint32_t n = 0; n < STEP * STEPS; n++)
            out[n] = pcm[n];
        return;
    }
    memcpy(all, d->before, TAPS_A_PHASE * factor * sizeof *all);
    memcpy(all + TAPS_A_PHASE * factor, pcm, samples * sizeof *all);
    memcpy(d->before, all + samples, TAPS_A_PHASE * factor * sizeof *all);
    memset(out, 0, STEP * STEPS * sizeof *out);
    for (uint32_t p = 0; p < factor; p++) {
        for (uint32_t n = 0; n < STEP * STEPS + TAPS_A_PHASE; n++)
            phase[n] = all[n * factor + p];
        for (uint32_t t = 0; t < TAPS_A_PHASE; t++) {
            float tap = d->taps[t * factor + p];
            for (uint32_t n = 0; n < STEP * STEPS; n++)
                out[n] += tap * phase[n + t];
        }
    }
}

/* Goertzel's recursion for all tones of two steps at once: one waits for its last sample, two do not. */
static void measure(const struct dtmf_detect *d, const float *x, struct dtmf_detect_step *first,
                    struct dtmf_detect_step *second)
{
    float a[2][DTMF_DETECT_TONES] = {{0}}, b[2][DTMF_DETECT_TONES] = {{0}};
    struct dtmf_detect_step *steps[2] = {first, second};
    for (int n = 0; n < STEP; n++) {
        for (int i = 0; i < 2; i++) {
            for (int k = 0; k < DTMF_DETECT_TONES; k++) {
                float next = x[n + i * STEP] + 2.0f * d->cos_1[k] * a[i][k] - b[i][k];
                b[i][k] = a[i][k];
                a[i][k] = next;
            }
        }
    }
    for (int i = 0; i < 2; i++) {
        steps[i]->energy = steps[i]->sum = 0;
        for (int n = 0; n < STEP; n++) {
            steps[i]->energy += x[n + i * STEP] * x[n + i * STEP];
            steps[i]->sum += x[n + i * STEP];
        }
        for (int k = 0; k < DTMF_DETECT_TONES; k++) {
            steps[i]->own.re[k] = a[i][k] - d->cos_1[k] * b[i][k];
            steps[i]->own.im[k] = d->sin_1[k] * b[i][k];
        }
    }
}

/* What comes behind it, `turn` later, is added. */
static struct dtmf_detect_tones append(const struct dtmf_detect_tones *before, const struct dtmf_detect_tones *turn,
                                       const struct dtmf_detect_tones *behind)
{
    struct dtmf_detect_tones sum;
    for (int k = 0; k < DTMF_DETECT_TONES; k++) {
        sum.re[k] = before->re[k] * turn->re[k] - before->im[k] * turn->im[k] + behind->re[k];
        sum.im[k] = before->re[k] * turn->im[k] + before->im[k] * turn->re[k] + behind->im[k];
    }
    return sum;
}

static struct dtmf_detect_step *step_before(struct dtmf_detect *d, uint32_t back)
{
    return &d->past[(d->step_count - 1 - back) % DTMF_DETECT_PAST];
}

/* The power of all that swings in the last 2 * HALF steps. */
static float energy_of(struct dtmf_detect *d)
{
    float energy = 0, sum = 0;
    for (uint32_t i = 0; i < 2 * HALF; i++) {
        energy += step_before(d, i)->energy;
        sum += step_before(d, i)->sum;
    }
    return energy - sum * sum / (2 * HALF * STEP);
}

/* The last HALF steps as one. */
static void note_half(struct dtmf_detect *d)
{
    struct dtmf_detect_tones sum = step_before(d, HALF - 1)->own;
    for (uint32_t i = HALF - 1; i-- > 0;)
        sum = append(&sum, &d->turn_step, &step_before(d, i)->own);
    step_before(d, 0)->half = sum;
}

static float power_of(const struct dtmf_detect_tones *s, int k)
{
    return s->re[k] * s->re[k] + s->im[k] * s->im[k];
}

/* The strongest of four, or -1 where it does not stand out. */
static int leader(const float *power)
{
    int best = 0;
    for (int k = 1; k < ROWS; k++)
        if (power[k] > power[best]) best = k;
    for (int k = 0; k < ROWS; k++)
        if (k != best && power[k] * least_lead > power[best]) return -1;
    return best;
}

/*
 * The power of a tone that may be a little out of tune: then its halves do not add up to the whole. 0 where they are
 * not of one tone.
 */
static float tone_power(const struct dtmf_detect_tones *early, const struct dtmf_detect_tones *late, int k)
{
    float a = power_of(early, k), b = power_of(late, k), both = sqrtf(a * b);
    if (a > b * most_swing || b > a * most_swing) return 0;
    /* The turn from the middle of one half to that of the other, beyond the one that is due: early is turned already.
     */
    float re = late->re[k] * early->re[k] + late->im[k] * early->im[k];
    float im = late->im[k] * early->re[k] - late->re[k] * early->im[k];
    float most = (float)(2 * M_PI * tones_hz[k] / RATE_HZ * STEP * HALF) * most_mistune;
    if (fabsf(atan2f(im, re)) > most) return 0;
    return a + b + 2 * both;
}

/* The key in the last 2 * HALF steps. @param[out] clean  it is in tune, and there is next to nothing else */
static uint8_t see(struct dtmf_detect *d, bool *clean)
{
    const float n = 2 * HALF * STEP;
    float energy = energy_of(d);
    if (energy < n * least_peak) return NO_KEY;

    static const struct dtmf_detect_tones nothing;
    const struct dtmf_detect_tones late = step_before(d, 0)->half;
    const struct dtmf_detect_tones early = append(&step_before(d, HALF)->half, &d->turn_half, &nothing);
    float power[DTMF_DETECT_TONES];
    for (int k = 0; k < DTMF_DETECT_TONES; k++) {
        float re = early.re[k] + late.re[k], im = early.im[k] + late.im[k];
        power[k] = re * re + im * im;
    }
    int row = leader(power), column = leader(power + ROWS);
    if (row < 0 || column < 0) return NO_KEY;
    float low = tone_power(&early, &late, row), high = tone_power(&early, &late, ROWS + column);
    float least = n * n / 4 * least_peak;
    if (low < least || high < least) return NO_KEY;
    if (low > high * most_twist || high > low * most_reverse_twist) return NO_KEY;
    if ((low + high) * 2 < energy * n * least_share) return NO_KEY;
    *clean = (power[row] + power[ROWS + column]) * 2 >= energy * n * least_clean_share;
    return (uint8_t)(row * 4 + column);
}

/* ---- what becomes of it ---- */

static void press(struct dtmf_detect *d, uint8_t key, uint32_t steps)
{
    d->down = true;
    d->told = false;
    d->event = events[key];
    d->down_steps = steps - 1;
    d->missing_steps = 0;
    d->muted |= (1u << steps) - 1;
}

/* A step on, in whose window this key was seen. */
static void follow(struct dtmf_detect *d, uint8_t key, bool clean)
{
    d->seen_steps = key == d->seen ? d->seen_steps + 1 : 1;
    d->seen = key;
    d->muted <<= 1;
    bool sure = d->seen_steps >= RUN || (clean && d->use == DTMF_DETECT_LEAKS);
    if (key != NO_KEY && sure && !(d->down && d->event == events[key]))
        press(d, key, 2 * HALF - 1 + (d->seen_steps < RUN ? d->seen_steps : RUN));
    if (!d->down) return;
    bool there = key != NO_KEY && d->event == events[key];
    d->muted |= 1;
    d->down_steps++;
    d->missing_steps = there ? 0 : d->missing_steps + 1;
    if (d->missing_steps == RELEASE) {
        d->down = false;
        d->down_steps = 0;
    }
    if (d->told || !there || d->down_steps < PRESS) return;
    d->told = d->pressed = true;
}

/* Looks at a step that has been measured. */
static void step_on(struct dtmf_detect *d)
{
    bool clean = false;
    d->step_count++;
    note_half(d);
    uint8_t key = see(d, &clean);
    follow(d, key, clean);
}

/* Mutes in the frame that goes out what has been found. */
static void take_out(struct dtmf_detect *d, int16_t *pcm)
{
    uint32_t n = STEP * (d->rate_hz / RATE_HZ), late = d->use == DTMF_DETECT_KEYS ? STEPS : 0;
    if (d->muted == 0 && ramp_open(&d->ramp)) return;
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t back = STEPS - 1 - i + late, soon = back < FADE ? back : FADE;
        uint64_t near = d->muted >> (back - soon) & ((2u << soon) - 1);
        ramp_to(&d->ramp, near && !d->open ? 0 : 1, ramp_samples(d->rate_hz, RAMP_DIGIT_MS));
        if (!ramp_open(&d->ramp)) ramp_apply(&d->ramp, pcm + i * n, n);
    }
}

static bool hold(struct dtmf_detect *d, int16_t *pcm, bool sounds)
{
    uint32_t bytes = frame_samples(d->rate_hz) * sizeof *pcm;
    int16_t now[FRAME_SAMPLES_MAX];
    memcpy(now, pcm, bytes);
    memcpy(pcm, d->held, bytes);
    memcpy(d->held, now, bytes);
    bool held_sounds = d->held_sounds;
    d->held_sounds = sounds;
    return held_sounds;
}

static void search(struct dtmf_detect *d, const int16_t *pcm)
{
    float x[STEP * STEPS];
    to_8000(d, pcm, x);
    for (uint32_t i = 0; i < STEPS; i += 2) {
        struct dtmf_detect_step *first = &d->past[d->step_count % DTMF_DETECT_PAST];
        measure(d, x + i * STEP, first, first + 1);
        step_on(d);
        step_on(d);
    }
}

bool dtmf_detect_frame(struct dtmf_detect *d, int16_t *pcm, bool sounds)
{
    uint32_t samples = frame_samples(d->rate_hz);
    d->pressed = false;
    bool quiet = !sounds || pcm_peak(pcm, samples) < LEAST_PEAK; /* nothing in it is as loud as the weakest tone */
    d->quiet_frames = quiet ? d->quiet_frames + 1 : 0;
    bool rests = d->quiet_frames > 1 && d->muted == 0 && d->seen == NO_KEY;
    if (rests && !sounds && !d->held_sounds) return false;
    if (!sounds) memset(pcm, 0, samples * sizeof *pcm);
    if (!rests) search(d, pcm);
    if (d->use == DTMF_DETECT_KEYS) sounds = hold(d, pcm, sounds);
    if (sounds) take_out(d, pcm);
    return sounds;
}
