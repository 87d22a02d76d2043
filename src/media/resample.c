#include "media/resample.h"

#include <assert.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/pcm.h"

enum { QUALITY = 4 };

static const uint32_t rates[RESAMPLE_RATES] = {8000, 16000, 48000};

struct resample_bank {
    SpeexResamplerState *filters[RESAMPLE_RATES][RESAMPLE_RATES]; /* from, to; none from a rate to itself */
};

status resample_bank_create(struct resample_bank **out)
{
    struct resample_bank *bank = calloc(1, sizeof *bank);
    if (!bank) return STATUS_NO_MEMORY;
    for (unsigned from = 0; from < RESAMPLE_RATES; from++) {
        for (unsigned to = 0; to < RESAMPLE_RATES; to++) {
            int error = RESAMPLER_ERR_SUCCESS;
            if (from == to) continue;
            bank->filters[from][to] = speex_resampler_init(1, rates[from], rates[to], QUALITY, &error);
            if (bank->filters[from][to]) continue;
            resample_bank_destroy(bank);
            return STATUS_NO_MEMORY;
        }
    }
    *out = bank;
    return STATUS_OK;
}

void resample_bank_destroy(struct resample_bank *bank)
{
    if (!bank) return;
    for (unsigned i = 0; i < RESAMPLE_RATES * RESAMPLE_RATES; i++) {
        SpeexResamplerState *filter = bank->filters[i / RESAMPLE_RATES][i % RESAMPLE_RATES];
        if (filter) speex_resampler_destroy(filter);
    }
    free(bank);
}

unsigned resample_rate_index(uint32_t rate_hz)
{
    assert(rate_hz == rates[0] || rate_hz == rates[1] || rate_hz == rates[2]);
    return rate_hz == rates[0] ? 0 : rate_hz == rates[1] ? 1 : 2;
}

static size_t past_samples(uint32_t rate_hz)
{
    return rate_hz / 1000 * RESAMPLE_PAST_MS;
}

void resample_line_init(struct resample_line *line)
{
    line->sounds = false;
    memset(line->past, 0, sizeof line->past);
}

void resample_line_put(struct resample_line *line, uint32_t rate_hz, const int16_t *pcm)
{
    size_t past = past_samples(rate_hz);
    bool sounds = pcm && !pcm_is_zero(pcm + frame_samples(rate_hz) - past, past);
    if (sounds)
        memcpy(line->past, pcm + frame_samples(rate_hz) - past, past * sizeof *pcm);
    else if (line->sounds)
        memset(line->past, 0, sizeof line->past);
    line->sounds = sounds;
}

bool resample_line_same(const struct resample_line *a, const struct resample_line *b, uint32_t rate_hz)
{
    if (a->sounds != b->sounds) return false;
    return !a->sounds || memcmp(a->past, b->past, past_samples(rate_hz) * sizeof a->past[0]) == 0;
}

/* All of the input is taken and all of the output given: every rate is a whole multiple of the lower one. */
static void process(SpeexResamplerState *filter, const int16_t *in, uint32_t in_samples, int16_t *out,
                    uint32_t out_samples)
{
    spx_uint32_t taken = in_samples, given = out_samples;
    speex_resampler_process_int(filter, 0, in, &taken, out, &given);
    assert(taken == in_samples && given == out_samples);
}

bool resample_frame(struct resample_bank *bank, const struct resample_line *line, uint32_t from_hz, const int16_t *pcm,
                    uint32_t to_hz, int16_t *out)
{
    static const int16_t silence[FRAME_SAMPLES_MAX];
    SpeexResamplerState *filter = bank->filters[resample_rate_index(from_hz)][resample_rate_index(to_hz)];
    if (!pcm && !line->sounds) return false;
    speex_resampler_reset_mem(filter);
    if (line->sounds) {
        int16_t before[RESAMPLE_PAST_MAX];
        process(filter, line->past, (uint32_t)past_samples(from_hz), before, (uint32_t)past_samples(to_hz));
    }
    process(filter, pcm ? pcm : silence, frame_samples(from_hz), out, frame_samples(to_hz));
    return true;
}
