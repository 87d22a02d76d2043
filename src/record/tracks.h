/**
 * @file tracks.h  The tracks of one recording, beside its mix: a file a leg, one for what the bridge adds, and the
 * timeline.
 *
 * They lie in DIR/ID.tracks: CALL.wav for each leg, bridge.wav, timeline.json. All are as long as the mix, and sample
 * n of one belongs to sample n of any other: what is put in now is in the mix its limiter's look-ahead later, so the
 * tracks are delayed by as much. A leg's track begins with silence up to when it came.
 *
 * Thread: the recorder's.
 */
#ifndef PARLEY_RECORD_TRACKS_H
#define PARLEY_RECORD_TRACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "record/track.h"

struct tracks;

/** What the directory is called behind the recording's id. */
#define TRACKS_SUFFIX ".tracks"

/**
 * @param mix  as of the mix: its dir and name are the recorder's and the recording's
 * @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_CHECK status tracks_create(struct tracks **out, const struct track_spec *mix);

/** All files begin with this tick: before anything is put. */
void tracks_begin(struct tracks *t, uint64_t tick);

/** From now on frames of this track belong to this call. A file that cannot be made is logged and left out. */
void tracks_name(struct tracks *t, uint16_t number, const char *call);

/** True where tracks_name() was called for it. */
bool tracks_know(const struct tracks *t, uint16_t number);

/** A frame of audio or a mark. */
void tracks_put(struct tracks *t, const struct pcm_frame *frame);

/** Silence up to before this tick, the mix's next, where nothing came; the headers are made true. */
void tracks_update(struct tracks *t, uint64_t tick);

/** To the disk. */
void tracks_sync(struct tracks *t);

/** Completes all files. @param tick  before which the mix ended; @param samples  in it */
void tracks_finish(struct tracks *t, uint64_t tick, uint64_t samples);

/** Removes all of it. */
void tracks_discard(struct tracks *t);

#endif
