/**
 * @file route.h  Which calls are taken and what becomes of them: a table of routes, the first that fits decides.
 *
 * Today's one action is the built-in conference route. A route fits by the user part of the request URI; then its
 * networks say whether this caller may. Without networks it takes calls from loopback and private networks only. Pure.
 * Thread: any.
 */
#ifndef PARLEY_CALL_ROUTE_H
#define PARLEY_CALL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/slice.h"
#include "base/status.h"
#include "call/terms.h"
#include "call/user_part.h"
#include "net/cidr.h"

struct route {
    const char *name;
    const char *user; /**< pattern: * and ? as in a shell */
    id_text account;  /**< "" is the first account */
    bool user_parameters, record;
    const char *status_callback_url, *wait_url; /**< NULL for none */
    const struct cidr *networks;
    size_t network_count;
    struct terms terms;
};

/** What a call is to do. */
struct route_choice {
    const struct route *route; /**< borrowed from the table */
    struct user_part user;
};

/**
 * @param source      the caller's address, "192.0.2.1:5060" or "[2001:db8::1]:5060"
 * @param[out] fault  why not, in words for the caller's display
 * @return STATUS_OK; STATUS_NOT_FOUND (404: no route, or no name); STATUS_INVALID (400: a user parameter);
 *         STATUS_UNSUPPORTED (416); STATUS_REFUSED (403: this network may not)
 */
MUST_CHECK status route_choose(struct route_choice *out, const struct route *routes, size_t count,
                               struct slice request_uri, struct slice source, struct fault *fault);

#endif
