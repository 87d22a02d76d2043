/**
 * @file call_state.h  What call.c, call_send.c and call_dial.c share of a call.
 *
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_CALL_STATE_H
#define PARLEY_SIP_CALL_STATE_H

#include "sip/call.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/hop.h"
#include "sip/outbound.h"
#include "sip/resolve.h"

/** A request of the peer. */
struct call_request {
    struct list link;
    struct call *call;
    uint32_t transaction;
    sip_method_t method;
    nta_incoming_t *irq; /**< owned */
};

/** A final response that waits for an acknowledgement of parleyd. */
struct call_pending {
    struct list link;
    uint64_t number;
    uint32_t transaction, code;
};

enum { CALL_METHODS = DIALOG_METHOD_BYE + 1, CALL_ROUTE_SIZE = ADDRESS_TEXT_SIZE + 32 };

/** A request of ours, so that it can be said again with credentials. */
struct call_sent {
    char *headers, *sdp; /**< owned; sdp may be NULL */
    unsigned tries;      /**< how often it was challenged */
};

/** An early dialog of a call of ours, named by the peer's tag. */
struct call_fork {
    char *tag;      /**< owned */
    nta_leg_t *leg; /**< owned */
    uint32_t rseq;  /**< of its last reliable response; 0 before there was one */
};

/** What a call has that was dialled. */
struct call_dial {
    struct signal_message m; /**< owned */
    struct hop hop;
    struct outbound way;
    bool placed;                 /**< the way is known */
    struct resolve_query *query; /**< owned; NULL where none is open */
    struct digest digest;
    struct call_fork forks[DIALOG_FORKS_MAX];
    unsigned fork_count;
    const struct call_fork *progressing; /**< whose provisional response is being taken in */
};

struct call {
    struct list link;    /**< in agent->call_list */
    struct list mark;    /**< in agent->waiting or agent->finished, or in none */
    struct agent *agent; /**< borrowed */
    id_text id;
    struct dialog dialog;
    bool ended;           /**< the dialog said DIALOG_END */
    nta_leg_t *leg;       /**< owned */
    tport_t *tport;       /**< owned reference: where the INVITE came in */
    struct address peer;  /**< its source */
    struct address bound; /**< the address of ours that it came to */
    struct address local; /**< how the peer knows us */
    bool tcp;
    char *local_uri, *remote_uri, *sip_call_id; /**< owned */
    struct list requests;                       /**< of struct call_request */
    uint32_t last_transaction;
    struct list pending;               /**< of struct call_pending */
    uint64_t last_told;                /**< number of our last message to parleyd */
    nta_outgoing_t *out[CALL_METHODS]; /**< owned; our last request of each method */
    bool out_open[CALL_METHODS];       /**< it has no final response yet */
    struct call_sent sent[CALL_METHODS];
    enum dialog_method unsent; /**< could not even be sent */
    uint32_t unsent_code;
    const char *unsent_reason; /**< static */
    struct call_dial *dial;    /**< owned; NULL for a call that came in */
    su_timer_t *timer;
    const sip_t *beginning; /**< the first INVITE while it is being taken in, else NULL */
};

/** A call in the agent's tables. @param id  NULL: a new one @return NULL where memory is short */
struct call *call_create(struct agent *a, const char *id);

/** Applies the event to the dialog and carries out what it says. */
void call_event(struct call *c, const struct dialog_event *event);

struct call_request *call_find_request(const struct call *c, uint32_t transaction);
void call_drop_request(struct call_request *r);

/** Answers a request of the peer as the effect says; a missing one is none to answer. */
void call_respond(struct call *c, const struct dialog_effect *effect);

/** A request within the dialog; the leg's callback. */
int call_on_request(nta_leg_magic_t *magic, nta_leg_t *leg, nta_incoming_t *irq, const sip_t *sip);

/** Looks anew at when the call wants to be woken. */
void call_arm(struct call *c);

/** Sends a request of ours. */
void call_request(struct call *c, const struct dialog_effect *effect);

/** Sends what is in sent[method], with credentials where they were asked for. */
void call_transmit(struct call *c, enum dialog_method method);

/** Where a request on this leg is to be sent, for sofia. */
void call_print_route(const struct call *c, nta_leg_t *leg, char out[CALL_ROUTE_SIZE]);
tport_t *call_transport(const struct call *c);

/** ACKs the 2xx to our INVITE. */
void call_send_ack(struct call *c);

/** A final response to our request came, or none in time. */
int call_on_response(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip);

/* call_dial.c: calls of ours. */

/** Finds the way to the callee, then sends the INVITE that is in sent[] or asks parleyd for its offer. */
void call_dial_place(struct call *c);
void call_dial_prack(struct call *c);
void call_dial_cancel(struct call *c);

/** Which early dialog the leg is; DIALOG_FORKS_MAX where it is none. */
uint32_t call_dial_fork(const struct call *c, const nta_leg_t *leg);

/** A response to the INVITE of a call of ours that is not answered yet. @param sip  NULL: none came in time */
void call_dial_response(struct call *c, const sip_t *sip, int code);

/** A 401 or 407 to our request. @return true where it is on its way again, with credentials */
bool call_challenged(struct call *c, enum dialog_method method, const sip_t *sip);

/** Header lines for a request on this leg: nothing where none were asked for. */
void call_append_credentials(struct call *c, struct buffer *b, enum dialog_method method, const char *name,
                             const nta_leg_t *leg);
void call_dial_clear(struct call *c);

/** The dialog as it stands, to parleyd. */
void call_tell_record(struct call *c);

#endif
