/**
 * @file dialog_record.h  All that is needed to go on with a SIP dialog in another process, as JSON (RFC 3261 section
 * 12).
 *
 * Kept by parleyd from the first message of a call on, in its store; parley-sip says it anew whenever it changes. As
 * JSON its descriptions are without keys.
 * Thread: any.
 */
#ifndef PARLEY_SIGNAL_DIALOG_RECORD_H
#define PARLEY_SIGNAL_DIALOG_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

enum dialog_record_role { DIALOG_UAS, DIALOG_UAC };

/** Strings are owned. */
struct dialog_record {
    enum dialog_record_role role;
    char *call_id;
    char *local_uri, *local_tag;   /**< name-addr without tag, and the tag */
    char *remote_uri, *remote_tag; /**< remote_tag may be NULL (RFC 2543 peers) */
    uint32_t local_cseq;           /**< last used by us; 0 before our first request */
    uint32_t remote_cseq;
    char *remote_target;        /**< URI of the peer's Contact */
    json_t *route_set;          /**< array of Route values in the order we send them; owned reference */
    char *transport;            /**< "udp" or "tcp" */
    char *source;               /**< where the peer's first request came from */
    char *local;                /**< our address facing it */
    bool confirmed;             /**< a 2xx was exchanged */
    uint32_t session_expires_s; /**< 0: no session timer (RFC 4028) */
    bool we_refresh;
    bool peer_allows_update;
    uint32_t sdp_version; /**< the o= line's version of our last SDP */
    char *local_sdp, *remote_sdp;
};

void dialog_record_init(struct dialog_record *r);
void dialog_record_clear(struct dialog_record *r);
json_t *dialog_record_to_json(const struct dialog_record *r);
MUST_CHECK status dialog_record_from_json(struct dialog_record *out, const json_t *object, struct fault *fault);

#endif
