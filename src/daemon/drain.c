#include "daemon/drain.h"

#include <stdlib.h>

#include "daemon/calls.h"
#include "daemon/recordings.h"
#include "daemon/sip_link.h"
#include "hook/hook.h"
#include "net/http_server.h"
#include "os/log.h"
#include "record/recorder.h"
#include "store/store.h"

enum { STEP_MS = 20, SETTLE_MAX_MS = 3000, NOTIFY_MAX_MS = 1000, RETRY_AFTER_S = 30 };

struct drain {
    struct bridge *bridge;
    loop_fn *done;
    void *arg;
    struct loop_timer *calls_over, *settle;
    int settled_ms;
    bool settling;
};

static bool replies_are_out(const struct http_server *server)
{
    return !server || http_server_connections(server) == 0;
}

static bool quiet(const struct drain *d)
{
    const struct bridge *b = d->bridge;
    struct recorder_metrics recorder;
    recorder_metrics(b->recorder, &recorder);
    bool notified = hook_stats(b->hook).pending == 0 || d->settled_ms >= NOTIFY_MAX_MS;
    return notified && recorder.open == 0 && recordings_idle(b->recordings) && store_stats(b->store).waiting == 0 &&
           calls_figures(b->calls).calls == 0 && (!b->sip || sip_link_waiting(b->sip) == 0) &&
           replies_are_out(b->http) && replies_are_out(b->https);
}

static void on_step(void *arg)
{
    struct drain *d = arg;
    bool over = quiet(d) || d->settled_ms >= SETTLE_MAX_MS;
    d->settled_ms += STEP_MS;
    if (over)
        d->done(d->arg);
    else
        loop_timer_set(d->settle, STEP_MS * 1000);
}

static void settle(void *arg)
{
    struct drain *d = arg;
    struct bridge *b = d->bridge;
    if (d->settling) return;
    d->settling = true;
    if (b->http) http_server_stop(b->http, NULL, NULL);
    if (b->https) http_server_stop(b->https, NULL, NULL);
    loop_timer_set(d->settle, 0);
}

static void on_calls_over(void *arg)
{
    struct drain *d = arg;
    calls_hang_up_all(d->bridge->calls, "appHangup");
    settle(d);
}

static void refuse_calls(const struct bridge *b)
{
    struct signal_message m;
    if (!b->sip) return;
    signal_message_init(&m, SIGNAL_LOAD, NULL);
    m.accepting = false;
    m.retry_after_s = RETRY_AFTER_S;
    sip_link_send(b->sip, &m);
    signal_message_clear(&m);
}

void drain_sip_connected(struct drain *d)
{
    if (d->bridge->draining) refuse_calls(d->bridge);
}

void drain_begin(struct drain *d)
{
    struct bridge *b = d->bridge;
    size_t calls = calls_figures(b->calls).calls;
    if (b->draining) {
        loop_timer_cancel(d->calls_over);
        on_calls_over(d);
        return;
    }
    b->draining = true;
    log_event(LOG_INFO, "draining", "calls=%zu seconds=%d", calls, b->config->drain_s);
    refuse_calls(b);
    if (calls == 0) {
        settle(d);
        return;
    }
    calls_on_idle(b->calls, settle, d);
    loop_timer_set(d->calls_over, (int64_t)b->config->drain_s * 1000000);
}

status drain_create(struct drain **out, struct bridge *bridge, loop_fn *done, void *arg)
{
    struct drain *d = calloc(1, sizeof *d);
    if (!d) return STATUS_NO_MEMORY;
    *d = (struct drain){.bridge = bridge, .done = done, .arg = arg};
    status s = loop_timer_create(&d->calls_over, bridge->loop, on_calls_over, d);
    if (s == STATUS_OK) s = loop_timer_create(&d->settle, bridge->loop, on_step, d);
    if (s != STATUS_OK) {
        drain_destroy(d);
        return s;
    }
    *out = d;
    return STATUS_OK;
}

void drain_destroy(struct drain *d)
{
    if (!d) return;
    loop_timer_destroy(d->calls_over);
    loop_timer_destroy(d->settle);
    free(d);
}
