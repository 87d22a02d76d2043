#include "load/meter.h"

#include <math.h>

static double dbfs_of(double amplitude)
{
    if (amplitude <= 0.0) return METER_FLOOR_DBFS;
    double dbfs = 20.0 * log10(amplitude / 32768.0);
    return dbfs < METER_FLOOR_DBFS ? METER_FLOOR_DBFS : dbfs;
}

double meter_tone_dbfs(const int16_t *samples, size_t count, double hz)
{
    if (count == 0) return METER_FLOOR_DBFS;
    double turn = 2.0 * cos(2.0 * M_PI * hz / 8000.0);
    double step = 2.0 * M_PI / (double)count, window_turn = 2.0 * cos(step);
    double window_before = cos(-0.5 * step), window_now = cos(0.5 * step);
    double before = 0.0, earlier = 0.0, weight = 0.0;
    for (size_t i = 0; i < count; i++) {
        double w = 0.5 - 0.5 * window_now, next_window = window_turn * window_now - window_before;
        double now = w * samples[i] + turn * before - earlier;
        earlier = before;
        before = now;
        weight += w;
        window_before = window_now;
        window_now = next_window;
    }
    double power = before * before + earlier * earlier - turn * before * earlier;
    return dbfs_of(2.0 * sqrt(power > 0.0 ? power : 0.0) / weight);
}

double meter_rms_dbfs(const int16_t *samples, size_t count)
{
    double power = 0.0;
    for (size_t i = 0; i < count; i++)
        power += (double)samples[i] * samples[i];
    return count ? dbfs_of(sqrt(2.0 * power / (double)count)) : METER_FLOOR_DBFS;
}

void meter_ring_put(struct meter_ring *ring, const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ring->samples[ring->next] = samples[i];
        ring->next = (ring->next + 1) % METER_RING_SAMPLES;
    }
    ring->filled += count;
    if (ring->filled > METER_RING_SAMPLES) ring->filled = METER_RING_SAMPLES;
}

size_t meter_ring_newest(const struct meter_ring *ring, int16_t *samples, size_t count)
{
    if (count > ring->filled) count = ring->filled;
    size_t at = (ring->next + METER_RING_SAMPLES - count) % METER_RING_SAMPLES;
    for (size_t i = 0; i < count; i++)
        samples[i] = ring->samples[(at + i) % METER_RING_SAMPLES];
    return count;
}
