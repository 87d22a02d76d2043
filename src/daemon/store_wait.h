/**
 * @file store_wait.h  Waiting for the store while the bridge starts.
 *
 * Thread: control, before the loop runs.
 */
#ifndef PARLEY_DAEMON_STORE_WAIT_H
#define PARLEY_DAEMON_STORE_WAIT_H

#include "base/status.h"
#include "store/store.h"

/**
 * Polls until every question is answered and every transaction is on disk, but for unsaved ones that the disk refuses:
 * a full disk does not keep the bridge from starting, and they follow when there is room (logged).
 * @return STATUS_OK, STATUS_TIMEOUT (a minute)
 */
MUST_CHECK status store_wait(struct store *store);

#endif
