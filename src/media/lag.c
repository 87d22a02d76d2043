#include "media/lag.h"

#include <math.h>

/* Mean square of a signal so quiet (about -66 dBFS) that any splice goes unheard. */
static const float quiet = 256.0f;

static float likeness(const int16_t *a, const int16_t *b, size_t length, size_t step)
{
    float ab = 0.0f, aa = 0.0f, bb = 0.0f;
    for (size_t i = 0; i < length; i += step) {
        float x = a[i], y = b[i];
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    float floor = quiet * (float)(length / step);
    if (aa < floor && bb < floor) return 1.0f;
    if (aa < 1.0f || bb < 1.0f) return 0.0f;
    /* The smaller of the two energies counts too: a match must be as loud, not only of the same shape. */
    float louder = fmaxf(aa, bb);
    return ab / sqrtf(aa * bb) * sqrtf(sqrtf(aa * bb) / louder);
}

struct lag lag_find(const int16_t *here, const int16_t *other, int direction, size_t length, size_t least, size_t most,
                    size_t step, float bias)
{
    struct lag best = {least, -1.0f};
    float best_score = -8.0f;
    float slope = most > least ? bias / (float)(most - least) : 0.0f;
    size_t first = least, last = most, stride = step;
    for (;;) {
        for (size_t d = first; d <= last; d += stride) {
            ptrdiff_t offset = direction * (ptrdiff_t)d;
            float value = likeness(here, other + offset, length, stride);
            float score = value + slope * (float)(d - least);
            if (score <= best_score) continue;
            best_score = score;
            best = (struct lag){d, value};
        }
        if (stride == 1) return best;
        first = best.samples > least + stride ? best.samples - stride : least;
        last = best.samples + stride < most ? best.samples + stride : most;
        stride = 1;
        best_score = -8.0f;
    }
}

void lag_cross_fade(const int16_t *from, const int16_t *to, int16_t *out, size_t samples)
{
    float turn = (float)M_PI / (float)(samples + 1);
    for (size_t i = 0; i < samples; i++) {
        float part = 0.5f - 0.5f * cosf(turn * (float)(i + 1));
        out[i] = (int16_t)lrintf((float)from[i] + part * (float)(to[i] - from[i]));
    }
}
