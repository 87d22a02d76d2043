#include "speech.h"

#include <math.h>
#include <speex/speex_resampler.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAV_HEADER = 44, RATE_AT = 24, BYTES_MAX = 16 * 1024 * 1024, BEST = 10 };

static const char *const command =
    "espeak-ng -v en -s 160 --stdout "
    "'The conference bridge mixes the voices of all who talk, and nobody hears herself. "
    "When a packet is lost, it has to be made up from what was said before; the listener should not notice. "
    "She sells sea shells by the sea shore, and the shells she sells are surely sea shells. "
    "Five quick brown foxes jump over the lazy dogs while a zealous judge vexes them. "
    "Would you please spell your name, and tell us why you are calling so late in the evening? "
    "My mother never knew a moment more marvellous than that warm morning in Rome. "
    "We owe you a yellow aeroplane, a lawyer, and an hour alone by the river. "
    "Check the batch of chips twice, stop, then push the top button quickly.'";

static void fail(const char *what)
{
    fprintf(stderr, "speech: %s\n", what);
    exit(2);
}

int16_t *speech_convert(const int16_t *pcm, size_t count, uint32_t from_hz, uint32_t to_hz, size_t *converted)
{
    int error;
    spx_uint32_t in = (spx_uint32_t)count, out = (spx_uint32_t)((double)count * to_hz / from_hz) + 1;
    int16_t *result = calloc(out, sizeof *result);
    SpeexResamplerState *r = speex_resampler_init(1, from_hz, to_hz, BEST, &error);
    if (!r || !result) fail("no memory");
    (void)speex_resampler_skip_zeros(r);
    (void)speex_resampler_process_int(r, 0, pcm, &in, result, &out);
    speex_resampler_destroy(r);
    *converted = out;
    return result;
}

/* All that the program says on its standard output. */
static uint8_t *listen_to_program(size_t *len)
{
    uint8_t *bytes = malloc(BYTES_MAX);
    FILE *program = popen(command, "r");
    if (!bytes || !program) fail("espeak-ng does not start");
    *len = fread(bytes, 1, BYTES_MAX, program);
    if (pclose(program) != 0 || *len < WAV_HEADER || memcmp(bytes, "RIFF", 4) != 0) fail("espeak-ng says nothing");
    return bytes;
}

static void level_out(int16_t *pcm, size_t count, double rms)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)pcm[i] * pcm[i];
    double gain = rms / sqrt(sum / (double)count + 1.0);
    for (size_t i = 0; i < count; i++)
        pcm[i] = (int16_t)lrint(fmax(fmin(pcm[i] * gain, 32767.0), -32768.0));
}

int16_t *speech_make(uint32_t rate_hz, size_t *count)
{
    size_t len;
    uint8_t *bytes = listen_to_program(&len);
    uint32_t from_hz = (uint32_t)bytes[RATE_AT] | (uint32_t)bytes[RATE_AT + 1] << 8;
    size_t spoken = (len - WAV_HEADER) / 2;
    int16_t *pcm = malloc(spoken * sizeof *pcm);
    if (!pcm) fail("no memory");
    for (size_t i = 0; i < spoken; i++)
        pcm[i] = (int16_t)(uint16_t)(bytes[WAV_HEADER + 2 * i] | bytes[WAV_HEADER + 2 * i + 1] << 8);
    free(bytes);
    level_out(pcm, spoken, 1640.0); /* -26 dB below full scale, as speech is measured by ITU-T P.56 */
    int16_t *result = speech_convert(pcm, spoken, from_hz, rate_hz, count);
    free(pcm);
    return result;
}
