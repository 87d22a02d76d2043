/**
 * @file thread.h  Threads with a role, so that a function can check that the right one calls it.
 *
 * All signals are blocked in threads started here; the main thread handles them.
 * Thread: as each function says.
 */
#ifndef PARLEY_OS_THREAD_H
#define PARLEY_OS_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/status.h"

enum thread_role { THREAD_NONE, THREAD_CONTROL, THREAD_MEDIA, THREAD_RECORDER, THREAD_LOADER, THREAD_STORE };

/**
 * Starts a thread that runs run(arg) in this role.
 * @param name  up to 15 characters, seen in top -H
 * @return STATUS_OK or STATUS_NO_MEMORY (the kernel gives no more threads)
 */
MUST_CHECK status thread_start(pthread_t *out, const char *name, enum thread_role role, void (*run)(void *arg),
                               void *arg);

/**
 * As thread_start(); the new thread goes before those of other programs (nice -10), so that a processor is not taken
 * from it in the middle of its work. The kernel permits that with CAP_SYS_NICE or RLIMIT_NICE.
 * @param[out] first  whether it does; where that is not permitted, it is a thread like others
 */
MUST_CHECK status thread_start_first(pthread_t *out, const char *name, enum thread_role role, void (*run)(void *arg),
                                     void *arg, bool *first);

/** Waits for the thread's end. */
void thread_join(pthread_t thread);

/** Gives the calling thread a role: main is THREAD_CONTROL. */
void thread_set_role(enum thread_role role);
enum thread_role thread_role(void);

/** Debug builds: aborts where the caller has another role. A thread without a role (a unit test) passes. */
#ifdef NDEBUG
#define thread_assert(role) ((void)0)
#else
#define thread_assert(role) thread_check((role), __func__)
#endif
void thread_check(enum thread_role role, const char *function);

#endif
