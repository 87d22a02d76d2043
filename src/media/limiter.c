#include "media/limiter.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "media/codec.h"

enum { LOOKAHEAD_MS = 2 };

/* Under the 1.5 dB in 20 ms that are allowed, so that rounding never gets there. */
static const float release_db_per_frame = 1.4f;

void limiter_init(struct limiter *l, uint32_t rate_hz)
{
    memset(l, 0, sizeof(*l));
    l->lookahead = rate_hz / 1000 * LOOKAHEAD_MS;
    assert(l->lookahead > 0 && l->lookahead <= LIMITER_LOOKAHEAD_MAX);
    l->release = powf(10.0f, release_db_per_frame / 20.0f / (float)frame_samples(rate_hz));
    l->envelope = l->gain = 1.0f;
    for (uint32_t i = 0; i < l->lookahead; i++)
        l->allowed[i] = l->lowest[i] = 1.0f;
}

float limiter_gain(const struct limiter *l)
{
    return l->gain;
}

uint32_t limiter_delay_samples(const struct limiter *l)
{
    return l->lookahead;
}

static int32_t highest(const int32_t *in, size_t samples)
{
    int32_t top = 0;
    for (size_t i = 0; i < samples; i++) {
        int32_t magnitude = in[i] < 0 ? -in[i] : in[i];
        top = magnitude > top ? magnitude : top;
    }
    return top;
}

/* Gain that each sample allows: at once down to what it needs, up again by the release. */
static void follow(struct limiter *l, const int32_t *in, float *allowed, size_t samples)
{
    float envelope = l->envelope;
    for (size_t i = 0; i < samples; i++) {
        int32_t magnitude = in[i] < 0 ? -in[i] : in[i];
        float need = magnitude > LIMITER_CEILING ? (float)LIMITER_CEILING / (float)magnitude : 1.0f;
        envelope = envelope * l->release < need ? envelope * l->release : need;
        allowed[i] = envelope;
        if (envelope < 1.0f)
            l->busy = 2 * l->lookahead + 1;
        else if (l->busy > 0)
            l->busy--;
    }
    l->envelope = envelope;
}

/*
 * Both of these double the width of what a value stands for with each pass over the line, which takes log2(width)
 * passes that the compiler turns into vector code. The line has samples + width - 1 values.
 */

/* line[i] becomes the least of line[i] to line[i + width - 1]. */
static void slide_least(float *line, size_t samples, size_t width)
{
    size_t done = 1, length = samples + width - 1;
    while (done < width) {
        size_t step = 2 * done <= width ? done : width - done;
        length -= step;
        for (size_t i = 0; i < length; i++)
            line[i] = line[i] < line[i + step] ? line[i] : line[i + step];
        done += step;
    }
}

/* sum[i] becomes the sum of line[i] to line[i + width - 1]; the line is used up. */
static void slide_sum(float *line, float *restrict sum, size_t samples, size_t width)
{
    size_t length = samples + width - 1, offset = 0;
    memset(sum, 0, samples * sizeof(*sum));
    for (size_t done = 1; done <= width; done *= 2) {
        if (width & done) {
            for (size_t i = 0; i < samples; i++)
                sum[i] += line[i + offset];
            offset += done;
        }
        if (2 * done > width) break;
        length -= done;
        for (size_t i = 0; i < length; i++)
            line[i] += line[i + done];
    }
}

/*
 * With a look-ahead of L samples: the least allowed gain of L + 1 samples, then the mean of L + 1 of those. Each of the
 * values that are averaged when a peak leaves the line has that peak in its window, so the mean is low enough; and a
 * mean of L + 1 makes every step a ramp as long as the look-ahead.
 */
static void limit(struct limiter *l, const int32_t *line, int16_t *out, const int32_t *in, size_t samples)
{
    float allowed[LIMITER_LOOKAHEAD_MAX + FRAME_SAMPLES_MAX];
    float lowest[LIMITER_LOOKAHEAD_MAX + FRAME_SAMPLES_MAX];
    float sum[FRAME_SAMPLES_MAX];
    size_t ahead = l->lookahead;
    memcpy(allowed, l->allowed, ahead * sizeof(*allowed));
    follow(l, in, allowed + ahead, samples);
    memcpy(l->allowed, allowed + samples, ahead * sizeof(*allowed));

    slide_least(allowed, samples, ahead + 1);
    memcpy(lowest, l->lowest, ahead * sizeof(*lowest));
    memcpy(lowest + ahead, allowed, samples * sizeof(*lowest));
    memcpy(l->lowest, lowest + samples, ahead * sizeof(*lowest));

    slide_sum(lowest, sum, samples, ahead + 1);
    float share = 1.0f / (float)(ahead + 1), least = 1.0f;
    for (size_t i = 0; i < samples; i++) {
        float gain = sum[i] * share;
        gain = gain < 1.0f ? gain : 1.0f;
        least = gain < least ? gain : least;
        float value = (float)line[i] * gain;
        out[i] = (int16_t)(value + (value < 0.0f ? -0.5f : 0.5f));
    }
    l->gain = least;
}

void limiter_run(struct limiter *l, const int32_t *in, int16_t *out, size_t samples)
{
    int32_t line[LIMITER_LOOKAHEAD_MAX + FRAME_SAMPLES_MAX];
    size_t ahead = l->lookahead;
    assert(samples >= ahead && samples <= FRAME_SAMPLES_MAX);
    memcpy(line, l->line, ahead * sizeof(*line));
    memcpy(line + ahead, in, samples * sizeof(*line));
    memcpy(l->line, line + samples, ahead * sizeof(*line));

    if (l->busy > 0 || highest(in, samples) > LIMITER_CEILING) {
        limit(l, line, out, in, samples);
        return;
    }
    l->gain = 1.0f;
    for (size_t i = 0; i < samples; i++)
        out[i] = (int16_t)line[i];
}

bool limiter_at_unity(const struct limiter *l)
{
    return l->busy == 0;
}

bool limiter_same(const struct limiter *a, const struct limiter *b)
{
    if (a->lookahead != b->lookahead || memcmp(a->line, b->line, a->lookahead * sizeof(a->line[0])) != 0) return false;
    if (a->busy == 0 && b->busy == 0) return true;
    if (a->envelope < b->envelope || a->envelope > b->envelope) return false;
    return memcmp(a->allowed, b->allowed, a->lookahead * sizeof(a->allowed[0])) == 0 &&
           memcmp(a->lowest, b->lowest, a->lookahead * sizeof(a->lowest[0])) == 0;
}
