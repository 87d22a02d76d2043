/**
 * @file script_request.h  Webhooks whose answer is a script: asked at once, in no lane, and never twice but at a
 * fallback.
 *
 * The request is tried once at its URL and, where that fails and there is a fallback URL, once there. A failure is: no
 * answer in time, no connection, an address that the guard refuses, an answer too large, or HTTP 400 and above. What an
 * answer means is the caller's to say: its type and body are handed over as they came, an empty body included.
 * Signed like notifications; without "Parley-Event", as it is an event of no lane.
 *
 * Thread: control.
 */
#ifndef PARLEY_HOOK_SCRIPT_REQUEST_H
#define PARLEY_HOOK_SCRIPT_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "hook/signature.h"
#include "net/http_client.h"
#include "net/loop.h"

struct script_sender;
struct script_request;

/** Zero gives the default. */
struct script_config {
    uint32_t timeout_ms;      /**< for one try, to the last byte of its answer; default 10,000 */
    uint64_t body_max_bytes;  /**< of an answer; default 1 MiB */
    hook_secrets_fn *secrets; /**< NULL: nothing is signed */
    void *secrets_arg;
};

/** Borrowed for the call. */
struct script_ask {
    const char *account;
    const char *url;
    const char *fallback_url; /**< NULL or "": none */
    const char *body;         /**< JSON */
};

/** Everything is borrowed during the callback. */
struct script_answer {
    bool reached;             /**< there is an answer with a code below 400; else the call ends with webhookFailed */
    int code;                 /**< HTTP code; 0 where nothing answered */
    const char *content_type; /**< "" where there was none */
    struct slice body;        /**< empty where it is not reached */
    const char *url;          /**< where the answer came from, redirects followed; else the URL tried last */
    bool fallback;            /**< the answer, or the last failure, is the fallback's */
    const char *why;          /**< for the call's log: what failed, both tries where there were two; "" where none did.
                                   Not empty although reached: the first URL failed and the fallback answered */
    int64_t duration_us;      /**< of all tries */
};

/** Called once for each request that was not cancelled, never inside script_request_start(). It may start others. */
typedef void script_done_fn(void *arg, const struct script_answer *answer);

/** For /metrics. */
struct script_stats {
    uint64_t asked;       /**< requests started */
    uint64_t answered;    /**< reached, the fallbacks' included */
    uint64_t fallbacks;   /**< second tries */
    uint64_t unreachable; /**< ended without an answer */
    uint64_t cancelled;
    uint32_t pending;     /**< under way */
    uint64_t duration_us; /**< sum over those that ended, cancelled ones not counted */
};

/** @param client  borrowed until script_sender_destroy() @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status script_sender_create(struct script_sender **out, struct loop *loop, struct http_client *client,
                                       const struct script_config *config);

/** Cancels everything under way. Before http_client_destroy(). NULL is allowed; not inside a script_done_fn. */
void script_sender_destroy(struct script_sender *sender);

/**
 * Sends the request.
 *
 * @param[out] out  a handle for script_request_cancel(), valid until done is called; NULL is allowed
 * @return STATUS_OK (a bad or forbidden URL is reported to done), STATUS_NO_MEMORY
 */
MUST_CHECK status script_request_start(struct script_sender *sender, const struct script_ask *ask, script_done_fn *done,
                                       void *arg, struct script_request **out);

/** The caller has gone: done is not called. Allowed in any callback but the request's own. */
void script_request_cancel(struct script_request *request);

struct script_stats script_stats(const struct script_sender *sender);

#endif
