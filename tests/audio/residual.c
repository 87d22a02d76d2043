#include "residual.h"

#include <math.h>
#include <stdlib.h>

enum { WINDOW_MS = 5, HALF_MS = 27 };

static const double full_scale = 32767.0, nothing_dbfs = -200.0, too_little_dbfs = 0.0;

/* Half-width of the band around the tone; the window widens it to 200 Hz at its foot. */
static const double core_hz = 145.0;

static double blackman(double at)
{
    return 0.42 + 0.5 * cos(M_PI * at) + 0.08 * cos(2.0 * M_PI * at);
}

/* One less a band-pass that is exactly 1 at the tone. */
static void make_taps(double *taps, size_t half, uint32_t rate_hz, double tone_hz)
{
    double gain = 0.0;
    for (size_t i = 0; i <= 2 * half; i++) {
        double k = (double)i - (double)half, x = 2.0 * core_hz * k / rate_hz;
        double sinc = i == half ? 1.0 : sin(M_PI * x) / (M_PI * x);
        taps[i] = sinc * blackman(k / (double)(half + 1)) * cos(2.0 * M_PI * tone_hz * k / rate_hz);
        gain += taps[i] * cos(2.0 * M_PI * tone_hz * k / rate_hz);
    }
    for (size_t i = 0; i <= 2 * half; i++)
        taps[i] = (i == half ? 1.0 : 0.0) - taps[i] / gain;
}

static double to_dbfs(double mean_square)
{
    double dbfs = mean_square > 0.0 ? 10.0 * log10(2.0 * mean_square / (full_scale * full_scale)) : nothing_dbfs;
    return fmax(dbfs, nothing_dbfs);
}

double residual_dbfs(const int16_t *pcm, size_t samples, uint32_t rate_hz, double tone_hz)
{
    size_t half = rate_hz / 1000 * HALF_MS, window = rate_hz / 1000 * WINDOW_MS;
    if (samples <= window + 2 * half) return too_little_dbfs;
    double *taps = malloc((2 * half + 1) * sizeof *taps), largest = 0.0;
    if (!taps) abort();
    make_taps(taps, half, rate_hz, tone_hz);
    for (size_t at = half; at + window + half < samples; at += window) {
        double power = 0.0;
        for (size_t i = at; i < at + window; i++) {
            double left = 0.0;
            for (size_t k = 0; k <= 2 * half; k++)
                left += taps[k] * pcm[i - half + k];
            power += left * left;
        }
        largest = fmax(largest, power);
    }
    free(taps);
    return to_dbfs(largest / (double)window);
}
