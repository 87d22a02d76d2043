/**
 * @file percl_run.h  Runs the scripts of one call leg as a pure state machine: an event in, a list of effects out.
 *
 *   STARTED -> webhook -> script -> command, command ... -> terminal command -> webhook -> script ... -> end
 *                                            |-> in a conference: call-control keys -> webhook -> script, back to it
 *
 * Nothing is done here. The runner knows its script, the one thing it waits for, its conference and how the call may
 * be controlled from it; the wiring carries out the effects in the order of the list and brings back what came of them.
 *
 * What the contract leaves open, and what is done:
 * - Reject, PlayEarlyMedia and Pause work on a call that is not answered; every other command answers it first.
 *   Reject counts only as the first command of the first script (voiceUrl or its fallback), PlayEarlyMedia only before
 *   the answer; elsewhere both are skipped with a warning.
 * - A script that is used up ends the call (appNoPercl), but not in a conference: there the call stays.
 * - In a conference, GetDigits and RecordUtterance are skipped with a warning; Say and Play are for this call alone,
 * and the script waits for their end. With a conferenceId they are for that conference, and it does not wait.
 * - Call-control keys are watched while the call is in the conference and no script-bearing webhook is under way; a new
 *   match drops the script of the last one. Keys typed in a conference are never kept for GetDigits.
 * - Elsewhere up to PERCL_AHEAD_MAX keys are kept for the next GetDigits; Say forgets them (its prompts do not), so
 * does flushBuffer. Keys typed ahead skip the prompts; a finishing key with none before it is dropped.
 * - Legacy callId and conferenceId: another call or conference is acted on, and the script goes on with its next
 *   command. Whether it belongs to the account is the wiring's to check (and to log where not).
 * - voiceFallbackUrl is tried once where voiceUrl cannot be reached or answers an error; not for a bad script.
 * - A playback that fails is a warning, and the script goes on.
 * - The leaveConference webhook is posted whenever the call leaves, and its script run if it was put out (removed,
 *   emptied); without a leaveConferenceUrl the call that was put out is hung up.
 * - A call that ends while GetDigits collects posts getDigits with reason hangup; while it records an utterance, record
 *   with termReason hangup when the recording is complete. Their answers are ignored.
 *
 * Not here: callStatus and the outDial webhooks of a call that failed (no script runs), conference callbacks, playing
 * sendDigits of OutDial and POST /Calls (the wiring sends them before STARTED of the child).
 *
 * Thread: control. Background: FreeClimb's PerCL reference.
 */
#ifndef PARLEY_PERCL_PERCL_RUN_H
#define PARLEY_PERCL_PERCL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "percl/percl_effects.h"

enum {
    PERCL_REDIRECTS_MAX = 256, /**< a call */
    PERCL_AHEAD_MAX = 64,
};

struct percl_run;

enum percl_event_type {
    PERCL_ON_STARTED, /**< first of all: .webhook (inboundCall, outDialConnect, outDialApiConnect) is to be asked for at
                        .url; .answered: the call is up already */
    PERCL_ON_ANSWERED, /**< what ANSWER asked for is done: audio passes */
    PERCL_ON_SCRIPT, /**< answer to request .id: .script; else .fault of it; else it could not be reached or answered an
                       error (.why) */
    PERCL_ON_PLAYED, /**< item .id is over; .why where it failed, else NULL */
    PERCL_ON_KEY,    /**< the caller typed .key */
    PERCL_ON_CREATED,   /**< CREATE_CONFERENCE made .conference; or failed: .why, and .conference NULL */
    PERCL_ON_JOINED,    /**< the call is in .conference; or may not be: .why */
    PERCL_ON_LEFT,      /**< the call was put out of .conference: .how. Not for a call that is over or that moved */
    PERCL_ON_ADD,       /**< another call's script puts this one into a conference: .add */
    PERCL_ON_DIALED,    /**< OUT_DIAL made the call .call; or none at all: .why, and .call NULL */
    PERCL_ON_RECORDING, /**< item .id: audio is being kept from now on, maxLengthSec counts */
    PERCL_ON_SILENCE,   /**< item .id: silenceTimeoutMs passed without voice */
    PERCL_ON_RECORDED,  /**< item .id is complete: .recording; NULL where nothing was kept */
    PERCL_ON_OVER,      /**< the call is over (far end, REST, its limit ...), other than by HANGUP or REJECT */
};

enum percl_left { PERCL_LEFT_REMOVED, PERCL_LEFT_EMPTIED, PERCL_LEFT_TERMINATED, PERCL_LEFT_INTERNAL_ERROR };

/** Pointers are borrowed until the effects of the event have been carried out; but see script. */
struct percl_event {
    enum percl_event_type type;
    uint32_t id;
    bool answered;
    char key;
    enum percl_webhook webhook;
    enum percl_left how;
    const char *url, *conference, *call, *why;
    struct percl_script *script; /**< given: the runner's with STATUS_OK, also where it is not run */
    const struct percl_fault *fault;
    const struct percl_add_to_conference *add;
    const struct percl_recording *recording;
};

/**
 * Makes the runner of a call.
 *
 * @param call                copied
 * @param voice_fallback_url  copied; NULL for none
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status percl_run_create(struct percl_run **out, const char *call, const char *voice_fallback_url);

/** NULL is allowed. */
void percl_run_destroy(struct percl_run *run);

/**
 * Applies one event. An event that answers nothing that is awaited (a late playback's end, an old request's script)
 * changes nothing.
 *
 * @param effects  appended to
 * @return STATUS_OK; STATUS_NO_MEMORY: the runner, the list and the event are as they were
 */
MUST_CHECK status percl_run_apply(struct percl_run *run, const struct percl_event *event, uint64_t now_us,
                                  struct percl_effects *effects);

/** When percl_run_expire() has something to do; UINT64_MAX: not by time. */
uint64_t percl_run_deadline(const struct percl_run *run);

/** Does what is due; nothing where it is too early. @return as percl_run_apply() */
MUST_CHECK status percl_run_expire(struct percl_run *run, uint64_t now_us, struct percl_effects *effects);

/** True after HANGUP, REJECT or PERCL_ON_OVER. A recording may still be awaited: percl_run_done(). */
bool percl_run_ended(const struct percl_run *run);

/** True where it has ended and no event can bring an effect any more: it may be destroyed. */
bool percl_run_done(const struct percl_run *run);

/** The conference the call is in or on its way into; "" where none. */
const char *percl_run_conference(const struct percl_run *run);

#endif
