/**
 * @file address.h  IP addresses as SIP needs them: parsing "ADDR:PORT", printing, networks, and which address we tell.
 *
 * No names are resolved here. IPv4 addresses mapped into IPv6 count as IPv4.
 * Thread: any.
 */
#ifndef PARLEY_SIP_ADDRESS_H
#define PARLEY_SIP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/slice.h"
#include "base/status.h"

struct address {
    bool ipv6;
    uint8_t bytes[16]; /**< 4 or 16 of them, network order */
    uint16_t port;
};

/** Room for "[IPv6]:65535" with a NUL. */
enum { ADDRESS_TEXT_SIZE = 64 };

struct network {
    struct address address;
    unsigned prefix;
};

enum { NETWORKS_MAX = 32 };

/** The networks that reach us without address translation. */
struct networks {
    struct network at[NETWORKS_MAX];
    unsigned count;
};

/** "192.0.2.1:5060", "[2001:db8::1]:5060". @return STATUS_OK, STATUS_INVALID */
MUST_CHECK status address_parse(struct address *out, struct slice text);

/** A literal without a port, brackets allowed. @return STATUS_OK, STATUS_INVALID */
MUST_CHECK status address_parse_host(struct address *out, struct slice text);

/** @return false where it is neither IPv4 nor IPv6 */
bool address_of_socket(struct address *out, const struct sockaddr *socket);

/** @return the length of what is in *out */
socklen_t address_to_socket(struct sockaddr_storage *out, const struct address *a);

/** "192.0.2.1:5060" or "[2001:db8::1]:5060". @return out */
const char *address_print(char out[ADDRESS_TEXT_SIZE], const struct address *a);

/** The same without the port; IPv6 in brackets. @return out */
const char *address_print_host(char out[ADDRESS_TEXT_SIZE], const struct address *a);

bool address_is_any(const struct address *a);

/** "10.0.0.0/8", "fd00::/8"; without a prefix length it is one address. @return STATUS_OK, STATUS_INVALID */
MUST_CHECK status network_parse(struct network *out, struct slice text);

/** RFC 1918, loopback, link-local and unique local addresses. */
void networks_default(struct networks *out);
bool networks_have(const struct networks *n, const struct address *a);

/**
 * Which address a peer is told: the public one (its family fitting, given, and the peer in no local network), else the
 * local one. The port is the local one's.
 */
struct address address_facing(const struct address *local, const struct address *peer,
                              const struct address *public_or_null, const struct networks *local_networks);

#endif
