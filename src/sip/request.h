/**
 * @file request.h  Reading SIP requests (and of responses, what both have): what must be refused at once, and what
 * parleyd is told of the rest.
 *
 * No state and no sending. What it hands out is borrowed from the message unless said otherwise.
 * Thread: the main thread.
 */
#ifndef PARLEY_SIP_REQUEST_H
#define PARLEY_SIP_REQUEST_H

#include <sofia-sip/sip.h>

#include "signal/message.h"
#include "sip/dialog.h"
#include "sip/digest.h"

#define REQUEST_ALLOW     "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO"
#define REQUEST_SUPPORTED "100rel, timer"

/** A final response that parley-sip gives by itself. */
struct refusal {
    int code;           /**< 0: none */
    const char *phrase; /**< NULL: the usual one */
    const char *header; /**< one header line without its end, or NULL */
};

/** Checks of RFC 3261 section 8.2 that hold for every request: method, scheme; and that its body is whole. */
struct refusal request_check(const sip_t *sip);

/** Checks of the body of INVITE, UPDATE, PRACK and ACK: none, or application/sdp as it is. */
struct refusal request_check_sdp(const sip_t *sip);

/** Checks of an INVITE that begins a call. */
struct refusal request_check_invite(const sip_t *sip);

/** Checks of an INFO: the body types that parleyd reads. */
struct refusal request_check_info(const sip_t *sip);

/**
 * The options of Require that we do not have, as an Unsupported header line; NULL where all are had.
 * @return owned by the caller
 */
char *request_unsupported(const sip_t *sip);

/** A copy of the body, owned by the caller; NULL where there is none. */
char *request_body(const sip_t *sip);

bool request_supports(const sip_t *sip, const char *option);
bool request_requires(const sip_t *sip, const char *option);
bool request_allows(const sip_t *sip, sip_method_t method, const char *name);

/** Session-Expires, Min-SE and the timer option of a request or response. */
struct session_offer request_session(const sip_t *sip);

/** Takes in the challenges of a 401 or 407. @return the best of their outcomes */
enum digest_outcome request_challenge(const sip_t *sip, struct digest *digest);

/** Fills the members of an invite message that stand in the request itself. */
void request_describe(struct signal_message *m, const sip_t *sip);

#endif
