/**
 * @file residual.h  What is heard besides a steady tone, in windows of 5 ms: clicks, steps, noise.
 *
 * All of what was heard goes through a filter that takes out the tone and lets pass, within 0.1 dB, what is more than
 * 200 Hz away from it (a window of Blackman's over 55 ms, so that a click stays in its place). The power of each window
 * is that of what is left, as the sine that has the same power.
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_AUDIO_RESIDUAL_H
#define PARLEY_TESTS_AUDIO_RESIDUAL_H

#include <stddef.h>
#include <stdint.h>

struct residual {
    double largest_dbfs; /**< of all windows; -200 for nothing */
    double mean_dbfs;    /**< their mean power */
    size_t largest_at;   /**< first sample of that window */
    size_t windows;
};

/** Of all but the first and last 30 ms. */
struct residual residual_measure(const int16_t *pcm, size_t samples, uint32_t rate_hz, double tone_hz);

#endif
