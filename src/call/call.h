/**
 * @file call.h  parleyd's side of one call: a SIP dialog that parley-sip speaks, its offers and answers, its leg's
 * life.
 *
 *   INCOMING --call_answer--> ANSWERED --ACK--> CONNECTED --> ENDED
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
#include "sdp/negotiate.h"
#include "signal/message.h"

enum call_state { CALL_INCOMING, CALL_ANSWERED, CALL_CONNECTED, CALL_ENDED };

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
    /** The call is up: the peer has acknowledged our 200 and media is agreed. */
    void (*connected)(void *arg, struct call *call);
    /**
     * The call is over, whoever ended it; called once, also for one that was never answered. The reason is one of
     * FreeClimb's callEndedReason words. The call is destroyed by the wiring, not inside this function.
     */
    void (*ended)(void *arg, struct call *call, const char *reason);
};

struct call {
    id_text id;
    enum call_state state;
    struct route_choice choice; /**< where it goes, once the wiring has decided */
    char *from, *to;            /**< URIs, owned */
    char *from_display;         /**< owned; NULL where none */
    char *source, *local;       /**< "IP:PORT", owned */
    char *sip_call_id;          /**< owned */
    char *offer;                /**< SDP of the INVITE; owned; NULL for a late offer */
    bool requires_100rel;       /**< the caller insists on a reliable provisional response (RFC 3262) before the 200 */
    bool progressed;            /**< it was sent; the 200 follows the PRACK */
    int64_t created_unix_ms, connected_unix_ms;
    /* offer and answer */
    uint64_t session_id, sdp_version;
    char *sent; /**< our last description; owned */
    bool reserved, negotiated;
    char address[SDP_ADDRESS_SIZE];
    uint16_t rtp_port;
    struct sdp_result media; /**< in force, where negotiated */
    const struct call_world *world;
    void *world_arg;
};

/**
 * Makes a call from an invite message.
 *
 * @param world, world_arg  borrowed for the call's life
 * @param session_id        of our o= lines: random
 * @return STATUS_OK; STATUS_INVALID (a member is missing); STATUS_NO_MEMORY
 */
MUST_CHECK status call_create(struct call **out, const struct signal_message *invite, const struct call_world *world,
                              void *world_arg, uint64_t session_id, int64_t now_unix_ms);

/** Frees it; nothing is sent. NULL is allowed. */
void call_destroy(struct call *c);

/**
 * Takes the call: negotiates, opens the leg, sends the 200. A caller that requires 100rel gets a reliable 180 first,
 * and its PRACK brings the 200. Where the call cannot be taken it is refused and ended. Does nothing where the caller
 * has gone meanwhile.
 */
void call_answer(struct call *c);

/**
 * Refuses a call that was not answered; it is ended then.
 * @param code           400 to 699
 * @param phrase         reason phrase
 * @param retry_after_s  0: no Retry-After
 * @param reason         callEndedReason
 */
void call_refuse(struct call *c, uint32_t code, const char *phrase, uint32_t retry_after_s, const char *reason);

/** Ends a call in whatever state: BYE, or a refusal. Nothing happens where it has ended. */
void call_hang_up(struct call *c, const char *reason);

/** A message of parley-sip about this call, other than its invite. */
void call_receive(struct call *c, const struct signal_message *m, int64_t now_unix_ms);

/** The codec table that calls offer and accept, in order of preference. */
const struct sdp_codec *call_codecs(uint8_t *count);

#endif
