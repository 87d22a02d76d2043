/**
 * @file timeline.h  What happened during a recording, as JSON beside its tracks.
 *
 *     {"events":[
 *     {"atMs":0,"event":"join","callId":"CA..."},
 *     {"atMs":1240,"event":"talkStart","callId":"CA..."}
 *     ]}
 *
 * atMs counts from the first sample of the files; events stand in the order in which they were noticed, a talk's start
 * up to 20 ms and its end half a second after it was heard. The file is complete JSON after every event; on a full disk
 * it ends with the last one that had room.
 *
 * Thread: the recorder's, but for timeline_snapshot().
 */
#ifndef PARLEY_RECORD_TIMELINE_H
#define PARLEY_RECORD_TIMELINE_H

#include <stdint.h>

#include "base/status.h"
#include "media/pcm_frame.h"

struct timeline;

/** Makes DIR/timeline.json.part anew. @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY */
MUST_CHECK status timeline_create(struct timeline **out, const char *dir);

/**
 * @param at_ms    of the tick in which it was noticed
 * @param call_id  of the track; NULL where it belongs to nobody
 */
void timeline_note(struct timeline *t, uint64_t at_ms, const struct pcm_mark *mark, const char *call_id);

/** Closes it, on disk, and gives it its name; it is gone. */
void timeline_finish(struct timeline *t);

/**
 * One that grows, as it is now. Of the file itself a slow reader gets half: the next event goes over its tail.
 * Thread: any.
 * @param growing     a descriptor of the .part file
 * @param[out] copy   a descriptor of memory, at its end; the caller's
 * @param[out] bytes  in it: complete JSON
 * @return STATUS_OK; STATUS_IO
 */
MUST_CHECK status timeline_snapshot(int growing, int *copy, uint64_t *bytes);

/** Closes it and removes it. */
void timeline_discard(struct timeline *t);

#endif
