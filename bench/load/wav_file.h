/**
 * @file wav_file.h  WAV files of telephone audio: 16-bit PCM, mono, 8000 Hz; nothing else is read or written.
 *
 * Thread: one at a time.
 */
#ifndef PARLEY_LOAD_WAV_FILE_H
#define PARLEY_LOAD_WAV_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** @param[out] samples  owned by the caller. @return STATUS_OK, STATUS_NOT_FOUND, STATUS_UNSUPPORTED, STATUS_NO_MEMORY
 */
MUST_CHECK status wav_file_read(const char *path, int16_t **samples, size_t *count);

struct wav_writer;

/** @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY */
MUST_CHECK status wav_writer_open(struct wav_writer **out, const char *path);
void wav_writer_put(struct wav_writer *writer, const int16_t *samples, size_t count);

/** Makes the header say what has been put so far, and pushes it to the file. */
void wav_writer_flush(struct wav_writer *writer);

/** Flushes too. NULL is allowed. */
void wav_writer_close(struct wav_writer *writer);

#endif
