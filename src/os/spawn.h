/**
 * @file spawn.h  Child processes by posix_spawn, never fork: a fork would stall the audio of a process with threads.
 *
 * Thread: control (posix_spawn itself is safe beside running media threads).
 */
#ifndef PARLEY_OS_SPAWN_H
#define PARLEY_OS_SPAWN_H

#include <sys/types.h>

#include "base/status.h"

/**
 * Starts argv[0] (a path, or a name looked up in PATH) with this process's environment, standard error, and all other
 * descriptors closed on exec (we open everything with O_CLOEXEC). Signals are unblocked and at their defaults; it is in
 * a session of its own, so that a terminal's Ctrl-C reaches only this process.
 *
 * @param stdin_fd, stdout_fd  become 0 and 1 of the child; -1 gives /dev/null
 * @return STATUS_OK; STATUS_NOT_FOUND (no such program); STATUS_IO
 */
MUST_CHECK status spawn_process(pid_t *out, char *const argv[], int stdin_fd, int stdout_fd);

#endif
