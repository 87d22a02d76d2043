/**
 * @file call_state.h  What call.c and call_send.c share of a call.
 *
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_CALL_STATE_H
#define PARLEY_SIP_CALL_STATE_H

#include "sip/call.h"
#include "sip/dialog.h"

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

enum { CALL_METHODS = DIALOG_METHOD_BYE + 1 };

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
    enum dialog_method unsent;         /**< could not even be sent */
    su_timer_t *timer;
    const sip_t *beginning; /**< the first INVITE while it is being taken in, else NULL */
};

/** Applies the event to the dialog and carries out what it says. */
void call_event(struct call *c, const struct dialog_event *event);

struct call_request *call_find_request(const struct call *c, uint32_t transaction);
void call_drop_request(struct call_request *r);

/** Answers a request of the peer as the effect says; a missing one is none to answer. */
void call_respond(struct call *c, const struct dialog_effect *effect);

/** Sends a request of ours. */
void call_request(struct call *c, const struct dialog_effect *effect);

/** ACKs the 2xx to our INVITE. */
void call_send_ack(struct call *c);

/** A final response to our request came, or none in time. */
int call_on_response(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip);

/** The dialog as it stands, to parleyd. */
void call_tell_record(struct call *c);

#endif
