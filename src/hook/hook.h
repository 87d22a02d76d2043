/**
 * @file hook.h  Notification webhooks: durable, in order, at least once.
 *
 * A notification belongs to one lane, the conference or call it is about. Its outbox row goes to disk in the very
 * transaction of the change that it reports; only then is it sent. A lane has one request under way, and the next
 * waits until that is answered with a 2xx; lanes do not wait for each other. What fails is tried again with doubling,
 * jittered pauses, and given up (a dead letter, kept in the store) once it is too old. The answer's body is ignored.
 * Every try carries the same "Parley-Event: LANE/N", by which a receiver recognises a repetition, and a signature of
 * its own time (signature.h). Redirects are followed, the body with them. So that a receiver that is slow or dead holds
 * up nobody else, requests to one host, and to hosts that have not answered lately, have only so many places (gate.h).
 *
 * Not here: requests whose answer is a script (they are in no lane and never wait for one: script_request.h), the
 * numbering of events (the sender counts n up without gaps in each lane), which URLs are allowed (the HTTP client's
 * guard).
 * Thread: control.
 */
#ifndef PARLEY_HOOK_HOOK_H
#define PARLEY_HOOK_HOOK_H

#include <stdint.h>

#include "base/status.h"
#include "hook/signature.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "store/store_tx.h"

struct hook;

/** Zero gives the default. */
struct hook_config {
    uint32_t timeout_ms;       /**< for one request; default 10,000 */
    uint32_t retry_first_ms;   /**< pause after the first failure, doubled by each further one; default 1,000 */
    uint32_t retry_max_ms;     /**< default 60,000 */
    uint32_t dead_after_s;     /**< age at which a failure is the last; default 86,400 (a day) */
    uint32_t flush_ms;         /**< outcomes are gathered this long before they go to the store; default 20 */
    uint32_t at_once;          /**< requests under way to all; default 48 */
    uint32_t at_once_per_host; /**< default 12 */
    hook_secrets_fn *secrets;  /**< NULL: nothing is signed */
    void *secrets_arg;
    uint64_t seed; /**< of the jitter */
};

/** A notification. Borrowed for the call. */
struct hook_event {
    const char *account;
    const char *lane; /**< conference or call id */
    uint32_t n;       /**< its number in the lane */
    const char *url;
    const char *body; /**< JSON */
};

/** For /metrics. */
struct hook_stats {
    uint64_t posted;        /**< on disk, those found at start included */
    uint64_t delivered;     /**< answered with 2xx */
    uint64_t retried;       /**< tries that failed and will be repeated */
    uint64_t dead;          /**< given up */
    uint64_t resent;        /**< dead ones taken up again by hook_resend() */
    uint32_t pending;       /**< not yet delivered, those not yet on disk included */
    uint32_t lanes;         /**< lanes that have any */
    uint64_t oldest_age_us; /**< age of the oldest pending one; 0 where there is none */
};

/**
 * @param loop, store, client  borrowed until hook_destroy()
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status hook_create(struct hook **out, struct loop *loop, struct store *store, struct http_client *client,
                              const struct hook_config *config);

/**
 * Cancels what is under way; it is sent again after the next hook_load(). Call it before store_close() and before
 * http_client_destroy(). Transactions that hook_post() was given may still be open. NULL is allowed.
 */
void hook_destroy(struct hook *h);

/**
 * Takes up what a process before this one did not deliver. Once, before anything is posted; nothing is sent until the
 * store has answered.
 *
 * @param done  told STATUS_OK once the lanes are filled, else the store's status; may be NULL
 * @return STATUS_OK, STATUS_FULL, STATUS_NO_MEMORY
 */
MUST_CHECK status hook_load(struct hook *h, store_done_fn *done, void *arg);

/**
 * Adds the notification's outbox row to the transaction and puts it into its lane, where it is held until the
 * transaction is on disk. Nothing more is to be done: if the transaction fails or is discarded, it is forgotten.
 *
 * @return STATUS_OK; STATUS_NO_MEMORY (the transaction is as it was)
 */
MUST_CHECK status hook_post(struct hook *h, struct store_tx *tx, const struct hook_event *event);

/**
 * Takes a dead letter up again: makes its row pending and, once that is on disk, sends it in its place in the lane,
 * before every later number that is not under way. Its age counts anew, until a restart.
 *
 * @param done  told the outcome, never within this call: STATUS_OK; STATUS_NOT_FOUND (the account has no such event, or
 *              it was delivered); STATUS_CONFLICT (it is not dead, or is being taken up); else the store's
 * @return STATUS_OK, STATUS_FULL, STATUS_NO_MEMORY
 */
MUST_CHECK status hook_resend(struct hook *h, const char *account, const char *lane, uint32_t n, store_done_fn *done,
                              void *arg);

struct hook_stats hook_stats(const struct hook *h);

#endif
