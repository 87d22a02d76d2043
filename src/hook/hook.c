#include "hook/hook.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "hook/lane.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/store_read.h"

enum { HOOK_REDIRECTS = 5 };

struct hook {
    struct loop *loop;
    struct store *store;
    struct http_client *client;
    struct hook_config config;
    struct rng rng;
    struct map *lanes; /* by id */
    struct gate *gate;
    struct list items;   /* all that are pending, by when they were posted */
    struct list resends; /* those whose rows are being looked up */
    bool closing;
    bool loading;              /* nothing is sent before what was left over is in its lanes */
    struct loading *load;      /* under way; NULL where none is */
    struct store_tx *outcomes; /* rows to delete or change; NULL where there are none */
    struct loop_timer *flush;  /* set while there are outcomes */
    struct hook_stats stats;
};

/* A hook_load() under way; outlives the hook where the store answers late. */
struct loading {
    struct hook *hook;
    store_done_fn *done;
    void *arg;
};

/* A hook_resend() under way; outlives the hook where the store answers late. */
struct resend {
    struct list link;
    struct hook *hook; /* NULL once it has gone */
    uint32_t n;
    store_done_fn *done;
    void *arg;
};

static uint32_t or_default(uint32_t value, uint32_t usual)
{
    return value ? value : usual;
}

static void lane_go(struct lane *lane);

/* Outcomes are facts on the wire: they are never refused, and wait for the disk if need be. */
static void flush(void *arg)
{
    struct hook *h = arg;
    if (!h->outcomes) return;
    struct store_tx *tx = h->outcomes;
    h->outcomes = NULL;
    store_commit_unsaved(tx, NULL, NULL);
}

/* NULL where memory is short: the row then stays as it is, and is at worst delivered once more after a restart. */
static struct store_tx *outcomes(struct hook *h)
{
    if (h->outcomes) return h->outcomes;
    struct store_tx *tx = NULL;
    if (store_begin(h->store, &tx) != STATUS_OK) return NULL;
    h->outcomes = tx;
    loop_timer_set(h->flush, (int64_t)h->config.flush_ms * 1000);
    return tx;
}

static void lane_on_pause_over(void *arg)
{
    lane_go(arg);
}

static void lane_on_turn(void *arg);

static struct lane *lane_get(struct hook *h, const char *id)
{
    struct lane *lane = map_get(h->lanes, id);
    if (lane) return lane;
    lane = calloc(1, sizeof *lane);
    if (!lane) return NULL;
    list_init(&lane->items);
    gate_pass_init(&lane->pass, h->gate, lane_on_turn, lane);
    lane->hook = h;
    if (!slice_copy(slice_of(id), lane->id, sizeof lane->id) ||
        loop_timer_create(&lane->timer, h->loop, lane_on_pause_over, lane) != STATUS_OK) {
        free(lane);
        return NULL;
    }
    if (map_put(h->lanes, id, lane) == STATUS_OK) return lane;
    loop_timer_destroy(lane->timer);
    free(lane);
    return NULL;
}

static void lane_destroy(struct lane *lane)
{
    map_remove(lane->hook->lanes, lane->id);
    if (lane->exchange) http_client_cancel(lane->exchange);
    gate_pass_clear(&lane->pass);
    loop_timer_destroy(lane->timer);
    free(lane);
}

static void lane_destroy_if_empty(struct lane *lane)
{
    if (list_empty(&lane->items) && !lane->exchange) lane_destroy(lane);
}

/* The first item is over: it leaves the lane. */
static void lane_drop_first(struct lane *lane)
{
    hook_item_destroy(lane_first(lane));
    lane->not_before_us = 0;
    lane->hook->stats.pending--;
}

static void on_delivered(struct lane *lane, struct hook_item *item)
{
    struct hook *h = lane->hook;
    struct store_tx *tx = outcomes(h);
    if (tx) store_delete_outbox(tx, lane->id, item->n);
    h->stats.delivered++;
    lane_drop_first(lane);
}

static void on_dead(struct lane *lane, struct hook_item *item, const char *reason)
{
    struct hook *h = lane->hook;
    struct store_tx *tx = outcomes(h);
    if (tx) store_outbox_dead(tx, lane->id, item->n, item->attempts);
    h->stats.dead++;
    log_event(LOG_ERROR, "webhook_dead", "event=%s/%u attempts=%u reason=%s", lane->id, item->n, item->attempts,
              reason);
    lane_drop_first(lane);
}

static void on_retry(struct lane *lane, struct hook_item *item, const char *reason)
{
    struct hook *h = lane->hook;
    uint32_t pause_ms = lane_pause_ms(item->attempts, h->config.retry_first_ms, h->config.retry_max_ms, &h->rng);
    struct store_tx *tx = outcomes(h);
    if (tx) store_outbox_retry(tx, lane->id, item->n, item->attempts, clock_unix_ms() + pause_ms);
    lane->not_before_us = loop_now_us(h->loop) + (int64_t)pause_ms * 1000;
    h->stats.retried++;
    log_event(LOG_WARN, "webhook_failed", "event=%s/%u attempts=%u pause_ms=%u reason=%s", lane->id, item->n,
              item->attempts, pause_ms, reason);
}

static void on_failed(struct lane *lane, struct hook_item *item, const char *why)
{
    char reason[256];
    log_value(reason, sizeof reason, slice_of(why));
    item->attempts++;
    int64_t age_us = loop_now_us(lane->hook->loop) - item->since_us;
    if (age_us >= (int64_t)lane->hook->config.dead_after_s * 1000000) {
        on_dead(lane, item, reason);
    } else {
        on_retry(lane, item, reason);
    }
}

/* What the guard or our own memory refused says nothing of the receiver. */
static enum gate_outcome gate_outcome_of(status s)
{
    if (s == STATUS_OK) return GATE_ANSWERED;
    return s == STATUS_REFUSED || s == STATUS_INVALID || s == STATUS_NO_MEMORY ? GATE_UNUSED : GATE_SILENT;
}

static void on_answer(void *arg, const struct http_result *result)
{
    struct lane *lane = arg;
    struct hook_item *item = lane_first(lane);
    lane->exchange = NULL;
    assert(item);
    if (result->status == STATUS_OK && result->code >= 200 && result->code < 300) {
        on_delivered(lane, item);
    } else if (result->status == STATUS_OK) {
        char why[32];
        snprintf(why, sizeof why, "HTTP %d", result->code);
        on_failed(lane, item, why);
    } else {
        on_failed(lane, item, result->error);
    }
    gate_leave(&lane->pass, gate_outcome_of(result->status));
    lane_go(lane);
}

/* "" where the account has no secret. */
static void sign(struct hook *h, const struct hook_item *item, char out[SIGNATURE_SIZE])
{
    struct hook_secrets secrets = {.count = 0};
    out[0] = '\0';
    if (h->config.secrets) h->config.secrets(h->config.secrets_arg, item->account, &secrets);
    bool made = signature_write(out, &secrets, clock_unix_ms() / 1000, slice_of(item->body));
    if (!made && secrets.count > 0) log_event(LOG_ERROR, "webhook_not_signed", "account=%s", item->account);
}

static status send_item(struct lane *lane, const struct hook_item *item)
{
    char event[ID_SIZE + 16], signature[SIGNATURE_SIZE];
    snprintf(event, sizeof event, "%s/%u", lane->id, item->n);
    sign(lane->hook, item, signature);
    const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"Parley-Event", event},
        {"User-Agent", "Parley/" PARLEY_VERSION},
        {"FreeClimb-Signature", signature},
    };
    const struct http_client_request request = {
        .method = "POST",
        .url = item->url,
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0] - (signature[0] ? 0 : 1),
        .body = item->body,
        .body_len = strlen(item->body),
        .timeout_ms = lane->hook->config.timeout_ms,
        .max_redirects = HOOK_REDIRECTS,
    };
    return http_client_start(lane->hook->client, &request, on_answer, lane, &lane->exchange);
}

/* The first item where it may go now; NULL where something else will call again. */
static struct hook_item *ready_item(struct lane *lane)
{
    struct hook *h = lane->hook;
    struct hook_item *item = lane_first(lane);
    if (!item || !item->stored || lane->exchange || h->loading || h->closing) return NULL;
    if (lane->not_before_us <= loop_now_us(h->loop)) return item;
    loop_timer_set_at(lane->timer, lane->not_before_us);
    return NULL;
}

static void on_not_sent(struct lane *lane, struct hook_item *item)
{
    on_failed(lane, item, "no memory for the request");
    loop_timer_set_at(lane->timer, lane->not_before_us);
}

/* There is a place. The first item may have changed since it was asked for. */
static void lane_on_turn(void *arg)
{
    struct lane *lane = arg;
    struct hook_item *item = ready_item(lane);
    if (item && send_item(lane, item) == STATUS_OK) return;
    if (item) on_not_sent(lane, item);
    gate_leave(&lane->pass, GATE_UNUSED);
}

/* Asks for a place if the first item may go now; else whatever it waits for calls again. An empty lane goes away. */
static void lane_go(struct lane *lane)
{
    if (list_empty(&lane->items)) {
        if (!lane->exchange && !lane->hook->loading) lane_destroy(lane);
        return;
    }
    struct hook_item *item = ready_item(lane);
    if (item && gate_ask(&lane->pass, item->url) != STATUS_OK) on_not_sent(lane, item);
}

/* The outcome of the transaction that an item was posted with. */
static void on_stored(void *arg, status outcome)
{
    struct hook_item *item = arg;
    struct hook *h = item->hook;
    if (!h) {
        hook_item_destroy(item);
        return;
    }
    struct lane *lane = item->lane;
    if (outcome == STATUS_OK) {
        item->stored = true;
        if (item->resent)
            h->stats.resent++;
        else
            h->stats.posted++;
    } else {
        hook_item_destroy(item);
        h->stats.pending--;
    }
    lane_go(lane);
}

static void add_row(struct store_tx *tx, const struct hook_event *event)
{
    struct store_outbox row = {
        .n = event->n,
        .url = event->url,
        .body = event->body,
        .created_unix_ms = clock_unix_ms(),
        .state = "pending",
    };
    row.due_unix_ms = row.created_unix_ms;
    snprintf(row.account, sizeof row.account, "%s", event->account);
    snprintf(row.lane, sizeof row.lane, "%s", event->lane);
    store_put_outbox(tx, &row);
}

static void take_in(struct hook *h, struct lane *lane, struct hook_item *item)
{
    item->hook = h;
    lane_insert(lane, item);
    list_push_back(&h->items, &item->all_link);
    h->stats.pending++;
}

status hook_post(struct hook *h, struct store_tx *tx, const struct hook_event *event)
{
    struct hook_item *item = hook_item_create(event);
    if (!item) return STATUS_NO_MEMORY;
    struct lane *lane = lane_get(h, event->lane);
    if (!lane) {
        hook_item_destroy(item);
        return STATUS_NO_MEMORY;
    }
    status s = store_tx_listen(tx, on_stored, item);
    if (s != STATUS_OK) {
        hook_item_destroy(item);
        lane_destroy_if_empty(lane);
        return s;
    }
    add_row(tx, event);
    item->since_us = loop_now_us(h->loop);
    take_in(h, lane, item);
    return STATUS_OK;
}

/* Tells the outcome of a hook_resend(), which is over. */
static void resend_finish(void *arg, status outcome)
{
    struct resend *resend = arg;
    list_remove(&resend->link);
    resend->done(resend->arg, outcome);
    free(resend);
}

/* The row is dead: into its lane with it, in one transaction with its change. */
static status resend_row(struct resend *resend, const struct store_outbox *row)
{
    struct hook *h = resend->hook;
    const struct hook_event event = {.account = row->account, .n = row->n, .url = row->url, .body = row->body};
    struct lane *lane = lane_get(h, row->lane);
    if (!lane) return STATUS_NO_MEMORY;
    if (lane_find(lane, row->n)) return STATUS_CONFLICT;
    struct store_tx *tx = NULL;
    struct hook_item *item = hook_item_create(&event);
    status s = item ? store_begin(h->store, &tx) : STATUS_NO_MEMORY;
    if (s == STATUS_OK) s = store_tx_listen(tx, on_stored, item);
    if (s != STATUS_OK) {
        if (tx) store_discard(tx);
        if (item) hook_item_destroy(item);
        lane_destroy_if_empty(lane);
        return s;
    }
    item->resent = true;
    item->since_us = loop_now_us(h->loop);
    take_in(h, lane, item);
    lane->not_before_us = 0; /* somebody wants it now */
    store_outbox_revive(tx, row->lane, row->n);
    store_commit(tx, resend_finish, resend);
    return STATUS_OK;
}

static void on_looked_up(void *arg, status s, const struct store_outbox *rows, size_t count,
                         const struct store_page *page)
{
    (void)page;
    struct resend *resend = arg;
    if (!resend->hook) s = STATUS_CLOSED;
    if (s == STATUS_OK && count == 0) s = STATUS_NOT_FOUND;
    if (s == STATUS_OK && strcmp(rows[0].state, "dead") != 0) s = STATUS_CONFLICT;
    if (s == STATUS_OK) s = resend_row(resend, &rows[0]);
    if (s != STATUS_OK) resend_finish(resend, s);
}

status hook_resend(struct hook *h, const char *account, const char *lane, uint32_t n, store_done_fn *done, void *arg)
{
    struct resend *resend = calloc(1, sizeof *resend);
    if (!resend) return STATUS_NO_MEMORY;
    *resend = (struct resend){.hook = h, .n = n, .done = done, .arg = arg};
    list_init(&resend->link);
    flush(h); /* so that the store knows of those that have just died */
    struct store_outbox_filter filter = {.account = account, .lane = lane, .n = n, .paging = {.limit = 1}};
    status s = store_list_outbox(h->store, &filter, on_looked_up, resend);
    if (s != STATUS_OK) {
        free(resend);
        return s;
    }
    list_push_back(&h->resends, &resend->link);
    return STATUS_OK;
}

/* Times on disk are wall times; a wall clock that was set back must not stretch a pause. */
static status take_up(struct hook *h, const struct store_outbox *row, int64_t now_us, int64_t now_unix_ms)
{
    const struct hook_event event = {.account = row->account, .n = row->n, .url = row->url, .body = row->body};
    struct hook_item *item = hook_item_create(&event);
    struct lane *lane = item ? lane_get(h, row->lane) : NULL;
    if (!lane) {
        if (item) hook_item_destroy(item);
        return STATUS_NO_MEMORY;
    }
    int64_t age_ms = now_unix_ms - row->created_unix_ms, wait_ms = row->due_unix_ms - now_unix_ms;
    if (wait_ms > h->config.retry_max_ms) wait_ms = h->config.retry_max_ms;
    item->stored = true;
    item->attempts = row->attempts;
    item->since_us = now_us - (age_ms > 0 ? age_ms * 1000 : 0);
    take_in(h, lane, item);
    if (lane_first(lane) == item && wait_ms > 0) lane->not_before_us = now_us + wait_ms * 1000;
    h->stats.posted++;
    return STATUS_OK;
}

static void go_all(struct hook *h)
{
    size_t cursor = 0;
    struct lane *lane;
    while ((lane = map_next(h->lanes, &cursor)))
        lane_go(lane);
}

static void on_loaded(void *arg, status outcome, const struct store_outbox *rows, size_t count)
{
    struct loading *load = arg;
    struct hook *h = load->hook;
    if (h) {
        int64_t now_us = loop_now_us(h->loop), now_unix_ms = clock_unix_ms();
        for (size_t i = 0; i < count && outcome == STATUS_OK; i++)
            outcome = take_up(h, &rows[i], now_us, now_unix_ms);
        h->loading = false;
        h->load = NULL;
        go_all(h);
    }
    if (load->done) load->done(load->arg, outcome);
    free(load);
}

status hook_load(struct hook *h, store_done_fn *done, void *arg)
{
    struct loading *load = calloc(1, sizeof *load);
    if (!load) return STATUS_NO_MEMORY;
    load->hook = h;
    load->done = done;
    load->arg = arg;
    status s = store_load_outbox(h->store, on_loaded, load);
    if (s != STATUS_OK) {
        free(load);
        return s;
    }
    h->load = load;
    h->loading = true;
    return STATUS_OK;
}

status hook_create(struct hook **out, struct loop *loop, struct store *store, struct http_client *client,
                   const struct hook_config *config)
{
    struct hook *h = calloc(1, sizeof *h);
    if (!h) return STATUS_NO_MEMORY;
    list_init(&h->items);
    list_init(&h->resends);
    h->loop = loop;
    h->store = store;
    h->client = client;
    h->config = *config;
    h->config.timeout_ms = or_default(config->timeout_ms, 10000);
    h->config.retry_first_ms = or_default(config->retry_first_ms, 1000);
    h->config.retry_max_ms = or_default(config->retry_max_ms, 60000);
    h->config.dead_after_s = or_default(config->dead_after_s, 86400);
    h->config.flush_ms = or_default(config->flush_ms, 20);
    h->config.at_once = or_default(config->at_once, 48);
    h->config.at_once_per_host = or_default(config->at_once_per_host, 12);
    rng_init(&h->rng, config->seed);
    status s = map_create(&h->lanes);
    if (s == STATUS_OK) s = gate_create(&h->gate, h->config.at_once, h->config.at_once_per_host);
    if (s == STATUS_OK) s = loop_timer_create(&h->flush, loop, flush, h);
    if (s != STATUS_OK) {
        gate_destroy(h->gate);
        map_destroy(h->lanes);
        free(h);
        return s;
    }
    *out = h;
    return STATUS_OK;
}

void hook_destroy(struct hook *h)
{
    if (!h) return;
    flush(h);
    h->closing = true;
    if (h->load) h->load->hook = NULL;
    for (struct list *link; (link = list_pop_front(&h->resends));)
        list_object(link, struct resend, link)->hook = NULL;
    list_each_safe (link, &h->items) {
        struct hook_item *item = list_object(link, struct hook_item, all_link);
        bool transaction_open = !item->stored;
        list_remove(&item->link);
        list_remove(&item->all_link);
        item->hook = NULL;
        if (!transaction_open) hook_item_destroy(item);
    }
    size_t cursor = 0;
    struct lane *lane;
    while ((lane = map_next(h->lanes, &cursor)))
        lane_destroy(lane);
    gate_destroy(h->gate);
    map_destroy(h->lanes);
    loop_timer_destroy(h->flush);
    free(h);
}

struct hook_stats hook_stats(const struct hook *h)
{
    struct hook_stats stats = h->stats;
    stats.lanes = (uint32_t)map_count(h->lanes);
    if (!list_empty(&h->items)) {
        const struct hook_item *oldest = list_object(h->items.next, struct hook_item, all_link);
        int64_t age_us = loop_now_us(h->loop) - oldest->since_us;
        stats.oldest_age_us = age_us > 0 ? (uint64_t)age_us : 0;
    }
    return stats;
}
