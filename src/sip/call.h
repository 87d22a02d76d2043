/**
 * @file call.h  One call: carries out what its dialog decides, with sofia's transactions and the messages to parleyd.
 *
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_CALL_H
#define PARLEY_SIP_CALL_H

#include "sip/agent.h"

struct call;

/** Takes a checked INVITE that begins a call. @return the status for the leg's callback: 0 where the call answers */
int call_begin(struct agent *a, nta_incoming_t *irq, const sip_t *sip);

/** Places the call of a dial message; its outcome is told to parleyd. */
void call_dial(struct agent *a, const struct signal_message *m);

/** A message of parleyd for this call. */
void call_message(struct call *c, const struct signal_message *m);

/** parleyd has acknowledged up to this number: what waited for it goes out, and the call may leave agent->waiting. */
void call_acknowledged(struct call *c, uint64_t number);

/** Hangs up by ourselves, whatever the state. */
void call_hang_up(struct call *c, const char *reason);

const char *call_id(const struct call *c);

/** Its dialog is not over. */
bool call_is_live(const struct call *c);

/** Frees it; not inside a callback of it. */
void call_destroy(struct call *c);

/** The call of a link in the agent's call_list. */
struct call *call_of_link(struct list *link);

/** The call of a link in the agent's waiting or finished. */
struct call *call_of_mark(struct list *mark);

#endif
