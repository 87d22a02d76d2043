/**
 * @file call_script.h  Carries out what the scripts of one call say: between percl_run.h and the rest of the bridge.
 *
 * It is told what happens to the call, brings that to the runner as events, and carries out the runner's effects: the
 * webhooks, the playing, the recordings, the conferences. It outlives its call until the last webhook has its facts
 * (an utterance that is still being completed). Rules are the runner's, not this file's.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_SCRIPT_H
#define PARLEY_DAEMON_CALL_SCRIPT_H

#include <stdbool.h>

#include "base/status.h"
#include "daemon/bridge.h"
#include "engine/engine.h"
#include "percl/percl_run.h"

struct call_scripts;
struct call_script;

/** What is true of the call from its first webhook on. Copied; NULL or "" for none. */
struct call_script_facts {
    const char *call, *account, *from, *to, *direction, *parent;
    const char *fallback_url;        /**< voiceFallbackUrl */
    const char *status_callback_url; /**< callStatus goes there */
};

MUST_CHECK status call_scripts_create(struct call_scripts **out, struct bridge *bridge);

/** Everything that a script asked for has gone before. NULL is allowed. */
void call_scripts_destroy(struct call_scripts *all);

/** How many have not ended, for the drain. */
size_t call_scripts_count(const struct call_scripts *all);

/** @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status call_script_create(struct call_script **out, struct call_scripts *all,
                                     const struct call_script_facts *facts);

/** Asks for the first script. @param answered  the call is up already */
void call_script_begin(struct call_script *s, enum percl_webhook webhook, const char *url, bool answered);

/** Posts the webhook of a dialled call that never was up: its answer is not run. */
void call_script_post_connect(struct call_script *s, enum percl_webhook webhook, const char *url);

/** The call is up: audio passes. */
void call_script_answered(struct call_script *s);

/** The caller typed a key. */
void call_script_key(struct call_script *s, char key);

/** The call was put out of the conference. */
void call_script_left(struct call_script *s, const char *conference, enum percl_left how);

/** The caller said nothing for as long as was asked (ENGINE_LEG_SILENT), or what was sent is out (token). */
void call_script_silent(struct call_script *s, uint64_t token);
void call_script_digits_sent(struct call_script *s, uint64_t token);

/** How many webhooks it has numbered in the call's lane: for the call's row. */
uint32_t call_script_events(const struct call_script *s);

/**
 * The call is ending: its row as it is at call_script_over() and the webhooks that are posted until then are stored as
 * one, so that no crash leaves an ended call of which nobody was told.
 */
void call_script_ending(struct call_script *s);

/** How a call ended. Texts are static. */
struct call_script_end {
    const char *status; /**< "completed", "failed" ...: for webhooks that come after */
    const char *reason; /**< callEndedReason */
    int64_t connected_unix_ms, ended_unix_ms;
};

/**
 * The call is over. callStatus is posted, once a recording of it is complete. The script frees itself when nothing is
 * awaited any more: the handle may not be used from here on.
 */
void call_script_over(struct call_script *s, const struct call_script_end *end);

#endif
