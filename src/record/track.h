/**
 * @file track.h  One file of a recording: the mix, or what one party or the bridge itself added to it.
 *
 * Takes ticks of whatever rate (media/pcm_frame.h); what is missing between them is silence. Where the file cannot be
 * written any more it ends there, or is silent from there on (track_match()).
 *
 * Thread: the recorder's.
 */
#ifndef PARLEY_RECORD_TRACK_H
#define PARLEY_RECORD_TRACK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "media/pcm_frame.h"
#include "record/recorder.h"

struct track;

/** Figures of all tracks of a recorder together. */
struct track_counts {
    atomic_uint_least64_t frames, bytes, write_errors;
};

/** One of those figures goes up by n; others may read it meanwhile. */
static inline void track_count(atomic_uint_least64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

struct track_spec {
    const char *dir, *name;       /**< the file is DIR/NAME.wav; copied */
    uint32_t rate_hz;             /**< of the file */
    uint64_t samples_max;         /**< it is full then */
    uint32_t delay_ms;            /**< what comes stands so much later in the file */
    const struct recorder_io *io; /**< borrowed, as counts */
    struct track_counts *counts;
};

/** @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY */
MUST_CHECK status track_create(struct track **out, const struct track_spec *spec);

/** The file begins with this tick: before anything is put. */
void track_begin(struct track *t, uint64_t tick);

/** The one that is to come. */
uint64_t track_tick(const struct track *t);

/** A frame of audio, or of its other rate (PCM_FRAME_OTHER), in order. A tick is written when a later one is put, or
 * filled up to. */
void track_put(struct track *t, const struct pcm_frame *frame);

/** Silence up to this tick. @return how many ticks that is */
uint64_t track_fill(struct track *t, uint64_t tick);

/** True once it is as long as it may be. */
bool track_full(const struct track *t);

/** True once the disk refused it. */
bool track_broken(const struct track *t);

/** In the file by now. */
uint64_t track_samples(const struct track *t);

/** Makes the header true. */
void track_update(struct track *t);

/** To the disk. */
void track_sync(struct track *t);

/** Gives out what the filter still holds: nothing more may be put. */
void track_run_out(struct track *t);

/**
 * The same for a track beside a mix that ended before this tick, and is so long: it ends where the mix did, its delay
 * before the end of what was put, and is filled up with silence, or cut.
 */
void track_match(struct track *t, uint64_t tick, uint64_t samples);

/**
 * Completes the file; the track is gone.
 * @param[out] bytes  its size
 * @return STATUS_OK; STATUS_IO (its .part stays for recorder_recover())
 */
MUST_CHECK status track_finish(struct track *t, uint64_t *bytes);

/** Removes the file; the track is gone. */
void track_discard(struct track *t);

#endif
