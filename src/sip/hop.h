/**
 * @file hop.h  Where a request of ours is to be sent: host, port and transport, out of a URI or of what a trunk says.
 *
 * Only the first step: no name is resolved here (resolve.h). Pure. Thread: any.
 */
#ifndef PARLEY_SIP_HOP_H
#define PARLEY_SIP_HOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { HOP_HOST_SIZE = 256 };

struct hop {
    char host[HOP_HOST_SIZE]; /**< a name or a literal, without brackets */
    uint16_t port;            /**< 5060 where none is said */
    bool tcp;
};

/**
 * @param uri        "sip:user@host:port;transport=tcp"; no other scheme
 * @param route      "host" or "host:port" to send to instead of the URI's; NULL for none
 * @param transport  "udp" or "tcp" instead of the URI's; NULL for none
 * @return STATUS_OK; STATUS_INVALID; STATUS_UNSUPPORTED (sips:, tel:, another transport)
 */
MUST_CHECK status hop_parse(struct hop *out, const char *uri, const char *route, const char *transport);

#endif
