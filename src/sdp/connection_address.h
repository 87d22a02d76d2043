/**
 * @file connection_address.h  What may stand in a c= line: a literal or a host name, and of which kind.
 *
 * Thread: any. RFC 8866 section 5.7, RFC 1123 section 2.1 (host names).
 */
#ifndef PARLEY_SDP_CONNECTION_ADDRESS_H
#define PARLEY_SDP_CONNECTION_ADDRESS_H

#include "base/slice.h"

enum address_kind {
    ADDRESS_MALFORMED, /**< neither a literal nor a well-formed name */
    ADDRESS_NAME,      /**< labels of letters, digits and hyphens, the last one not all digits, 253 characters in all */
    ADDRESS_UNSPECIFIED, /**< 0.0.0.0 or :: */
    ADDRESS_UNICAST,     /**< a literal that packets can go to */
    ADDRESS_GROUP,       /**< multicast, broadcast or reserved: nobody in particular */
};

/** Of whichever family: a literal that the c= line puts in the other one is a literal all the same. */
enum address_kind connection_address_kind(struct slice address);

#endif
