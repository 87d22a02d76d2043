/**
 * @file registration.h  Keeping addresses registered where trunks want that (RFC 3261 section 10): the REGISTER
 * requests, and what parleyd is told of them.
 *
 * They go on without parleyd until the calls are given up, and are taken back before the process ends by itself or by
 * SIGTERM. A parleyd that has started anew says its registrations again; those that it does not are taken back.
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_REGISTRATION_H
#define PARLEY_SIP_REGISTRATION_H

#include "sip/agent.h"

/** A register message: begins, changes or ends the registration of that name. */
void registration_take(struct agent *a, const struct signal_message *m);

/** Takes all back. */
void registrations_leave(struct agent *a);

/** Takes back those that were not said again since the last call of registrations_doubt(). */
void registrations_sweep(struct agent *a);
void registrations_doubt(struct agent *a);

/** Frees those that are over. @return true where none is left */
bool registrations_tidy(struct agent *a);

/** Frees all; nothing is sent. */
void registrations_clear(struct agent *a);

#endif
