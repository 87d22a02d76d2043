/**
 * @file call.h  parleyd's side of one call: a SIP dialog that parley-sip speaks, its offers and answers, its leg's
 * life.
 *
 *   INCOMING --call_answer--> ANSWERED --ACK--> CONNECTED --> ENDED
 *   QUEUED --call_dial--> DIALLING --progress--> RINGING --answer--> CONNECTED --> ENDED
 *
 * Signalling messages go in (call_receive) and out (call_world.send). What needs the engine, the conferences or the
 * store is asked of the call_world, which the wiring implements; the call itself knows SDP and states only, so that a
 * recorded list of messages replays it. It does not know who may call (route.h), nor what is heard (conf/).
 *
 * Thread: control.
 */
#ifndef PARLEY_CALL_CALL_H
#define PARLEY_CALL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/status.h"
#include "call/route.h"
#include "call/terms.h"
#include "sdp/negotiate.h"
#include "signal/message.h"

enum call_state {
    CALL_INCOMING,
    CALL_ANSWERED, /**< our 200 is out */
    CALL_CONNECTED,
    CALL_ENDED,
    CALL_QUEUED, /**< one of ours, not placed yet */
    CALL_DIALLING,
    CALL_RINGING, /**< the callee has given a sign of life; early media may be up */
};

struct call;

/** What a call asks of the rest of the bridge. arg is the wiring's, given to call_create(). */
struct call_world {
    /** A message for parley-sip; borrowed. */
    void (*send)(void *arg, struct call *call, const struct signal_message *m);
    /**
     * Takes a pair of RTP ports and says which address the peer should send to.
     * @return STATUS_OK; STATUS_FULL (no ports), STATUS_IO
     */
    status (*media_reserve)(void *arg, struct call *call, char address[SDP_ADDRESS_SIZE], uint16_t *rtp_port);
    /** Opens the leg on the reserved ports, or changes it where it is open. @return STATUS_OK or why not */
    status (*media_apply)(void *arg, struct call *call, const struct sdp_result *result);
    /** The call is up: the peer has acknowledged our 200, or given one to a call of ours, and media is agreed. */
    void (*connected)(void *arg, struct call *call);
    /**
     * The call is over, whoever ended it; called once, also for one that was never answered. The reason is one of
     * FreeClimb's callEndedReason words. The call is destroyed by the wiring, not inside this function.
     */
    void (*ended)(void *arg, struct call *call, const char *reason);
    /**
     * A call of ours: the callee rings or is on its way there, at each provisional response. Where early media came
     * with it, media_apply() has opened the leg before. NULL: not asked for.
     * @param code  180, 183 ...
     */
    void (*ringing)(void *arg, struct call *call, uint32_t code);
};

/** How a call of ours is placed (trunk.h finds most of it). All borrowed; NULL where there is none. */
struct call_plan {
    const char *id; /**< CA... */
    const char *to_uri, *from_uri, *from_display;
    const char *identity;          /**< URI of P-Asserted-Identity */
    const char *route, *transport; /**< as in a dial message */
    const char *user, *password;   /**< digest credentials; kept nowhere */
    uint32_t timeout_s;            /**< 0: 30 */
    bool private_only;             /**< only to loopback and private addresses */
    const struct terms *terms;
    const json_t *headers; /**< further header lines of the INVITE: name to value */
};

struct call {
    id_text id;
    bool outgoing;
    enum call_state state;
    struct route_choice choice; /**< where it goes, once the wiring has decided */
    char *from, *to;            /**< URIs, owned */
    char *from_display;         /**< owned; NULL where none */
    char *source, *local; /**< the peer's and our "IP:PORT", owned; of a call of ours NULL before the way is known */
    char *sip_call_id;    /**< owned */
    char *offer;          /**< SDP of the INVITE; owned; NULL for a late offer */
    bool requires_100rel; /**< the caller insists on a reliable provisional response (RFC 3262) before the 200 */
    bool progressed;      /**< it was sent; the 200 follows the PRACK */
    int64_t created_unix_ms, connected_unix_ms;
    uint32_t end_code; /**< SIP code that a call of ours failed with; 0 where none came */
    /* offer and answer */
    struct terms terms; /**< media.codec is an index into their codecs */
    uint64_t session_id, sdp_version;
    char *sent;           /**< our last description; owned */
    char *offered;        /**< our last that was an offer, against which answers are read; owned */
    struct sdp_keys keys; /**< of our offers; of what is agreed, the one in force. In no log and on no disk */
    bool reserved, negotiated;
    char address[SDP_ADDRESS_SIZE];
    uint16_t rtp_port;
    struct sdp_result media; /**< in force, where negotiated */
    const struct call_world *world;
    void *world_arg;
};

/**
 * Makes a call from an invite message. It cannot be answered before it has its terms.
 *
 * @param world, world_arg  borrowed for the call's life
 * @param session_id        of our o= lines: random
 * @return STATUS_OK; STATUS_INVALID (a member is missing); STATUS_NO_MEMORY
 */
MUST_CHECK status call_create(struct call **out, const struct signal_message *invite, const struct call_world *world,
                              void *world_arg, uint64_t session_id, int64_t now_unix_ms);

/**
 * Makes a call of ours; nothing is sent before call_dial().
 *
 * @param plan  id, to_uri, from_uri and terms are copied
 * @return STATUS_OK; STATUS_INVALID (id, to_uri or from_uri is missing, or there is no codec in its terms);
 * STATUS_NO_MEMORY
 */
MUST_CHECK status call_create_outgoing(struct call **out, const struct call_plan *plan, const struct call_world *world,
                                       void *world_arg, uint64_t session_id, int64_t now_unix_ms);

/**
 * Places a call of ours. What becomes of it is told by ringing(), connected() and ended(): busy (486, 600), noAnswer
 * (408, 480, 487, the timeout), failed (all else; end_code says more). Our offer is made when the way is known.
 */
void call_dial(struct call *c, const struct call_plan *plan);

/** Says on what a call that comes in may be agreed: once, before call_answer() and call_open_early(). Copied. */
void call_set_terms(struct call *c, const struct terms *terms);

/** Frees it; nothing is sent. NULL is allowed. */
void call_destroy(struct call *c);

/**
 * Takes the call: negotiates, opens the leg, sends the 200. A caller that requires 100rel gets a reliable 180 first,
 * and its PRACK brings the 200. Where the call cannot be taken it is refused and ended. Does nothing where the caller
 * has gone meanwhile.
 */
void call_answer(struct call *c);

/**
 * Opens the audio of a call that is not answered yet, for early media: 183 with our answer to its offer. Nothing
 * happens where there is no offer, or it is open.
 */
void call_open_early(struct call *c);

/**
 * Refuses a call that was not answered; it is ended then.
 * @param code           400 to 699
 * @param phrase         reason phrase
 * @param retry_after_s  0: no Retry-After
 * @param reason         callEndedReason
 */
void call_refuse(struct call *c, uint32_t code, const char *phrase, uint32_t retry_after_s, const char *reason);

/** Ends a call in whatever state: BYE, CANCEL, or a refusal. Nothing happens where it has ended. */
void call_hang_up(struct call *c, const char *reason);

/** A message of parley-sip about this call, other than its invite. */
void call_receive(struct call *c, const struct signal_message *m, int64_t now_unix_ms);

/** The codec of what is agreed. */
const struct sdp_codec *call_codec(const struct call *c, const struct sdp_result *result);

#endif
