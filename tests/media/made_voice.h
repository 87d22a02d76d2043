/**
 * @file made_voice.h  Something like speech, made by rule: pulses through resonances, hisses, syllables, pauses.
 *
 * Each second has three to four syllables; after every seven there is a pause of half a second, with a background of
 * about -70 dBFS as all the time. Speech is at about -25 dBFS. The same seed makes the same voice.
 */
#ifndef PARLEY_TESTS_MEDIA_MADE_VOICE_H
#define PARLEY_TESTS_MEDIA_MADE_VOICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

struct made_voice {
    struct rng rng;
    double rate_hz, pitch_hz, phase, at_s, length_s, hiss;
    double resonance_hz[3], memory[3][2];
    unsigned syllable;
};

void made_voice_init(struct made_voice *v, uint32_t rate_hz, uint64_t seed);

void made_voice_read(struct made_voice *v, int16_t *pcm, size_t samples);

#endif
