#include "rest_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conference.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "os/clock.h"
#include "os/random.h"
#include "rest/rest.h"

enum { CONFERENCES_MAX = 400, HEADERS_MAX = 4, WATCHDOG_US = 30000000 };

struct kit kit;

static char dir[256];
static struct loop *loop;
static struct loop_watch *watch;
static struct loop_timer *watchdog;
static struct http_server *server;
static struct http_client *client;
static struct rest *rest;
static struct conference *conferences[CONFERENCES_MAX];
static size_t conference_count;
static id_text announcement;
static struct kit_reply reply;
static bool over;
static struct http_header headers[HEADERS_MAX + 1];
static size_t header_count;
static char user[64], password[64];
static bool has_credentials;

void kit_id(id_text out, const char *prefix, uint32_t number)
{
    snprintf(out, ID_SIZE, "%.2s%040u", prefix, number);
}

/* ---- the bridge behind it ---- */

static enum rest_access authenticate(void *arg, const char *account, const char *key)
{
    (void)arg;
    if (strcmp(account, kit.account) != 0 && strcmp(account, kit.other) != 0) return REST_ACCESS_NONE;
    if (strcmp(key, "key") == 0) return REST_ACCESS_WRITE;
    return strcmp(key, "reader") == 0 ? REST_ACCESS_READ : REST_ACCESS_NONE;
}

static struct conference *find(const char *id)
{
    for (size_t i = 0; i < conference_count; i++) {
        if (strcmp(conferences[i]->id, id) == 0) return conferences[i];
    }
    return NULL;
}

static const struct conference *conference_find(void *arg, const char *id)
{
    (void)arg;
    const struct conference *c = find(id);
    return c && c->status != CONFERENCE_TERMINATED ? c : NULL;
}

static void put_conference(struct store_tx *tx, const struct conference *c)
{
    struct store_conference row = {.alias = c->alias, .play_beep = play_beep_name(c->play_beep)};
    memcpy(row.id, c->id, sizeof row.id);
    memcpy(row.account, c->account, sizeof row.account);
    row.record = c->record;
    row.wait_url = c->wait_url;
    row.status_callback_url = c->status_callback_url;
    row.status = conference_status_name(c->status);
    row.revision = c->revision;
    row.created_unix_ms = c->created_unix_ms;
    row.updated_unix_ms = c->updated_unix_ms;
    row.events = c->events;
    store_put_conference(tx, &row);
}

/* What a transaction's end has to tell. */
struct ending {
    void (*fn)(void);
    void *arg;
    struct conference *conference;
    struct store_call call;
};

static void on_conference_stored(void *arg, status s)
{
    struct ending *ending = arg;
    ((rest_conference_fn *)ending->fn)(ending->arg, s, s == STATUS_OK ? ending->conference : NULL);
    free(ending);
}

static void store_conference(struct conference *c, rest_conference_fn *done, void *done_arg)
{
    struct ending *ending = calloc(1, sizeof *ending);
    struct store_tx *tx;
    assert_non_null(ending);
    assert_int_equal(store_begin(kit.store, &tx), STATUS_OK);
    *ending = (struct ending){.fn = (void (*)(void))done, .arg = done_arg, .conference = c};
    put_conference(tx, c);
    store_commit(tx, on_conference_stored, ending);
}

static status apply(struct conference *c, const struct conference_event *event)
{
    struct conference_effects effects = {0};
    status s = conference_apply(c, event, clock_unix_ms(), &effects);
    conference_effects_clear(&effects);
    return s;
}

static void conference_make(void *arg, const char *account, const struct conference_options *options,
                            rest_conference_fn *done, void *done_arg)
{
    (void)arg;
    id_text id;
    struct conference *c;
    if (conference_count == CONFERENCES_MAX) {
        done(done_arg, STATUS_FULL, NULL);
        return;
    }
    random_id(id, "CF");
    assert_int_equal(conference_create(&c, id, account, options, clock_unix_ms()), STATUS_OK);
    assert_int_equal(apply(c, &(struct conference_event){.type = CONFERENCE_OPEN}), STATUS_OK);
    conferences[conference_count++] = c;
    store_conference(c, done, done_arg);
}

static void apply_events(void *arg, const char *id, const struct conference_event *events, size_t count,
                         rest_conference_fn *done, void *done_arg)
{
    (void)arg;
    struct conference *c = find(id);
    status s = c ? STATUS_OK : STATUS_NOT_FOUND;
    for (size_t i = 0; i < count && s == STATUS_OK; i++)
        s = apply(c, &events[i]);
    if (s == STATUS_OK)
        store_conference(c, done, done_arg);
    else
        done(done_arg, s, NULL);
}

static status check_url(void *arg, const char *url, char why[FETCH_WHY_SIZE])
{
    const struct fetch_guard guard = {.allow_loopback = true};
    (void)arg;
    return fetch_guard_url(&guard, slice_of(url), why);
}

/* The audio of any recording is a file of ten bytes. */
static status recording_open(void *arg, const struct store_recording *row, const char *track, struct rest_audio *out)
{
    char path[300];
    (void)arg;
    if (strcmp(row->state, "lost") == 0) return STATUS_NOT_FOUND;
    *out = (struct rest_audio){.size = 10, .content_type = track ? "audio/flac" : "audio/wav"};
    if (track) { /* the first bytes of a track are others by now */
        out->head_len = 2;
        memcpy(out->head, "ab", 2);
    }
    snprintf(path, sizeof path, "%s/audio", dir);
    out->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(out->fd >= 0);
    assert_int_equal(write(out->fd, "0123456789", 10), 10);
    return STATUS_OK;
}

static status recording_timeline(void *arg, const struct store_recording *row, struct rest_audio *out)
{
    status s = recording_open(arg, row, NULL, out);
    out->content_type = "application/json";
    return s;
}

/* A call's and the bridge's. */
static void recording_tracks(void *arg, const struct store_recording *row, rest_track_fn *each, void *each_arg)
{
    (void)arg;
    (void)row;
    each(each_arg, "CA0000000000000000000000000000000000000007");
    each(each_arg, "bridge");
}

static void recording_delete(void *arg, const struct store_recording *row, rest_done_fn *done, void *done_arg)
{
    struct store_tx *tx;
    (void)arg;
    if (strcmp(row->state, "recording") == 0) {
        done(done_arg, STATUS_CONFLICT);
        return;
    }
    assert_int_equal(store_begin(kit.store, &tx), STATUS_OK);
    store_delete_recording(tx, row->id);
    store_commit(tx, done, done_arg);
}

static uint64_t recording_duration_ms(void *arg, const char *id)
{
    (void)arg;
    (void)id;
    return 2500;
}

static void keep(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void on_call_stored(void *arg, status s)
{
    struct ending *ending = arg;
    ((rest_call_done_fn *)ending->fn)(ending->arg, s, s == STATUS_OK ? &ending->call : NULL);
    store_call_clear(&ending->call);
    free(ending);
}

static void store_call(const struct store_call *row, rest_call_done_fn *done, void *done_arg)
{
    struct ending *ending = calloc(1, sizeof *ending);
    struct store_tx *tx;
    assert_non_null(ending);
    ending->fn = (void (*)(void))done;
    ending->arg = done_arg;
    assert_int_equal(store_call_copy(&ending->call, row), STATUS_OK);
    assert_int_equal(store_begin(kit.store, &tx), STATUS_OK);
    store_put_call(tx, row);
    store_commit(tx, on_call_stored, ending);
}

static void call_create(void *arg, const char *account, const struct rest_call_options *options,
                        rest_call_done_fn *done, void *done_arg)
{
    (void)arg;
    if (strcmp(options->to, "+999") == 0) {
        done(done_arg, STATUS_REFUSED, NULL);
        return;
    }
    struct store_call row = {.from = options->from, .to = options->to, .status = "queued", .direction = "outboundAPI"};
    random_id(row.id, "CA");
    keep(row.account, sizeof row.account, account);
    keep(row.application, sizeof row.application, options->application);
    keep(row.parent_call, sizeof row.parent_call, options->parent_call);
    row.revision = 1;
    row.created_unix_ms = row.updated_unix_ms = clock_unix_ms();
    kit.calls_placed++;
    kit.placed = (struct rest_call_options){.timeout_s = options->timeout_s, .privacy_mode = options->privacy_mode};
    keep(kit.placed_connect_url, sizeof kit.placed_connect_url, options->call_connect_url);
    keep(kit.placed_application, sizeof kit.placed_application, options->application);
    keep(kit.placed_parent, sizeof kit.placed_parent, options->parent_call);
    keep(kit.placed_request, sizeof kit.placed_request, options->request_id);
    store_call(&row, done, done_arg);
}

struct updating {
    enum rest_call_change change;
    rest_call_done_fn *done;
    void *arg;
};

static void on_call_read(void *arg, status s, const struct store_call *rows, size_t count,
                         const struct store_page *page)
{
    struct updating *updating = arg;
    (void)page;
    assert_int_equal(s, STATUS_OK);
    assert_int_equal(count, 1);
    struct store_call row = rows[0];
    row.status = updating->change == REST_CALL_CANCEL ? "canceled" : "completed";
    row.end_unix_ms = row.updated_unix_ms = clock_unix_ms();
    row.revision++;
    if (updating->change == REST_CALL_CANCEL && strcmp(rows[0].status, "queued") != 0)
        updating->done(updating->arg, STATUS_CONFLICT, NULL);
    else
        store_call(&row, updating->done, updating->arg);
    free(updating);
}

static void call_update(void *arg, const char *account, const char *id, enum rest_call_change change,
                        rest_call_done_fn *done, void *done_arg)
{
    struct updating *updating = calloc(1, sizeof *updating);
    (void)arg;
    assert_non_null(updating);
    *updating = (struct updating){change, done, done_arg};
    assert_int_equal(store_get_call(kit.store, account, id, on_call_read, updating), STATUS_OK);
}

static void announcement_start(void *arg, const char *id, const struct rest_announcement *a, rest_announcement_fn *done,
                               void *done_arg)
{
    (void)arg;
    assert_true(a->text || a->file);
    bool empty = find(id)->status == CONFERENCE_EMPTY;
    if (!empty) random_id(announcement, "AN");
    done(done_arg, empty ? STATUS_CONFLICT : STATUS_OK, empty ? NULL : announcement);
}

static void announcement_stop(void *arg, const char *conference, const char *id, rest_done_fn *done, void *done_arg)
{
    (void)arg;
    (void)conference;
    bool known = announcement[0] && strcmp(id, announcement) == 0;
    announcement[0] = '\0';
    done(done_arg, known ? STATUS_OK : STATUS_NOT_FOUND);
}

static void webhook_resend(void *arg, const char *account, const char *lane, uint32_t n, rest_done_fn *done,
                           void *done_arg)
{
    struct store_tx *tx;
    (void)arg;
    (void)account;
    snprintf(kit.resent, sizeof kit.resent, "%s/%u", lane, (unsigned)n);
    assert_int_equal(store_begin(kit.store, &tx), STATUS_OK);
    store_outbox_revive(tx, lane, n);
    store_commit(tx, done, done_arg);
}

static void secrets_changed(void *arg, const char *account)
{
    (void)arg;
    assert_string_equal(account, kit.account);
    kit.secrets_changed++;
}

static void request_began(void *arg, const char *account, const char *request_id)
{
    (void)arg;
    (void)account;
    kit.began++;
    keep(kit.began_request, sizeof kit.began_request, request_id);
}

static enum rest_health health(void *arg)
{
    (void)arg;
    return REST_HEALTHY;
}

static int64_t uptime_s(void *arg)
{
    (void)arg;
    return 7;
}

static void metrics(void *arg, struct buffer *out)
{
    (void)arg;
    buffer_append_text(out, "parley_up 1\n");
}

/* The call of number 1 talks; that of number 2 has no audio yet, and the others are PCMU. */
static bool participant_talks(void *arg, const char *call)
{
    id_text talker;
    (void)arg;
    kit_id(talker, "CA", 1);
    return strcmp(call, talker) == 0;
}

static bool participant_quality(void *arg, const char *call, struct rest_quality *out)
{
    id_text silent;
    kit_id(silent, "CA", 2);
    *out = (struct rest_quality){
        .codec = "PCMU",
        .srtp = "AEAD_AES_128_GCM",
        .rate_hz = 8000,
        .talking = participant_talks(arg, call),
        .packets_received = 500,
        .packets_lost = 4,
        .loss_percent = 0.79365,
        .jitter_ms = 1.234,
        .round_trip_ms = -1,
        .level_dbfs = -127,
        .speech_dbfs = -26.31,
        .peak_dbfs = -0.001,
        .rated = true,
        .mos = 4.3777,
        .peer_loss_percent = 3,
    };
    return strcmp(call, silent) != 0;
}

static const struct rest_backend small_bridge = {
    .authenticate = authenticate,
    .conference_find = conference_find,
    .conference_make = conference_make,
    .conference_apply = apply_events,
    .participant_talks = participant_talks,
    .participant_quality = participant_quality,
    .check_url = check_url,
    .recording_open = recording_open,
    .recording_timeline = recording_timeline,
    .recording_tracks = recording_tracks,
    .recording_delete = recording_delete,
    .recording_duration_ms = recording_duration_ms,
    .call_create = call_create,
    .call_update = call_update,
    .announcement_start = announcement_start,
    .announcement_stop = announcement_stop,
    .webhook_resend = webhook_resend,
    .request_began = request_began,
    .secrets_changed = secrets_changed,
    .health = health,
    .uptime_s = uptime_s,
    .metrics = metrics,
};

void kit_join(const char *id, const char *call, bool start)
{
    struct conference_event event = {.type = CONFERENCE_JOIN, .call = call, .talk = true, .listen = true, .dtmf = true};
    event.start = start;
    assert_int_equal(apply(find(id), &event), STATUS_OK);
}

/* ---- server and client ---- */

static void on_store(void *arg, unsigned events)
{
    (void)arg;
    (void)events;
    store_poll(kit.store);
}

static void on_watchdog(void *arg)
{
    (void)arg;
    fail_msg("no answer");
}

static void put_accounts(void)
{
    struct store_tx *tx = kit_begin();
    struct store_account row = {.alias = "first", .type = "full", .status = "active", .revision = 1};
    row.created_unix_ms = row.updated_unix_ms = 1000;
    memcpy(row.id, kit.account, sizeof row.id);
    store_put_account(tx, &row);
    memcpy(row.id, kit.other, sizeof row.id);
    store_put_account(tx, &row);
    kit_commit(tx);
}

static int start(const struct rest_backend *backend)
{
    char why[STORE_WHY_SIZE] = "";
    const char *base = getenv("TMPDIR");
    memset(&kit, 0, sizeof kit);
    kit_id(kit.account, "AC", 1);
    kit_id(kit.other, "AC", 2);
    snprintf(dir, sizeof dir, "%s/parley-rest-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(dir));
    struct store_config store_config = {.data_dir = dir};
    if (store_open(&kit.store, &store_config, why) != STATUS_OK) fail_msg("%s", why);
    put_accounts();
    assert_int_equal(loop_create(&loop), STATUS_OK);
    assert_int_equal(loop_watch_create(&watch, loop, store_fd(kit.store), LOOP_READABLE, on_store, NULL), STATUS_OK);
    assert_int_equal(loop_timer_create(&watchdog, loop, on_watchdog, NULL), STATUS_OK);
    assert_int_equal(rest_create(&rest, kit.store, backend), STATUS_OK);
    struct http_server_config config = {.address = "127.0.0.1", .error_body = rest_error_body};
    if (http_server_create(&server, loop, &config, rest_handle, rest, why, sizeof why) != STATUS_OK)
        fail_msg("%s", why);
    assert_int_equal(http_client_create(&client, loop, &(struct http_client_config){0}), STATUS_OK);
    return 0;
}

int kit_set_up(void **state)
{
    (void)state;
    return start(&small_bridge);
}

int kit_set_up_bare(void **state)
{
    struct rest_backend bare = small_bridge;
    (void)state;
    bare.call_create = NULL;
    bare.call_update = NULL;
    bare.announcement_start = NULL;
    bare.announcement_stop = NULL;
    bare.webhook_resend = NULL;
    bare.request_began = NULL;
    bare.secrets_changed = NULL;
    return start(&bare);
}

static void remove_dir(void)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        unlink(path);
    }
    if (d) closedir(d);
    rmdir(dir);
}

int kit_tear_down(void **state)
{
    (void)state;
    http_client_destroy(client);
    http_server_destroy(server);
    store_close(kit.store);
    rest_destroy(rest);
    loop_timer_destroy(watchdog);
    loop_watch_destroy(watch);
    loop_destroy(loop);
    for (size_t i = 0; i < conference_count; i++)
        conference_destroy(conferences[i]);
    conference_count = 0;
    json_decref(reply.body);
    memset(&reply, 0, sizeof reply);
    remove_dir();
    return 0;
}

struct store_tx *kit_begin(void)
{
    struct store_tx *tx = NULL;
    assert_int_equal(store_begin(kit.store, &tx), STATUS_OK);
    return tx;
}

static void on_committed(void *arg, status s)
{
    (void)arg;
    assert_int_equal(s, STATUS_OK);
}

void kit_commit(struct store_tx *tx)
{
    store_commit(tx, on_committed, NULL);
    assert_int_equal(store_drain(kit.store, 60000), STATUS_OK);
}

void kit_header(const char *name, const char *value)
{
    assert_true(header_count < HEADERS_MAX);
    headers[header_count++] = (struct http_header){name, value};
}

void kit_credentials(const char *who, const char *key)
{
    has_credentials = true;
    keep(user, sizeof user, who);
    keep(password, sizeof password, key);
}

static void on_reply(void *arg, const struct http_result *result)
{
    (void)arg;
    assert_int_equal(result->status, STATUS_OK);
    json_decref(reply.body);
    memset(&reply, 0, sizeof reply);
    reply.code = result->code;
    reply.bytes = result->body_bytes;
    keep(reply.type, sizeof reply.type, result->content_type);
    keep(reply.request_id, sizeof reply.request_id, http_result_header(result, "X-Pulse-Request-Id"));
    keep(reply.etag, sizeof reply.etag, http_result_header(result, "ETag"));
    keep(reply.disposition, sizeof reply.disposition, http_result_header(result, "Content-Disposition"));
    keep(reply.allow, sizeof reply.allow, http_result_header(result, "Allow"));
    keep(reply.replayed, sizeof reply.replayed, http_result_header(result, "Idempotent-Replayed"));
    snprintf(reply.text, sizeof reply.text, "%.*s", SLICE_ARGS(result->body));
    reply.body = json_loadb(result->body.at ? result->body.at : "", result->body.len, 0, NULL);
    over = true;
    loop_stop(loop);
}

static bool stands_alone(const char *path)
{
    static const char *const own[] = {"/apiserver", "/health", "/metrics", "/openapi.json", "/recordings/"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strncmp(path, own[i], strlen(own[i])) == 0) return true;
    }
    return false;
}

static const char *authorization(void)
{
    static char header[256];
    char pair[160], coded[240];
    if (has_credentials && !user[0]) return NULL;
    snprintf(pair, sizeof pair, "%s:%s", has_credentials ? user : kit.account, has_credentials ? password : "key");
    EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)pair, (int)strlen(pair));
    snprintf(header, sizeof header, "Basic %s", coded);
    return header;
}

static void full_url(char *out, size_t size, const char *path)
{
    bool alone = stands_alone(path);
    snprintf(out, size, "http://127.0.0.1:%u%s%s%s", http_server_port(server), alone ? "" : "/apiserver/Accounts/",
             alone ? "" : kit.account, path);
}

/* Headers are those kept so far, and who asks. */
static void ask_for(const char *method, const char *path, const char *body, http_done_fn *done, void *arg)
{
    char url[4096];
    full_url(url, sizeof url, path);
    struct http_client_request request = {.method = method, .url = url, .headers = headers, .timeout_ms = 25000};
    request.header_count = header_count;
    request.body = body;
    request.body_len = body ? strlen(body) : 0;
    assert_int_equal(http_client_start(client, &request, done, arg, NULL), STATUS_OK);
}

static void add_login(void)
{
    const char *login = authorization();
    if (login) headers[header_count++] = (struct http_header){"Authorization", login};
}

static void wait_for_answers(void)
{
    over = false;
    loop_timer_set(watchdog, WATCHDOG_US);
    while (!over)
        loop_run(loop);
    loop_timer_cancel(watchdog);
    header_count = 0;
    has_credentials = false;
}

const struct kit_reply *kit_ask(const char *method, const char *path, const char *body)
{
    add_login();
    ask_for(method, path, body, on_reply, NULL);
    wait_for_answers();
    return &reply;
}

static size_t owed;

static void on_one_of_many(void *arg, const struct http_result *result)
{
    assert_int_equal(result->status, STATUS_OK);
    *(int *)arg = result->code;
    if (--owed > 0) return;
    over = true;
    loop_stop(loop);
}

void kit_ask_at_once(const char *method, const char *path, const char *body, const char *key, int *codes, size_t count)
{
    assert_true(count <= KIT_AT_ONCE_MAX);
    if (key) kit_header("Idempotency-Key", key);
    add_login();
    owed = count;
    for (size_t i = 0; i < count; i++)
        ask_for(method, path, body, on_one_of_many, &codes[i]);
    wait_for_answers();
}

const struct kit_reply *kit_get(const char *format, ...)
{
    char path[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    return kit_ask("GET", path, NULL);
}

json_t *kit_expect(const struct kit_reply *answer, int code)
{
    if (answer->code != code) fail_msg("%d instead of %d: %s", answer->code, code, answer->text);
    return answer->body;
}

const char *kit_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    if (!text) fail_msg("%s is no text", member);
    return text;
}

json_int_t kit_number(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_integer(value)) fail_msg("%s is no integer", member);
    return json_integer_value(value);
}
