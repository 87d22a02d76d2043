/**
 * @file nearby.h  Addresses that calls come from and go to while an owner has allowed no others: loopback and private.
 *
 * RFC 1918, 3927, 4193, 4291 and loopback. Pure. Thread: any.
 */
#ifndef PARLEY_CALL_NEARBY_H
#define PARLEY_CALL_NEARBY_H

#include <stdbool.h>
#include <sys/socket.h>

bool nearby_holds(const struct sockaddr *address);

#endif
