/**
 * @file dialog.h  The life of one SIP dialog: what happens goes in, what is to be done comes out.
 *
 * Offer and answer (RFC 3264, 6337), reliable provisional responses (RFC 3262), UPDATE (RFC 3311), session timers
 * (RFC 4028) and glare (RFC 3261 section 14) are decided here, and of a call of ours: forked answers, CANCEL and its
 * glare with a 200 (sections 9 and 13.2.2.4). Retransmission, routing, digests and CSeq numbers are the transaction
 * layer's; what the media does is parleyd's.
 *
 * Pure: no clock, no I/O; time and randomness are arguments. Effects are carried out in order.
 * Thread: one at a time.
 */
#ifndef PARLEY_SIP_DIALOG_H
#define PARLEY_SIP_DIALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "signal/message.h"
#include "sip/session_timer.h"

/** The first INVITE's transaction in events and effects; other requests of the peer are numbered from 1. */
enum { DIALOG_FIRST_INVITE = 0 };

/** Early dialogs of one INVITE of ours that are told apart; further ones are not heard of until one of them answers. */
enum { DIALOG_FORKS_MAX = 8 };

enum dialog_method { DIALOG_NO_METHOD, DIALOG_METHOD_INVITE, DIALOG_METHOD_UPDATE, DIALOG_METHOD_BYE };

enum dialog_state {
    DIALOG_PROCEEDING, /**< the first INVITE is not answered */
    DIALOG_ANSWERED,   /**< our 200 is out, its ACK is not in */
    DIALOG_CONFIRMED,
    DIALOG_CALLING,    /**< our first INVITE is not answered */
    DIALOG_CANCELLING, /**< likewise, and given up: its final response is waited for */
    DIALOG_ENDING,     /**< our BYE is out */
    DIALOG_OVER,
};

enum dialog_event_type {
    DIALOG_PEER_INVITE, /**< the first one: sdp, session, supports_100rel, requires_100rel, allows_update */
    DIALOG_PEER_CANCEL, /**< of transaction */
    DIALOG_PEER_ACK,    /**< of our 200 to transaction; sdp */
    DIALOG_PEER_NO_ACK, /**< 64*T1 went by without one */
    DIALOG_PEER_PRACK,  /**< sdp; ask dialog_prack_code() before */
    DIALOG_PEER_NO_PRACK,
    DIALOG_PEER_REINVITE, /**< transaction, sdp, session, allows_update */
    DIALOG_PEER_UPDATE,   /**< likewise; fork before our first INVITE is answered */
    DIALOG_PEER_INFO,     /**< transaction, content_type, body */
    DIALOG_PEER_BYE,      /**< transaction */
    DIALOG_PEER_PROGRESS, /**< provisional, to our first INVITE: fork, code, reason, sdp, reliable, allows_update */
    DIALOG_PEER_RESPONSE, /**< final, to the method of our request: code, reason, sdp, session; fork, allows_update */
    DIALOG_SEND_DIAL,     /**< a call of ours begins: timeout_s, sdp (NULL: the offer follows when the way is known) */
    DIALOG_SEND_OFFER,    /**< the offer of a call of ours that began without: sdp */
    DIALOG_SEND_PROGRESS, /**< from parleyd from here on, as signal/message.h says: code, sdp, reliable */
    DIALOG_SEND_ANSWER,
    DIALOG_SEND_REJECT,
    DIALOG_SEND_ACCEPT,
    DIALOG_SEND_REFUSE,
    DIALOG_SEND_MODIFY,
    DIALOG_SEND_HANGUP,
};

/** Texts are borrowed for the call of dialog_apply(). */
struct dialog_event {
    enum dialog_event_type type;
    enum dialog_method method;
    uint32_t transaction;
    uint32_t code;
    const char *reason;
    const char *sdp;
    const char *content_type, *body;
    const json_t *headers;
    struct session_offer session;
    bool reliable;
    bool supports_100rel, requires_100rel;
    bool allows_update;
    uint32_t fork; /**< which early dialog of our first INVITE: from 0 in the order in which they appeared;
                        DIALOG_FORKS_MAX in a request of one that is not told apart */
    uint32_t timeout_s;
};

enum dialog_effect_type {
    DIALOG_TELL,    /**< a message to parleyd: tell, transaction, code, reason, sdp, content_type, body */
    DIALOG_RESPOND, /**< to a request of the peer: transaction, code, reason, sdp, session, reliable, retry_after ... */
    DIALOG_REQUEST, /**< send one of ours: method, sdp, session, reason */
    DIALOG_SEND_ACK,    /**< of the 2xx to our INVITE */
    DIALOG_LOCATE,      /**< find the way to the callee, and tell it */
    DIALOG_SEND_PRACK,  /**< of the provisional response that has just come */
    DIALOG_SEND_CANCEL, /**< of our first INVITE, as soon as that is allowed (RFC 3261 section 9.1) */
    DIALOG_RECORD,      /**< the dialog record has changed: tell parleyd */
    DIALOG_END,         /**< nothing more to come: forget it once what was said is on its way */
};

struct dialog_effect {
    enum dialog_effect_type type;
    enum signal_type tell;
    enum dialog_method method;
    uint32_t transaction;
    uint32_t code;
    const char *reason; /**< phrase of a response, text of a Reason header; borrowed until the next dialog_apply() */
    const char *sdp;    /**< borrowed likewise */
    const char *content_type, *body;
    const json_t *headers;
    struct session_offer session; /**< expires_s 0: no Session-Expires; min_s of a 422 */
    int retry_after_s;            /**< -1: none */
    bool reliable;
    bool after_ack; /**< leaves only when parleyd has acknowledged what was told before */
};

enum { DIALOG_EFFECTS_MAX = 12 };

struct dialog_effects {
    struct dialog_effect at[DIALOG_EFFECTS_MAX];
    unsigned count;
};

/** A request of the peer that parleyd has not answered. */
struct dialog_open {
    bool open;
    uint32_t transaction;
    uint32_t fork; /**< as in the event */
    bool offers;   /**< it brought SDP */
    struct session_offer session;
};

/** Ours on the wire, or waiting to be tried again. */
struct dialog_ours {
    enum dialog_method method;
    uint32_t transaction; /**< parleyd's number; 0 for a session refresh */
    char *sdp;            /**< owned; NULL for an UPDATE that only refreshes */
    int64_t retry_us;     /**< when to send it again after a 491; INT64_MAX while it is out */
    unsigned tries;
};

/** An early dialog that our first INVITE made. */
struct dialog_fork {
    char *sdp;             /**< owned; the last answer it told */
    bool answered, update; /**< its answer came reliably, so it stands; it takes UPDATE */
    bool updated;          /**< an UPDATE of the peer has changed the session since */
};

struct dialog {
    enum dialog_state state;
    bool we_called;                /**< we own the Call-ID: decides the wait after a 491 */
    bool offer_theirs, offer_ours; /**< an offer of the first INVITE or a 200 is not answered yet */
    bool invite_late;              /**< the first INVITE asked for our offer */
    bool answered_early;           /**< a reliable provisional response carried SDP */
    bool supports_100rel, requires_100rel;
    bool peer_allows_update;
    bool hangup_waits; /**< BYE follows the ACK (RFC 3261 section 15) */
    bool end_told;     /**< parleyd knows that it is over */
    struct dialog_open reinvite, update;
    uint32_t late_transaction; /**< the re-INVITE whose ACK brings the answer; 0 where none */
    struct dialog_ours ours;
    struct session_policy policy;
    struct session_timer session;
    struct session_offer invite_session; /**< the reply for the first 200 */
    char *local_sdp, *remote_sdp;        /**< owned; the last that were exchanged */
    char *hangup_reason;                 /**< owned */
    struct dialog_fork forks[DIALOG_FORKS_MAX];
    int64_t answer_by_us; /**< when a call of ours is given up; INT64_MAX where it is none, or answered */
    unsigned dial_tries;
    struct rng *rng;
};

/** @param rng  borrowed for the dialog's life */
void dialog_init(struct dialog *d, const struct session_policy *policy, struct rng *rng);
void dialog_clear(struct dialog *d);

/** Takes an event in and sets *out to what is to be done. An event that does not fit the state has no effect. */
void dialog_apply(struct dialog *d, const struct dialog_event *event, int64_t now_us, struct dialog_effects *out);

/** When dialog_expire() wants to be called; INT64_MAX where never. */
int64_t dialog_deadline(const struct dialog *d);
void dialog_expire(struct dialog *d, int64_t now_us, struct dialog_effects *out);

/** 200, or 488 for a PRACK that brings an offer of its own: no message could answer it. */
unsigned dialog_prack_code(const struct dialog *d, bool has_sdp);

#endif
