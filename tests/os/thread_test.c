/** Threads that go before others, where that is permitted and where it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/thread.h"

static void see_nice(void *arg)
{
    *(int *)arg = getpriority(PRIO_PROCESS, 0);
}

/* @return the nice value of a thread that is to go first, as far as that is permitted */
static int nice_of_first(bool *first)
{
    pthread_t thread;
    int seen = 100;
    assert_int_equal(thread_start_first(&thread, "first", THREAD_MEDIA, see_nice, &seen, first), STATUS_OK);
    thread_join(thread);
    return seen;
}

/* In a process of its own, whose limits nobody else has: 0 or what it ended with. */
static int apart(int (*run)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(run());
    int ended = -1;
    while (waitpid(pid, &ended, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
}

enum { NOT_PERMITTED = 77 };

/* A limit of 30 is a nice value of -10: getpriority(2). Where it cannot be raised, CAP_SYS_NICE may do. */
static int where_it_is_permitted(void)
{
    struct rlimit limit = {30, 30};
    bool first = false;
    if (setrlimit(RLIMIT_NICE, &limit) == 0 && geteuid() == 0 && setuid(65534) < 0) return NOT_PERMITTED;
    int before = getpriority(PRIO_PROCESS, 0);
    if (setpriority(PRIO_PROCESS, 0, -10) < 0) return NOT_PERMITTED;
    if (setpriority(PRIO_PROCESS, 0, before) < 0) return 1;
    if (nice_of_first(&first) != -10 || !first) return 2;
    return getpriority(PRIO_PROCESS, 0) == before ? 0 : 3;
}

static int where_it_is_not(void)
{
    struct rlimit none = {0, 0};
    bool first = true;
    if (setrlimit(RLIMIT_NICE, &none) < 0) return NOT_PERMITTED;
    if (geteuid() == 0 && setuid(65534) < 0) return NOT_PERMITTED;
    int before = getpriority(PRIO_PROCESS, 0);
    return nice_of_first(&first) == before && !first ? 0 : 1;
}

static void a_thread_goes_first_and_who_started_it_does_not(void **state)
{
    (void)state;
    int ended = apart(where_it_is_permitted);
    if (ended == NOT_PERMITTED) skip();
    assert_int_equal(ended, 0);
}

static void where_that_is_not_permitted_it_is_a_thread_like_others(void **state)
{
    (void)state;
    int ended = apart(where_it_is_not);
    if (ended == NOT_PERMITTED) skip();
    assert_int_equal(ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_goes_first_and_who_started_it_does_not),
        cmocka_unit_test(where_that_is_not_permitted_it_is_a_thread_like_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
