/**
 * @file exchange.h  Offers and answers in tests: read, answered and accepted, or the test fails with their text.
 */
#ifndef PARLEY_TESTS_SDP_EXCHANGE_H
#define PARLEY_TESTS_SDP_EXCHANGE_H

#include "base/buffer.h"
#include "sdp/negotiate.h"

#define HEAD  "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define OURS  "v=0\r\no=- 7 3 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n"
#define EVENT "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
#define TIMES "a=ptime:20\r\na=maxptime:60\r\n"

/** PCMU and PCMA with telephone events, never encrypted. */
extern const struct sdp_local us;

/** The codecs of these names, a blank between them, at most SDP_CODECS. @return how many */
uint8_t codecs_named(struct sdp_codec *out, const char *names);

struct sdp parsed(const char *text);

/** Answers, and compares the answer's text where one is expected. */
struct sdp_result answered(const char *offer, const struct sdp_local *local, const struct sdp_result *previous,
                           const char *expected);

/** Answers, and gives the text. @param b  to be cleared by the caller */
const char *answer_text(struct buffer *b, const char *offer, const struct sdp_local *local,
                        const struct sdp_result *previous, struct sdp_result *out);

/** Fails where the offer is taken. @return why it is not */
const char *refused(const char *offer, const struct sdp_local *local);

/** @param b  to be cleared by the caller */
const char *offered(struct buffer *b, const struct sdp_local *local);

/** The answer to sdp_offer(). */
struct sdp_result accepted(const char *answer, const struct sdp_local *local);

/** The answer to this description of ours. */
struct sdp_result accepted_after(const char *sent, const char *answer, const struct sdp_local *local);

/** Fails where the answer is taken. @return why it is not */
const char *not_accepted(const char *answer, const struct sdp_local *local);

#endif
