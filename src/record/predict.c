#include "record/predict.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

enum { ORDER = 32 };

/* J. P. Burg, "A new analysis technique for time series data" (1968): always stable. coefficients[k] weighs the sample
 * k + 1 before. */
static void find_coefficients(const double *line, size_t samples, double coefficients[ORDER])
{
    double forward[PREDICT_SAMPLES_MAX], backward[PREDICT_SAMPLES_MAX], before[ORDER];
    for (size_t i = 0; i < samples; i++)
        forward[i] = backward[i] = line[i];
    for (size_t m = 0; m < ORDER; m++) {
        double cross = 0, energy = 1e-9;
        for (size_t i = m + 1; i < samples; i++) {
            cross += forward[i] * backward[i - 1];
            energy += forward[i] * forward[i] + backward[i - 1] * backward[i - 1];
        }
        double reflection = 2 * cross / energy;
        for (size_t k = 0; k < m; k++)
            before[k] = coefficients[k];
        for (size_t k = 0; k < m; k++)
            coefficients[k] = before[k] - reflection * before[m - 1 - k];
        coefficients[m] = reflection;
        for (size_t i = samples - 1; i > m; i--) {
            double f = forward[i], b = backward[i - 1];
            forward[i] = f - reflection * b;
            backward[i] = b - reflection * f;
        }
    }
}

static int16_t rounded(double v)
{
    return (int16_t)lrint(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/* From the sample at known on, with steps of 1 or -1; so many are known, and as many follow. */
static void predict(const int16_t *known, int16_t *next, size_t samples, ptrdiff_t step)
{
    double line[2 * PREDICT_SAMPLES_MAX], coefficients[ORDER] = {0};
    assert(samples > ORDER && samples <= PREDICT_SAMPLES_MAX);
    for (size_t i = 0; i < samples; i++)
        line[i] = known[step * (ptrdiff_t)i];
    find_coefficients(line, samples, coefficients);
    for (size_t i = samples; i < 2 * samples; i++) {
        line[i] = 0;
        for (size_t k = 0; k < ORDER; k++)
            line[i] += coefficients[k] * line[i - 1 - k];
        next[step * (ptrdiff_t)(i - samples)] = rounded(line[i]);
    }
}

void predict_after(const int16_t *pcm, int16_t *next, size_t samples)
{
    predict(pcm, next, samples, 1);
}

void predict_before(const int16_t *pcm, int16_t *before, size_t samples)
{
    predict(pcm + samples - 1, before + samples - 1, samples, -1);
}
