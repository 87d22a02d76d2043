/*
 * Talk-off: how often speech is taken for a key and muted. espeak-ng reads numbers and made-up words in voices of 14
 * languages, men's, women's, creaking and whispering ones, at varying pitch and speed; the same ones each time. The
 * speech is brought to 8000 Hz and to a peak of -6 dBFS.
 *
 * What passes through the detector in each of its two uses is watched for mutes, however short, and for keys that are
 * told. For comparison: the keys that libspandsp's detector reads in the same speech.
 */
#include <math.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "board.h"
#include "dtmf_ear.h"
#include "media/dtmf_detect.h"

enum { FILE_HZ = 22050, WAV_HEADER = 44, SAMPLES_MAX = 8000 * 180, WORDS = 60 };

struct count {
    double seconds;
    uint32_t mutes, keys, spandsp;
};

static const char *const voices[] = {"en-gb", "en-us", "de", "fr-fr", "es", "it", "pt-br",
                                     "pl",    "ru",    "sv", "nl",    "tr", "hi", "cmn-latn-pinyin"};
static const char *const variants[] = {"",    "+f1", "+f2", "+f3",      "+f4",   "+m1",
                                       "+m3", "+m5", "+m7", "+whisper", "+croak"};

#define OF(table) table[rng_below(rng, sizeof table / sizeof table[0])]

static void write_text(struct rng *rng, char *text, size_t size)
{
    static const char *const heads[] = {"b", "d", "f", "g", "k", "l",  "m",  "n", "p",
                                        "r", "s", "t", "v", "z", "st", "tr", ""};
    static const char *const hearts[] = {"a", "e", "i", "o", "u"}, *const tails[] = {"", "n", "r", "s", "l", "t"};
    size_t at = 0;
    for (int w = 0; w < WORDS; w++) {
        uint32_t kind = rng_below(rng, 10), length = 1 + rng_below(rng, 3);
        if (kind < 3) at += (size_t)snprintf(text + at, size - at, "%u", rng_below(rng, 1000000));
        for (uint32_t i = 0; kind >= 3 && i < length; i++)
            at += (size_t)snprintf(text + at, size - at, "%s%s%s", OF(heads), OF(hearts), OF(tails));
        at += (size_t)snprintf(text + at, size - at, "%s ", kind == 9 ? "." : "");
    }
}

static size_t to_8000(const int16_t *in, size_t samples, int16_t *out)
{
    spx_uint32_t in_count = (spx_uint32_t)samples, out_count = SAMPLES_MAX;
    SpeexResamplerState *resampler = speex_resampler_init(1, FILE_HZ, 8000, 5, NULL);
    if (!resampler) abort();
    speex_resampler_process_int(resampler, 0, in, &in_count, out, &out_count);
    speex_resampler_destroy(resampler);
    int peak = 1;
    for (spx_uint32_t i = 0; i < out_count; i++)
        if (abs(out[i]) > peak) peak = abs(out[i]);
    for (spx_uint32_t i = 0; i < out_count; i++)
        out[i] = (int16_t)(out[i] * 16384 / peak);
    return out_count;
}

/* What espeak-ng says. @return samples at 8000 Hz */
static size_t speak(struct rng *rng, int16_t *pcm)
{
    static int16_t file[SAMPLES_MAX * 3];
    char text[WORDS * 16], command[WORDS * 16 + 200];
    write_text(rng, text, sizeof text);
    snprintf(command, sizeof command, "espeak-ng -v %s%s -s %u -p %u --stdout \"%s\"", OF(voices), OF(variants),
             130 + rng_below(rng, 80), 10 + rng_below(rng, 85), text);
    FILE *said = popen(command, "r");
    if (!said) abort();
    char header[WAV_HEADER];
    bool opened = fread(header, 1, WAV_HEADER, said) == WAV_HEADER;
    size_t samples = opened ? fread(file, sizeof *file, sizeof file / sizeof *file, said) : 0;
    if (pclose(said) != 0 || samples == 0) {
        fprintf(stderr, "espeak-ng said nothing: %s\n", command);
        exit(2);
    }
    return to_8000(file, samples, pcm);
}

static void search(struct count *c, enum dtmf_detect_use use, const int16_t *pcm, size_t samples)
{
    static struct dtmf_detect d;
    bool was_down = false;
    dtmf_detect_init(&d, 8000, use);
    for (size_t at = 0; at + 160 <= samples; at += 160) {
        int16_t frame[160];
        memcpy(frame, pcm + at, sizeof frame);
        dtmf_detect_frame(&d, frame, true);
        c->mutes += d.down && !was_down;
        c->keys += d.pressed;
        was_down = d.down;
    }
    c->seconds += (double)samples / 8000;
}

static void line(const char *id, const char *use, const struct count *c)
{
    const char *what = board_text("%s, %.0f min of speech", use, c->seconds / 60);
    double an_hour = c->mutes / (c->seconds / 3600);
    board_line(id, what, "at most 1 mute an hour",
               board_text("%u mutes (%.2f an hour), %u keys; spandsp: %u", c->mutes, an_hour, c->keys, c->spandsp),
               an_hour <= 1);
}

int main(int argc, char **argv)
{
    static int16_t pcm[SAMPLES_MAX];
    struct count counts[2] = {{.seconds = 0}, {.seconds = 0}};
    struct rng rng;
    board_open(argc, argv, "talkoff", "Speech that is taken for a key");
    rng_init(&rng, 5);
    if (board_wants("talkoff/keys", "") || board_wants("talkoff/leaks", "")) {
        double seconds = board_length(60, 300, 4 * 3600);
        while (counts[0].seconds < seconds) {
            char keys[128];
            size_t samples = speak(&rng, pcm);
            search(&counts[0], DTMF_DETECT_KEYS, pcm, samples);
            search(&counts[1], DTMF_DETECT_LEAKS, pcm, samples);
            uint32_t read = (uint32_t)dtmf_ear_read(pcm, samples, keys);
            counts[0].spandsp += read;
            counts[1].spandsp += read;
        }
        line("talkoff/keys", "keys are looked for", &counts[0]);
        line("talkoff/leaks", "only muted, on a leg with events", &counts[1]);
    }
    return board_close();
}
