/**
 * @file caller.h  One phone: a SIP call and its RTP stream, the SDP between them.
 *
 * Thread: the loop's.
 */
#ifndef PARLEY_LOAD_CALLER_H
#define PARLEY_LOAD_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "load/stream.h"
#include "load/uac.h"

struct caller_events {
    void (*progress)(void *context, uint32_t code);
    void (*answered)(void *context);
    void (*reinvited)(void *context, uint32_t code);
    void (*ended)(void *context, uint32_t code, const char *by, struct slice reason);
    void *context;
};

struct caller {
    struct stream stream; /**< its source and events are the owner's to set between open and answer */
    struct uac_call *call;
    struct caller_events events;
    enum sdp_direction direction; /**< as we say it: SDP_SENDONLY is a phone that has put the bridge on hold */
    enum sdp_direction peer_direction;
    uint32_t version, answered_ptime_ms;
    bool savp;
    struct sdes_line crypto[SDES_SUITES]; /**< what we offer, in order; agreed on, the one line */
    unsigned crypto_count;
    bool up, ended;
};

/** What a phone is; strings are borrowed for the call. */
struct caller_config {
    enum g711_law law;
    uint32_t ptime_ms, phase_ms;
    uint64_t seed;
    bool hold;
    enum sdes_suite suites[SDES_SUITES]; /**< offered, in order */
    unsigned suite_count;                /**< 0: plain RTP */
    bool avp;                            /**< offered on a line of plain RTP */
};

/** Opens the stream at the local host of uac, and calls nobody yet. @return STATUS_OK, STATUS_IO */
MUST_CHECK status caller_open(struct caller *caller, struct loop *loop, struct uac *uac,
                              const struct caller_config *config, const struct caller_events *events);

/** Sends the INVITE. @return as uac_call_start() */
MUST_CHECK status caller_dial(struct caller *caller, struct uac *uac, const char *uri, const char *user);

/** Offers sendonly, or sendrecv again. @return false where that is not possible now */
bool caller_hold(struct caller *caller, bool hold);

/** Offers new keys. @return as caller_hold() */
bool caller_rekey(struct caller *caller);

/** Encrypts with a key that the other side does not know, or with the agreed one again. @return false where nothing is
 * encrypted */
bool caller_wrong_key(struct caller *caller, bool wrong);

/** Closes the stream; the uac keeps the SIP side for retransmissions. */
void caller_close(struct caller *caller);

#endif
