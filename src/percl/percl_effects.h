/**
 * @file percl_effects.h  What the runner of a call's script says must be done, in order.
 *
 * Pointers in an effect are borrowed until the next event or expiry of the runner that said it, or its end.
 * Thread: control.
 */
#ifndef PARLEY_PERCL_PERCL_EFFECTS_H
#define PARLEY_PERCL_PERCL_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/status.h"
#include "percl/percl_command.h"
#include "percl/percl_end.h"
#include "percl/percl_parse.h"
#include "percl/percl_webhook.h"

enum percl_effect_type {
    PERCL_DO_ANSWER,      /**< answer the call; PERCL_ON_ANSWERED follows when it is up */
    PERCL_DO_REJECT,      /**< refuse it (it was never answered): end, .command = Reject or NULL. Last of the run */
    PERCL_DO_HANGUP,      /**< hang up, or refuse where it is not answered: end, .command = Hangup or NULL. Last */
    PERCL_DO_SAY,         /**< say .command->play as item .id: to .conference, else to this call */
    PERCL_DO_PLAY,        /**< play .command->play's file likewise; .on: as early media, before the answer */
    PERCL_DO_STOP_PLAY,   /**< stop item .id, digits being sent too; no PERCL_ON_PLAYED is awaited */
    PERCL_DO_SEND_DIGITS, /**< send .command->send_digits as item .id; PERCL_ON_PLAYED when all are out */
    PERCL_DO_COLLECT,     /**< .on: this call's keys are being collected (privacy: do not log them); off: no more */
    PERCL_DO_REQUEST, /**< post webhook .webhook with .extra to .url as number .id; .on: its answer is a script, which
                           PERCL_ON_SCRIPT brings; otherwise it is a notification */
    PERCL_DO_CREATE_CONFERENCE, /**< by .command->create; PERCL_ON_CREATED follows */
    PERCL_DO_ADD_TO_CONFERENCE, /**< put .call into .conference by .add. Of this call: PERCL_ON_JOINED follows. Another
                                     call (legacy callId): its own runner gets PERCL_ON_ADD with .add */
    PERCL_DO_LEAVE_CONFERENCE, /**< take this call out of .conference, for it moves to another; no PERCL_ON_LEFT. It may
                                  not be in it yet */
    PERCL_DO_REMOVE_FROM_CONFERENCE, /**< put .call out of the conference it is in, as REST's DELETE: PERCL_ON_LEFT
                                        follows to that call's runner */
    PERCL_DO_TERMINATE_CONFERENCE,   /**< terminate .conference */
    PERCL_DO_SET_TALK,               /**< of .call, .on */
    PERCL_DO_SET_LISTEN,             /**< of .call, .on */
    PERCL_DO_SET_DTMF_PASS_THROUGH,  /**< of .call, .on */
    PERCL_DO_OUT_DIAL,               /**< place a call by .command->out_dial; PERCL_ON_DIALED follows at once */
    PERCL_DO_RECORD_START,      /**< record this call's voice by .command->record as item .id; PERCL_ON_RECORDING when
                                     audio is being kept, PERCL_ON_SILENCE when silence_timeout_ms passed without voice */
    PERCL_DO_RECORD_STOP,       /**< stop item .id; PERCL_ON_RECORDED follows, also after the call's end */
    PERCL_DO_START_RECORD_CALL, /**< record the whole call from now on */
    PERCL_DO_LOG,               /**< a line for the call's log and the server's: percl_effect_text() */
};

/** The API's levels. */
enum percl_level { PERCL_INFO, PERCL_WARNING, PERCL_ERROR };

struct percl_effect {
    enum percl_effect_type type;
    uint32_t id; /**< number of the item or request; never 0 where there is one */
    bool on;
    id_text call, conference;
    const struct percl_command *command; /**< what it comes from; NULL where from none */
    const struct percl_add_to_conference *add;
    const char *url;
    enum percl_webhook webhook;
    struct percl_extra extra;
    enum percl_end end;
    /* LOG */
    enum percl_level level;
    const char *message;             /**< static sentence, or NULL where fault says it */
    const char *detail;              /**< a URL, an id, a reason; NULL */
    const struct percl_fault *fault; /**< NULL */
};

/** A growing list, reused from event to event: set count to 0. */
struct percl_effects {
    struct percl_effect *items; /**< owned */
    size_t count, size;
};

/** Frees the items and leaves an empty list. */
void percl_effects_clear(struct percl_effects *effects);

/** Makes room for so many more. Not for other folders. @return STATUS_OK, STATUS_NO_MEMORY (as it was) */
MUST_CHECK status percl_effects_reserve(struct percl_effects *effects, size_t more);

/** Appends; room was reserved. Not for other folders. Borrowed until the next reserve. */
struct percl_effect *percl_effects_add(struct percl_effects *effects, enum percl_effect_type type);

enum { PERCL_EFFECT_TEXT = 512 };

/** The line of a LOG: "command 2 (SetTalk): the call is in no conference". Long details are cut. @return out */
const char *percl_effect_text(const struct percl_effect *effect, char out[PERCL_EFFECT_TEXT]);

/** "info", "warning", "error". */
const char *percl_level_name(enum percl_level level);

#endif
