#include "made_voice.h"

#include <math.h>
#include <string.h>

enum { SYLLABLES_A_PHRASE = 7 };

static const double PI = 3.14159265358979;

static double between(struct made_voice *v, double low, double high)
{
    return low + (high - low) * rng_unit(&v->rng);
}

static void next_syllable(struct made_voice *v)
{
    v->syllable = (v->syllable + 1) % (SYLLABLES_A_PHRASE + 1);
    v->at_s = 0;
    v->length_s = v->syllable == 0 ? 0.5 : between(v, 0.2, 0.34);
    v->pitch_hz = between(v, 100, 160);
    v->hiss = between(v, 0, 1) < 0.3 ? 1 : 0.02;
    v->resonance_hz[0] = between(v, 300, 800);
    v->resonance_hz[1] = between(v, 900, 2200);
    v->resonance_hz[2] = between(v, 2400, 3400);
}

void made_voice_init(struct made_voice *v, uint32_t rate_hz, uint64_t seed)
{
    memset(v, 0, sizeof *v);
    rng_init(&v->rng, seed);
    v->rate_hz = rate_hz;
    next_syllable(v);
}

static double resonate(struct made_voice *v, int i, double in)
{
    static const double bandwidth_hz[3] = {80, 110, 160};
    double radius = exp(-PI * bandwidth_hz[i] / v->rate_hz);
    double angle = 2 * PI * v->resonance_hz[i] / v->rate_hz, turn = 2 * radius * cos(angle);
    double out = in * (1 - radius) * sin(angle) + turn * v->memory[i][0] - radius * radius * v->memory[i][1];
    v->memory[i][1] = v->memory[i][0];
    v->memory[i][0] = out;
    return out;
}

static double next_sample(struct made_voice *v)
{
    if (v->at_s >= v->length_s) next_syllable(v);
    double part = v->at_s / v->length_s, noise = between(v, -1, 1);
    double swell = v->syllable == 0 ? 0 : sin(PI * part) * sin(PI * part);
    v->at_s += 1 / v->rate_hz;
    v->phase += v->pitch_hz * (1.1 - 0.2 * part) / v->rate_hz;
    double pulse = v->phase >= 1 ? v->rate_hz / 200 : 0;
    if (v->phase >= 1) v->phase -= 1;
    double source = v->hiss < 1 ? pulse + v->hiss * noise : 3 * noise;
    double sum = resonate(v, 0, source * swell) + 0.6 * resonate(v, 1, source * swell);
    sum += 0.4 * resonate(v, 2, source * swell);
    return sum * 3500 + noise * 12;
}

void made_voice_read(struct made_voice *v, int16_t *pcm, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)lrint(fmax(-32768, fmin(next_sample(v), 32767)));
}
