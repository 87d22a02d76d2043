/**
 * @file wav_file.h  A growing 16-bit mono WAV under a temporary name, valid at any moment, renamed when complete.
 *
 * A file that may grow past 4 GiB becomes an RF64 there (wav_header.h). Silence that is skipped takes no place on a
 * disk that knows holes.
 *
 * Thread: the recorder's.
 */
#ifndef PARLEY_RECORD_WAV_FILE_H
#define PARLEY_RECORD_WAV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "record/recorder.h"

struct wav_file;

/** The io of the real disk. */
extern const struct recorder_io wav_file_disk;

/**
 * Makes DIR/NAME.wav.part anew.
 * @param samples_max  how long it may become
 * @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_CHECK status wav_file_create(struct wav_file **out, const char *dir, const char *name, uint32_t rate_hz,
                                  uint64_t samples_max, const struct recorder_io *io);

/** Appends. After a failed write nothing more is written. @return STATUS_OK, STATUS_IO (disk full or broken) */
MUST_CHECK status wav_file_write(struct wav_file *f, const int16_t *pcm, size_t samples);

/** Appends silence. It is in the file at the next write, update or finish. */
void wav_file_skip(struct wav_file *f, uint64_t samples);

/**
 * It ends at so many samples, at the finish: what is behind them goes, what is missing is silence, also where writes
 * have failed. Nothing may be written any more.
 */
void wav_file_end_at(struct wav_file *f, uint64_t samples);

/** Makes the header true to what is written. @return STATUS_OK, STATUS_IO */
MUST_CHECK status wav_file_update(struct wav_file *f);

/** To the disk. @return STATUS_OK, STATUS_IO */
MUST_CHECK status wav_file_sync(struct wav_file *f);

uint64_t wav_file_samples(const struct wav_file *f);

/**
 * Header, disk, rename, directory; the file is closed and freed whatever happens.
 * @param[out] bytes  its size
 * @return STATUS_OK; STATUS_IO (the .part file stays for recorder_recover())
 */
MUST_CHECK status wav_file_finish(struct wav_file *f, uint64_t *bytes);

/** What was renamed in this directory is on the disk. @return false where it may not be */
bool wav_file_sync_dir(const char *dir);

/** Closes and removes it. */
void wav_file_discard(struct wav_file *f);

#endif
