/**
 * @file resolve.h  Turning host names into addresses, as the machine itself does (getaddrinfo: /etc/hosts, DNS ...).
 *
 * Each question has a short-lived thread of its own, so that a slow name server holds up nobody else; the answer comes
 * in the main thread. Sofia's resolver is not used. No SRV or NAPTR: a name is an address.
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_RESOLVE_H
#define PARLEY_SIP_RESOLVE_H

#include <sofia-sip/su_wait.h>

#include "base/status.h"
#include "sip/address.h"

enum { RESOLVE_ADDRESSES_MAX = 16, RESOLVE_AT_ONCE_MAX = 256 };

struct resolver;
struct resolve_query;

/** The answer: addresses in the order of preference; port 0; count 0 where there are none. The query is gone then. */
typedef void resolve_fn(void *arg, const struct address *addresses, unsigned count);

/** @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY */
MUST_CHECK status resolver_open(struct resolver **out, su_root_t *root);

/** Questions that are still open are never answered. NULL is allowed. */
void resolver_close(struct resolver *r);

/**
 * Asks; the answer comes later, never inside this call.
 *
 * @param[out] out  borrowed until the answer, for resolve_forget()
 * @return STATUS_OK; STATUS_FULL (too many at once); STATUS_NO_MEMORY
 */
MUST_CHECK status resolve_ask(struct resolve_query **out, struct resolver *r, const char *host, resolve_fn *fn,
                              void *arg);

/** The answer is no longer wanted. */
void resolve_forget(struct resolve_query *q);

#endif
