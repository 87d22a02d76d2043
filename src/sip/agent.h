/**
 * @file agent.h  The SIP user agent: sofia's transports and transactions, the calls, and what is answered without one.
 *
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_AGENT_H
#define PARLEY_SIP_AGENT_H

/* Sofia's callbacks carry our own pointers. */
#define NTA_AGENT_MAGIC_T    void
#define NTA_LEG_MAGIC_T      void
#define NTA_INCOMING_MAGIC_T void
#define NTA_OUTGOING_MAGIC_T void
#define NTA_RELIABLE_MAGIC_T void

#include <sofia-sip/nta.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/su_wait.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/map.h"
#include "base/rng.h"
#include "sip/address.h"
#include "sip/link.h"
#include "sip/options.h"
#include "sip/resolve.h"

enum { AGENT_LISTENERS_MAX = 64 };

/** One bound address (of the several that a wildcard stands for). */
struct agent_listener {
    struct address address;
    char ident[8]; /**< its name among sofia's transports */
};

struct agent {
    const struct options *options; /**< borrowed */
    su_root_t *root;               /**< borrowed */
    struct link *link;             /**< owned */
    struct resolver *resolver;     /**< owned */
    nta_agent_t *nta;
    nta_leg_t *leg; /**< takes what belongs to no dialog */
    struct agent_listener listeners[AGENT_LISTENERS_MAX];
    unsigned listener_count;
    json_t *bound;             /**< "sip:ADDR:PORT" as asked for, with real ports */
    struct map *calls;         /**< by call id */
    struct list call_list;     /**< all */
    struct list waiting;       /**< calls with responses that wait for parleyd */
    struct list finished;      /**< calls to be freed at the end of the turn */
    struct list registrations; /**< of registration.c */
    struct rng rng;
    bool accepting; /**< as parleyd's last load said */
    uint32_t retry_after_s;
    int64_t allowance_us; /**< of new calls: the token bucket's fill in microseconds */
    int64_t allowed_at_us;
    uint64_t refused_flood; /**< new calls answered 503 by the flood guard */
    int64_t alone_since_us; /**< when parleyd went away; INT64_MAX while it is there */
    int64_t doubt_until_us; /**< when registrations that a new parleyd has not said again go; INT64_MAX: none */
    int64_t sign_off_us;    /**< when the process ends, registrations taken back or not; INT64_MAX: not asked for */
    bool leaving;           /**< every call is being hung up; then the process ends */
};

/**
 * Binds all listeners and the Unix socket. What fails is said on stderr.
 * @return false where the process cannot go on; agent_close() is due all the same
 */
bool agent_open(struct agent *a, const struct options *options, su_root_t *root);
void agent_close(struct agent *a);

/** Nothing is left to be done but to take the registrations back: agent_turn() says when that is over. */
void agent_sign_off(struct agent *a, int64_t now_us);

/** Between two turns of the loop. @return false where the process is done */
bool agent_turn(struct agent *a, int64_t now_us);

/** The listener of this transport (of its primary, for a TCP connection); NULL where there is none. */
const struct agent_listener *agent_listener_of(const struct agent *a, const tport_t *tport);

/** Our address as the peer should know it. */
struct address agent_facing(const struct agent *a, const struct address *local, const struct address *peer);

#endif
