#include "os/thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { NICE_FIRST = -10 };

struct start {
    void (*run)(void *arg);
    void *arg;
    enum thread_role role;
    char name[16];
};

static _Thread_local enum thread_role current = THREAD_NONE;

void thread_set_role(enum thread_role role)
{
    current = role;
}

enum thread_role thread_role(void)
{
    return current;
}

void thread_check(enum thread_role role, const char *function)
{
    if (current == role || current == THREAD_NONE) return;
    fprintf(stderr, "%s called on a thread of role %d, wants %d\n", function, (int)current, (int)role);
    abort();
}

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    pthread_setname_np(pthread_self(), start.name);
    current = start.role;
    start.run(start.arg);
    current = THREAD_NONE;
    return NULL;
}

status thread_start(pthread_t *out, const char *name, enum thread_role role, void (*run)(void *arg), void *arg)
{
    struct start *start = calloc(1, sizeof *start);
    if (!start) return STATUS_NO_MEMORY;
    start->run = run;
    start->arg = arg;
    start->role = role;
    snprintf(start->name, sizeof start->name, "%s", name);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(out, NULL, begin, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(start);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

/* A thread begins with the nice value of who starts it, and to give one up is always permitted. */
status thread_start_first(pthread_t *out, const char *name, enum thread_role role, void (*run)(void *arg), void *arg,
                          bool *first)
{
    int before = getpriority(PRIO_PROCESS, 0);
    bool raised = before > NICE_FIRST && setpriority(PRIO_PROCESS, 0, NICE_FIRST) == 0;
    status result = thread_start(out, name, role, run, arg);
    if (raised) setpriority(PRIO_PROCESS, 0, before);
    *first = raised || before <= NICE_FIRST;
    return result;
}

void thread_join(pthread_t thread)
{
    pthread_join(thread, NULL);
}
