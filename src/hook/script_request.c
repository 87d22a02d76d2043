#include "hook/script_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"
#include "base/list.h"
#include "os/clock.h"
#include "os/log.h"

enum { REDIRECTS = 5, TIMEOUT_MS = 10000, WHY_SIZE = 1600, FAILED_FROM = 400 };

struct script_sender {
    struct loop *loop;
    struct http_client *client;
    struct script_config config;
    struct list requests;
    struct script_stats stats;
};

struct script_request {
    struct list link;
    struct script_sender *sender;
    struct http_exchange *exchange;
    id_text account;
    char *url, *fallback_url, *body; /* owned; the second NULL where there is none or it has been tried */
    bool fallback;                   /* the second try is under way */
    bool over;                       /* done is being called */
    char why[WHY_SIZE];              /* of the first try */
    int64_t started_us;
    script_done_fn *done;
    void *arg;
};

static void request_free(struct script_request *r)
{
    if (r->exchange) http_client_cancel(r->exchange);
    list_remove(&r->link);
    free(r->url);
    free(r->fallback_url);
    free(r->body);
    free(r);
}

static void finish(struct script_request *r, struct script_answer *answer)
{
    struct script_stats *stats = &r->sender->stats;
    answer->duration_us = loop_now_us(r->sender->loop) - r->started_us;
    answer->fallback = r->fallback;
    stats->pending--;
    stats->duration_us += (uint64_t)answer->duration_us;
    if (answer->reached)
        stats->answered++;
    else
        stats->unreachable++;
    r->over = true;
    r->done(r->arg, answer);
    request_free(r);
}

static bool reached(const struct http_result *result)
{
    return result->status == STATUS_OK && result->code < FAILED_FROM;
}

/* Appends the failure of this try to the request's reason. */
static void note_failure(struct script_request *r, const struct http_result *result)
{
    size_t len = strlen(r->why);
    const char *between = len > 0 ? "; then " : "";
    if (result->status == STATUS_OK)
        snprintf(r->why + len, sizeof r->why - len, "%sPOST %.400s: HTTP %d", between, result->url, result->code);
    else
        snprintf(r->why + len, sizeof r->why - len, "%s%s", between, result->error);
}

static status start_try(struct script_request *r);

static void fail_no_memory(struct script_request *r)
{
    struct script_answer answer = {.content_type = "", .body = {"", 0}, .url = r->url, .why = "no memory"};
    finish(r, &answer);
}

static void try_fallback(struct script_request *r)
{
    free(r->url);
    r->url = r->fallback_url;
    r->fallback_url = NULL;
    r->fallback = true;
    r->sender->stats.fallbacks++;
    if (start_try(r) != STATUS_OK) fail_no_memory(r);
}

static void on_answer(void *arg, const struct http_result *result)
{
    struct script_request *r = arg;
    r->exchange = NULL;
    bool ok = reached(result);
    if (!ok) note_failure(r, result);
    if (!ok && r->fallback_url) {
        try_fallback(r);
        return;
    }
    struct script_answer answer = {
        .reached = ok,
        .code = result->status == STATUS_OK ? result->code : 0,
        .content_type = result->content_type,
        .body = ok ? result->body : (struct slice){"", 0},
        .url = result->url,
        .why = r->why,
    };
    finish(r, &answer);
}

/* "" where the account has no secret. */
static void sign(const struct script_request *r, char out[SIGNATURE_SIZE])
{
    const struct script_config *config = &r->sender->config;
    struct hook_secrets secrets = {.count = 0};
    out[0] = '\0';
    if (config->secrets) config->secrets(config->secrets_arg, r->account, &secrets);
    bool made = signature_write(out, &secrets, clock_unix_ms() / 1000, slice_of(r->body));
    if (!made && secrets.count > 0) log_event(LOG_ERROR, "webhook_not_signed", "account=%s", r->account);
}

static status start_try(struct script_request *r)
{
    char signature[SIGNATURE_SIZE];
    sign(r, signature);
    const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"User-Agent", "Parley/" PARLEY_VERSION},
        {"FreeClimb-Signature", signature},
    };
    const struct http_client_request request = {
        .method = "POST",
        .url = r->url,
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0] - (signature[0] ? 0 : 1),
        .body = r->body,
        .body_len = strlen(r->body),
        .timeout_ms = r->sender->config.timeout_ms,
        .max_bytes = r->sender->config.body_max_bytes,
        .max_redirects = REDIRECTS,
    };
    return http_client_start(r->sender->client, &request, on_answer, r, &r->exchange);
}

static struct script_request *request_create(struct script_sender *sender, const struct script_ask *ask)
{
    struct script_request *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    bool has_fallback = ask->fallback_url && ask->fallback_url[0];
    list_init(&r->link);
    r->sender = sender;
    r->url = strdup(ask->url);
    r->fallback_url = has_fallback ? strdup(ask->fallback_url) : NULL;
    r->body = strdup(ask->body);
    bool fits = slice_copy(slice_of(ask->account), r->account, sizeof r->account);
    if (fits && r->url && r->body && (r->fallback_url || !has_fallback)) return r;
    request_free(r);
    return NULL;
}

status script_request_start(struct script_sender *sender, const struct script_ask *ask, script_done_fn *done, void *arg,
                            struct script_request **out)
{
    struct script_request *r = request_create(sender, ask);
    if (!r) return STATUS_NO_MEMORY;
    r->done = done;
    r->arg = arg;
    r->started_us = loop_now_us(sender->loop);
    status s = start_try(r);
    if (s != STATUS_OK) {
        request_free(r);
        return s;
    }
    list_push_back(&sender->requests, &r->link);
    sender->stats.asked++;
    sender->stats.pending++;
    if (out) *out = r;
    return STATUS_OK;
}

void script_request_cancel(struct script_request *r)
{
    if (r->over) return;
    r->sender->stats.pending--;
    r->sender->stats.cancelled++;
    request_free(r);
}

status script_sender_create(struct script_sender **out, struct loop *loop, struct http_client *client,
                            const struct script_config *config)
{
    struct script_sender *sender = calloc(1, sizeof *sender);
    if (!sender) return STATUS_NO_MEMORY;
    list_init(&sender->requests);
    sender->loop = loop;
    sender->client = client;
    sender->config = *config;
    if (config->timeout_ms == 0) sender->config.timeout_ms = TIMEOUT_MS;
    *out = sender;
    return STATUS_OK;
}

void script_sender_destroy(struct script_sender *sender)
{
    if (!sender) return;
    list_each_safe (link, &sender->requests)
        request_free(list_object(link, struct script_request, link));
    free(sender);
}

struct script_stats script_stats(const struct script_sender *sender)
{
    return sender->stats;
}
