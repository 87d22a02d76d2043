#include "rest/rest_openapi.h"
#include "rest/rest_routes.h"

void rest_health(struct rest_call *call)
{
    static const char *const words[] = {"ok", "draining", "overloaded"};
    const struct rest_backend *backend = &call->rest->backend;
    enum rest_health health = backend->health(backend->arg);
    json_t *body = json_pack("{s:s, s:s, s:I}", "status", words[health], "version", PARLEY_VERSION, "uptimeSec",
                             (json_int_t)backend->uptime_s(backend->arg));
    rest_reply(call, health == REST_HEALTHY ? 200 : 503, body);
}

void rest_metrics(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct buffer text;
    buffer_init(&text);
    backend->metrics(backend->arg, &text);
    http_reply(call->request, 200, "text/plain; version=0.0.4; charset=utf-8", buffer_text(&text), text.len);
    buffer_clear(&text);
    rest_call_destroy(call);
}

void rest_openapi(struct rest_call *call)
{
    rest_reply(call, 200, rest_openapi_document());
}
