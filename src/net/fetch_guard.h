/**
 * @file fetch_guard.h  Which addresses the bridge may be sent to by a URL of a client (waitUrl, callbacks).
 *
 * Anything that is not the public internet is refused unless it is allowed: private (RFC 1918, RFC 4193), carrier-grade
 * NAT (RFC 6598), loopback, link-local, multicast, unspecified, reserved and documentation ranges (RFC 6890), and IPv6
 * addresses that embed one of these (mapped, compatible, NAT64 RFC 6052, 6to4, Teredo).
 * The URL check is for an early, clear answer; what counts is the address check at connect time (http_client.h), which
 * sees the answers of DNS and the targets of redirects. No name is resolved here.
 *
 * Thread: any; pure.
 */
#ifndef PARLEY_NET_FETCH_GUARD_H
#define PARLEY_NET_FETCH_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/status.h"
#include "net/cidr.h"

struct fetch_guard {
    bool allow_loopback;        /**< 127.0.0.0/8 and ::1: while the HTTP API is bound to loopback only */
    const struct cidr *allowed; /**< borrowed; beats every refusal (--fetch-allow) */
    size_t allowed_count;
};

/** Room for a reason, with its NUL. FETCH_URL_MAX is the longest URL in bytes. */
enum { FETCH_WHY_SIZE = 256, FETCH_URL_MAX = 2048 };

/**
 * @param[out] why  on refusal a sentence without a full stop that names address, kind and the key that would allow it:
 *                  "address 10.1.2.3 is private; --fetch-allow 10.1.2.3 would allow it". NULL is allowed
 * @return STATUS_OK, STATUS_REFUSED
 */
MUST_CHECK status fetch_guard_address(const struct fetch_guard *guard, const struct sockaddr *address,
                                      char why[FETCH_WHY_SIZE]);

/**
 * Checks the form (absolute http or https, a host, a port of 1 to 65535, no credentials, no control bytes or blanks)
 * and, where the host is an address in any spelling that resolvers take (decimal, octal, hex, short IPv4) or a
 * localhost name, the address.
 *
 * @param[out] why  as above; NULL is allowed
 * @return STATUS_OK, STATUS_INVALID (the form), STATUS_REFUSED (the address)
 */
MUST_CHECK status fetch_guard_url(const struct fetch_guard *guard, struct slice url, char why[FETCH_WHY_SIZE]);

#endif
