/**
 * @file options.h  What the command line of parley-load says.
 *
 * Thread: main.
 */
#ifndef PARLEY_LOAD_OPTIONS_H
#define PARLEY_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "load/g711.h"
#include "load/sdes.h"

enum { OPTIONS_PIDS_MAX = 8 };

struct load_options {
    bool control, json;
    const char *target, *local; /**< local may be NULL: loopback of the target's family */
    uint32_t calls, talkers, seconds, ramp_per_s, ptime_ms, settle_ms, phase_ms;
    enum g711_law law;
    bool encrypted; /**< with this suite */
    enum sdes_suite suite;
    pid_t pids[OPTIONS_PIDS_MAX];
    unsigned pid_count;
};

/** @return the exit status: 0 all well, 1 calls failed or audio was missing, 2 could not run */
int batch_run(const struct load_options *options);

/** Serves stdin until its end or "quit". @return the exit status */
int control_run(const struct load_options *options);

#endif
