/**
 * @file sip_link.h  parleyd's hold on parley-sip: adopts a living one of the data directory, else starts it; watches
 * over it, starts it again, and carries the messages both ways.
 *
 * One of another version or with other settings ends its calls and makes room for a new one.
 * parley-sip listens on DATA/sip.sock and outlives parleyd; its listeners keep their ports over its restarts. Messages
 * to it are kept until it acknowledges them. What comes from it is acknowledged once the handler has returned.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_SIP_LINK_H
#define PARLEY_DAEMON_SIP_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/config.h"
#include "net/loop.h"
#include "signal/message.h"

struct sip_link;

struct sip_link_handlers {
    /** A message about a call; borrowed. */
    void (*message)(void *arg, const struct signal_message *m);
    /**
     * parley-sip has said hello. calls are the ids it holds (borrowed array, maybe NULL). fresh: it is not the process
     * that was there before, so whatever dialogs the old one held are gone.
     */
    void (*hello)(void *arg, const json_t *calls, bool fresh);
    /** The addresses are bound, for the first time: borrowed words like "sip:127.0.0.1:5060". */
    void (*listening)(void *arg, char *const *addresses, size_t count);
    /** It cannot start: a reason that a person can act on. Called at most once, before listening. */
    void (*failed)(void *arg, const char *why);
};

/** The config's sip, data, public_address, local_networks, orphan_hold_s, invites_per_s_max and log_level are copied.
 */
MUST_CHECK status sip_link_create(struct sip_link **out, struct loop *loop, const struct config *config,
                                  const struct sip_link_handlers *handlers, void *arg);

/** Ends parley-sip too (SIGTERM), when it still runs. NULL is allowed. */
void sip_link_destroy(struct sip_link *link);

/** Queues a message; it is sent again over any restart until acknowledged. */
void sip_link_send(struct sip_link *link, const struct signal_message *m);

/** Messages that parley-sip has not acknowledged yet. */
size_t sip_link_waiting(const struct sip_link *link);

/** How often it was started, adoptions not counted: for /metrics. */
uint64_t sip_link_starts(const struct sip_link *link);

#endif
