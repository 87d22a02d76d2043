/**
 * @file dtmf_ear.h  Somebody else's ear for keys: libspandsp's detector, which knows nothing of ours.
 *
 * It looks at blocks of 102 samples, so whether it reads a short piece of tone depends on where its blocks begin: what
 * must not be read is given to it with every beginning.
 * Thread: one.
 */
#ifndef PARLEY_TESTS_DTMF_EAR_H
#define PARLEY_TESTS_DTMF_EAR_H

#include <stddef.h>
#include <stdint.h>

/**
 * The keys that it reads in audio of 8000 Hz.
 * @param[out] keys  at most 127, then 0
 * @return how many
 */
size_t dtmf_ear_read(const int16_t *pcm, size_t samples, char keys[128]);

/** With how many of 34 beginnings it reads a key. */
size_t dtmf_ear_chances(const int16_t *pcm, size_t samples);

#endif
