/**
 * @file options.h  The command line of parley-sip.
 *
 * Thread: the main thread, at the start.
 */
#ifndef PARLEY_SIP_OPTIONS_H
#define PARLEY_SIP_OPTIONS_H

#include <stdio.h>

#include "os/log.h"
#include "sip/address.h"
#include "sip/session_timer.h"

enum { OPTIONS_LISTENERS_MAX = 16 };

struct options {
    const char *socket; /**< borrowed from argv, as all text here */
    struct address sip[OPTIONS_LISTENERS_MAX];
    unsigned sip_count;
    struct address public_address;
    bool has_public_address;
    struct networks local_networks;
    uint32_t hold_s;        /**< how long calls outlive the connection to parleyd */
    uint32_t invites_per_s; /**< new calls a second; more get 503 */
    struct session_policy session;
    uint32_t t1_ms; /**< RFC 3261 T1; others than 500 are for tests */
    enum log_level log_level;
};

enum options_result { OPTIONS_RUN, OPTIONS_EXIT_OK, OPTIONS_EXIT_BAD };

/** Reads argv; what is wrong is said on err, and --help and --version on out. */
enum options_result options_read(struct options *o, int argc, char **argv, FILE *out, FILE *err);

#endif
