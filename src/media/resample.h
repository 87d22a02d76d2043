/**
 * @file resample.h  Converts frames of live audio between the rates of legs, sounds and conferences: 8, 16 and 48 kHz.
 *
 * The filters are speexdsp's, of quality 4: flat within 0.1 dB up to 85 % of the lower Nyquist frequency, images and
 * aliases of what lies there below -60 dB, 4 ms of delay (2 ms between 16 and 48 kHz). They are made once a thread and
 * serve every stream: what a stream has said in its last 8 ms is all that a filter knows of it, and that is kept in a
 * struct resample_line. Being plain bytes, a line is copied where a listener gets a mix of its own, and two lines that
 * are equal go on equally: so nobody hears the change.
 *
 * One line serves conversions to several rates: resample_frame() only reads it, resample_line_put() moves it on.
 *
 * Pure. Memory is taken by resample_bank_create() alone. Thread: a bank belongs to one thread at a time.
 */
#ifndef PARLEY_MEDIA_RESAMPLE_H
#define PARLEY_MEDIA_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    RESAMPLE_PAST_MS = 8,
    RESAMPLE_PAST_MAX = 48 * RESAMPLE_PAST_MS,
    RESAMPLE_RATES = 3,
};

/** The filters of a thread. */
struct resample_bank;

/**
 * @param[out] out  owned by the caller; unchanged on error
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status resample_bank_create(struct resample_bank **out);

/** NULL is allowed. */
void resample_bank_destroy(struct resample_bank *bank);

/** 0, 1, 2 for 8000, 16000, 48000 Hz; any other rate asserts. */
unsigned resample_rate_index(uint32_t rate_hz);

/** The end of a stream. */
struct resample_line {
    bool sounds;                     /**< not all of past is 0 */
    int16_t past[RESAMPLE_PAST_MAX]; /**< its last 8 ms, at its own rate; what is beyond them is not used */
};

/** As after silence. */
void resample_line_init(struct resample_line *line);

/** The frame that has been converted is past now. @param pcm  20 ms at rate_hz; NULL: silence */
void resample_line_put(struct resample_line *line, uint32_t rate_hz, const int16_t *pcm);

/** True where both give the same output for the same input from now on. */
bool resample_line_same(const struct resample_line *a, const struct resample_line *b, uint32_t rate_hz);

/**
 * Converts the next 20 ms of a stream; samples that do not fit are held at full scale.
 *
 * @param line      what came before
 * @param from_hz   rate of pcm and of the line
 * @param pcm       20 ms; NULL: silence
 * @param to_hz     another rate than from_hz
 * @param[out] out  20 ms at to_hz; untouched where the result is silence
 * @return false where the result is silence
 */
bool resample_frame(struct resample_bank *bank, const struct resample_line *line, uint32_t from_hz, const int16_t *pcm,
                    uint32_t to_hz, int16_t *out);

#endif
