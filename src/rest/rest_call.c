#include "rest/rest_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest/rest_once.h"

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
    json_decref(call->answer);
    rest_once_destroy(call->once);
    free(call->page_query);
    free(call);
}

void rest_send(struct rest_call *call, int http, const char *text)
{
    http_reply(call->request, http, text ? "application/json" : NULL, text, text ? strlen(text) : 0);
    rest_call_destroy(call);
}

/* What If-Match can be given. */
static void add_revision(const struct rest_call *call, uint32_t revision)
{
    char tag[16];
    snprintf(tag, sizeof tag, "\"%u\"", (unsigned)revision);
    http_reply_header(call->request, "ETag", tag);
}

static void add_etag(const struct rest_call *call, const json_t *body)
{
    const json_t *revision = json_object_get(body, "revision");
    if (json_is_integer(revision)) add_revision(call, (uint32_t)json_integer_value(revision));
}

static void fail_memory(struct rest_call *call)
{
    http_reply_error(call->request, 500, "Out of memory");
    rest_call_destroy(call);
}

void rest_reply(struct rest_call *call, int http, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15)) : NULL;
    add_etag(call, body);
    if (!text && http != 204) {
        fail_memory(call);
    } else if (call->once) {
        rest_once_keep(call, http, text);
    } else {
        rest_send(call, http, text);
    }
    free(text);
    json_decref(body);
}

void rest_reply_shown(struct rest_call *call, const char *text, uint32_t revision)
{
    if (!text) {
        fail_memory(call);
        return;
    }
    add_revision(call, revision);
    rest_send(call, 200, text);
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

void rest_fail_missing_member(struct rest_call *call, const char *member, const char *why)
{
    json_t *message = json_sprintf("%s: %s", member, why);
    const char *text = json_string_value(message);
    rest_fail(call, 400, REST_CODE_MISSING, text ? text : why, json_pack("{s:s, s:s}", "member", member, "why", why));
    json_decref(message);
}

void rest_fail_absent(struct rest_call *call)
{
    rest_fail(call, 501, REST_CODE_INTERNAL, "This bridge cannot do that", NULL);
}

void rest_fail_input(struct rest_call *call, const struct rest_fault *fault)
{
    if (fault->missing)
        rest_fail_missing_member(call, fault->member, fault->why);
    else if (fault->member[0])
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

bool rest_found(struct rest_call *call, status s, size_t count)
{
    if (s == STATUS_OK && count == 1) return true;
    rest_fail_status(call, s == STATUS_OK ? STATUS_NOT_FOUND : s);
    return false;
}
