/**
 * @file converter.h  A thread that converts finished recordings (convert.h), one after the other, so that the recorder
 * never waits for an encoder.
 *
 * Thread: control.
 */
#ifndef PARLEY_RECORD_CONVERTER_H
#define PARLEY_RECORD_CONVERTER_H

#include <stdbool.h>

#include "base/status.h"
#include "record/recorder.h"

struct converter;

/**
 * @param dir      where the recordings are; borrowed for its life
 * @param io       borrowed: what would leave less than the floor, beside the WAV, is not converted
 * @param wake_fd  woken when converter_done() has something (os/wake.h); borrowed
 * @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO (no descriptor left)
 */
MUST_CHECK status converter_create(struct converter **out, const char *dir, enum recording_format format,
                                   const struct recorder_io *io, uint64_t free_floor_bytes, int wake_fd);

/** Breaks off: what is not converted stays WAV. NULL is allowed. */
void converter_destroy(struct converter *c);

/** Converts the recording of this report, and its tracks. @return false where too many wait: it stays WAV */
MUST_CHECK bool converter_put(struct converter *c, const struct recording_report *report);

/** The next that is through, its bytes those of its file now. @return false where there is none */
MUST_CHECK bool converter_done(struct converter *c, struct recording_report *report);

#endif
