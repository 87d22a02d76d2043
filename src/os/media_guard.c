#include "os/media_guard.h"

#ifndef PARLEY_MEDIA_GUARD

bool media_guard_on(void)
{
    return false;
}

#else

#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/thread.h"

bool media_guard_on(void)
{
    return true;
}

/* The names that the linker's --wrap option makes; they are reserved, and meant to be defined here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void __real_free(void *at);
int __real_pthread_mutex_lock(pthread_mutex_t *mutex);
int __real_open(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__real_fopen64(const char *path, const char *mode);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out);

static void check(const char *name)
{
    if (thread_role() != THREAD_MEDIA) return;
    thread_set_role(THREAD_NONE); /* so that abort's own work passes */
    char line[96];
    int len = snprintf(line, sizeof line, "media guard: %s on a media thread\n", name);
    ssize_t written = __real_write(STDERR_FILENO, line, (size_t)len);
    (void)written;
    abort();
}

void *__wrap_malloc(size_t size)
{
    check("malloc");
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    check("calloc");
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    check("realloc");
    return __real_realloc(at, size);
}

void __wrap_free(void *at)
{
    if (at) check("free");
    __real_free(at);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    check("pthread_mutex_lock");
    return __real_pthread_mutex_lock(mutex);
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = va_arg(args, int);
    va_end(args);
    check("open");
    return __real_open(path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    int mode = va_arg(args, int);
    va_end(args);
    check("open64");
    return __real_open64(path, flags, mode);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    check("fopen");
    return __real_fopen(path, mode);
}

FILE *__wrap_fopen64(const char *path, const char *mode)
{
    check("fopen64");
    return __real_fopen64(path, mode);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    check("write");
    return __real_write(fd, bytes, len);
}

int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    check("getaddrinfo");
    return __real_getaddrinfo(node, service, hints, out);
}

#endif
