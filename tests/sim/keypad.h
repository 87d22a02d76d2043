/**
 * @file keypad.h  People of the simulation who press keys whose tones are in their audio, over a noise; and ears that
 * keep what they hear at 8000 Hz for tests/dtmf_ear.h.
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_SIM_KEYPAD_H
#define PARLEY_TESTS_SIM_KEYPAD_H

#include <stdint.h>

#include "base/rng.h"
#include "dtmf_ear.h"
#include "media/resample.h"
#include "media/tone.h"
#include "sim.h"

enum { EAR_SAMPLES = 60 * 8000 };

/** A sim_party's user, with keypad_speak() as its speak. */
struct keypad {
    uint32_t rate_hz;
    double sigma; /**< of the noise, at 8000 Hz: at a higher rate there is more of it, in a wider band */
    struct rng rng;
    struct tone low, high;
    uint64_t said;     /**< samples */
    uint64_t from, to; /**< of these, those with the tones */
};

/** @param snr_db  noise below both tones, of dbm0 each, in 4 kHz; 0: silence */
void keypad_init(struct keypad *k, uint32_t rate_hz, double dbm0, double snr_db, uint64_t seed);

/** The tones come in_us from now, for so long. */
void keypad_press(struct keypad *k, char key, double dbm0, uint32_t in_us, uint32_t ms);

sim_speak_fn keypad_speak;

/** What somebody hears, or what stands in a file. */
struct ear {
    struct resample_bank *bank; /**< owned */
    struct resample_line line;
    uint32_t rate_hz, filled;
    uint64_t count; /**< of pcm */
    int16_t frame[FRAME_SAMPLES_MAX];
    int16_t pcm[EAR_SAMPLES]; /**< at 8000 Hz; what does not fit is not kept */
};

struct ear *ear_create(uint32_t rate_hz);
void ear_destroy(struct ear *ear);
void ear_put(struct ear *ear, const int16_t *pcm, uint32_t samples);

/** A sim_party's hear, where its user is an ear. */
sim_hear_fn ear_hear;

/** Forgets what it has heard. */
void ear_clear(struct ear *ear);

/** With how many of 34 beginnings a key is read in what it has heard. */
size_t ear_chances(const struct ear *ear);

#endif
