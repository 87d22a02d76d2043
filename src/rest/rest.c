#include "rest/rest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "os/random.h"
#include "os/thread.h"
#include "rest/rest_call.h"
#include "rest/rest_once.h"
#include "rest/rest_routes.h"
#include "rest/rest_shown.h"

status rest_create(struct rest **out, struct store *store, const struct rest_backend *backend)
{
    struct rest *rest = calloc(1, sizeof *rest);
    if (!rest) return STATUS_NO_MEMORY;
    if (rest_shown_create(&rest->shown) != STATUS_OK) {
        free(rest);
        return STATUS_NO_MEMORY;
    }
    rest->store = store;
    rest->backend = *backend;
    *out = rest;
    return STATUS_OK;
}

void rest_destroy(struct rest *rest)
{
    if (!rest) return;
    rest_shown_destroy(rest->shown);
    free(rest);
}

void rest_error_body(void *arg, int code, const char *message, struct buffer *body)
{
    (void)arg;
    json_t *error = rest_error(code, rest_code_of_http(code), message, NULL);
    char *text = error ? json_dumps(error, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    buffer_append_text(body, text ? text : "{}");
    free(text);
    json_decref(error);
}

/* The method that a route must have to answer this one. */
static enum http_method served_as(enum http_method method)
{
    return method == HTTP_HEAD ? HTTP_GET : method;
}

static enum rest_access check_credentials(const struct rest_call *call, char account[ID_SIZE])
{
    char pair[512];
    size_t len;
    const char *header = http_request_header(call->request, "Authorization");
    if (!header || strncasecmp(header, "Basic ", 6) != 0) return REST_ACCESS_NONE;
    if (!base64_decode(slice_trim(slice_of(header + 6)), pair, sizeof pair, &len)) return REST_ACCESS_NONE;
    if (memchr(pair, '\0', len)) return REST_ACCESS_NONE;
    struct slice key = {pair, len};
    struct slice id = slice_cut(&key, ':');
    if (!slice_copy(id, account, ID_SIZE)) return REST_ACCESS_NONE;
    const struct rest_backend *backend = &call->rest->backend;
    return backend->authenticate(backend->arg, account, pair + id.len + (key.len > 0 ? 1 : 0));
}

/* Another account's resources are not even admitted to be there. @return false where the call was answered */
static bool admit(struct rest_call *call, const char *account)
{
    char asking[ID_SIZE] = "";
    enum rest_access access = check_credentials(call, asking);
    bool writes = call->route->method != HTTP_GET && !call->route->reads;
    if (access == REST_ACCESS_NONE) {
        http_reply_header(call->request, "WWW-Authenticate", "Basic realm=\"Parley\"");
        rest_fail(call, 401, REST_CODE_CREDENTIALS, "Account id or API key is wrong", NULL);
    } else if (strcmp(asking, account) != 0) {
        rest_fail(call, 404, REST_CODE_NOT_FOUND, "Not Found", NULL);
    } else if (writes && access != REST_ACCESS_WRITE) {
        rest_fail(call, 403, REST_CODE_CREDENTIALS, "This key may only read", NULL);
    } else {
        strcpy(call->account, account);
        return true;
    }
    return false;
}

/* Webhooks and log lines that a POST leads to carry its id too. */
static void add_request_id(struct rest_call *call)
{
    random_id(call->request_id, "RQ");
    http_reply_header(call->request, "X-Pulse-Request-Id", call->request_id);
}

static void run(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    if (call->route->method == HTTP_POST && backend->request_began)
        backend->request_began(backend->arg, call->account, call->request_id);
    call->route->handler(call);
}

static void serve(struct rest_call *call, char words[REST_PARAMETERS + 1][REST_PARAMETER_SIZE])
{
    size_t first = call->route->guard == REST_ACCOUNT ? 1 : 0;
    bool posts = call->route->method == HTTP_POST;
    if (posts) add_request_id(call);
    if (call->route->guard == REST_ACCOUNT && !admit(call, words[0])) return;
    for (size_t i = 0; i < REST_PARAMETERS && i + first <= REST_PARAMETERS; i++)
        memcpy(call->parameters[i], words[i + first], REST_PARAMETER_SIZE);
    struct rest_fault fault;
    if (posts && rest_input_parse(&call->body, http_request_body(call->request), &fault) != STATUS_OK)
        rest_fail_input(call, &fault);
    else if (posts && !call->route->reads && rest_once_wanted(call))
        rest_once_begin(call, run);
    else
        run(call);
}

static void refuse(struct rest_call *call, const char *allow)
{
    if (!allow[0]) {
        rest_fail(call, 404, REST_CODE_NOT_FOUND, "There is nothing at this path", NULL);
        return;
    }
    http_reply_header(call->request, "Allow", allow);
    rest_fail(call, 405, REST_CODE_METHOD, "This path does not take this method", NULL);
}

void rest_handle(void *arg, struct http_request *request)
{
    thread_assert(THREAD_CONTROL);
    struct rest_call *call = rest_call_create(arg, request);
    if (!call) {
        http_reply_error(request, 500, "Out of memory");
        return;
    }
    size_t count;
    const struct rest_route *routes = rest_routes(&count);
    char words[REST_PARAMETERS + 1][REST_PARAMETER_SIZE];
    char allow[64] = "";
    for (size_t i = 0; i < count; i++) {
        if (!rest_route_fits(&routes[i], http_request_path(request), words)) continue;
        if (routes[i].method == served_as(http_request_method(request))) {
            call->route = &routes[i];
            serve(call, words);
            return;
        }
        if (allow[0]) strcat(allow, ", ");
        strcat(allow, routes[i].method == HTTP_GET ? "GET, HEAD" : http_method_name(routes[i].method));
    }
    refuse(call, allow);
}
