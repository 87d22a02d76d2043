/**
 * @file media_guard.h  In builds with -DMEDIA_GUARD=ON the linker wraps malloc, calloc, realloc, free,
 * pthread_mutex_lock, open, fopen, write and getaddrinfo, and our code that calls one of them on a media thread aborts
 * with its name. What libraries call inside their shared objects is not wrapped.
 *
 * Thread: any.
 */
#ifndef PARLEY_OS_MEDIA_GUARD_H
#define PARLEY_OS_MEDIA_GUARD_H

#include <stdbool.h>

/** Whether this build has the guard: a test that relies on it asks first. */
bool media_guard_on(void);

#endif
