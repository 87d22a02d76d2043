/**
 * @file calls.h  All calls in hand: where a call goes, its leg in the engine, its row in the store, its end.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CALLS_H
#define PARLEY_DAEMON_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "conf/conference.h"
#include "daemon/bridge.h"
#include "engine/engine.h"
#include "signal/message.h"

struct calls;

MUST_CHECK status calls_create(struct calls **out, struct bridge *bridge);

/** No report comes any more. NULL is allowed. */
void calls_destroy(struct calls *cs);

/** Calls that an earlier process left unfinished are over: their rows say so. Blocks on the store: for the start. */
MUST_CHECK status calls_load(struct calls *cs);

/** The config has changed: routes are made anew. @return STATUS_OK, STATUS_NO_MEMORY (the former ones stay) */
MUST_CHECK status calls_set_routes(struct calls *cs);

/** Likewise the trunks; those that are to be are registered. */
MUST_CHECK status calls_set_trunks(struct calls *cs);

/** parley-sip is new: it does not know of any registration. */
void calls_register_trunks(struct calls *cs);

/** A message of parley-sip. */
void calls_receive(struct calls *cs, const struct signal_message *m);

/** parley-sip holds these calls: those that are not ours are hung up there. held may be NULL. */
void calls_reconcile(struct calls *cs, const json_t *held);

/** A report of the engine about a leg. */
void calls_report(struct calls *cs, const struct engine_report *report);

/** The leg of a call; NULL where it has none (any more). Borrowed for the turn. */
struct engine_leg *calls_leg(const struct calls *cs, const char *id);

/** The SRTP suite of a call that is encrypted: "AES_CM_128_HMAC_SHA1_80"; NULL for any other. */
const char *calls_srtp(const struct calls *cs, const char *id);

/** True where the call is in this conference, or on its way in: not where it has moved on to another since. */
bool calls_belongs(const struct calls *cs, const char *id, const char *conference);

/** Ends a call with a callEndedReason; it leaves its conference. An unknown id is no error. */
void calls_hang_up(struct calls *cs, const char *id, const char *reason);

/**
 * A call was put out of a conference: its script goes on, or it is hung up where it has none. An unknown id is no
 * error.
 */
void calls_put_out(struct calls *cs, const char *id, const char *conference, enum call_ended_reason reason);

/** Ends every call. */
void calls_hang_up_all(struct calls *cs, const char *reason);

/** Called whenever the last call has ended; NULL for none. */
void calls_on_idle(struct calls *cs, loop_fn *fn, void *arg);

enum { CALL_MOS_STEPS = 6 };

/** Opinions of one scale, as a histogram. */
struct call_mos {
    uint64_t up_to[CALL_MOS_STEPS], count; /**< each up to and with call_mos_step() */
    double sum;
};

struct calls_figures {
    size_t calls;                  /**< in hand */
    uint64_t taken, placed, ended; /**< since the start: that came in, that went out, over */
    uint64_t refused_overload, refused_limit, refused_route, refused_draining, refused_media;
    struct call_mos narrowband, wideband; /**< of calls that left a conference; the two scales do not compare */
};
struct calls_figures calls_figures(const struct calls *cs);

#endif
