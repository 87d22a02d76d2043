/**
 * @file call_entry.h  A call in hand, as the files of calls.h share it.
 *
 * calls.c keeps the table, call_intake.c decides where a call that comes in goes, call_media.c is its world (leg,
 * conference, end), call_row.c its row in the store. Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_ENTRY_H
#define PARLEY_DAEMON_CALL_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "call/call.h"
#include "daemon/calls.h"

struct call_out;
struct store_call;
struct store_tx;
struct trunk;

enum { CALL_RETRY_AFTER_S = 5 };

struct call_entry {
    struct list link; /**< in calls.entries */
    struct calls *calls;
    struct call *call; /**< owned */
    id_text id;
    id_text account, conference; /**< conference: "" until it is found */
    bool joined;                 /**< it is in its conference, or on its way in */
    bool entered;                /**< it has been */
    bool waiting;                /**< for its conference: answered by a callback even where the caller has gone */
    struct engine_sockets sockets;
    bool has_sockets;
    struct engine_leg *leg; /**< NULL before it is open; closed with the call */
    const char *srtp;       /**< suite that is agreed on, static; NULL: plain audio */
    struct loop_timer *duration;
    const char *ended_reason;  /**< a word of callEndedReason; NULL while it lasts */
    uint32_t revision, events; /**< of its row; events: webhooks numbered so far */
    char *from, *to;           /**< as the API shows them; owned */
    const char *direction;     /**< static: "inbound", "outboundAPI", "outboundDial" */
    id_text application, phone_number, parent;
    char *status_callback_url;  /**< owned; NULL for none */
    struct call_out *out;       /**< owned: what a call of ours waits to do; NULL for one that came in */
    struct call_script *script; /**< NULL: the built-in route, or none yet; it frees itself after the call's end */
};

struct calls {
    struct bridge *bridge;
    struct map *by_id;   /**< calls in hand */
    struct list entries; /**< these, and those whose leg is not closed yet */
    struct route *routes;
    size_t route_count;
    struct route *former_routes; /**< of the settings before: calls that the store has not let in yet go by them */
    size_t former_route_count;
    struct trunk *trunks;
    size_t trunk_count;
    loop_fn *idle;
    void *idle_arg;
    struct calls_figures figures;
};

/** Frees an entry that is in no table. */
void call_entry_free(struct call_entry *e);

/** Frees it, at last; a loop_fn. Where it was the last one, the idle function is told. */
void call_entry_destroy(void *entry);

/* ---- call_intake.c ---- */

/** Why no more calls can be taken now. */
enum call_limit { CALL_LIMIT_NONE, CALL_LIMIT_DRAINING, CALL_LIMIT_LOAD, CALL_LIMIT_CALLS };
enum call_limit call_intake_limit(const struct calls *cs);
const char *call_limit_text(enum call_limit limit);

/** A call that comes in. */
void call_intake_invite(struct calls *cs, const struct signal_message *m);
void call_intake_clear_routes(struct route *routes, size_t count);

/** The built-in route: finds or makes the conference of the name that was called, and answers. */
void call_intake_conference(struct call_entry *e);

/** Refuses a call that is not answered, with a word of callEndedReason; logged. */
void call_intake_refuse(struct call_entry *e, uint32_t code, const char *why, const char *reason);

/* ---- call_application.c ---- */

/**
 * Looks whether what was called is a number of the account: then its application's script is asked for, else the
 * built-in route takes the call.
 */
void call_application_find(struct call_entry *e);

/* ---- call_trunks.c ---- */

/** What became of a registration. */
void call_trunks_registered(const struct signal_message *m);

/* ---- call_out.c ---- */

enum { CALL_OUT_DIGITS_TOKEN = UINT32_MAX }; /**< of sendDigits; scripts number their items from 1 */

/** A call of ours is up: sendDigits first, then its script. */
void call_out_connected(struct call_entry *e);
void call_out_digits_sent(struct call_entry *e);

/** It is over: where its script was never asked for, its connect webhook says so; the answer is not run. */
void call_out_over(struct call_entry *e);
void call_out_destroy(struct call_out *out);

/* ---- call_media.c ---- */

/** What a call asks of the bridge; its arg is the entry. */
extern const struct call_world call_entry_world;

/* ---- call_row.c ---- */

/** Stores the call as it is now, behind what has happened. */
void call_row_save(struct call_entry *e);

/** The row as it would be stored now; texts borrowed from the entry. */
void call_row_fill(struct call_entry *e, struct store_call *row);

/** The same within a transaction. */
void call_row_put(struct call_entry *e, struct store_tx *tx);

/** The API's word for its state; static. */
const char *call_row_status(const struct call_entry *e);

/**
 * A SIP URI as the API shows it: digits with or without + become E.164, anything else is the URI without parameters.
 * @return heap, owned by the caller; NULL where memory is short
 */
char *call_row_party(const char *uri);

/** Stores what parley-sip says of its dialog. */
void call_row_save_dialog(struct call_entry *e, const json_t *record);

#endif
