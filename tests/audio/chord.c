#include "chord.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void chord_init(struct chord *c, uint32_t rate_hz, struct rng *rng)
{
    for (int i = 0; i < CHORD_TONES; i++)
        tone_init(&c->tones[i], rate_hz, 300.0 + 3000.0 * (i + rng_unit(rng)) / CHORD_TONES, -30);
}

void chord_read(struct chord *c, int16_t *pcm, uint32_t samples)
{
    memset(pcm, 0, samples * sizeof *pcm);
    for (int i = 0; i < CHORD_TONES; i++)
        tone_add(&c->tones[i], pcm, samples);
}

/* Sums of as many samples as make one of the lower rate: enough for what lies below 3.3 kHz. */
static double *thinned(const int16_t *pcm, size_t count, uint32_t rate_hz, size_t *out_count)
{
    size_t step = rate_hz / CHORD_RATE_HZ;
    double *out = calloc(count / step + 1, sizeof *out);
    if (!out) abort();
    *out_count = count / step;
    for (size_t i = 0; i < *out_count * step; i++)
        out[i / step] += pcm[i];
    return out;
}

static double likeness_at(const double *a, const double *b, size_t count)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < count; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

uint32_t chord_lag(const int16_t *said, size_t said_count, uint32_t said_hz, const int16_t *heard, size_t heard_count,
                   uint32_t heard_hz, uint32_t max_lag, double *likeness)
{
    size_t a_count, b_count;
    double *a = thinned(said, said_count, said_hz, &a_count), *b = thinned(heard, heard_count, heard_hz, &b_count);
    size_t most = b_count > max_lag ? b_count - max_lag : 0, count = a_count < most ? a_count : most;
    uint32_t best = 0;
    *likeness = 0;
    for (uint32_t lag = 0; lag < max_lag && count > 0; lag++) {
        double now = likeness_at(a, b + lag, count);
        if (now <= *likeness) continue;
        *likeness = now;
        best = lag;
    }
    free(a);
    free(b);
    return best;
}
