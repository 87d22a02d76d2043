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

/**
 * The largest window of all but the first and last 30 ms; -200 for nothing. Where there is not even one window it is 0,
 * full scale: who heard nothing has not kept any limit.
 */
double residual_dbfs(const int16_t *pcm, size_t samples, uint32_t rate_hz, double tone_hz);

#endif
