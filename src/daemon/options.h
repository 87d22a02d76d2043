/**
 * @file options.h  parleyd's command line. Flags win over the configuration file.
 *
 * Thread: control, at start and at SIGHUP.
 */
#ifndef PARLEY_DAEMON_OPTIONS_H
#define PARLEY_DAEMON_OPTIONS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/status.h"
#include "daemon/config.h"

/** What a run should do. Strings are owned. */
struct options {
    struct config config;
    char *config_path; /**< NULL: embedded defaults */
    char *account;     /**< "ID:KEY" of --account, --account-file or PARLEY_ACCOUNT, in this order; checked; NULL */
    bool check_config, help, version;
};

/**
 * Reads flags, the environment and the files they name.
 *
 * @param[out] errors  one line a mistake
 * @return STATUS_OK; STATUS_INVALID (exit status 2); STATUS_NO_MEMORY
 */
MUST_CHECK status options_read(struct options *out, int argc, char **argv, struct buffer *errors);

void options_clear(struct options *o);

/** The text of --help. */
const char *options_help(void);

#endif
