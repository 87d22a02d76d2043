/**
 * @file listen.h  Finding the addresses and ports that SIP listens on.
 *
 * A wildcard is opened as every address of this machine that it stands for, so that answers leave from the very address
 * that was asked, and 0.0.0.0 and [::] can share a port. Addresses that appear later are not served until a restart.
 * Thread: the main thread.
 */
#ifndef PARLEY_SIP_LISTEN_H
#define PARLEY_SIP_LISTEN_H

#include "base/status.h"
#include "sip/address.h"

/**
 * The addresses that one --sip stands for, with a real port: one, or all of a wildcard's family (IPv6 link-local ones
 * left out, as they mean nothing without an interface).
 *
 * @param[out] count  how many of at most size were found; 0 where the machine has no address of this family
 * @return STATUS_OK; STATUS_IO where no free port was found for port 0 (errno says why)
 */
MUST_CHECK status listen_addresses(const struct address *asked, struct address *out, unsigned size, unsigned *count);

/** Marks the IPv6 SIP sockets with the DSCP that sofia sets on IPv4 ones only. */
void listen_mark_ipv6(int traffic_class);

#endif
