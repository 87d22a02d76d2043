/**
 * @file tone.h  Makes a sine, measures one, and watches a steady one for breaks and holes.
 *
 * Levels are in dBFS: 0 is a sine that just reaches full scale (peak 32767). For beeps, tests and the load generator.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_TONE_H
#define PARLEY_MEDIA_TONE_H

#include <stddef.h>
#include <stdint.h>

/** A sine that goes on across calls without a phase step. */
struct tone {
    double cos_step, sin_step; /**< rotation a sample */
    double re, im;             /**< where it is */
    double amplitude;
};

/** Starts at phase 0. @param level_dbfs  up to 0 */
void tone_init(struct tone *t, uint32_t rate_hz, double frequency_hz, double level_dbfs);

/** The next samples, written over what is there. */
void tone_read(struct tone *t, int16_t *pcm, size_t samples);

/** The next samples, added to what is there, held at full scale where they do not fit. */
void tone_add(struct tone *t, int16_t *pcm, size_t samples);

struct tone_reading {
    double level_dbfs;    /**< of the tone; -200 for none */
    double phase_deg;     /**< against a sine of phase 0 at sample 0, -180 to 180 */
    double residual_dbfs; /**< of everything else, as the sine that has the same power; -200 for none */
};

/**
 * Least-squares fit of one sine and a constant: exact for any window, whole periods or not.
 * @param first  number of the first sample counted from sample 0 of the phase's reference
 * @param samples  at least one period
 */
struct tone_reading tone_measure(const int16_t *pcm, size_t samples, uint32_t rate_hz, double frequency_hz,
                                 uint64_t first);

/** The level of everything in it as the sine that has the same power; -200 for digital silence. */
double tone_power_dbfs(const int16_t *pcm, size_t samples);

enum { TONE_WATCH_WINDOW_MAX = 480 };

/**
 * Watches a tone that should be steady. Windows of 10 ms: a break is a phase step over 10 degrees or a level step over
 * 1 dB between neighbours, a hole is a window 6 dB below the expected level.
 */
struct tone_watch {
    uint32_t rate_hz;
    double frequency_hz;
    double level_dbfs; /**< expected */
    uint64_t windows, breaks, holes;
    double max_phase_step_deg, max_level_step_db; /**< largest seen between neighbours without a hole */
    uint64_t first_break_window;            /**< number of the first window with a break or hole; windows if none */
    uint64_t samples;                       /**< seen so far */
    double last_phase_deg, last_level_dbfs; /**< of the window before */
    uint32_t filled;                        /**< samples of the window that is coming in */
    int16_t window[TONE_WATCH_WINDOW_MAX];
};

/** @param level_dbfs  what the tone should have */
void tone_watch_init(struct tone_watch *w, uint32_t rate_hz, double frequency_hz, double level_dbfs);

void tone_watch_put(struct tone_watch *w, const int16_t *pcm, size_t samples);

#endif
