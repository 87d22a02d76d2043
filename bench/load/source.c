#include "load/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double burst_hz = 1733.0;

static double amplitude_of(double dbfs)
{
    return 32767.0 * pow(10.0, dbfs / 20.0);
}

void source_init(struct source *source)
{
    *source = (struct source){0};
}

void source_clear(struct source *source)
{
    free(source->wav);
    source_init(source);
}

static bool number_parse(struct slice text, double *out)
{
    char copy[32], *end;
    if (text.len == 0 || !slice_copy(text, copy, sizeof copy)) return false;
    double value = strtod(copy, &end);
    if (*end || !isfinite(value)) return false;
    *out = value;
    return true;
}

static void tone_phase_keep(struct source_tone *tone, const struct source *before)
{
    for (unsigned i = 0; i < before->tone_count; i++) {
        if (fabs(before->tones[i].hz - tone->hz) < 1e-9) tone->phase = before->tones[i].phase;
    }
}

status source_set_tones(struct source *source, struct slice text)
{
    struct source_tone tones[SOURCE_TONES_MAX];
    unsigned count = 0;
    if (slice_is(text, "off")) text.len = 0;
    while (text.len) {
        struct slice level = slice_cut(&text, ','), hz_text = slice_cut(&level, '@');
        double hz, dbfs = -20.0;
        if (count == SOURCE_TONES_MAX || !number_parse(hz_text, &hz) || hz <= 0.0 || hz >= SOURCE_RATE_HZ / 2.0)
            return STATUS_INVALID;
        if (level.len && (!number_parse(level, &dbfs) || dbfs > 0.0)) return STATUS_INVALID;
        tones[count] = (struct source_tone){.hz = hz, .amplitude = amplitude_of(dbfs)};
        tone_phase_keep(&tones[count++], source);
    }
    memcpy(source->tones, tones, count * sizeof tones[0]);
    source->tone_count = count;
    return STATUS_OK;
}

void source_set_wav(struct source *source, int16_t *samples, size_t count)
{
    free(source->wav);
    source->wav = samples;
    source->wav_count = count;
    source->wav_at = 0;
}

void source_set_bursts(struct source *source, uint32_t every_samples, uint32_t length_samples)
{
    source->burst_every_samples = every_samples;
    source->burst_samples = length_samples;
    source->burst_at = 0;
}

bool source_silent(const struct source *source)
{
    return source->tone_count == 0 && !source->wav && source->burst_every_samples == 0;
}

static double source_sample(struct source *source)
{
    double sum = 0.0;
    for (unsigned i = 0; i < source->tone_count; i++) {
        struct source_tone *tone = &source->tones[i];
        sum += tone->amplitude * sin(tone->phase);
        tone->phase += 2.0 * M_PI * tone->hz / SOURCE_RATE_HZ;
        if (tone->phase > 2.0 * M_PI) tone->phase -= 2.0 * M_PI;
    }
    if (source->wav) {
        sum += source->wav[source->wav_at];
        source->wav_at = (source->wav_at + 1) % source->wav_count;
    }
    if (source->burst_every_samples) {
        if (source->burst_at == 0) source->burst_phase = 0.0;
        if (source->burst_at < source->burst_samples) sum += amplitude_of(-9.0) * sin(source->burst_phase);
        source->burst_phase += 2.0 * M_PI * burst_hz / SOURCE_RATE_HZ;
        source->burst_at = (source->burst_at + 1) % source->burst_every_samples;
    }
    return sum;
}

bool source_read(struct source *source, int16_t *samples, size_t count)
{
    bool begins = source->burst_every_samples && source->burst_at == 0;
    for (size_t i = 0; i < count; i++) {
        double s = source_sample(source);
        samples[i] = (int16_t)lrint(s > 32767.0 ? 32767.0 : s < -32768.0 ? -32768.0 : s);
    }
    return begins;
}
