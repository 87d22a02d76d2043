/**
 * @file call_control.h  What a script may do to calls, by their ids; a call that has gone is no error.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_CONTROL_H
#define PARLEY_DAEMON_CALL_CONTROL_H

#include <stdbool.h>

#include "base/ids.h"
#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "percl/percl_command.h"

struct call_script;
struct store_call;

/** Answers it. @return true where it is up already: then nothing follows */
bool call_control_answer(struct calls *cs, const char *call);

/** Opens its audio before it is answered (183 with SDP); nothing happens where that is open or not possible. */
void call_control_early(struct calls *cs, const char *call);

/** Hangs it up, or refuses it where it is not answered; reject: 603 instead of 480. */
void call_control_end(struct calls *cs, const char *call, bool reject, const char *reason);

/**
 * The conference that a call is in.
 * @param account  whose call it must be
 * @return false (and conference untouched) where there is no such call, or it is in none
 */
bool call_control_conference(const struct calls *cs, const char *account, const char *call, id_text conference);

/** "ringing", "inProgress"; NULL where it is over. Static. */
const char *call_control_status(const struct calls *cs, const char *call);

/** The API's word for the state of a call of this account; NULL where there is none, or it is over. Static. */
const char *call_control_state_of(const struct calls *cs, const char *account, const char *call);

/** Its script; NULL where there is no such call of the account, or it has none. */
struct call_script *call_control_script(const struct calls *cs, const char *account, const char *call);

/** Puts it into a conference. done is told STATUS_NOT_FOUND where one of them is gone; it may be called at once. */
void call_control_join(struct calls *cs, const char *call, const char *conference,
                       const struct percl_add_to_conference *add, conferences_done_fn *done, void *arg);

/** Takes it out of its conference, as if it had hung up. */
void call_control_leave(struct calls *cs, const char *call);

/** This conference did not take it: it is in none, unless it was put into another since. */
void call_control_forget(struct calls *cs, const char *call, const char *conference);

/** Its row as it is now, a revision later; texts borrowed from it. @return false where there is no such call */
bool call_control_row(struct calls *cs, const char *call, struct store_call *row);

/** Its row is stored again: a webhook was numbered. */
void call_control_save(struct calls *cs, const char *call, struct store_tx *tx);

#endif
