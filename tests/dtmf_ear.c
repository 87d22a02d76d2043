#include "dtmf_ear.h"

#include <spandsp.h>
#include <stdlib.h>

enum { BLOCK = 102, STRIDE = 3, KEYS_MAX = 127 };

size_t dtmf_ear_read(const int16_t *pcm, size_t samples, char keys[128])
{
    dtmf_rx_state_t *ear = dtmf_rx_init(NULL, NULL, NULL);
    int16_t silence[2 * BLOCK] = {0};
    if (!ear) abort();
    dtmf_rx(ear, pcm, (int)samples);
    dtmf_rx(ear, silence, 2 * BLOCK);
    size_t count = dtmf_rx_get(ear, keys, KEYS_MAX);
    keys[count] = '\0';
    dtmf_rx_free(ear);
    return count;
}

size_t dtmf_ear_chances(const int16_t *pcm, size_t samples)
{
    size_t chances = 0;
    char keys[KEYS_MAX + 1];
    for (size_t begin = 0; begin < BLOCK && begin < samples; begin += STRIDE)
        chances += dtmf_ear_read(pcm + begin, samples - begin, keys) > 0;
    return chances;
}
