/**
 * @file trunk.h  Where calls out may go, and how: a table of trunks, the first that fits decides.
 *
 * A trunk fits by a pattern over what was dialled, a number or a SIP URI. Nothing leaves that no trunk takes. Without
 * any trunk only explicit SIP URIs of loopback and private networks can be called: a literal is checked here, a name
 * by parley-sip after it is resolved (private_only). Pure. Thread: any.
 */
#ifndef PARLEY_CALL_TRUNK_H
#define PARLEY_CALL_TRUNK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "call/terms.h"

enum { TRUNK_URI_SIZE = 384 };

/** NULL or "" where there is none. */
struct trunk {
    const char *name;
    const char *match; /**< pattern over the number, or the URI to its port: * ? and [...] as in a shell */
    const char *host;  /**< "HOST" or "HOST:PORT", IPv6 in brackets; none: the URI's own (and it takes no numbers) */
    const char *transport; /**< "udp", "tcp" */
    const char *caller_id; /**< a number or a SIP URI instead of the caller's, in From and P-Asserted-Identity */
    const char *user, *password;
    bool registers;     /**< user@host is kept registered there */
    unsigned strip;     /**< characters taken off the start of a number ... */
    const char *prefix; /**< ... before this is put there */
    struct terms terms;
};

/** What a dial needs of it. */
struct trunk_choice {
    const struct trunk *trunk; /**< borrowed from the table; NULL for a private call without one */
    char to_uri[TRUNK_URI_SIZE], from_uri[TRUNK_URI_SIZE];
    const char *identity;  /**< from_uri, for P-Asserted-Identity; NULL without a trunk */
    const char *route;     /**< the trunk's host; NULL: where to_uri says */
    const char *transport; /**< NULL: as to_uri says */
    bool private_only;
};

/**
 * @param destination  "+4930123", "2001" or "sip:bob@192.0.2.1"; spaces, dots, dashes and brackets within a number are
 *                     left out
 * @param caller       a number or a SIP URI
 * @param our_host     what stands behind the @ of a caller's number where no trunk's host does
 * @param[out] out     untouched on error
 * @param[out] fault   why not
 * @return STATUS_OK; STATUS_INVALID (neither number nor SIP URI; too long); STATUS_REFUSED (no trunk takes it);
 *         STATUS_UNSUPPORTED (sips:, tel: ...)
 */
MUST_CHECK status trunk_choose(struct trunk_choice *out, const struct trunk *trunks, size_t count,
                               struct slice destination, struct slice caller, const char *our_host,
                               struct fault *fault);

#endif
