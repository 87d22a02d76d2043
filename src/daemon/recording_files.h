/**
 * @file recording_files.h  Where the audio of recordings lies, and how it is read while it grows.
 *
 *     DIR/ID.wav.part      while it grows (record/wav_file.h)
 *     DIR/ID.wav           complete; or .flac, .ogg
 *     DIR/ID.tracks/       CALL.wav each, bridge.wav, timeline.json (record/tracks.h), with endings as above
 *
 * Thread: control. Reads directories and headers, no audio.
 */
#ifndef PARLEY_DAEMON_RECORDING_FILES_H
#define PARLEY_DAEMON_RECORDING_FILES_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"
#include "rest/rest_backend.h"

enum { RECORDING_PATH_SIZE = 4096 };

/** The audio of a recording or of a track, complete. @return false where there is none */
bool recording_files_find(const char *dir, const char *name, char path[RECORDING_PATH_SIZE]);

/**
 * Opens the audio of a recording or of one of its tracks, also while it grows.
 * @param track  a call's id or "bridge"; NULL: the recording itself
 * @return STATUS_OK; STATUS_NOT_FOUND; STATUS_IO
 */
MUST_CHECK status recording_files_open(const char *dir, const char *id, const char *track, struct rest_audio *out);

/** Opens what happened. @return as recording_files_open() */
MUST_CHECK status recording_files_open_timeline(const char *dir, const char *id, struct rest_audio *out);

/** Calls each for every track, in the order of their names. */
void recording_files_tracks(const char *dir, const char *id, rest_track_fn *each, void *arg);

/** Removes all of a recording. */
void recording_files_remove(const char *dir, const char *id);

/** True for the ending of a file that is complete: "wav", "flac", "ogg". */
bool recording_files_ending(struct slice ending);

#endif
