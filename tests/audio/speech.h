/**
 * @file speech.h  Some sentences, spoken by espeak-ng when they are asked for, at any rate.
 *
 * A word after the other at about -26 dBFS, pauses between sentences included. The same text every time. Where
 * espeak-ng is missing the program ends, saying so.
 * Thread: one.
 */
#ifndef PARLEY_TESTS_AUDIO_SPEECH_H
#define PARLEY_TESTS_AUDIO_SPEECH_H

#include <stddef.h>
#include <stdint.h>

/** Samples are converted band-limited from what espeak-ng gives. @return to be freed; *count of them, some 30 s */
int16_t *speech_make(uint32_t rate_hz, size_t *count);

/** Converts what there is, band-limited and without delay. @return to be freed */
int16_t *speech_convert(const int16_t *pcm, size_t count, uint32_t from_hz, uint32_t to_hz, size_t *converted);

#endif
