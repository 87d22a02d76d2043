#include <string.h>

#include "daemon/call_entry.h"
#include "daemon/call_script.h"
#include "os/log.h"
#include "store/store_read.h"

/* @return false where the call has gone while it waited: nothing is to be done */
static bool still_there(struct call_entry *e)
{
    e->waiting = false;
    if (e->calls->bridge->stopping) return false;
    if (e->call->state != CALL_ENDED) return true;
    loop_defer(e->calls->bridge->loop, call_entry_destroy, e);
    return false;
}

static void begin_script(struct call_entry *e, const struct store_application *application)
{
    struct call_script_facts facts = {
        .call = e->call->id,
        .account = e->account,
        .from = e->from,
        .to = e->to,
        .direction = e->direction,
        .fallback_url = application->voice_fallback_url,
        .status_callback_url = application->status_callback_url,
    };
    if (application->status_callback_url) e->status_callback_url = strdup(application->status_callback_url);
    if (call_script_create(&e->script, e->calls->bridge->scripts, &facts) != STATUS_OK) {
        e->script = NULL;
        call_intake_refuse(e, 500, "Out of memory", "internalError");
        return;
    }
    call_row_save(e);
    call_script_begin(e->script, PERCL_HOOK_INBOUND_CALL, application->voice_url, false);
}

static void on_application(void *arg, status s, const struct store_application *rows, size_t count,
                           const struct store_page *page)
{
    struct call_entry *e = arg;
    (void)page;
    if (!still_there(e)) return;
    bool found = s == STATUS_OK && count == 1;
    if (!found)
        call_intake_refuse(e, s == STATUS_NOT_FOUND ? 404 : 500, "The number's application cannot be found",
                           "configErrorNoApplication");
    else if (!rows->voice_url || !rows->voice_url[0])
        call_intake_refuse(e, 404, "The number's application has no voiceUrl", "configErrorNoVoiceUrl");
    else
        begin_script(e, rows);
}

static void find_application(struct call_entry *e, const struct store_number *number)
{
    strcpy(e->phone_number, number->id);
    strcpy(e->application, number->application);
    if (!number->application[0]) {
        call_intake_refuse(e, 404, "The number has no application", "configErrorNoApplication");
        return;
    }
    if (!number->voice_enabled) {
        call_intake_refuse(e, 403, "Voice is disabled for this number", "voiceDisabled");
        return;
    }
    e->waiting = true;
    status s = store_get_application(e->calls->bridge->store, e->account, number->application, on_application, e);
    if (s == STATUS_OK) return;
    e->waiting = false;
    call_intake_refuse(e, 503, "Busy", "internalError");
}

static void on_number(void *arg, status s, const struct store_number *rows, size_t count, const struct store_page *page)
{
    struct call_entry *e = arg;
    (void)page;
    if (!still_there(e)) return;
    if (s == STATUS_OK && count == 1)
        find_application(e, rows);
    else if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        call_intake_conference(e);
    else
        call_intake_refuse(e, 500, "The database cannot be read", "internalError");
}

void call_application_find(struct call_entry *e)
{
    const char *name = e->call->choice.user.name;
    e->waiting = true;
    status s = store_get_number_dialled(e->calls->bridge->store, e->account, name, on_number, e);
    if (s == STATUS_OK) return;
    e->waiting = false;
    call_intake_refuse(e, 503, "Busy", "internalError");
}
