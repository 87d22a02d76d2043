/**
 * @file drain.h  The orderly end of a bridge: no new calls, a while for those in hand, then what is still on its way.
 *
 * Calls get the config's drain_s, after which they are hung up. Once the last is gone, recordings, rows, replies and
 * messages to parley-sip get a short while to come through; notifications too, but those that fail are left to the next
 * start. Nothing of it is lost by not waiting: it is on disk.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_DRAIN_H
#define PARLEY_DAEMON_DRAIN_H

#include "base/status.h"
#include "daemon/bridge.h"

struct drain;

/** @param done  called once nothing is left to do; not inside drain_begin() */
MUST_CHECK status drain_create(struct drain **out, struct bridge *bridge, loop_fn *done, void *arg);

/** NULL is allowed. */
void drain_destroy(struct drain *d);

/** Begins; called again, it does not wait for the calls any longer. */
void drain_begin(struct drain *d);

/** A connection of parley-sip knows nothing of a drain that has begun: it is told. */
void drain_sip_connected(struct drain *d);

#endif
