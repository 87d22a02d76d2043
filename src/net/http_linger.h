/**
 * @file http_linger.h  Connections that have said their last word while the client may still be sending.
 *
 * A socket closed with unread bytes in it is reset, and the reset can overtake the reply on its way (RFC 9112 section
 * 9.6). So the descriptor is kept for a while, its writing side shut down, and what arrives is thrown away until the
 * client closes, two seconds have gone, or 16 MiB have come. At most 64 at once; a 65th is closed as it is.
 *
 * Thread: control.
 */
#ifndef PARLEY_NET_HTTP_LINGER_H
#define PARLEY_NET_HTTP_LINGER_H

#include "base/list.h"
#include "net/loop.h"

/** The lingering connections of a server. */
struct http_linger {
    struct list links;
    struct loop *loop;
};

void http_linger_init(struct http_linger *set, struct loop *loop);

/** Closes all of them. */
void http_linger_clear(struct http_linger *set);

/** @param fd  borrowed: duplicated, so that its owner closes it as ever; all that was to be written is in the kernel */
void http_linger_add(struct http_linger *set, int fd);

#endif
