/**
 * @file recordings.h  From "a recording begins" to a finished, stored and announced file: rows, recorder and callbacks.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_RECORDINGS_H
#define PARLEY_DAEMON_RECORDINGS_H

#include <stdint.h>

#include "base/status.h"
#include "conf/conference.h"
#include "daemon/bridge.h"
#include "record/recorder.h"
#include "store/store_rows.h"
#include "store/store_tx.h"

struct recordings;
struct ring;

/** Makes DATA/recordings. @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO */
MUST_CHECK status recordings_create(struct recordings **out, struct bridge *bridge);
void recordings_destroy(struct recordings *r);

/** DATA/recordings. Borrowed. */
const char *recordings_dir(const struct recordings *r);

/**
 * At start, before the recorder exists and once the conferences are loaded: completes what a crash left, stores and
 * announces it. Blocks on disk and store.
 */
MUST_CHECK status recordings_recover(struct recordings *r);

/** Names a new recording of a conference and adds its row, in state "recording". @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status recordings_prepare(struct recordings *r, struct store_tx *tx, const struct conference *c, id_text id);

/** Begins it. @return the ring for the engine; NULL where it cannot begin (logged; it is reported as lost) */
struct ring *recordings_begin(struct recordings *r, const char *id);

/** True where it has tracks beside its mix. */
bool recordings_has_tracks(const struct recordings *r, const char *id);

/** The number of a call's track in a running recording; 0 where it has none. */
uint16_t recordings_track(struct recordings *r, const char *id, const char *call);

/** A recording of a call is complete and stored. row is borrowed for the call; its state is "complete" or "lost". */
typedef void recordings_done_fn(void *arg, const struct store_recording *row);

/**
 * Names, stores and begins a recording of a call: what it says, or both directions, as the caller tells the engine.
 *
 * @param[out] id  of the recording
 * @param done     called once, later; not after recordings_forget()
 * @return the ring for the engine; NULL where it cannot begin (done is still called)
 */
struct ring *recordings_begin_call(struct recordings *r, const char *account, const char *call, id_text id,
                                   recordings_done_fn *done, void *arg);

/** Whoever waits for this recording of a call has gone: it is completed and stored all the same. */
void recordings_forget(struct recordings *r, const char *id);

/** The recorder's reports come here. */
void recordings_report(void *arg, const struct recording_report *report);

/** How long the recording is by now; 0 for one that does not run. */
uint64_t recordings_running_ms(const struct recordings *r, const char *id);

/** True while it is being recorded. */
bool recordings_running(const struct recordings *r, const char *id);

/** True while none is being recorded or waits for its announcement. */
bool recordings_idle(const struct recordings *r);

/** The capability URL of webhooks, heap, owned by the caller; NULL where memory is short. */
char *recordings_url(const struct recordings *r, const struct store_recording *row);

/**
 * The file of a recording by its capability URL.
 * @return false where the URL is not one of ours
 */
bool recordings_local(const struct recordings *r, const char *url, char *path, size_t path_size);

/** What recordings_url() begins with, "http://127.0.0.1:8080"; copied. Set once the listeners are bound. */
void recordings_set_base_url(struct recordings *r, const char *url);

#endif
