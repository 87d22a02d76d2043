/**
 * @file message.h  What parleyd and parley-sip say to each other about calls, as JSON objects.
 *
 * A call is one SIP dialog, named by its call id (CA...: minted by parley-sip for a call that comes in, by parleyd for
 * one that goes out). SDP travels as text and is never read here. Members that a message does not carry are absent in
 * JSON and NULL or 0 here. Text that is not UTF-8 is escaped: each byte that breaks it (NUL too) becomes U+FFFD.
 *
 * Direction and meaning (S = parley-sip, P = parleyd):
 *   hello       both  first on a connection: version, epoch of the sender, calls that S holds, listeners of S
 *   invite      S->P  a new call: request URI, from, to, source, local, transport, headers, sdp (NULL = late offer)
 *   cancel      S->P  the caller gave up before a final response; S answers 487 once this is acknowledged
 *   ack         S->P  the ACK of our 200 came; sdp where it carries the answer to our offer
 *   prack       S->P  a reliable provisional response was acknowledged; sdp where it carries an answer
 *   reinvite    S->P  re-INVITE (sdp NULL = asks for an offer); answered by accept or refuse with its transaction
 *   update      S->P  UPDATE with or without sdp; likewise
 *   info        S->P  INFO: content_type, body
 *   bye         S->P  the peer's BYE; S answers 200 once this is acknowledged
 *   ended       S->P  the dialog is over for another reason: code and reason ("session expired", "no ACK" ...)
 *   dialog      S->P  the dialog record as it stands now (kept by P for taking the dialog up again)
 *   response    S->P  answer to P's own modify: code, reason, sdp, transaction
 *   progress    P->S  a provisional response: code (180, 183), sdp, reliable
 *               S->P  of a call that was dialled: code, reason; sdp where it brings an answer that is not known yet
 *   answer      P->S  200 to the INVITE, with sdp (an answer, or an offer where the INVITE had none)
 *               S->P  the call that was dialled is taken: code, sdp (the answer that counts, also where it came early;
 *                     none where an update has changed the session since: what was agreed then stays in force); it is
 *                     acknowledged to the peer already
 *   reject      P->S  final non-2xx to the INVITE: code, reason, headers (Retry-After, Warning ...)
 *   accept      P->S  200 to the transaction of a reinvite or update, with sdp
 *   refuse      P->S  final non-2xx to that transaction: code, reason, headers (Warning ...)
 *   modify      P->S  send a re-INVITE with sdp; transaction is P's number; answered by response
 *   hangup      P->S  end the call whatever its state: BYE, or code where not answered yet; reason for a Reason header
 *   dial        P->S  place a call: to_uri, from_uri, from_display, identity, headers, timeout_s; where to: route,
 *                     transport, private_only; credentials: user, password; our offer: sdp, absent where S is to ask
 *   located     S->P  a dial without sdp: the way is known (source: the callee's address, local: ours that faces it,
 *                     transport); answered by offer
 *   offer       P->S  our offer for the call that was located: sdp
 *   load        P->S  accepting = false makes S answer new calls with 503 by itself; retry_after_s
 *   register    P->S  keep an address registered: registration (its name between P and S), to_uri (the address of
 *                     record), route, transport, user, password, expires_s (asked for; 0: take it back). What is
 *                     said again replaces what was said before of that name. A fresh parleyd says all its own
 *                     anew: what it has not said after 10 s is taken back
 *   registered  S->P  what became of it, at each change: registration, code, reason, expires_s (granted; 0: not
 *                     registered; S tries again by itself as long as it is asked to)
 *
 * A call that was dialled: {dialog | located | progress}*, then answer or ended. The code of ended is the peer's final
 * response; 408 "no answer" after timeout_s; 487 "hung up" after P's hangup; 503 "cannot resolve the name", "could not
 * be sent" and 403 "not a private address" are S's own. Redirections (3xx) are not followed.
 *
 * Every hangup is followed by ended ("hung up"). A hangup, answer, accept or modify for a call that S does not hold
 * gets ended with 481 "unknown call". A response of 491 means that another exchange is going on: P may try again. One
 * with transaction 0 tells the peer's new SDP where a session refresh of S itself changed it.
 *
 * Thread: any; no state.
 */
#ifndef PARLEY_SIGNAL_MESSAGE_H
#define PARLEY_SIGNAL_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/slice.h"
#include "base/status.h"

enum signal_type {
    SIGNAL_HELLO,
    SIGNAL_INVITE,
    SIGNAL_CANCEL,
    SIGNAL_ACK,
    SIGNAL_PRACK,
    SIGNAL_REINVITE,
    SIGNAL_UPDATE,
    SIGNAL_INFO,
    SIGNAL_BYE,
    SIGNAL_ENDED,
    SIGNAL_DIALOG,
    SIGNAL_RESPONSE,
    SIGNAL_PROGRESS,
    SIGNAL_ANSWER,
    SIGNAL_REJECT,
    SIGNAL_ACCEPT,
    SIGNAL_REFUSE,
    SIGNAL_MODIFY,
    SIGNAL_HANGUP,
    SIGNAL_DIAL,
    SIGNAL_LOAD,
    SIGNAL_REGISTER,
    SIGNAL_REGISTERED,
    SIGNAL_LOCATED,
    SIGNAL_OFFER,
    SIGNAL_TYPES
};

/** One message; every string is owned by it. */
struct signal_message {
    enum signal_type type;
    id_text call;         /**< empty for hello, load, register and registered */
    uint32_t transaction; /**< reinvite, update, accept, refuse, modify, response */
    uint32_t code;        /**< SIP status, 100 to 699 */
    char *reason;         /**< reason phrase, or why */
    char *sdp;            /**< whole body, CRLF lines */
    bool reliable;        /**< progress: send with 100rel where the caller supports it; of S: it was */
    bool supports_100rel; /**< invite: the caller can PRACK */
    bool requires_100rel; /**< invite: the caller insists on it (Require: 100rel) */
    char
        *transport; /**< invite, located, dial, register: "udp" or "tcp"; dial, register: NULL is the URI's, else UDP */
    char *source;   /**< invite, located: the peer's address as "192.0.2.1:5060" or "[2001:db8::1]:5060" */
    char *local;    /**< invite, located: our address that faces the peer, same form */
    char *request_uri;  /**< invite: as received, parameters included */
    char *from_uri;     /**< invite, dial: URI of From without its tag */
    char *from_display; /**< display name, unquoted; NULL where none */
    char *to_uri;       /**< invite, dial: URI of To (and of the request); register: the address of record */
    char *sip_call_id;  /**< invite: the Call-ID header, for logs */
    char *identity;     /**< invite, dial: URI of P-Asserted-Identity; only to be believed of trusted peers */
    char *content_type; /**< info */
    char *body;         /**< info */
    json_t *headers;    /**< reject, dial, invite (X- headers): object of name to value; owned reference */
    json_t *record;     /**< dialog: see dialog_record.h; owned reference */
    json_t *calls;      /**< hello of S: array of the call ids it holds; owned reference */
    json_t *listeners;  /**< hello of S: array of the addresses it is bound to, as "sip:[::1]:5060"; owned reference */
    char *version;      /**< hello */
    char *epoch;        /**< hello: changes with every start of the sending process */
    bool accepting;     /**< load */
    uint32_t retry_after_s; /**< load */
    char *route; /**< dial, register: where to send, "HOST" or "HOST:PORT", IPv6 in brackets; NULL: as to_uri says */
    char *user, *password; /**< dial, register: digest credentials; NULL for none; in no log */
    uint32_t timeout_s;    /**< dial: until a final response; 0: 30 s */
    bool private_only;     /**< dial: only to loopback and private addresses, whatever the name resolves to */
    char *registration;    /**< register, registered */
    uint32_t expires_s;    /**< register, registered */
};

void signal_message_init(struct signal_message *m, enum signal_type type, const char *call);

/** Frees what it holds. */
void signal_message_clear(struct signal_message *m);

/** "invite", "hangup" ... */
const char *signal_type_name(enum signal_type type);

/** A new JSON object, owned by the caller; NULL where memory is short. */
json_t *signal_message_to_json(const struct signal_message *m);

/**
 * Reads a message from a JSON object. Unknown members are ignored; a known one of a wrong type or out of its range, a
 * missing one that the type needs, or an unknown type is an error that fault->what names.
 *
 * @return STATUS_OK (the caller clears *out), STATUS_INVALID, STATUS_NO_MEMORY
 */
MUST_CHECK status signal_message_from_json(struct signal_message *out, const json_t *object, struct fault *fault);

/** A heap copy of text in which every byte that breaks UTF-8 is U+FFFD; NULL for NULL or where memory is short. */
char *signal_text(struct slice text);

#endif
