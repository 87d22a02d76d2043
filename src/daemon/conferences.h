/**
 * @file conferences.h  All conferences that are not terminated: found by id and name, changed one event at a time, each
 * change stored with its callbacks and carried out in the engine.
 *
 * What a client asks for is applied to a copy, stored, and only then made true and audible; the next event of that
 * conference waits for it. What has happened on the wire is made true at once and stored behind.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CONFERENCES_H
#define PARLEY_DAEMON_CONFERENCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/conference.h"
#include "daemon/bridge.h"
#include "engine/engine.h"
#include "store/store_tx.h"

struct conferences;

/**
 * The outcome of a change, once it is stored (client) and audible: STATUS_OK and the conference as it is (borrowed for
 * the call), else why not and NULL.
 */
typedef void conferences_done_fn(void *arg, status s, const struct conference *c);

MUST_CHECK status conferences_create(struct conferences **out, struct bridge *bridge);
void conferences_destroy(struct conferences *cs);

/**
 * Takes up the conferences of the database. Their calls did not outlive the process that had them: one that was
 * populated or inProgress becomes empty, with its callback. Blocks on the store: for the start.
 */
MUST_CHECK status conferences_load(struct conferences *cs);

/**
 * Makes a conference on behalf of a client. What its options leave open, and how many may take part, is as configured.
 * done: STATUS_FULL where a limit is reached, STATUS_INVALID, STATUS_IO.
 */
void conferences_make(struct conferences *cs, const char *account, const struct conference_options *options,
                      conferences_done_fn *done, void *arg);

/**
 * The newest conference of that name in the account that is not terminated; else one is made with these options
 * (simultaneous callers of one name get the same). done may be called at once.
 */
void conferences_find_or_make(struct conferences *cs, const char *account, const struct conference_options *options,
                              conferences_done_fn *done, void *arg);

/** Events of a client, all or none, in one transaction; copied. done may be NULL. */
void conferences_apply(struct conferences *cs, const char *id, const struct conference_event *events, size_t count,
                       conferences_done_fn *done, void *arg);

/** Adds rows to the transaction in which an event is stored. */
typedef void conferences_add_fn(void *arg, struct store_tx *tx, const struct conference *c);

/**
 * An event that has happened on the wire. done (may be NULL) is told once it is true; it may be called at once.
 * @param add  may be NULL; called with arg too
 */
void conferences_happen(struct conferences *cs, const char *id, const struct conference_event *event,
                        conferences_add_fn *add, conferences_done_fn *done, void *arg);

/** NULL where there is none, or it is terminated. Borrowed for the turn. */
const struct conference *conferences_find(const struct conferences *cs, const char *id);

/** The engine's handle for a leg that is about to join; NULL while nobody is in. */
struct engine_conference *conferences_engine(const struct conferences *cs, const char *id);

/** ENGINE_DONE and ENGINE_CONFERENCE_CLOSED reports. */
void conferences_report(struct conferences *cs, const struct engine_report *report);

/** A recording of this conference began, or is over: it is kept in memory until its recordings are. */
void conferences_hold(struct conferences *cs, const char *id);
void conferences_release(struct conferences *cs, const char *id);

/** How many are in each state, by enum conference_status, and how many participants in all. */
struct conferences_figures {
    size_t conferences[CONFERENCE_INTERNAL_ERROR + 1];
    size_t participants;
};
void conferences_figures(const struct conferences *cs, struct conferences_figures *out);

#endif
