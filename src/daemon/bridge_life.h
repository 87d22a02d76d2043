/**
 * @file bridge_life.h  From nothing to a bridge that takes calls, and back: the order in which the parts come and go.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_BRIDGE_LIFE_H
#define PARLEY_DAEMON_BRIDGE_LIFE_H

#include <stddef.h>

#include "base/status.h"
#include "daemon/bridge.h"

enum { BRIDGE_WHY_SIZE = 2400 };

struct bridge_handlers {
    /** Everything listens: line is the "ready ..." line without its end. */
    void (*ready)(void *arg, const char *line);
    /** It cannot go on: a sentence for a person. The loop is to be stopped. */
    void (*failed)(void *arg, const char *why);
    /** The drain is over: nothing is left to do. */
    void (*drained)(void *arg);
};

struct bridge_life;

/**
 * Makes every part and starts listening; ready comes from the loop. Blocks on disk and store.
 *
 * @param config   borrowed until bridge_stop()
 * @param account  "ID:KEY" or NULL
 * @param[out] why on error a sentence for a person
 * @return STATUS_OK; any other status: everything that was made is gone again
 */
MUST_CHECK status bridge_start(struct bridge_life **out, struct loop *loop, const struct config *config,
                               const char *account, const struct bridge_handlers *handlers, void *arg,
                               char why[BRIDGE_WHY_SIZE]);

/**
 * Takes no new calls, lets those in hand go on for the config's drain_s, hangs them up, waits for recordings and
 * messages to be through, and reports drained. Called again, it does not wait for the calls.
 */
void bridge_drain(struct bridge_life *life);

/**
 * A new configuration: routes, limits, networks and certificate apply at once; what differs from bridge_start()'s
 * in the rest is logged, and applies at the next start.
 *
 * @param config  borrowed until the second reload after it, or bridge_stop()
 */
void bridge_reload(struct bridge_life *life, const struct config *config);

/** Ends everything, whatever is in hand. NULL is allowed. */
void bridge_stop(struct bridge_life *life);

#endif
