#include "media/comfort_noise.h"

#include <math.h>
#include <string.h>

#include "media/pcm.h"

enum {
    BLOCKS_A_SECOND = 400,
    COEFFICIENT_ZERO = 127, /* RFC 3389 section 3.2 */
    LEVEL_MASK = 0x7f,
};

#define FULL_SCALE        32767.0f
#define COEFFICIENT_STEP  (258.0f / 32768.0f)
#define COEFFICIENT_LIMIT 0.98f /* beyond it a filter rings longer than a packet lasts */
#define APPROACH          0.2f  /* share of the way that a block goes */
#define INAUDIBLE_RMS     0.1f

status comfort_noise_parse(const uint8_t *payload, size_t len, struct comfort_noise_packet *out)
{
    if (len == 0) return STATUS_INVALID;
    struct comfort_noise_packet p = {.level = payload[0] & LEVEL_MASK};
    /* The first coefficients of a longer filter are those of the shorter one. */
    size_t order = len - 1 < COMFORT_NOISE_ORDER_MAX ? len - 1 : COMFORT_NOISE_ORDER_MAX;
    p.order = (uint8_t)order;
    for (size_t i = 0; i < order; i++) {
        float k = (float)(payload[1 + i] - COEFFICIENT_ZERO) * COEFFICIENT_STEP;
        p.reflection[i] = fmaxf(-COEFFICIENT_LIMIT, fminf(k, COEFFICIENT_LIMIT));
    }
    *out = p;
    return STATUS_OK;
}

void comfort_noise_init(struct comfort_noise *c, uint32_t rate_hz, uint64_t seed)
{
    memset(c, 0, sizeof *c);
    rng_init(&c->rng, seed);
    c->block = rate_hz / BLOCKS_A_SECOND;
}

bool comfort_noise_silent(const struct comfort_noise *c)
{
    return c->aim_rms <= 0 && c->rms <= 0 && c->left == 0;
}

void comfort_noise_set(struct comfort_noise *c, const struct comfort_noise_packet *packet)
{
    if (!packet) {
        c->aim_rms = 0;
        return;
    }
    bool silent = comfort_noise_silent(c);
    c->aim_rms = packet->level < LEVEL_MASK ? FULL_SCALE * powf(10, -(float)packet->level / 20) : 0;
    memset(c->aim, 0, sizeof c->aim);
    memcpy(c->aim, packet->reflection, packet->order * sizeof c->aim[0]);
    if (packet->order > c->order || silent) c->order = packet->order;
    if (!silent) return;
    memcpy(c->reflection, c->aim, sizeof c->reflection);
    memset(c->memory, 0, sizeof c->memory);
    c->gain = 0;
}

/* The filter's power gain is 1 over the product of 1 - k * k: the random numbers are that much smaller. */
static void begin_block(struct comfort_noise *c)
{
    float power = 1;
    for (unsigned i = 0; i < c->order; i++) {
        c->reflection[i] += (c->aim[i] - c->reflection[i]) * APPROACH;
        power *= 1 - c->reflection[i] * c->reflection[i];
    }
    c->rms += (c->aim_rms - c->rms) * APPROACH;
    if (c->aim_rms <= 0 && c->rms < INAUDIBLE_RMS) c->rms = 0;
    c->step = (c->rms * sqrtf(power) - c->gain) / (float)c->block;
    c->left = c->block;
}

/* Evenly spread, of power 1. */
static float random_sample(struct comfort_noise *c)
{
    return (float)(int32_t)rng_u32(&c->rng) * (1.7320508f / 2147483648.0f);
}

static float filter(struct comfort_noise *c, float in)
{
    float forward = in;
    for (unsigned i = c->order; i-- > 0;) {
        forward -= c->reflection[i] * c->memory[i];
        if (i + 1 < c->order) c->memory[i + 1] = c->memory[i] + c->reflection[i] * forward;
    }
    if (c->order > 0) c->memory[0] = forward;
    return forward;
}

void comfort_noise_add(struct comfort_noise *c, int16_t *pcm, size_t samples)
{
    for (size_t i = 0; i < samples && !comfort_noise_silent(c); i++) {
        if (c->left == 0) begin_block(c);
        c->left--;
        c->gain += c->step;
        pcm[i] = pcm_round((float)pcm[i] + filter(c, random_sample(c) * c->gain));
    }
}
