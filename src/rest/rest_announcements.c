#include <string.h>

#include "rest/rest_routes.h"

static const struct conference *find_conference(const struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    const struct conference *c = backend->conference_find(backend->arg, call->parameters[0]);
    return c && strcmp(c->account, call->account) == 0 ? c : NULL;
}

static void on_started(void *arg, status s, const char *id)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 202,
                   json_pack("{s:s, s:s, s:s, s:o}", "announcementId", id, "accountId", call->account, "conferenceId",
                             call->parameters[0], "uri",
                             json_sprintf("/Accounts/%s/Conferences/%s/Announcements/%s", call->account,
                                          call->parameters[0], id)));
    else if (s == STATUS_CONFLICT)
        rest_fail(call, 409, REST_CODE_CONFLICT, "Nobody is in the conference", NULL);
    else
        rest_fail_status(call, s);
}

void rest_announcements_create(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct rest_announcement announcement;
    struct rest_fault fault;
    if (!backend->announcement_start) {
        rest_fail_absent(call);
    } else if (rest_input_announcement(&announcement, call->body, backend->check_url, backend->arg, &fault) !=
               STATUS_OK) {
        rest_fail_input(call, &fault);
    } else if (!find_conference(call)) {
        rest_fail_status(call, STATUS_NOT_FOUND);
    } else {
        announcement.request_id = call->request_id;
        backend->announcement_start(backend->arg, call->parameters[0], &announcement, on_started, call);
    }
}

static void on_stopped(void *arg, status s)
{
    struct rest_call *call = arg;
    if (s == STATUS_OK)
        rest_reply(call, 204, NULL);
    else
        rest_fail_status(call, s);
}

void rest_announcements_delete(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    if (!backend->announcement_stop)
        rest_fail_absent(call);
    else if (!find_conference(call))
        rest_fail_status(call, STATUS_NOT_FOUND);
    else
        backend->announcement_stop(backend->arg, call->parameters[0], call->parameters[1], on_stopped, call);
}
