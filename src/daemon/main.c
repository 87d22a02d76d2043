/**
 * @file main.c  parleyd: reads its settings, runs the bridge in the foreground, answers signals, and ends with 0, 1
 * or 2.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "daemon/account_command.h"
#include "daemon/bridge_life.h"
#include "daemon/options.h"
#include "os/log.h"
#include "os/thread.h"

enum { EXIT_BAD_CONFIG = 2 };

struct process {
    int argc;
    char **argv;
    struct options *options;
    struct options *started; /* those that the bridge was made from; NULL: it never was */
    struct options *former;  /* before the last SIGHUP: parts may still point at them; NULL */
    struct loop *loop;
    struct bridge_life *life;
    struct loop_signal *term, *interrupt, *hangup;
    int exit_code;
};

static void on_ready(void *arg, const char *line)
{
    (void)arg;
    printf("%s\n", line);
    fflush(stdout);
}

static void on_failed(void *arg, const char *why)
{
    struct process *p = arg;
    fprintf(stderr, "parleyd: %s\n", why);
    p->exit_code = EXIT_FAILURE;
    loop_stop(p->loop);
}

static void on_drained(void *arg)
{
    struct process *p = arg;
    loop_stop(p->loop);
}

static void on_terminate(void *arg)
{
    struct process *p = arg;
    bridge_drain(p->life);
}

static void options_free(struct options *o)
{
    if (o) options_clear(o);
    free(o);
}

static void on_hangup(void *arg)
{
    struct process *p = arg;
    struct options *fresh = calloc(1, sizeof *fresh);
    struct buffer errors;
    buffer_init(&errors);
    if (fresh && options_read(fresh, p->argc, p->argv, &errors) == STATUS_OK) {
        struct options *older = p->former;
        p->former = p->options;
        p->options = fresh;
        bridge_reload(p->life, &p->options->config);
        if (older != p->started) options_free(older);
    } else {
        free(fresh);
        log_event(LOG_ERROR, "reload_refused", "why=\"the settings have mistakes, the former ones stay\"");
        fputs(buffer_text(&errors), stderr);
    }
    buffer_clear(&errors);
}

/* A leg takes two descriptors: as many as the kernel allows. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static status watch_signals(struct process *p)
{
    status s = loop_signal_create(&p->term, p->loop, SIGTERM, on_terminate, p);
    if (s == STATUS_OK) s = loop_signal_create(&p->interrupt, p->loop, SIGINT, on_terminate, p);
    return s == STATUS_OK ? loop_signal_create(&p->hangup, p->loop, SIGHUP, on_hangup, p) : s;
}

static void run(struct process *p)
{
    static const struct bridge_handlers handlers = {on_ready, on_failed, on_drained};
    char why[BRIDGE_WHY_SIZE] = "no memory";
    status s = loop_create(&p->loop);
    if (s == STATUS_OK) s = watch_signals(p);
    if (s == STATUS_OK)
        s = bridge_start(&p->life, p->loop, &p->options->config, p->options->account, &handlers, p, why);
    if (s == STATUS_OK)
        loop_run(p->loop);
    else
        on_failed(p, why);
    bridge_stop(p->life);
    loop_signal_destroy(p->term);
    loop_signal_destroy(p->interrupt);
    loop_signal_destroy(p->hangup);
    loop_destroy(p->loop);
}

static int start(struct process *p)
{
    enum log_level level;
    const char *data = p->options->config.data;
    if (log_level_parse(slice_of(p->options->config.log_level), &level)) log_set_level(level);
    if (mkdir(data, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "parleyd: the data directory %s cannot be made: %s\n", data, strerror(errno));
        return EXIT_FAILURE;
    }
    raise_descriptors();
    run(p);
    return p->exit_code;
}

int main(int argc, char **argv)
{
    struct process p = {.argc = argc, .argv = argv, .options = calloc(1, sizeof(struct options))};
    struct buffer errors;
    buffer_init(&errors);
    thread_set_role(THREAD_CONTROL);
    if (argc > 1 && strcmp(argv[1], "account") == 0) return account_command(argc - 1, argv + 1);
    if (!p.options) return EXIT_FAILURE;
    status s = options_read(p.options, argc, argv, &errors);
    if (s != STATUS_OK) {
        fputs(buffer_text(&errors), stderr);
        p.exit_code = EXIT_BAD_CONFIG;
    } else if (p.options->help) {
        fputs(options_help(), stdout);
    } else if (p.options->version) {
        puts("parleyd " PARLEY_VERSION);
    } else if (p.options->check_config) {
        puts("The settings are fine.");
    } else {
        p.started = p.options;
        p.exit_code = start(&p);
    }
    if (p.former != p.started) options_free(p.former);
    if (p.options != p.started) options_free(p.options);
    options_free(p.started);
    buffer_clear(&errors);
    return p.exit_code;
}
