/**
 * @file dtmf_tone.h  The two tones of a key, -8 dBm0 each, with soft ends.
 *
 * Pure. Thread: one at a time. ITU-T Q.23 (frequencies), G.711 (dBm0: full scale is 3.17).
 */
#ifndef PARLEY_MEDIA_DTMF_TONE_H
#define PARLEY_MEDIA_DTMF_TONE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/ramp.h"
#include "media/tone.h"

struct dtmf_tone {
    struct tone low, high;
    struct ramp ramp;
    uint32_t rate_hz;
};

/** Starts the tone of a key. @param event  0 to 15 as in RFC 4733 */
void dtmf_tone_start(struct dtmf_tone *t, uint32_t rate_hz, uint8_t event);

/**
 * The next frame.
 * @param last  fades within it and is silent for its last 5 ms, so that nothing is left where a mix comes later
 */
void dtmf_tone_frame(struct dtmf_tone *t, int16_t *pcm, uint32_t samples, bool last);

#endif
