#include "media/level.h"

#include <math.h>

static const float full_scale = 32768.0f;

struct level level_measure(const int16_t *pcm, size_t samples)
{
    int32_t sum = 0, low = 0, high = 0;
    int64_t square = 0;
    uint32_t clipped = 0;
    for (size_t i = 0; i < samples; i++) {
        int32_t v = pcm[i];
        sum += v;
        square += v * v;
        low = v < low ? v : low;
        high = v > high ? v : high;
        clipped += (uint32_t)(v >= LEVEL_CLIPPED) + (uint32_t)(v <= -LEVEL_CLIPPED);
    }
    double mean = (double)sum / (double)samples;
    double power = (double)square / (double)samples - mean * mean;
    return (struct level){.power = power > 0 ? (float)(power / (32768.0 * 32768.0)) : 0,
                          .peak = (uint16_t)(high > -low ? high : -low),
                          .clipped = clipped};
}

float level_power_dbfs(float power)
{
    float db = 10 * log10f(2 * power + 1e-20f);
    return db > LEVEL_SILENCE_DBFS ? db : LEVEL_SILENCE_DBFS;
}

float level_peak_dbfs(uint16_t peak)
{
    return peak > 0 ? 20 * log10f((float)peak / full_scale) : LEVEL_SILENCE_DBFS;
}

void level_meter_put(struct level_meter *m, const struct level *level)
{
    m->frames++;
    if (!level) return;
    m->power += level->power;
    m->clipped += level->clipped;
    if (level->peak > m->peak) m->peak = level->peak;
}

void level_meter_read(struct level_meter *m, float *mean_dbfs, float *peak_dbfs)
{
    *mean_dbfs = m->frames > 0 ? level_power_dbfs(m->power / (float)m->frames) : LEVEL_SILENCE_DBFS;
    *peak_dbfs = level_peak_dbfs(m->peak);
    m->power = 0;
    m->frames = 0;
    m->peak = 0;
}
