/**
 * @file main.c  parley-sip: the SIP signalling of Parley as a process of its own, the only one that reads SIP.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sofia-sip/su.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/log.h"
#include "os/thread.h"
#include "sip/agent.h"

enum {
    EXIT_BAD_OPTIONS = 2,
    EXIT_CANNOT_LISTEN = 3,
    TURN_MS = 1000,
    IDLE_STEP_US = 100,
    NAP_NS = 500000,
    DESCRIPTORS = 16384
};

static const char *volatile socket_path;
static volatile sig_atomic_t has_registrations, asked_to_go;

/** parleyd hangs up before it asks for this: nothing is left to do but to take registrations back, and to go. */
static void on_terminate(int signal_number)
{
    (void)signal_number;
    asked_to_go = 1;
    if (has_registrations) return;
    if (socket_path) unlink(socket_path);
    _exit(0);
}

/**
 * SIGINT and SIGHUP of a terminal are for parleyd, which drains; we live on until it is done, and outlive it where it
 * is killed (so no PR_SET_PDEATHSIG either).
 */
static void set_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    struct sigaction terminate = {.sa_handler = on_terminate};
    sigaction(SIGTERM, &terminate, NULL);
}

/** What a parser of foreign bytes should not be able to do. */
static void set_limits(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < DESCRIPTORS ? files.rlim_max : DESCRIPTORS;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void say_listening(const struct agent *a)
{
    printf("listening");
    size_t i;
    json_t *address;
    json_array_foreach (a->bound, i, address) {
        printf(" sip=%s", json_string_value(address));
    }
    printf("\n");
    fflush(stdout);
}

/*
 * sofia waits in whole milliseconds, rounded down: in the last one before a timer is due its steps come back at once,
 * and would spin. A step that did nothing is slept over.
 */
static void run(struct agent *a, su_root_t *root)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    int64_t now_us = clock_now_us();
    while (agent_turn(a, now_us)) {
        int64_t before_us = now_us;
        has_registrations = !list_empty(&a->registrations);
        if (asked_to_go) agent_sign_off(a, now_us);
        su_duration_t left_ms = su_root_step(root, TURN_MS);
        now_us = clock_now_us();
        if (left_ms > 0 || now_us - before_us >= IDLE_STEP_US) continue;
        nanosleep(&nap, NULL);
        now_us = clock_now_us();
    }
}

int main(int argc, char **argv)
{
    struct options options;
    enum options_result result = options_read(&options, argc, argv, stdout, stderr);
    if (result != OPTIONS_RUN) return result == OPTIONS_EXIT_OK ? 0 : EXIT_BAD_OPTIONS;
    log_set_level(options.log_level);
    thread_set_role(THREAD_CONTROL);
    set_limits();
    set_signals();
    su_init();
    su_root_t *root = su_root_create(NULL);
    struct agent agent;
    if (!root) return EXIT_CANNOT_LISTEN;
    bool opened = agent_open(&agent, &options, root);
    if (opened) {
        socket_path = options.socket;
        say_listening(&agent);
        run(&agent, root);
    }
    agent_close(&agent);
    su_root_destroy(root);
    su_deinit();
    return opened ? 0 : EXIT_CANNOT_LISTEN;
}
