/**
 * @file cidr.h  A range of IP addresses: "10.0.0.0/8", "fd00::/8", or one address "192.0.2.7".
 *
 * Literals only, names are not resolved. An IPv4-mapped IPv6 address (::ffff:10.0.0.1) counts as the IPv4 address.
 * Thread: any.
 */
#ifndef PARLEY_NET_CIDR_H
#define PARLEY_NET_CIDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/slice.h"
#include "base/status.h"

struct cidr {
    int family;          /**< AF_INET or AF_INET6 */
    uint8_t address[16]; /**< network byte order; the first 4 for IPv4; host bits are zero */
    uint8_t prefix_bits; /**< 0 to 32, or 0 to 128 */
};

/** Room for the longest text of a range, with its NUL. */
enum { CIDR_TEXT_SIZE = 64 };

/**
 * Reads "ADDRESS" or "ADDRESS/BITS"; square brackets around an IPv6 address are allowed. Host bits must be zero:
 * "10.0.0.1/8" is taken as a slip of the pen.
 *
 * @param[out] fault  where and why, on error; NULL is allowed
 * @return STATUS_OK, STATUS_INVALID
 */
MUST_CHECK status cidr_parse(struct cidr *out, struct slice text, struct fault *fault);

/** False for any other family than AF_INET and AF_INET6. */
bool cidr_holds(const struct cidr *range, const struct sockaddr *address);

/** As cidr_parse() reads it. @return out */
const char *cidr_format(const struct cidr *range, char out[CIDR_TEXT_SIZE]);

/** The address without port or brackets ("192.0.2.7", "::1"), a mapped one as IPv4; "?" for other families. @return out
 */
const char *address_format(const struct sockaddr *address, char out[CIDR_TEXT_SIZE]);

#endif
