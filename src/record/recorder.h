/**
 * @file recorder.h  Writes the audio of conferences to WAV files, on a thread of its own.
 *
 * A recording's frames (media/pcm_frame.h) come through a ring that holds several seconds, straight from a media
 * thread. The recorder looks into its rings five times a second while any are open, and sleeps otherwise. A file is
 * written under its name and ".part", its header true to its length at any moment, and is renamed when complete. A slow
 * disk makes the ring overflow: the frames that are missing become silence, and are counted.
 *
 * Files are 16-bit mono of one rate, and hold exactly the frames from first to last, whose rate may change on the way:
 * what the resampler delays is taken out.
 * It does not know conferences or accounts, and never touches a live one.
 *
 * Thread: control.
 */
#ifndef PARLEY_RECORD_RECORDER_H
#define PARLEY_RECORD_RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ids.h"
#include "base/ring.h"
#include "base/status.h"

struct recorder;
struct recording;

/** How the recorder reaches the disk; a test puts slow or full ones in its place. Errors as errno says. */
struct recorder_io {
    ssize_t (*write)(int fd, const void *bytes, size_t len);
    int (*sync)(int fd);
    uint64_t (*free_bytes)(const char *dir); /**< what the file system has left; UINT64_MAX where it does not say */
};

/**
 * What a complete recording is kept as. While it grows it is a WAV in any case, so that a crash costs nothing; the
 * other formats are made of that afterwards, on a thread of their own (converter.h).
 */
enum recording_format { RECORDING_WAV, RECORDING_FLAC, RECORDING_OPUS /**< in Ogg */ };
enum { RECORDING_FORMATS = RECORDING_OPUS + 1 };

struct recorder_config {
    const char *dir;              /**< where the files go; copied; must exist */
    uint32_t rate_hz;             /**< of the files; 0: 16000 */
    uint32_t length_max_s;        /**< a recording ends itself at this length; 0: none */
    enum recording_format format; /**< of those that say so (recording_spec) */
    uint64_t free_floor_bytes;    /**< recordings end where less is left on the disk; 0: no floor */
    const struct recorder_io *io; /**< borrowed for the recorder's life; NULL: the real disk */
};

enum recording_end {
    RECORDING_ENDED, /**< the frames came to their end */
    RECORDING_LENGTH_MAX,
    RECORDING_DISK_FULL, /**< the floor was reached, or a write failed: the file holds what was written till then */
    RECORDING_RECOVERED, /**< by recorder_recover() */
    RECORDING_FAILED,    /**< there is no file */
};

/** "ended", "length_max", "disk_full", "recovered", "failed" */
const char *recording_end_name(enum recording_end end);

struct recording_report {
    id_text id;
    void *user;
    enum recording_end end;
    uint64_t samples; /**< in the file, at its rate */
    uint32_t rate_hz;
    uint64_t duration_ms;
    uint64_t bytes;   /**< of the file */
    uint64_t lost_ms; /**< of the duration, silence in place of lost frames */
    bool converting;  /**< complete as a WAV; reported again once it is converted */
};

/** Called from recorder_poll(): the file is complete, on disk, and under its name. After it only the ring
 * may be used, until its END is put. */
typedef void recorder_report_fn(void *arg, const struct recording_report *report);

/** @return STATUS_OK; STATUS_INVALID; STATUS_NO_MEMORY; STATUS_IO (no such directory) */
MUST_CHECK status recorder_create(struct recorder **out, const struct recorder_config *config,
                                  recorder_report_fn *report, void *arg);

/** Completes what is open with what is in the rings (whose writers must have stopped), without reports. NULL is
 * allowed. */
void recorder_destroy(struct recorder *recorder);

/** Readable when recorder_poll() has something to do. Borrowed. */
int recorder_fd(const struct recorder *recorder);
void recorder_poll(struct recorder *recorder);

struct recording_spec {
    id_text id;   /**< the file is DIR/ID.wav */
    bool convert; /**< into the recorder's format, with its tracks; else it stays WAV */
    bool tracks;  /**< with tracks of its own beside the mix, and a timeline (tracks.h) */
    void *user;
};

/**
 * Makes a recording ready: its file begins with the first frame. It ends with a frame of kind PCM_FRAME_END, which must
 * come, also after it ended itself (length, disk): frames are thrown away until then.
 *
 * @return STATUS_OK; STATUS_INVALID; STATUS_NO_MEMORY. A file that cannot be made is reported as RECORDING_FAILED.
 */
MUST_CHECK status recorder_open(struct recorder *recorder, const struct recording_spec *spec, struct recording **out);

/** The ring to give to engine_conference_record(). Borrowed until its END is put. */
struct ring *recording_ring(struct recording *recording);

/**
 * With tracks: the number that the frames and marks of this call have (media/pcm_frame.h), the same whenever it is
 * asked for. Its file begins with silence up to now. Not after the report.
 *
 * @return STATUS_OK; STATUS_FULL; STATUS_NO_MEMORY
 */
MUST_CHECK status recording_track(struct recording *recording, const char *call, uint16_t *number);

/** Ends a recording whose ring was never given to a writer. Its report follows (RECORDING_FAILED, as it has no file).
 */
void recording_cancel(struct recording *recording);

/** Figures for /metrics; relaxed. */
struct recorder_metrics {
    uint32_t open;
    uint64_t frames, lost_ms, bytes, write_errors;
};
void recorder_metrics(const struct recorder *recorder, struct recorder_metrics *out);

/**
 * At start, before recorder_create(): completes every .part file that a crash left in dir (header repaired from the
 * size, renamed) and names it, and the tracks beside it. Files shorter than a header are removed, and what a conversion
 * left half done: that recording stays WAV.
 *
 * @param found  called once a file; report->user is NULL
 * @return STATUS_OK; STATUS_IO (dir cannot be read; files that failed are left as they are)
 */
MUST_CHECK status recorder_recover(const char *dir, recorder_report_fn *found, void *arg);

/** The figures of a complete file. @return STATUS_OK; STATUS_IO (it is not there, or not audio); *out as it was then */
MUST_CHECK status recorder_examine(const char *path, struct recording_report *out);

#endif
