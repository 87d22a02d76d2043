/**
 * @file source_lock.h  Whom a leg listens to and answers: symmetric RTP with a lock.
 *
 * The address and port from the SDP are believed with their first packet. Any other must show SOURCE_LOCK_PROBATION
 * packets of one SSRC in sequence, while those of the SDP show none. What is locked stays
 * locked until source_lock_open(): a stranger who sprays packets at the port changes nothing.
 *
 * Pure. Thread: one at a time. RFC 4961 (symmetric RTP), RFC 3550 A.1 (probation), RFC 7362 (latching and its dangers).
 */
#ifndef PARLEY_ENGINE_SOURCE_LOCK_H
#define PARLEY_ENGINE_SOURCE_LOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { SOURCE_LOCK_PROBATION = 3 };

struct source_lock {
    bool locked;
    struct sockaddr_storage expected; /**< from the SDP; AF_UNSPEC: none */
    struct sockaddr_storage source;   /**< once locked */
    struct sockaddr_storage candidate;
    uint32_t candidate_ssrc;
    uint16_t candidate_seq; /**< the next one wanted */
    uint32_t candidate_count;
};

enum source_verdict {
    SOURCE_FOREIGN, /**< drop it */
    SOURCE_TAKEN,   /**< it is the locked source's */
    SOURCE_LOCKED,  /**< as above, and this packet locked it */
};

/** Unlocked. @param expected  copied; a wildcard address is as good as none */
void source_lock_open(struct source_lock *s, const struct sockaddr_storage *expected);

/** Judges a well-formed RTP packet of an agreed payload type. */
enum source_verdict source_lock_judge(struct source_lock *s, const struct sockaddr_storage *from, uint32_t ssrc,
                                      uint16_t seq);

/** Where to send; family AF_UNSPEC: nowhere yet. */
const struct sockaddr_storage *source_lock_destination(const struct source_lock *s);

/**
 * The same host and port. AF_UNSPEC is the same as itself where both have the same port and mark, as the port and
 * address of a struct sockaddr_in: what is not known has not changed then.
 */
bool source_lock_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
bool source_lock_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b);

#endif
