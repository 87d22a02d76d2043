#include "record/resampler.h"

#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_CHUNK = 2048, IN_CHUNK = 512 };

struct resampler {
    SpeexResamplerState *state; /* NULL where the rates are equal */
    uint32_t in_hz, out_hz;
    uint64_t taken, given; /* samples in and out so far */
};

status resampler_create(struct resampler **out, uint32_t in_hz, uint32_t out_hz, int quality)
{
    struct resampler *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    r->in_hz = in_hz;
    r->out_hz = out_hz;
    if (in_hz != out_hz) {
        int error = 0;
        r->state = speex_resampler_init(1, in_hz, out_hz, quality, &error);
        if (!r->state) {
            free(r);
            return STATUS_NO_MEMORY;
        }
        speex_resampler_skip_zeros(r->state);
    }
    *out = r;
    return STATUS_OK;
}

void resampler_destroy(struct resampler *r)
{
    if (!r) return;
    if (r->state) speex_resampler_destroy(r->state);
    free(r);
}

static void convert(struct resampler *r, const int16_t *pcm, size_t samples, uint64_t limit, resampler_sink_fn *sink,
                    void *arg)
{
    int16_t chunk[OUT_CHUNK];
    while (samples > 0 && r->given < limit) {
        spx_uint32_t in = samples < IN_CHUNK ? (spx_uint32_t)samples : IN_CHUNK;
        spx_uint32_t made = OUT_CHUNK;
        speex_resampler_process_int(r->state, 0, pcm, &in, chunk, &made);
        if (in == 0 && made == 0) return;
        size_t wanted = r->given + made > limit ? (size_t)(limit - r->given) : made;
        if (wanted > 0) sink(arg, chunk, wanted);
        r->given += wanted;
        pcm += in;
        samples -= in;
    }
}

void resampler_put(struct resampler *r, const int16_t *pcm, size_t samples, resampler_sink_fn *sink, void *arg)
{
    r->taken += samples;
    if (!r->state) {
        if (samples > 0) sink(arg, pcm, samples);
        return;
    }
    convert(r, pcm, samples, UINT64_MAX, sink, arg);
}

void resampler_finish(struct resampler *r, resampler_sink_fn *sink, void *arg)
{
    if (!r->state) return;
    uint64_t due = (r->taken * r->out_hz + r->in_hz / 2) / r->in_hz;
    int16_t zeros[IN_CHUNK] = {0};
    while (r->given < due)
        convert(r, zeros, IN_CHUNK, due, sink, arg);
}
