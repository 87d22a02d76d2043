/**
 * @file call_terms.h  The terms of a route or trunk, from what its owner has written.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_TERMS_H
#define PARLEY_DAEMON_CALL_TERMS_H

#include "call/terms.h"
#include "daemon/config.h"

/**
 * @param from   without codecs: all
 * @param order  "caller" or "own"
 */
void call_terms_make(struct terms *out, const struct config_terms *from, const char *order);

/** Of a call out without a trunk: those of a trunk on which nothing is said. */
void call_terms_without_trunk(struct terms *out);

#endif
