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

/** A message of parleyd for this call. */
void call_message(struct call *c, const struct signal_message *m);

/** parleyd has acknowledged up to this number: what waited for it goes out. */
void call_acknowledged(struct call *c, uint64_t number);

/** Hangs up by ourselves, whatever the state. */
void call_hang_up(struct call *c, const char *reason);

const char *call_id(const struct call *c);

/** Its dialog is not over. */
bool call_is_live(const struct call *c);

/** Frees it where its dialog is over and nothing waits to be sent; not inside a callback of it. @return true if so */
bool call_reap(struct call *c);

/** Frees it at once. */
void call_destroy(struct call *c);

struct call *call_of_link(struct list *link);

#endif
