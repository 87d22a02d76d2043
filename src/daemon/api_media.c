#include "daemon/api_media.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/announcements.h"
#include "daemon/call_control.h"
#include "daemon/call_out.h"
#include "hook/hook.h"
#include "hook/secrets.h"
#include "os/log.h"
#include "store/store_read.h"

static void call_create(void *arg, const char *account, const struct rest_call_options *options,
                        rest_call_done_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    char why[CALL_OUT_WHY_SIZE];
    id_text id;
    struct call_out_request request = {
        .account = account,
        .parent = options->parent_call,
        .from = options->from,
        .to = options->to,
        .direction = "outboundAPI",
        .application = options->application,
        .connect_url = options->call_connect_url,
        .status_callback_url = options->status_callback_url,
        .send_digits = options->send_digits,
        .if_machine = options->if_machine,
        .timeout_s = options->timeout_s,
        .privacy = options->privacy_mode,
        .stored = done,
        .stored_arg = done_arg,
    };
    status s = call_out_start(bridge->calls, &request, id, why);
    if (s != STATUS_OK) done(done_arg, s, NULL);
}

/* ---- completed and canceled ---- */

struct change {
    struct bridge *bridge;
    id_text account, id;
    rest_call_done_fn *done;
    void *arg;
};

static void on_row(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    struct change *change = arg;
    (void)page;
    bool found = s == STATUS_OK && count == 1;
    change->done(change->arg, found ? STATUS_OK : s == STATUS_OK ? STATUS_NOT_FOUND : s, found ? rows : NULL);
    free(change);
}

static void call_update(void *arg, const char *account, const char *id, enum rest_call_change what,
                        rest_call_done_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    const char *state = call_control_state_of(bridge->calls, account, id);
    if (!state) {
        done(done_arg, STATUS_NOT_FOUND, NULL);
        return;
    }
    if (what == REST_CALL_CANCEL && strcmp(state, "queued") != 0) {
        done(done_arg, STATUS_CONFLICT, NULL);
        return;
    }
    struct change *change = calloc(1, sizeof *change);
    if (!change) {
        done(done_arg, STATUS_NO_MEMORY, NULL);
        return;
    }
    *change = (struct change){.bridge = bridge, .done = done, .arg = done_arg};
    calls_hang_up(bridge->calls, id, what == REST_CALL_CANCEL ? "callCanceled" : "appHangup");
    status s = store_get_call(bridge->store, account, id, on_row, change);
    if (s == STATUS_OK) return;
    done(done_arg, s, NULL);
    free(change);
}

/* ---- announcements ---- */

static void announcement_start(void *arg, const char *conference, const struct rest_announcement *announcement,
                               rest_announcement_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    id_text id = "";
    struct playback_item item = {
        .text = announcement->text,
        .file = announcement->file,
        .language = announcement->language,
        .loop = announcement->loop,
        .privacy = announcement->privacy_mode,
        .conference = conference,
    };
    status s = announcements_start(bridge->announcements, &item, id);
    done(done_arg, s, s == STATUS_OK ? id : NULL);
}

static void announcement_stop(void *arg, const char *conference, const char *id, rest_done_fn *done, void *done_arg)
{
    struct bridge *bridge = arg;
    done(done_arg, announcements_stop(bridge->announcements, conference, id));
}

/* ---- webhooks ---- */

static void webhook_resend(void *arg, const char *account, const char *lane, uint32_t n, rest_done_fn *done,
                           void *done_arg)
{
    struct bridge *bridge = arg;
    status s = hook_resend(bridge->hook, account, lane, n, done, done_arg);
    if (s != STATUS_OK) done(done_arg, s);
}

static void secrets_changed(void *arg, const char *account)
{
    struct bridge *bridge = arg;
    if (secrets_refresh(bridge->secrets, account, NULL, NULL) != STATUS_OK)
        log_event(LOG_ERROR, "secrets_not_loaded", "account=%s", account);
}

void api_media_fill(struct rest_backend *backend)
{
    backend->call_create = call_create;
    backend->call_update = call_update;
    backend->announcement_start = announcement_start;
    backend->announcement_stop = announcement_stop;
    backend->webhook_resend = webhook_resend;
    backend->secrets_changed = secrets_changed;
}
