#include "net/http_client.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/list.h"

enum { TIMEOUT_GRACE_US = 50000, ERROR_SIZE = 1024, DEFAULT_BYTES = 1024 * 1024 };

struct http_client {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer *timer;
    const struct fetch_guard *guard;
    char *user_agent, *ca_file;
    uint32_t connect_timeout_ms;
    struct list exchanges;
};

/* One socket that libcurl wants watched. */
struct client_socket {
    struct http_client *client;
    struct loop_watch *watch;
    curl_socket_t fd;
};

struct http_exchange {
    struct list link;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct loop_timer *timer; /* curl's own does not run while a request waits for a free connection */
    bool added;               /* to the multi handle */
    bool over;                /* cancelled, or done is being called: nothing is called any more */
    http_done_fn *done;
    void *arg;
    http_sink_fn *sink;
    char *method, *url;
    struct buffer body;
    uint64_t body_bytes, max_bytes;
    int64_t started_us;
    char curl_error[CURL_ERROR_SIZE];
    char address[CIDR_TEXT_SIZE]; /* the last one tried; "" before */
    char why[FETCH_WHY_SIZE];     /* why the guard refused; "" where it did not */
    status early;                 /* a verdict before libcurl had a say */
    bool overflow;
};

/* libcurl and the loop. */

static void finish_completed(struct http_client *client);

static void on_watch(void *arg, unsigned events)
{
    struct client_socket *s = arg;
    struct http_client *client = s->client; /* the socket may go in the call */
    int action = 0, running;
    if (events & LOOP_READABLE) action |= CURL_CSELECT_IN;
    if (events & LOOP_WRITABLE) action |= CURL_CSELECT_OUT;
    curl_multi_socket_action(client->multi, s->fd, action, &running);
    finish_completed(client);
}

static void on_timer(void *arg)
{
    struct http_client *client = arg;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_completed(client);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct http_client *client = arg;
    if (timeout_ms < 0)
        loop_timer_cancel(client->timer);
    else
        loop_timer_set(client->timer, (int64_t)timeout_ms * 1000);
    return 0;
}

static unsigned watch_events(int what)
{
    unsigned events = 0;
    if (what & CURL_POLL_IN) events |= LOOP_READABLE;
    if (what & CURL_POLL_OUT) events |= LOOP_WRITABLE;
    return events;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)easy;
    struct http_client *client = arg;
    struct client_socket *s = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (s) loop_watch_destroy(s->watch);
        free(s);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    if (s) return loop_watch_set(s->watch, watch_events(what)) == STATUS_OK ? 0 : -1;
    s = calloc(1, sizeof *s);
    if (!s) return -1;
    *s = (struct client_socket){.client = client, .fd = fd};
    if (loop_watch_create(&s->watch, client->loop, fd, watch_events(what), on_watch, s) != STATUS_OK) {
        free(s);
        return -1;
    }
    curl_multi_assign(client->multi, fd, s);
    return 0;
}

/* libcurl and an exchange. */

/* Every address that is connected to passes here, those of redirects and of each answer of DNS included. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_exchange *x = arg;
    const struct fetch_guard *guard = x->client->guard;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    address_format(&address->addr, x->address);
    if (guard && fetch_guard_address(guard, &address->addr, x->why) != STATUS_OK) return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct http_exchange *x = arg;
    size_t len = size * count;
    if (x->over) return 0;
    x->body_bytes += len;
    if (x->body_bytes > x->max_bytes) {
        x->overflow = true;
        return 0;
    }
    long code = 0;
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &code);
    if (x->sink && code / 100 == 2) return x->sink(x->arg, bytes, len) ? len : 0;
    buffer_append(&x->body, bytes, len);
    return buffer_ok(&x->body) ? len : 0;
}

static void exchange_free(struct http_exchange *x)
{
    if (x->added) curl_multi_remove_handle(x->client->multi, x->easy);
    if (x->easy) curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    loop_timer_destroy(x->timer);
    list_remove(&x->link);
    buffer_clear(&x->body);
    free(x->method);
    free(x->url);
    free(x);
}

static void exchange_free_later(void *arg)
{
    exchange_free(arg);
}

/* Results. */

static status status_of(const struct http_exchange *x, CURLcode code)
{
    long redirects = 0;
    curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    switch (code) {
    case CURLE_OK: return STATUS_OK;
    case CURLE_URL_MALFORMAT: return redirects > 0 ? STATUS_UNSUPPORTED : STATUS_INVALID;
    case CURLE_UNSUPPORTED_PROTOCOL: return redirects > 0 ? STATUS_UNSUPPORTED : STATUS_INVALID;
    case CURLE_TOO_MANY_REDIRECTS: return STATUS_UNSUPPORTED;
    case CURLE_COULDNT_RESOLVE_HOST: return STATUS_NOT_FOUND;
    case CURLE_COULDNT_CONNECT: return x->why[0] ? STATUS_REFUSED : STATUS_CLOSED;
    case CURLE_OPERATION_TIMEDOUT: return STATUS_TIMEOUT;
    case CURLE_FILESIZE_EXCEEDED: return STATUS_FULL;
    case CURLE_WRITE_ERROR: return x->overflow ? STATUS_FULL : STATUS_IO;
    case CURLE_OUT_OF_MEMORY: return STATUS_NO_MEMORY;
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE: return STATUS_CLOSED;
    default: return STATUS_IO;
    }
}

static const char *reason_of(const struct http_exchange *x, status result, CURLcode code)
{
    if (result == STATUS_REFUSED || x->early == result) return x->why;
    if (x->overflow) return "the body is larger than allowed";
    return x->curl_error[0] ? x->curl_error : curl_easy_strerror(code);
}

/* libcurl says that it could not connect; why, is in the kernel's error. */
static const char *kernel_reason(const struct http_exchange *x, status result)
{
    long error = 0;
    curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &error);
    return result == STATUS_CLOSED && error != 0 ? strerror((int)error) : "";
}

static void describe(char out[ERROR_SIZE], const struct http_exchange *x, status result, CURLcode code)
{
    const char *kernel = kernel_reason(x, result);
    int n = snprintf(out, ERROR_SIZE, "%.20s %.400s", x->method, x->url);
    if (x->address[0]) n += snprintf(out + n, ERROR_SIZE - (size_t)n, " (address %s)", x->address);
    n += snprintf(out + n, ERROR_SIZE - (size_t)n, ": %.400s", reason_of(x, result, code));
    if (kernel[0]) snprintf(out + n, ERROR_SIZE - (size_t)n, " (%s)", kernel);
}

/* Calls done and ends the exchange. */
static void finish(struct http_exchange *x, status result, CURLcode code)
{
    char error[ERROR_SIZE] = "";
    long http_code = 0;
    char *content_type = NULL, *url = NULL;
    if (result != STATUS_OK) describe(error, x, result, code);
    curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &http_code);
    curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &content_type);
    curl_easy_getinfo(x->easy, CURLINFO_EFFECTIVE_URL, &url);
    struct http_result report = {
        .status = result,
        .error = error,
        .code = (int)http_code,
        .content_type = content_type ? content_type : "",
        .body = {buffer_text(&x->body), x->body.len},
        .body_bytes = x->body_bytes,
        .url = url && url[0] ? url : x->url,
        .duration_us = loop_now_us(x->client->loop) - x->started_us,
        .exchange = x,
    };
    x->over = true;
    x->done(x->arg, &report);
    exchange_free(x);
}

static void finish_completed(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct http_exchange *x = NULL;
        CURLcode code = message->data.result; /* the message dies with its handle */
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        if (!x->over) finish(x, status_of(x, code), code);
    }
}

const char *http_result_header(const struct http_result *result, const char *name)
{
    struct curl_header *header;
    if (curl_easy_header(result->exchange->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return NULL;
    return header->value;
}

/* Starting. */

static bool is_token(const char *text)
{
    if (text[0] == '\0') return false;
    for (const char *c = text; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", *c)) return false;
    }
    return true;
}

static bool is_value(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) return false;
    }
    return true;
}

static bool request_is_good(const struct http_client_request *request)
{
    if (request->method && !is_token(request->method)) return false;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!is_token(request->headers[i].name) || !is_value(request->headers[i].value)) return false;
    }
    return true;
}

static bool add_line(struct http_exchange *x, const char *line)
{
    struct curl_slist *longer = curl_slist_append(x->headers, line);
    if (longer) x->headers = longer;
    return longer != NULL;
}

static bool add_header(struct http_exchange *x, const struct http_header *header)
{
    struct buffer line;
    buffer_init(&line);
    if (header->value[0])
        buffer_printf(&line, "%s: %s", header->name, header->value);
    else
        buffer_printf(&line, "%s;", header->name); /* libcurl's spelling of an empty value */
    bool ok = buffer_ok(&line) && add_line(x, buffer_text(&line));
    buffer_clear(&line);
    return ok;
}

/* libcurl adds "Expect: 100-continue", which costs a second with many servers, and a form's type to any body. */
static bool set_headers(struct http_exchange *x, const struct http_client_request *request)
{
    bool has_type = false;
    for (size_t i = 0; i < request->header_count; i++) {
        has_type = has_type || strcasecmp(request->headers[i].name, "Content-Type") == 0;
        if (!add_header(x, &request->headers[i])) return false;
    }
    if (!has_type && !add_line(x, "Content-Type:")) return false;
    return add_line(x, "Expect:") && curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers) == CURLE_OK;
}

static bool set_method(struct http_exchange *x, const struct http_client_request *request)
{
    CURL *easy = x->easy;
    bool post = strcmp(x->method, "POST") == 0, head = strcmp(x->method, "HEAD") == 0;
    if (head) return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (post || request->body_len > 0) {
        const void *body = request->body_len > 0 ? request->body : "";
        if (curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len) != CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body) != CURLE_OK ||
            curl_easy_setopt(easy, CURLOPT_POSTREDIR, CURL_REDIR_POST_301 | CURL_REDIR_POST_302) != CURLE_OK)
            return false; /* the body goes along with every redirect but 303, which asks for a GET (RFC 9110 15.4) */
    }
    if (post || (request->body_len == 0 && strcmp(x->method, "GET") == 0)) return true;
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, x->method) == CURLE_OK;
}

/* What must hold for every request: two protocols, no proxy, no signals, no waiting for a resolver's thread. */
static bool set_safety(struct http_exchange *x)
{
    CURL *easy = x->easy;
    const struct http_client *client = x->client;
    bool ok = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x) == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && ok;
    ok = curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK && ok;
    if (client->ca_file) {
        ok = curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file) == CURLE_OK && ok;
        ok = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK && ok;
    }
    return ok;
}

static bool set_options(struct http_exchange *x, const struct http_client_request *request)
{
    CURL *easy = x->easy;
    long timeout_ms = request->timeout_ms ? (long)request->timeout_ms : 15000;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->curl_error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)x->client->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)x->max_bytes);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request->max_redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)request->max_redirects);
    loop_timer_set(x->timer, (int64_t)timeout_ms * 1000 + TIMEOUT_GRACE_US);
    return set_safety(x) && curl_easy_setopt(easy, CURLOPT_URL, x->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, x->client->user_agent) == CURLE_OK && set_method(x, request) &&
           set_headers(x, request);
}

static void on_timeout(void *arg)
{
    struct http_exchange *x = arg;
    if (!x->over) finish(x, STATUS_TIMEOUT, CURLE_OPERATION_TIMEDOUT);
}

/* At the end of the turn, as libcurl takes no handle from inside its own callbacks (a sink may start requests). */
static void launch(void *arg)
{
    struct http_exchange *x = arg;
    if (x->early == STATUS_OK && curl_multi_add_handle(x->client->multi, x->easy) == CURLM_OK)
        x->added = true;
    else if (x->early == STATUS_OK)
        finish(x, STATUS_NO_MEMORY, CURLE_OUT_OF_MEMORY);
    else
        finish(x, x->early, CURLE_OK);
}

static status exchange_create(struct http_exchange **out, struct http_client *client,
                              const struct http_client_request *request)
{
    struct http_exchange *x = calloc(1, sizeof *x);
    if (!x) return STATUS_NO_MEMORY;
    x->client = client;
    list_init(&x->link);
    buffer_init(&x->body);
    x->max_bytes = request->max_bytes ? request->max_bytes : DEFAULT_BYTES;
    x->sink = request->sink;
    x->method = strdup(request->method ? request->method : request->body_len > 0 ? "POST" : "GET");
    x->url = strdup(request->url);
    x->easy = curl_easy_init();
    bool ok = x->method && x->url && x->easy &&
              loop_timer_create(&x->timer, client->loop, on_timeout, x) == STATUS_OK && set_options(x, request);
    if (!ok) {
        exchange_free(x);
        return STATUS_NO_MEMORY;
    }
    static const struct fetch_guard anywhere = {.allow_loopback = true};
    x->early = fetch_guard_url(client->guard ? client->guard : &anywhere, slice_of(x->url), x->why);
    if (!client->guard && x->early == STATUS_REFUSED) {
        x->early = STATUS_OK;
        x->why[0] = '\0';
    }
    *out = x;
    return STATUS_OK;
}

status http_client_start(struct http_client *client, const struct http_client_request *request, http_done_fn *done,
                         void *arg, struct http_exchange **out)
{
    if (!request_is_good(request)) return STATUS_INVALID;
    struct http_exchange *x;
    status made = exchange_create(&x, client, request);
    if (made != STATUS_OK) return made;
    x->done = done;
    x->arg = arg;
    x->started_us = loop_now_us(client->loop);
    list_push_back(&client->exchanges, &x->link);
    loop_defer(client->loop, launch, x);
    if (out) *out = x;
    return STATUS_OK;
}

void http_client_cancel(struct http_exchange *x)
{
    if (x->over) return;
    x->over = true;
    loop_timer_cancel(x->timer);
    loop_undefer(x->client->loop, launch, x);
    loop_defer(x->client->loop, exchange_free_later, x);
}

/* The client. */

size_t http_client_count(const struct http_client *client)
{
    size_t n = 0;
    list_each (link, &client->exchanges)
        n += !list_object(link, struct http_exchange, link)->over;
    return n;
}

static bool set_up_multi(struct http_client *client, const struct http_client_config *config)
{
    CURLM *multi = client->multi;
    long total = config->connections_max ? (long)config->connections_max : 64;
    long host = config->connections_per_host_max ? (long)config->connections_per_host_max : 16;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, host) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, total) == CURLM_OK;
}

status http_client_create(struct http_client **out, struct loop *loop, const struct http_client_config *config)
{
    if (config->ca_file && access(config->ca_file, R_OK) != 0) return STATUS_INVALID;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return STATUS_NO_MEMORY;
    struct http_client *client = calloc(1, sizeof *client);
    if (!client) {
        curl_global_cleanup();
        return STATUS_NO_MEMORY;
    }
    client->loop = loop;
    client->guard = config->guard;
    client->connect_timeout_ms = config->connect_timeout_ms ? config->connect_timeout_ms : 5000;
    list_init(&client->exchanges);
    client->user_agent = strdup(config->user_agent ? config->user_agent : "parley/" PARLEY_VERSION);
    client->ca_file = config->ca_file ? strdup(config->ca_file) : NULL;
    client->multi = curl_multi_init();
    bool ok = client->user_agent && (client->ca_file || !config->ca_file) && client->multi &&
              loop_timer_create(&client->timer, loop, on_timer, client) == STATUS_OK && set_up_multi(client, config);
    if (!ok) {
        http_client_destroy(client);
        return STATUS_NO_MEMORY;
    }
    *out = client;
    return STATUS_OK;
}

void http_client_destroy(struct http_client *client)
{
    if (!client) return;
    list_each_safe (link, &client->exchanges) {
        struct http_exchange *x = list_object(link, struct http_exchange, link);
        loop_undefer(client->loop, launch, x);
        loop_undefer(client->loop, exchange_free_later, x);
        exchange_free(x);
    }
    if (client->multi) curl_multi_cleanup(client->multi); /* takes its sockets off the loop */
    loop_timer_destroy(client->timer);
    free(client->user_agent);
    free(client->ca_file);
    free(client);
    curl_global_cleanup();
}
