/**
 * @file dtmf_detect.h  Finds the two tones of a key in what a leg says, and takes them out before anybody hears a key.
 *
 * There are two uses of it. With DTMF_DETECT_KEYS audio goes out one frame (20 ms) later than it came in: nearly
 * nothing is left of a tone (5 ms at most), and each key is told once. With DTMF_DETECT_LEAKS nothing is delayed and
 * nothing need be told: it is for a leg that sends telephone-events and has the tones in its audio too, where the first
 * part of a tone comes before the first event. Less than 17 ms of a tone pass then, too little for a decoder.
 *
 * Every 2.5 ms the last 15 ms are looked at. There is a key in them where two of its tones hold nearly all of their
 * power, hold on from their first half to their second, and are in tune in both. Four such in a row
 * are muted, with LEAKS the first already where it is a very clean one. A mute lasts until 25 ms after the last.
 *
 * What is read as a key (ITU-T Q.24, and wider where that costs nothing): each tone from -42 dBm0 up; the high one at
 * most 8 dB weaker and 4 dB stronger than the low one; both up to 1.5 % out of tune, none that is 3.5 % out; from 40 ms
 * on, never up to 24 ms; 40 ms apart; with breaks up to 10 ms; in noise 15 dB weaker. LEAKS keeps its
 * word for tones up to 1 % out of tune, as those of machines are.
 *
 * Speech that by chance looks like a key is muted for some 50 ms (talk-off): less than once an hour. tests/audio
 * measures it.
 *
 * Pure. Thread: one at a time. ITU-T Q.23, Q.24; levels as in G.711, where full scale is 3.17 dBm0.
 */
#ifndef PARLEY_MEDIA_DTMF_DETECT_H
#define PARLEY_MEDIA_DTMF_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#include "media/codec.h"
#include "media/ramp.h"

enum {
    DTMF_DETECT_TONES = 8,     /* four rows, then four columns */
    DTMF_DETECT_PAST = 8,      /* steps that are remembered */
    DTMF_DETECT_TAPS_MAX = 72, /* of the filter that leads down to 8000 Hz */
};

enum dtmf_detect_use { DTMF_DETECT_KEYS, DTMF_DETECT_LEAKS };

/** Each tone of the keypad in a piece of audio, as amplitude and phase at its end. */
struct dtmf_detect_tones {
    float re[DTMF_DETECT_TONES], im[DTMF_DETECT_TONES];
};

/** 2.5 ms of audio. */
struct dtmf_detect_step {
    struct dtmf_detect_tones own, half; /**< of the step, and of the 7.5 ms that it ends */
    float energy, sum;
};

/** To be read: down, pressed, event, told, down_steps. */
struct dtmf_detect {
    bool down;     /**< a key sounds, or did 25 ms ago */
    bool pressed;  /**< in this frame it has lasted long enough to be one: told once a key */
    uint8_t event; /**< which: 0 to 15 as in RFC 4733; of no meaning before the first */

    bool told; /**< it has been told */
    bool open; /**< to be set: what is found is not muted from the next frame on */
    bool held_sounds;
    uint8_t seen; /**< in the last step */
    enum dtmf_detect_use use;
    uint32_t rate_hz;
    uint32_t step_count, quiet_frames;
    uint32_t seen_steps;                /**< in a row, the same key */
    uint32_t down_steps, missing_steps; /**< of 2.5 ms, of the key that is down: all, and those since it was seen */
    uint64_t muted;                     /**< a bit a step, the last one lowest */
    struct ramp ramp;
    float cos_1[DTMF_DETECT_TONES], sin_1[DTMF_DETECT_TONES]; /**< how far each tone turns in a sample of 8000 Hz */
    struct dtmf_detect_tones turn_step, turn_half;            /**< and in a step, and in three: cosine and sine */
    struct dtmf_detect_step past[DTMF_DETECT_PAST];
    float taps[DTMF_DETECT_TAPS_MAX];
    int16_t before[DTMF_DETECT_TAPS_MAX]; /**< what the filter still needs of the last frame */
    int16_t held[FRAME_SAMPLES_MAX];      /**< KEYS: goes out with the next frame */
};

/** @param rate_hz  of the frames: 8000, 16000 or 48000 */
void dtmf_detect_init(struct dtmf_detect *d, uint32_t rate_hz, enum dtmf_detect_use use);

/**
 * Takes the next frame.
 *
 * @param pcm     20 ms of what the leg says; becomes what is to be heard of it
 * @param sounds  false: that is silence, whatever stands in pcm
 * @return false where what is to be heard is silence; pcm is of no meaning then
 */
bool dtmf_detect_frame(struct dtmf_detect *d, int16_t *pcm, bool sounds);

#endif
