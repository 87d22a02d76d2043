/**
 * @file call_entry.h  A call in hand, as the files of calls.h share it.
 *
 * calls.c keeps the table, call_intake.c decides where a call that comes in goes, call_media.c is its world (leg,
 * conference, end), call_row.c its row in the store. Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_ENTRY_H
#define PARLEY_DAEMON_CALL_ENTRY_H

#include <stdbool.h>

#include "base/list.h"
#include "base/map.h"
#include "call/call.h"
#include "daemon/calls.h"

enum { CALL_RETRY_AFTER_S = 5 };

struct call_entry {
    struct list link; /**< in calls.entries */
    struct calls *calls;
    struct call *call;           /**< owned */
    id_text account, conference; /**< conference: "" until it is found */
    bool joined;                 /**< it is in its conference, or on its way in */
    bool entered;                /**< it has been */
    bool waiting;                /**< for its conference: answered by a callback even where the caller has gone */
    struct engine_sockets sockets;
    bool has_sockets;
    struct engine_leg *leg; /**< NULL before it is open; closed with the call */
    struct loop_timer *duration;
    const char *ended_reason; /**< a word of callEndedReason; NULL while it lasts */
    uint32_t revision;
};

struct calls {
    struct bridge *bridge;
    struct map *by_id;   /**< calls in hand */
    struct list entries; /**< these, and those whose leg is not closed yet */
    struct route *routes;
    size_t route_count;
    loop_fn *idle;
    void *idle_arg;
    struct calls_figures figures;
};

/** Frees it, at last; a loop_fn. Where it was the last one, the idle function is told. */
void call_entry_destroy(void *entry);

/* ---- call_intake.c ---- */

/** A call that comes in. */
void call_intake_invite(struct calls *cs, const struct signal_message *m);
void call_intake_clear_routes(struct route *routes, size_t count);

/* ---- call_media.c ---- */

/** What a call asks of the bridge; its arg is the entry. */
extern const struct call_world call_entry_world;

/* ---- call_row.c ---- */

/** Stores the call as it is now, behind what has happened. */
void call_row_save(struct call_entry *e);

/** Stores what parley-sip says of its dialog. */
void call_row_save_dialog(struct call_entry *e, const json_t *record);

#endif
