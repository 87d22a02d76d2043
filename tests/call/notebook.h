/**
 * @file notebook.h  A call driven by recorded messages, its world a notebook: what it asked for, in order, as words.
 */
#ifndef PARLEY_TESTS_CALL_NOTEBOOK_H
#define PARLEY_TESTS_CALL_NOTEBOOK_H

#include "call/call.h"

#define ID      "CA0123456789012345678901234567890123456789"
#define SESSION "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
#define OFFER   SESSION "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

struct notebook {
    struct terms terms; /**< of the call; PCMU and PCMA in the clear: plain_terms() */
    char words[512];
    char sdp[2048];    /**< of the last message sent */
    char warning[160]; /**< of the last message sent */
    struct sdp_result media;
    status reserve, apply; /**< what becomes of these; STATUS_OK where not said otherwise */
};

extern const struct call_world notebook_world;

struct terms plain_terms(void);

/** A call that came in. @param sdp  its offer; NULL: a late one */
struct call *make_call(struct notebook *n, const char *sdp, bool requires_100rel);

/** A call of ours that is on its way. */
struct call *place_call(struct notebook *n);

void receive(struct call *call, enum signal_type type, const char *sdp);
void receive_coded(struct call *call, enum signal_type type, uint32_t code, const char *sdp);

#endif
