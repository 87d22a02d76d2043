#include "media/tone.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "media/pcm.h"

static const double full_scale = 32767.0;
static const double nothing_dbfs = -200.0;

void tone_init(struct tone *t, uint32_t rate_hz, double frequency_hz, double level_dbfs)
{
    double step = 2.0 * M_PI * frequency_hz / rate_hz;
    *t = (struct tone){.cos_step = cos(step),
                       .sin_step = sin(step),
                       .re = 1.0,
                       .im = 0.0,
                       .amplitude = full_scale * pow(10.0, level_dbfs / 20.0)};
}

/* One sample; the caller calls keep_round() now and then, because rounding lets the circle shrink or grow. */
static double turn(struct tone *t)
{
    double value = t->amplitude * t->im;
    double re = t->re * t->cos_step - t->im * t->sin_step;
    t->im = t->im * t->cos_step + t->re * t->sin_step;
    t->re = re;
    return value;
}

static void keep_round(struct tone *t)
{
    double scale = 1.0 / sqrt(t->re * t->re + t->im * t->im);
    t->re *= scale;
    t->im *= scale;
}

void tone_read(struct tone *t, int16_t *pcm, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)lrint(turn(t));
    keep_round(t);
}

void tone_add(struct tone *t, int16_t *pcm, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        pcm[i] = pcm_hold(pcm[i] + (int32_t)lrint(turn(t)));
    keep_round(t);
}

static double power_to_dbfs(double mean_square)
{
    double dbfs = mean_square > 0.0 ? 10.0 * log10(2.0 * mean_square / (full_scale * full_scale)) : nothing_dbfs;
    return dbfs < nothing_dbfs ? nothing_dbfs : dbfs;
}

double tone_power_dbfs(const int16_t *pcm, size_t samples)
{
    double sum = 0.0;
    for (size_t i = 0; i < samples; i++)
        sum += (double)pcm[i] * pcm[i];
    return samples > 0 ? power_to_dbfs(sum / (double)samples) : nothing_dbfs;
}

/* Solves the symmetric 3 x 3 system m * x = b by elimination. @return false where it is singular */
static bool solve3(double m[3][3], double b[3], double x[3])
{
    for (int k = 0; k < 3; k++) {
        if (fabs(m[k][k]) < 1e-9) return false;
        for (int row = k + 1; row < 3; row++) {
            double factor = m[row][k] / m[k][k];
            for (int col = k; col < 3; col++)
                m[row][col] -= factor * m[k][col];
            b[row] -= factor * b[k];
        }
    }
    for (int k = 2; k >= 0; k--) {
        x[k] = b[k];
        for (int col = k + 1; col < 3; col++)
            x[k] -= m[k][col] * x[col];
        x[k] /= m[k][k];
    }
    return true;
}

struct tone_reading tone_measure(const int16_t *pcm, size_t samples, uint32_t rate_hz, double frequency_hz,
                                 uint64_t first)
{
    struct tone_reading reading = {nothing_dbfs, 0.0, nothing_dbfs};
    double step = 2.0 * M_PI * frequency_hz / rate_hz;
    double cycles = fmod((double)first * frequency_hz / rate_hz, 1.0);
    struct tone t = {.cos_step = cos(step), .sin_step = sin(step), .amplitude = 1.0};
    t.re = cos(2.0 * M_PI * cycles);
    t.im = sin(2.0 * M_PI * cycles);

    double m[3][3] = {{0}}, b[3] = {0}, x[3], square = 0.0;
    for (size_t i = 0; i < samples; i++) {
        double basis[3] = {t.im, t.re, 1.0};
        double value = pcm[i];
        for (int row = 0; row < 3; row++) {
            b[row] += basis[row] * value;
            for (int col = 0; col < 3; col++)
                m[row][col] += basis[row] * basis[col];
        }
        square += value * value;
        turn(&t);
    }
    double fitted[3] = {b[0], b[1], b[2]};
    if (!solve3(m, b, x)) return reading;

    double explained = x[0] * fitted[0] + x[1] * fitted[1] + x[2] * fitted[2];
    reading.level_dbfs = power_to_dbfs((x[0] * x[0] + x[1] * x[1]) / 2.0);
    reading.phase_deg = atan2(x[1], x[0]) * 180.0 / M_PI;
    reading.residual_dbfs = power_to_dbfs(fmax(0.0, square - explained) / (double)samples);
    return reading;
}

void tone_watch_init(struct tone_watch *w, uint32_t rate_hz, double frequency_hz, double level_dbfs)
{
    memset(w, 0, sizeof(*w));
    w->rate_hz = rate_hz;
    w->frequency_hz = frequency_hz;
    w->level_dbfs = level_dbfs;
}

/* Compares the full window with the one before. */
static void judge(struct tone_watch *w, uint32_t window_samples)
{
    uint64_t first = w->windows * window_samples;
    struct tone_reading now = tone_measure(w->window, window_samples, w->rate_hz, w->frequency_hz, first);
    double level_step = fabs(now.level_dbfs - w->last_level_dbfs);
    double phase_step = fabs(remainder(now.phase_deg - w->last_phase_deg, 360.0));
    bool hole = now.level_dbfs < w->level_dbfs - 6.0;
    bool broken = w->windows > 0 && (level_step > 1.0 || phase_step > 10.0);
    bool was_hole = w->windows > 0 && w->last_level_dbfs < w->level_dbfs - 6.0;

    if (w->windows > 0 && !hole && !was_hole) {
        w->max_phase_step_deg = fmax(w->max_phase_step_deg, phase_step);
        w->max_level_step_db = fmax(w->max_level_step_db, level_step);
    }
    if ((hole || broken) && w->breaks == 0 && w->holes == 0) w->first_break_window = w->windows;
    w->holes += hole;
    w->breaks += broken;
    w->last_level_dbfs = now.level_dbfs;
    w->last_phase_deg = now.phase_deg;
    w->windows++;
    if (w->breaks == 0 && w->holes == 0) w->first_break_window = w->windows;
}

void tone_watch_put(struct tone_watch *w, const int16_t *pcm, size_t samples)
{
    uint32_t window_samples = w->rate_hz / 100;
    for (size_t i = 0; i < samples; i++) {
        w->window[w->filled++] = pcm[i];
        if (w->filled == window_samples) {
            judge(w, window_samples);
            w->filled = 0;
        }
    }
    w->samples += samples;
}
