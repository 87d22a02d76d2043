#include "media/interpolate.h"

#include <math.h>

enum { LANES = 8, PART_BITS = 26 }; /* 2^6 phases; the other bits of a fraction lie between two of them */

_Static_assert(INTERPOLATE_PHASES == 1 << (32 - PART_BITS), "the bits above a part number a phase");
_Static_assert(INTERPOLATE_TAPS % LANES == 0, "taps are summed in lanes");

/* Bessel function of the first kind, modified, of order 0: the series. */
static double bessel_i0(double x)
{
    double sum = 1.0, term = 1.0;
    for (int k = 1; term > 1e-12 * sum; k++) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

/* Kaiser's window; 5.4 is what 24 taps can do best up to 85 % of the band. */
static double window(double x)
{
    const double beta = 5.4;
    double part = x / (INTERPOLATE_TAPS / 2);
    return part * part < 1.0 ? bessel_i0(beta * sqrt(1.0 - part * part)) / bessel_i0(beta) : 0.0;
}

static void make_phase(float *taps, double part)
{
    double values[INTERPOLATE_TAPS], sum = 0.0;
    for (int k = 0; k < INTERPOLATE_TAPS; k++) {
        double x = k - INTERPOLATE_BEFORE - part;
        values[k] = fabs(x) < 1e-9 ? 1.0 : sin(M_PI * x) / (M_PI * x) * window(x);
        sum += values[k];
    }
    for (int k = 0; k < INTERPOLATE_TAPS; k++)
        taps[k] = (float)(values[k] / sum);
}

void interpolate_init(struct interpolate *table)
{
    for (int phase = 0; phase <= INTERPOLATE_PHASES; phase++)
        make_phase(table->taps[phase], (double)phase / INTERPOLATE_PHASES);
}

static float read_one(const float *taps, const float *next_taps, float part, const int16_t *first)
{
    float lanes[LANES] = {0};
    for (int k = 0; k < INTERPOLATE_TAPS; k += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            float tap = taps[k + lane] + part * (next_taps[k + lane] - taps[k + lane]);
            lanes[lane] += tap * (float)first[k + lane];
        }
    }
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

void interpolate_read(const struct interpolate *table, const int16_t *pcm, uint32_t fraction, uint64_t step,
                      int16_t *out, size_t samples)
{
    uint64_t place = fraction;
    for (size_t i = 0; i < samples; i++, place += step) {
        uint32_t phase = (uint32_t)place >> PART_BITS;
        float part = (float)((uint32_t)place & ((1u << PART_BITS) - 1)) / (float)(1u << PART_BITS);
        float value =
            read_one(table->taps[phase], table->taps[phase + 1], part, pcm + (place >> 32) - INTERPOLATE_BEFORE);
        out[i] = (int16_t)lrintf(fminf(fmaxf(value, -32768.0f), 32767.0f));
    }
}
