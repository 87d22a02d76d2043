#include "media/preprocess.h"

#include <speex/speex_preprocess.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/gain.h"
#include "media/ramp.h"

/*
 * libspeexdsp saturates what its automatic gain makes too loud. It is given a quarter of the level, and gain.h brings
 * that back without clipping: what is lost by it lies at -86 dBFS.
 */
enum { HEADROOM = 4, SUPPRESS_DB = -15, GAIN_MAX_DB = 24, HALVES = 2, WARM_FRAMES = 2, CROSS_MS = 5 };

struct preprocess {
    SpeexPreprocessState *speex;
    uint32_t rate_hz, samples;
    bool on;             /* one of the two is wanted */
    bool heard;          /* it is what was put out last */
    bool stale;          /* what it still holds belongs to nothing that is heard */
    uint32_t warm;       /* frames since it was switched on, up to WARM_FRAMES */
    uint32_t zeroes;     /* frames of silence in a row, up to WARM_FRAMES */
    struct gain restore; /* of the headroom */
    int16_t work[FRAME_SAMPLES_MAX];
};

/* What libspeexdsp has to aim at for speech of -23 dBFS: its measure of loudness depends on the rate. */
static float agc_level(uint32_t rate_hz)
{
    float level = rate_hz == 8000 ? 3452 : rate_hz == 16000 ? 4877 : 8470;
    return level / HEADROOM;
}

/* Fails only for a request that it does not know. */
static void set(struct preprocess *p, int request, void *value)
{
    speex_preprocess_ctl(p->speex, request, value);
}

static void set_number(struct preprocess *p, int request, int value)
{
    set(p, request, &value);
}

status preprocess_create(struct preprocess **out, uint32_t rate_hz)
{
    if (rate_hz != 8000 && rate_hz != 16000 && rate_hz != 48000) return STATUS_INVALID;
    struct preprocess *p = calloc(1, sizeof *p);
    if (!p) return STATUS_NO_MEMORY;
    p->rate_hz = rate_hz;
    p->samples = frame_samples(rate_hz);
    p->zeroes = WARM_FRAMES;
    p->speex = speex_preprocess_state_init((int)(p->samples / HALVES), (int)rate_hz);
    if (!p->speex) {
        free(p);
        return STATUS_NO_MEMORY;
    }
    float level = agc_level(rate_hz);
    set(p, SPEEX_PREPROCESS_SET_AGC_LEVEL, &level);
    set_number(p, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, SUPPRESS_DB);
    set_number(p, SPEEX_PREPROCESS_SET_AGC_MAX_GAIN, GAIN_MAX_DB);
    preprocess_set(p, false, false);
    *out = p;
    return STATUS_OK;
}

void preprocess_destroy(struct preprocess *p)
{
    if (!p) return;
    speex_preprocess_state_destroy(p->speex);
    free(p);
}

uint32_t preprocess_rate_hz(const struct preprocess *p)
{
    return p->rate_hz;
}

void preprocess_set(struct preprocess *p, bool noise_suppression, bool automatic_gain)
{
    bool on = noise_suppression || automatic_gain;
    if (on && !p->on && !p->heard) preprocess_rest(p);
    p->on = on;
    if (!on) return; /* as it was, for the frame in which it goes */
    set_number(p, SPEEX_PREPROCESS_SET_DENOISE, noise_suppression);
    set_number(p, SPEEX_PREPROCESS_SET_AGC, automatic_gain);
}

void preprocess_rest(struct preprocess *p)
{
    p->stale = true;
    p->warm = 0;
    p->zeroes = WARM_FRAMES;
}

/* Through libspeexdsp, from and into the work frame. */
static void work(struct preprocess *p)
{
    uint32_t half = p->samples / HALVES;
    for (uint32_t i = 0; i < p->samples; i++)
        p->work[i] /= HEADROOM;
    speex_preprocess_run(p->speex, p->work);
    speex_preprocess_run(p->speex, p->work + half);
    gain_apply(&p->restore, p->work, p->samples);
}

static void begin_anew(struct preprocess *p)
{
    memset(p->work, 0, p->samples * sizeof p->work[0]);
    gain_init(&p->restore);
    gain_to(&p->restore, HEADROOM);
    work(p);
    p->stale = false;
}

static void cross(struct preprocess *p, const int16_t *from, const int16_t *to, int16_t *out)
{
    struct ramp ramp;
    ramp_init(&ramp, 0);
    ramp_to(&ramp, 1, ramp_samples(p->rate_hz, CROSS_MS));
    ramp_cross(&ramp, from, to, out, p->samples);
}

bool preprocess_run(struct preprocess *p, int16_t *pcm, bool zero)
{
    if (!p->on && !p->heard) return !zero;
    if (zero && p->zeroes >= WARM_FRAMES) { /* silence in, silence out: either side of a change */
        p->heard = p->on;
        return false;
    }
    p->zeroes = zero ? p->zeroes + 1 : 0;
    if (zero) memset(pcm, 0, p->samples * sizeof *pcm);
    if (p->stale) begin_anew(p);
    memcpy(p->work, pcm, p->samples * sizeof *pcm);
    work(p);
    if (p->heard && p->on) {
        memcpy(pcm, p->work, p->samples * sizeof *pcm);
    } else if (p->heard) {
        cross(p, p->work, pcm, pcm);
        p->heard = false;
    } else if (++p->warm >= WARM_FRAMES) {
        cross(p, pcm, p->work, pcm);
        p->heard = true;
    }
    return true;
}
