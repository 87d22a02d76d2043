/**
 * @file convert.h  A finished WAV becomes FLAC or Ogg Opus: the new file is made beside it under a temporary name, and
 * the WAV is removed when the new one is on the disk under its own. Until then nothing has changed.
 *
 * Thread: the converter's, but for convert_ending(), which is any's; reads and writes whole files.
 */
#ifndef PARLEY_RECORD_CONVERT_H
#define PARLEY_RECORD_CONVERT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "record/recorder.h"

/** How the file's name ends: "wav", "flac", "ogg". */
const char *convert_ending(enum recording_format format);

/**
 * @param stem     DIR/STEM.wav becomes DIR/STEM.flac or .ogg
 * @param stop     looked at every few seconds of audio: then nothing has changed
 * @param[out] bytes  of the new file
 * @return STATUS_OK; STATUS_IO (no such file, disk full); STATUS_NO_MEMORY; STATUS_CLOSED (stopped). But for STATUS_OK
 * the WAV stays
 */
MUST_CHECK status convert_file(const char *dir, const char *stem, enum recording_format format, const atomic_bool *stop,
                               uint64_t *bytes);

/** The same for all the tracks of a recording (tracks.h); those that fail stay WAV. */
void convert_tracks(const char *dir, const char *id, enum recording_format format, const atomic_bool *stop);

#endif
