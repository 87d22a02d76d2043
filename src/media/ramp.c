#include "media/ramp.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void ramp_init(struct ramp *r, float gain)
{
    *r = (struct ramp){.from = gain, .to = gain};
}

/* Gain after `at` samples of the way: half a cosine, without corners at its ends. */
static float gain_at(const struct ramp *r, uint32_t at)
{
    if (at >= r->length) return r->to;
    float part = 0.5f - 0.5f * cosf((float)M_PI * (float)at / (float)r->length);
    return r->from + (r->to - r->from) * part;
}

void ramp_to(struct ramp *r, float gain, uint32_t samples)
{
    assert(gain >= 0.0f && gain <= 1.0f);
    if (r->to == gain) return;
    r->from = gain_at(r, r->at);
    r->to = gain;
    r->at = 0;
    r->length = samples;
}

float ramp_gain(const struct ramp *r)
{
    return gain_at(r, r->at);
}

/* The gain of the coming sample; the last sample of a way has its aim already. */
static float step(struct ramp *r)
{
    r->at++;
    return gain_at(r, r->at);
}

void ramp_apply(struct ramp *r, int16_t *pcm, size_t samples)
{
    size_t i = 0;
    for (; i < samples && r->at < r->length; i++)
        pcm[i] = (int16_t)lrintf((float)pcm[i] * step(r));
    if (i == samples || r->to == 1.0f) return;
    if (r->to == 0.0f) {
        memset(pcm + i, 0, (samples - i) * sizeof(*pcm));
        return;
    }
    for (; i < samples; i++)
        pcm[i] = (int16_t)lrintf((float)pcm[i] * r->to);
}

void ramp_cross(struct ramp *r, const int16_t *from, const int16_t *to, int16_t *out, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        float gain = r->at < r->length ? step(r) : r->to;
        if (gain == 0.0f || gain == 1.0f)
            out[i] = gain == 0.0f ? from[i] : to[i];
        else
            out[i] = (int16_t)lrintf((float)from[i] + gain * (float)(to[i] - from[i]));
    }
}

bool ramp_done(const struct ramp *r)
{
    return r->at >= r->length;
}

bool ramp_silent(const struct ramp *r)
{
    return ramp_done(r) && r->to == 0.0f;
}

bool ramp_open(const struct ramp *r)
{
    return ramp_done(r) && r->to == 1.0f;
}
