/**
 * @file outbound.h  From which of our addresses, and to which of a peer's, a request of ours goes.
 *
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_OUTBOUND_H
#define PARLEY_SIP_OUTBOUND_H

#include "sip/agent.h"
#include "sip/hop.h"

struct outbound {
    struct address peer;  /**< where it goes */
    struct address bound; /**< the listener it leaves from */
    struct address local; /**< how the peer knows us */
    bool tcp;
    tport_t *tport; /**< owned reference; released by outbound_clear() */
};

/**
 * Takes the first address for whose family there is a listener: the one that the kernel would send from, where that is
 * one of ours.
 *
 * @param addresses     what the hop's host is; their ports are not looked at
 * @param private_only  refuse where any of them is neither loopback nor private
 * @param[out] why      a short English reason, static
 * @return STATUS_OK; STATUS_NOT_FOUND (count is 0, or no listener fits); STATUS_REFUSED (private_only)
 */
MUST_CHECK status outbound_choose(struct outbound *out, const struct agent *a, const struct hop *hop,
                                  const struct address *addresses, unsigned count, bool private_only, const char **why);

/** Loopback, link-local or private, whatever the local networks are set to. */
bool outbound_is_private(const struct address *a);

/** NULL members are allowed. */
void outbound_clear(struct outbound *o);

/** "sip:ADDR:PORT;transport=udp": how sofia is told where to send. */
void outbound_route(char *out, size_t size, const struct address *peer, bool tcp);

#endif
