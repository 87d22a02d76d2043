#include "media/gain.h"

#include <stdlib.h>

#include "media/limiter.h"
#include "media/pcm.h"

static const float release = 1.1885f; /* 1.5 dB */

void gain_init(struct gain *g)
{
    *g = (struct gain){.aim = 1, .asked = 1, .share = 1};
}

void gain_to(struct gain *g, float factor)
{
    g->aim = factor;
}

/* The share after a frame whose loudest sample is this. */
static float share_after(const struct gain *g, int32_t peak)
{
    float recovered = g->share * release < 1 ? g->share * release : 1;
    if (g->aim <= 1 || (float)peak * g->aim * recovered <= LIMITER_CEILING) return recovered;
    return LIMITER_CEILING / ((float)peak * g->aim);
}

/* How many samples fit with the gain of before, or on the way from it to the new one. */
static size_t fitting(const int16_t *pcm, size_t samples, float most)
{
    size_t count = 0;
    while (count < samples && (float)abs(pcm[count]) * most <= LIMITER_CEILING)
        count++;
    return count;
}

void gain_apply(struct gain *g, int16_t *pcm, size_t samples)
{
    if (gain_open(g)) return;
    float from = g->asked * g->share;
    g->share = share_after(g, pcm_peak(pcm, samples));
    g->asked = g->aim;
    float to = g->asked * g->share;
    float most = from > to ? from : to;
    size_t way = samples;
    if (from >= to && from <= to)
        way = 0;
    else if (most > 1 && from > to)
        way = fitting(pcm, samples, most);
    for (size_t i = 0; i < way; i++) {
        float t = ((float)i + 0.5f) / (float)way;
        pcm[i] = pcm_round((float)pcm[i] * (from + (to - from) * t * t * (3 - 2 * t)));
    }
    for (size_t i = way; i < samples; i++)
        pcm[i] = pcm_round((float)pcm[i] * to);
}

void gain_skip(struct gain *g)
{
    g->share = share_after(g, 0);
    g->asked = g->aim;
}
