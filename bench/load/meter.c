#include "load/meter.h"

#include <math.h>

static double dbfs_of(double amplitude)
{
    if (amplitude <= 0.0) return METER_FLOOR_DBFS;
    double dbfs = 20.0 * log10(amplitude / 32768.0);
    return dbfs < METER_FLOOR_DBFS ? METER_FLOOR_DBFS : dbfs;
}

/** The windowed samples at one frequency, and the sum of the window. */
struct bin {
    double power; /**< squared magnitude */
    double weight;
};

static struct bin bin_of(const int16_t *samples, size_t count, double hz)
{
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
    return (struct bin){power > 0.0 ? power : 0.0, weight};
}

double meter_tone_dbfs(const int16_t *samples, size_t count, double hz)
{
    if (count == 0) return METER_FLOOR_DBFS;
    struct bin bin = bin_of(samples, count, hz);
    return dbfs_of(2.0 * sqrt(bin.power) / bin.weight);
}

/** The window's squares add up to this share of their count. */
static const double WINDOW_POWER = 3.0 / 8.0;

/** Power a sample of what lies so many steps of a transform of that length around a frequency. */
static double band_power(const int16_t *samples, size_t count, double hz, double steps)
{
    double step_hz = 8000.0 / (double)count, nearest = round(hz / step_hz), sum = 0.0;
    for (double k = nearest - steps; k <= nearest + steps; k++)
        sum += bin_of(samples, count, k * step_hz).power;
    return 2.0 * sum / (double)count / (double)count / WINDOW_POWER;
}

double meter_band_dbfs(const int16_t *samples, size_t count, double hz)
{
    return count ? dbfs_of(sqrt(2.0 * band_power(samples, count, hz, 2.0))) : METER_FLOOR_DBFS;
}

double meter_rest_dbfs(const int16_t *samples, size_t count, const double *hz, unsigned hz_count)
{
    if (count == 0) return METER_FLOOR_DBFS;
    double power = 0.0;
    for (size_t i = 0; i < count; i++) {
        double w = 0.5 - 0.5 * cos(2.0 * M_PI * ((double)i + 0.5) / (double)count);
        power += w * w * samples[i] * samples[i];
    }
    power /= (double)count * WINDOW_POWER;
    for (unsigned i = 0; i < hz_count; i++)
        power -= band_power(samples, count, hz[i], 4.0);
    return power > 0.0 ? dbfs_of(sqrt(2.0 * power)) : METER_FLOOR_DBFS;
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
