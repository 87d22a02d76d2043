#include "rest/rest_call.h"

#include <stdlib.h>
#include <string.h>

struct rest_call *rest_call_create(struct rest *rest, struct http_request *request)
{
    struct rest_call *call = calloc(1, sizeof *call);
    if (!call) return NULL;
    call->rest = rest;
    call->request = request;
    return call;
}

void rest_call_destroy(struct rest_call *call)
{
    json_decref(call->body);
    free(call);
}

void rest_reply(struct rest_call *call, int http, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    if (body && !text)
        http_reply_error(call->request, 500, "Out of memory");
    else
        http_reply(call->request, http, text ? "application/json" : NULL, text, text ? strlen(text) : 0);
    free(text);
    json_decref(body);
    rest_call_destroy(call);
}

void rest_fail(struct rest_call *call, int http, int code, const char *message, json_t *details)
{
    rest_reply(call, http, rest_error(http, code, message, details));
}

void rest_fail_member(struct rest_call *call, const char *member, const char *why)
{
    json_t *message = json_sprintf("%s: %s", member, why);
    const char *text = json_string_value(message);
    rest_fail(call, 400, REST_CODE_ARGUMENTS, text ? text : why, json_pack("{s:s, s:s}", "member", member, "why", why));
    json_decref(message);
}

void rest_fail_input(struct rest_call *call, const struct rest_fault *fault)
{
    if (fault->member[0])
        rest_fail_member(call, fault->member, fault->why);
    else
        rest_fail(call, 400, REST_CODE_JSON, fault->why, NULL);
}

void rest_fail_status(struct rest_call *call, status s)
{
    int http, code;
    const char *message;
    rest_status(s, &http, &code, &message);
    rest_fail(call, http, code, message, NULL);
}
