/**
 * @file reply.h  Final answers that need no dialog.
 *
 * Thread: the main thread.
 */
#ifndef PARLEY_SIP_REPLY_H
#define PARLEY_SIP_REPLY_H

#include "sip/agent.h"
#include "sip/request.h"

/** Answers and lets go of the transaction. @return 0, for the leg's callback */
int reply_refuse(nta_incoming_t *irq, struct refusal r);

/** Refuses with 420 where the request requires an option that we do not have. @return false where it does not */
bool reply_unsupported(nta_incoming_t *irq, const sip_t *sip);

/** 200 to OPTIONS, with what we can. @return 0 */
int reply_options(nta_incoming_t *irq);

#endif
