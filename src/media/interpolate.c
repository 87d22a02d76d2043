#include "media/interpolate.h"

#include <assert.h>
#include <math.h>

#include "media/pcm.h"

enum {
    PART_BITS = 26,                            /* 2^6 phases; the other bits of a fraction lie between two of them */
    PIECE = 160,                               /* samples that are read together ... */
    PIECE_SPAN = 2 * PIECE + INTERPOLATE_TAPS, /* ... from at most so many */
};

_Static_assert(INTERPOLATE_PHASES == 1 << (32 - PART_BITS), "the bits above a part number a phase");

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

/* Kaiser's window, but for a factor; 5.4 is what 24 taps can do best up to 85 % of the band. */
static double window(double x)
{
    const double beta = 5.4;
    double part = x / (INTERPOLATE_TAPS / 2);
    return part * part < 1.0 ? bessel_i0(beta * sqrt(1.0 - part * part)) : 0.0;
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

/* Two rows of taps around a place, as the first and what the second has more. */
struct rows {
    uint32_t phase;
    float taps[INTERPOLATE_TAPS], more[INTERPOLATE_TAPS];
};

static void load_rows(struct rows *rows, const struct interpolate *table, uint32_t phase)
{
    rows->phase = phase;
    for (int k = 0; k < INTERPOLATE_TAPS; k++) {
        rows->taps[k] = table->taps[phase][k];
        rows->more[k] = table->taps[phase + 1][k] - table->taps[phase][k];
    }
}

static float read_one(const struct rows *rows, float part, const float *first)
{
    float sum = 0.0f;
    for (int k = 0; k < INTERPOLATE_TAPS; k++)
        sum += (rows->taps[k] + part * rows->more[k]) * first[k];
    return sum;
}

static void read_piece(const struct interpolate *table, const int16_t *pcm, uint32_t fraction, uint64_t step,
                       int16_t *out, size_t samples)
{
    float signal[PIECE_SPAN];
    uint64_t place = fraction;
    size_t span = (size_t)((place + (samples - 1) * step) >> 32) + INTERPOLATE_TAPS;
    assert(span <= PIECE_SPAN);
    for (size_t i = 0; i < span; i++)
        signal[i] = (float)pcm[(ptrdiff_t)i - INTERPOLATE_BEFORE];
    struct rows rows = {.phase = INTERPOLATE_PHASES};
    for (size_t i = 0; i < samples; i++, place += step) {
        uint32_t phase = (uint32_t)place >> PART_BITS;
        float part = (float)((uint32_t)place & ((1u << PART_BITS) - 1)) / (float)(1u << PART_BITS);
        if (phase != rows.phase) load_rows(&rows, table, phase);
        out[i] = pcm_round(read_one(&rows, part, signal + (place >> 32)));
    }
}

void interpolate_read(const struct interpolate *table, const int16_t *pcm, uint32_t fraction, uint64_t step,
                      int16_t *out, size_t samples)
{
    uint64_t place = fraction;
    while (samples > 0) {
        size_t n = samples < PIECE ? samples : PIECE;
        read_piece(table, pcm + (place >> 32), (uint32_t)place, step, out, n);
        place += n * step;
        out += n;
        samples -= n;
    }
}
