/**
 * What libraries have a way of their own for, beside that way: conversion between rates, detection of DTMF, noise
 * suppression and automatic gain. Frames of 20 ms.
 */
#include <spandsp.h>
#include <speex/speex_preprocess.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/dtmf_detect.h"
#include "media/preprocess.h"
#include "media/resample.h"
#include "media/tone.h"
#include "timing.h"

enum { FRAMES = 100, QUALITY = 4 };

struct work {
    uint32_t from_hz, to_hz;
    size_t samples;
    int16_t voice[FRAMES][FRAME_SAMPLES_MAX]; /* at from_hz */
    int16_t pcm[FRAME_SAMPLES_MAX];
    struct resample_bank *bank;
    struct resample_line line;
    SpeexResamplerState *speex_resampler;
    struct dtmf_detect detect;
    dtmf_rx_state_t *spandsp;
    struct preprocess *preprocess;
    SpeexPreprocessState *speex_preprocess;
};

static void demand(bool good)
{
    if (!good) abort();
}

static void convert(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        demand(resample_frame(w->bank, &w->line, w->from_hz, w->voice[i], w->to_hz, w->pcm));
        resample_line_put(&w->line, w->from_hz, w->voice[i]);
    }
}

static void convert_speex(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        spx_uint32_t in = (spx_uint32_t)w->samples, out = FRAME_SAMPLES_MAX;
        speex_resampler_process_int(w->speex_resampler, 0, w->voice[i], &in, w->pcm, &out);
    }
}

static void detect(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        memcpy(w->pcm, w->voice[i], w->samples * sizeof *w->pcm);
        dtmf_detect_frame(&w->detect, w->pcm, true);
    }
}

static void detect_spandsp(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++)
        dtmf_rx(w->spandsp, w->voice[i], (int)w->samples);
}

static void clean(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        memcpy(w->pcm, w->voice[i], w->samples * sizeof *w->pcm);
        demand(preprocess_run(w->preprocess, w->pcm, false));
    }
}

/* 20 ms at a time, which is cheaper than our two of 10. */
static void clean_speex(void *state)
{
    struct work *w = state;
    for (int i = 0; i < FRAMES; i++) {
        memcpy(w->pcm, w->voice[i], w->samples * sizeof *w->pcm);
        speex_preprocess_run(w->speex_preprocess, w->pcm);
    }
}

/* Something with harmonics and noise. */
static void set_up(struct work *w, uint32_t from_hz, uint32_t to_hz)
{
    uint32_t noise = 1;
    struct tone tones[4];
    *w = (struct work){.from_hz = from_hz, .to_hz = to_hz, .samples = frame_samples(from_hz)};
    for (int k = 0; k < 4; k++)
        tone_init(&tones[k], from_hz, 180 * (k + 1), -18 - 4 * k);
    for (int i = 0; i < FRAMES; i++) {
        tone_read(&tones[0], w->voice[i], w->samples);
        for (int k = 1; k < 4; k++)
            tone_add(&tones[k], w->voice[i], w->samples);
        for (size_t n = 0; n < w->samples; n++) {
            noise = noise * 1664525u + 1013904223u;
            w->voice[i][n] = (int16_t)(w->voice[i][n] + (int16_t)(noise >> 24));
        }
    }
}

static void run(const struct timing *t, const char *what, void (*kernel)(void *state), struct work *w)
{
    char label[48];
    if (w->to_hz)
        snprintf(label, sizeof label, "%s %u to %u", what, w->from_hz, w->to_hz);
    else
        snprintf(label, sizeof label, "%s rate=%u", what, w->from_hz);
    timing_run(t, label, "ns per frame", FRAMES, kernel, w);
}

static void run_conversion(const struct timing *t, struct work *w, uint32_t from_hz, uint32_t to_hz)
{
    int error;
    set_up(w, from_hz, to_hz);
    demand(resample_bank_create(&w->bank) == STATUS_OK);
    resample_line_init(&w->line);
    w->speex_resampler = speex_resampler_init(1, from_hz, to_hz, QUALITY, &error);
    demand(w->speex_resampler != NULL);
    run(t, "resample", convert, w);
    run(t, "resample, bare speexdsp", convert_speex, w);
    speex_resampler_destroy(w->speex_resampler);
    resample_bank_destroy(w->bank);
}

static void run_detection(const struct timing *t, struct work *w, uint32_t rate_hz)
{
    set_up(w, rate_hz, 0);
    dtmf_detect_init(&w->detect, rate_hz, DTMF_DETECT_KEYS);
    run(t, "dtmf detect", detect, w);
    if (rate_hz != 8000) return; /* it knows no other */
    w->spandsp = dtmf_rx_init(NULL, NULL, NULL);
    demand(w->spandsp != NULL);
    run(t, "dtmf detect, bare spandsp", detect_spandsp, w);
    dtmf_rx_free(w->spandsp);
}

static void run_preprocessing(const struct timing *t, struct work *w, uint32_t rate_hz)
{
    int on = 1;
    set_up(w, rate_hz, 0);
    demand(preprocess_create(&w->preprocess, rate_hz) == STATUS_OK);
    preprocess_set(w->preprocess, true, true);
    w->speex_preprocess = speex_preprocess_state_init((int)w->samples, (int)rate_hz);
    demand(w->speex_preprocess != NULL);
    speex_preprocess_ctl(w->speex_preprocess, SPEEX_PREPROCESS_SET_DENOISE, &on);
    speex_preprocess_ctl(w->speex_preprocess, SPEEX_PREPROCESS_SET_AGC, &on);
    run(t, "preprocess", clean, w);
    run(t, "preprocess, bare speexdsp", clean_speex, w);
    speex_preprocess_state_destroy(w->speex_preprocess);
    preprocess_destroy(w->preprocess);
}

int main(int argc, char **argv)
{
    static const uint32_t rates[] = {8000, 16000, 48000};
    static struct work w;
    struct timing t;
    timing_init(&t, "voice", argc, argv);
    for (int from = 0; from < 3; from++) {
        for (int to = 0; to < 3; to++) {
            if (from != to) run_conversion(&t, &w, rates[from], rates[to]);
        }
        run_detection(&t, &w, rates[from]);
        run_preprocessing(&t, &w, rates[from]);
    }
    return 0;
}
