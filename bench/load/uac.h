/**
 * @file uac.h  A SIP caller over UDP: calls out, hangs up, holds, and answers what the other side asks in the dialog.
 *
 * Retransmits and gives up as RFC 3261 says (T1 500 ms, 64 T1); answers re-INVITE, UPDATE, OPTIONS, INFO, BYE.
 * Not a stack: one socket, no registration, no authentication, no DNS.
 * Thread: the loop's. RFC 3261, RFC 3264.
 */
#ifndef PARLEY_LOAD_UAC_H
#define PARLEY_LOAD_UAC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "load/loop.h"
#include "load/sip_message.h"

struct uac;
struct uac_call;

/** Told by a call; none may destroy it. SDP and reasons are borrowed for the time of the call. */
struct uac_events {
    void (*progress)(void *context, uint32_t code);
    /** Up: the answer to our first offer. */
    void (*answered)(void *context, struct slice sdp);
    /** Our re-INVITE is answered: 200 with its SDP, or the refusal with none. */
    void (*reinvited)(void *context, uint32_t code, struct slice sdp);
    /** The other side offers (an empty offer asks for ours). @return false to refuse it with 488 */
    bool (*offered)(void *context, struct slice offer, struct buffer *answer);
    /** The answer to an offer that was asked of us. */
    void (*offer_answered)(void *context, struct slice sdp);
    /** Over, once. by: "caller", "bridge" or "timeout"; code: of the response that ended it, 200 for a BYE. */
    void (*ended)(void *context, uint32_t code, const char *by, struct slice reason);
    void *context;
};

/** Binds a socket there (port 0: any). @return STATUS_OK, STATUS_INVALID (no IP literal), STATUS_IO, STATUS_NO_MEMORY
 */
MUST_CHECK status uac_create(struct uac **out, struct loop *loop, const char *local_host, uint64_t seed);

/** Also its calls, without a word to the other side. NULL is allowed. */
void uac_destroy(struct uac *uac);

/** Where the socket is. */
const struct address *uac_local(const struct uac *uac);

/**
 * Sends an INVITE with that offer.
 * @return STATUS_OK, STATUS_INVALID (the URI is not sip: with an IP literal), STATUS_NO_MEMORY
 */
MUST_CHECK status uac_call_start(struct uac_call **out, struct uac *uac, const char *uri, const char *from_user,
                                 const char *sdp, const struct uac_events *events);

/** CANCEL or BYE, as the call stands; ended() follows. Nothing where it has ended. */
void uac_call_hangup(struct uac_call *call);

/** @return false where the call is not up or a re-INVITE is under way */
bool uac_call_reinvite(struct uac_call *call, const char *sdp);

#endif
