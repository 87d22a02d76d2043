/**
 * @file short_memory.h  Memory that runs short at the n-th allocation (the linker wraps malloc, calloc, realloc and
 * strdup of what a parley_memory_test() is linked from; shared libraries keep their own).
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_SHORT_MEMORY_H
#define PARLEY_TESTS_SHORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/** The n-th allocation from now fails, n from 1; once. */
void memory_fail_at(int n);

/** Whether the failure that was ordered has not come: everything was allocated. Cancels it. */
bool memory_sufficed(void);

/** The wrapped ones, for a library that takes its allocator as pointers. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__wrap_strdup(const char *text);

#endif
