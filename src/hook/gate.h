/**
 * @file gate.h  Whose turn it is: how many notifications go at once, in all and to each host.
 *
 * Who wants to send asks, and is told when there is a place. Hosts that wait take turns, and those who wait for one
 * host come in the order in which they asked, so a host with a thousand lanes delays another host by one request at
 * most. A host has half its places until it has answered once. A host that has failed to answer GATE_FAILING_AFTER
 * times in a row is failing until it answers: it has fewer places still, and all failing hosts together have only a
 * third of all, so that the rest stays free however many are dead.
 *
 * Inside hook/ only. No clock, no network. Thread: control.
 */
#ifndef PARLEY_HOOK_GATE_H
#define PARLEY_HOOK_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/status.h"

struct gate;
struct gate_host;

/** A host is failing after this many failures in a row, and has this many places then. */
enum { GATE_FAILING_AFTER = 6, GATE_FAILING_PLACES = 4 };

/** Told that there is a place, which is taken until gate_leave(). May ask and leave. */
typedef void gate_fn(void *arg);

/** One who sends, one request at a time. The owner's memory, zeroed by gate_pass_init(). */
struct gate_pass {
    struct list link; /**< in its host's queue */
    struct gate *gate;
    struct gate_host *host; /**< that of its last request; remembered while the pass lives */
    bool inside;
    gate_fn *go;
    void *arg;
};

/** @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status gate_create(struct gate **out, uint32_t places, uint32_t places_per_host);

/** Every pass is cleared before. NULL is allowed. */
void gate_destroy(struct gate *gate);

void gate_pass_init(struct gate_pass *pass, struct gate *gate, gate_fn *go, void *arg);

/** Gives back its place or its turn. */
void gate_pass_clear(struct gate_pass *pass);

/**
 * Asks for a place at this URL's host (scheme, host and port). go() is called, perhaps within this call, once there is
 * one. One who waits for the same host keeps the turn; one who waits for another host gives it up.
 * @return STATUS_OK; STATUS_NO_MEMORY (and does not wait)
 */
MUST_CHECK status gate_ask(struct gate_pass *pass, const char *url);

/** How a place was used: there was an HTTP answer, whatever it said; there was none; or it tells nothing of the host.
 */
enum gate_outcome { GATE_ANSWERED, GATE_SILENT, GATE_UNUSED };

/** The request is over. */
void gate_leave(struct gate_pass *pass, enum gate_outcome outcome);

#endif
