/**
 * @file dtmf_read.c  Says which keys libspandsp's detector reads in a sound file, for the end-to-end tests:
 *
 *     keys=59# chances=34
 *
 * chances: with how many of 34 places where its blocks can begin it reads any. Files of 8000, 16000 and 48000 Hz; of
 * several channels the first. Exit status 2 where the file cannot be read.
 */
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dtmf_ear.h"
#include "media/codec.h"
#include "media/resample.h"

/* At 8000 Hz, whole frames. @return samples */
static size_t convert(const int16_t *in, size_t frames, uint32_t rate_hz, int16_t *out)
{
    struct resample_bank *bank;
    struct resample_line line;
    if (rate_hz == 8000) {
        memcpy(out, in, frames * 160 * sizeof *out);
        return frames * 160;
    }
    if (resample_bank_create(&bank) != STATUS_OK) exit(2);
    resample_line_init(&line);
    for (size_t i = 0; i < frames; i++) {
        const int16_t *pcm = in + i * frame_samples(rate_hz);
        if (!resample_frame(bank, &line, rate_hz, pcm, 8000, out + i * 160))
            memset(out + i * 160, 0, 160 * sizeof *out);
        resample_line_put(&line, rate_hz, pcm);
    }
    resample_bank_destroy(bank);
    return frames * 160;
}

int main(int argc, char **argv)
{
    SF_INFO info = {.format = 0};
    SNDFILE *file = argc == 2 ? sf_open(argv[1], SFM_READ, &info) : NULL;
    if (!file || (info.samplerate != 8000 && info.samplerate != 16000 && info.samplerate != 48000)) {
        fprintf(stderr, "dtmf_read FILE: a sound file of 8000, 16000 or 48000 Hz\n");
        return 2;
    }
    size_t channels = (size_t)info.channels, samples = (size_t)info.frames;
    int16_t *all = calloc(samples * channels + 1, sizeof *all), *out = calloc(samples + 1, sizeof *out);
    if (!all || !out) return 2;
    samples = (size_t)sf_readf_short(file, all, info.frames);
    sf_close(file);
    for (size_t i = 0; i < samples; i++)
        all[i] = all[i * channels];
    size_t count = convert(all, samples / frame_samples((uint32_t)info.samplerate), (uint32_t)info.samplerate, out);
    char keys[128];
    dtmf_ear_read(out, count, keys);
    printf("keys=%s chances=%zu\n", keys, dtmf_ear_chances(out, count));
    free(all);
    free(out);
    return 0;
}
