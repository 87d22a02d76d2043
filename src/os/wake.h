/**
 * @file wake.h  An eventfd: how the producer of a ring tells its consumer that something is there.
 *
 * Thread: wake_signal() by any (media threads too: one write of 8 bytes that never blocks), wake_drain() by the
 * consumer.
 */
#ifndef PARLEY_OS_WAKE_H
#define PARLEY_OS_WAKE_H

#include "base/status.h"

/** @param[out] fd  readable while signalled; non-blocking, close-on-exec; owned, released by wake_close() */
MUST_CHECK status wake_open(int *fd);
void wake_close(int fd);
void wake_signal(int fd);

/** Takes all signals so far. */
void wake_drain(int fd);

#endif
