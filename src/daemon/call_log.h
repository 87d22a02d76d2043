/**
 * @file call_log.h  Lines of an account's log, and of a call's, as clients read them over REST.
 *
 * What a client should know of its scripts and webhooks goes here, and to the server's log as well. An account keeps
 * its newest CALL_LOG_KEPT lines. Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_LOG_H
#define PARLEY_DAEMON_CALL_LOG_H

#include "daemon/bridge.h"

enum { CALL_LOG_KEPT = 100000 };

/** Borrowed for the call; NULL or "" for none. */
struct call_log_line {
    const char *account;
    const char *level; /**< info, warning, error */
    const char *call, *request;
    const char *message;
};

void call_log_write(struct bridge *bridge, const struct call_log_line *line);

#endif
