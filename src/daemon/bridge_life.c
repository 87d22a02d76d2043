#include "daemon/bridge_life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/accounts.h"
#include "daemon/announcements.h"
#include "daemon/api_backend.h"
#include "daemon/audio_cache.h"
#include "daemon/call_script.h"
#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "daemon/config_check.h"
#include "daemon/drain.h"
#include "daemon/music.h"
#include "daemon/playback.h"
#include "daemon/recordings.h"
#include "daemon/say.h"
#include "daemon/sip_link.h"
#include "daemon/store_wait.h"
#include "engine/engine.h"
#include "hook/hook.h"
#include "hook/script_request.h"
#include "hook/secrets.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/tls_files.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "record/loader.h"
#include "record/recorder.h"
#include "rest/rest.h"
#include "store/store.h"

struct bridge_life {
    struct bridge bridge;
    struct bridge_handlers handlers;
    void *arg;
    const struct config *started; /* what the parts were made from; bridge.config is the present one */
    struct loop_watch *store_watch, *engine_watch, *recorder_watch, *loader_watch;
    struct drain *drain;
    bool loopback_only; /* the API is bound to loopback addresses */
    bool sip_listening, sounds_ready, said_ready;
    char sip_fields[1024]; /* " sip=..." for each address */
};

/* ---- reports of the threads ---- */

static void on_store(void *arg, unsigned events)
{
    struct bridge_life *life = arg;
    (void)events;
    store_poll(life->bridge.store);
}

static void on_engine(void *arg, unsigned events)
{
    struct bridge_life *life = arg;
    (void)events;
    engine_poll(life->bridge.engine);
}

static void on_recorder(void *arg, unsigned events)
{
    struct bridge_life *life = arg;
    (void)events;
    recorder_poll(life->bridge.recorder);
}

static void on_loader(void *arg, unsigned events)
{
    struct bridge_life *life = arg;
    (void)events;
    loader_poll(life->bridge.loader);
}

static void on_engine_report(void *arg, const struct engine_report *report)
{
    struct bridge_life *life = arg;
    switch (report->type) {
    case ENGINE_DONE: conferences_report(life->bridge.conferences, report); break;
    case ENGINE_PLAYED:
    case ENGINE_LEG_PLAYED: playbacks_report(life->bridge.playbacks, report); break;
    case ENGINE_LEG_DIGIT:
    case ENGINE_LEG_SILENT:
    case ENGINE_LEG_DIGITS_SENT:
    case ENGINE_LEG_TIMEOUT:
    case ENGINE_LEG_CLOSED: calls_report(life->bridge.calls, report); break;
    default: break;
    }
}

static void on_recording(void *arg, const struct recording_report *report)
{
    struct bridge_life *life = arg;
    recordings_report(life->bridge.recordings, report);
}

/* ---- ready ---- */

static void listener_url(char *out, size_t size, const char *scheme, const char *listener, struct http_server *server)
{
    char address[INET6_ADDRSTRLEN];
    uint16_t port;
    if (!server || !config_split_listener(listener, address, &port)) {
        out[0] = '\0';
        return;
    }
    bool v6 = strchr(address, ':') != NULL;
    snprintf(out, size, "%s://%s%s%s:%u", scheme, v6 ? "[" : "", address, v6 ? "]" : "", http_server_port(server));
}

static void say_ready(struct bridge_life *life)
{
    const struct bridge *b = &life->bridge;
    char http[128], https[128], line[2048];
    if (life->said_ready || !life->sip_listening || !life->sounds_ready) return;
    life->said_ready = true;
    listener_url(http, sizeof http, "http", b->config->http, b->http);
    listener_url(https, sizeof https, "https", b->config->https, b->https);
    snprintf(line, sizeof line, "ready%s%s%s%s%s account=%s", http[0] ? " http=" : "", http, https[0] ? " https=" : "",
             https, life->sip_fields, accounts_first(b->accounts));
    life->handlers.ready(life->arg, line);
}

static void on_sounds(void *arg)
{
    struct bridge_life *life = arg;
    life->sounds_ready = true;
    say_ready(life);
}

static void on_sip_listening(void *arg, char *const *addresses, size_t count)
{
    struct bridge_life *life = arg;
    size_t used = 0;
    for (size_t i = 0; i < count && used < sizeof life->sip_fields; i++)
        used += (size_t)snprintf(life->sip_fields + used, sizeof life->sip_fields - used, " sip=%s", addresses[i]);
    life->sip_listening = true;
    say_ready(life);
}

static void on_sip_failed(void *arg, const char *why)
{
    struct bridge_life *life = arg;
    life->handlers.failed(life->arg, why);
}

static void on_sip_message(void *arg, const struct signal_message *m)
{
    struct bridge_life *life = arg;
    calls_receive(life->bridge.calls, m);
}

static void on_sip_hello(void *arg, const json_t *held, bool fresh)
{
    struct bridge_life *life = arg;
    drain_sip_connected(life->drain);
    if (fresh) calls_register_trunks(life->bridge.calls);
    calls_reconcile(life->bridge.calls, held);
}

/* ---- making the parts ---- */

static status fail(char why[BRIDGE_WHY_SIZE], status s, const char *text)
{
    snprintf(why, BRIDGE_WHY_SIZE, "%s (%s)", text, status_name(s));
    return s;
}

static bool loopback_only(const char *listener)
{
    char address[INET6_ADDRSTRLEN];
    uint16_t port;
    if (!config_split_listener(listener, address, &port)) return true; /* off */
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static status set_guard(struct bridge_life *life)
{
    struct bridge *b = &life->bridge;
    const struct config_list *list = &b->config->fetch_allow;
    struct cidr *allowed = calloc(list->count + 1, sizeof *allowed);
    size_t count = 0;
    if (!allowed) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < list->count; i++) {
        if (cidr_parse(&allowed[count], slice_of(list->items[i]), NULL) == STATUS_OK) count++;
    }
    b->guard.allow_loopback = life->loopback_only;
    b->guard.allowed = allowed;
    b->guard.allowed_count = count;
    free(b->fetch_allowed);
    b->fetch_allowed = allowed;
    return STATUS_OK;
}

static status make_store(struct bridge *b, const char *account, char why[BRIDGE_WHY_SIZE])
{
    char reason[STORE_WHY_SIZE];
    const char *text;
    struct store_config config = {.data_dir = b->config->data};
    status s = store_open(&b->store, &config, reason);
    if (s != STATUS_OK) {
        snprintf(why, BRIDGE_WHY_SIZE, "%s", reason);
        return s;
    }
    s = accounts_create(&b->accounts, b);
    if (s == STATUS_OK) s = accounts_load(b->accounts, account, &text);
    return s == STATUS_OK ? s : fail(why, s, text);
}

static status make_web(struct bridge_life *life)
{
    struct bridge *b = &life->bridge;
    struct http_client_config client = {.guard = &b->guard};
    struct hook_config hook = {
        .timeout_ms = (uint32_t)b->config->webhook_timeout_ms,
        .dead_after_s = (uint32_t)b->config->webhook_give_up_s,
        .seed = random_u64(),
        .secrets = secrets_of,
    };
    struct script_config asker = {.timeout_ms = (uint32_t)b->config->webhook_timeout_ms, .secrets = secrets_of};
    status s = set_guard(life);
    if (s == STATUS_OK) s = secrets_create(&b->secrets, b->store);
    hook.secrets_arg = asker.secrets_arg = b->secrets;
    if (s == STATUS_OK) s = http_client_create(&b->client, b->loop, &client);
    if (s == STATUS_OK) s = hook_create(&b->hook, b->loop, b->store, b->client, &hook);
    if (s == STATUS_OK) s = script_sender_create(&b->asker, b->loop, b->client, &asker);
    if (s != STATUS_OK) return s;
    s = secrets_load(b->secrets, NULL, NULL);
    if (s == STATUS_OK) s = hook_load(b->hook, NULL, NULL);
    return s == STATUS_OK ? store_wait(b->store) : s;
}

static status make_audio(struct bridge_life *life)
{
    struct bridge *b = &life->bridge;
    struct engine_config engine = {
        .threads = (uint16_t)b->config->media_threads,
        .guard_us = (uint32_t)b->config->guard_us,
        .rtp_timeout_s = (uint32_t)b->config->rtp_timeout_s,
        .busy_max_percent = (uint16_t)b->config->load_limit_percent,
    };
    struct loader_config loader = {0};
    config_split_ports(b->config->rtp_ports, &engine.rtp_port_low, &engine.rtp_port_high);
    status s = engine_create(&b->engine, &engine, on_engine_report, life);
    if (s == STATUS_OK) s = loader_create(&b->loader, &loader);
    return s == STATUS_OK ? music_create(&b->music, b) : s;
}

/* A recordingUrl of ours is played from its file. */
static bool local_audio(void *arg, const char *url, char *path, size_t path_size)
{
    struct bridge *b = arg;
    return recordings_local(b->recordings, url, path, path_size);
}

static status make_speech(struct bridge *b, char why[BRIDGE_WHY_SIZE])
{
    struct say_config say = {.data = b->config->data, .command = b->config->say_command};
    struct audio_cache_config cache = {.data = b->config->data, .local = local_audio, .local_arg = b};
    status s = say_create(&b->say, b->loop, b->loader, &say, why, BRIDGE_WHY_SIZE);
    if (s != STATUS_OK) return s;
    s = audio_cache_create(&b->audio_cache, b->loop, b->client, b->loader, &cache);
    return s == STATUS_OK ? s : fail(why, s, "DATA/play cannot be used");
}

static status make_wiring(struct bridge_life *life)
{
    struct bridge *b = &life->bridge;
    status s = call_scripts_create(&b->scripts, b);
    if (s == STATUS_OK) s = playbacks_create(&b->playbacks, b);
    if (s == STATUS_OK) s = announcements_create(&b->announcements, b);
    if (s == STATUS_OK) s = conferences_create(&b->conferences, b);
    if (s == STATUS_OK) s = recordings_create(&b->recordings, b);
    if (s == STATUS_OK) s = calls_create(&b->calls, b);
    if (s == STATUS_OK) s = conferences_load(b->conferences);
    if (s == STATUS_OK) s = recordings_recover(b->recordings);
    if (s == STATUS_OK) s = calls_load(b->calls);
    struct recorder_config recorder = {
        .rate_hz = (uint32_t)b->config->recording_rate_hz,
        .length_max_s = (uint32_t)b->config->recording_max_s,
        .free_floor_bytes = (uint64_t)b->config->disk_free_min_mb * 1000000,
    };
    if (s == STATUS_OK && !config_format(b->config->recording_format, &recorder.format)) s = STATUS_INVALID;
    if (s != STATUS_OK) return s;
    recorder.dir = recordings_dir(b->recordings);
    return recorder_create(&b->recorder, &recorder, on_recording, life);
}

static status watch_threads(struct bridge_life *life)
{
    struct bridge *b = &life->bridge;
    status s = loop_watch_create(&life->store_watch, b->loop, store_fd(b->store), LOOP_READABLE, on_store, life);
    if (s == STATUS_OK)
        s = loop_watch_create(&life->engine_watch, b->loop, engine_report_fd(b->engine), LOOP_READABLE, on_engine,
                              life);
    if (s == STATUS_OK)
        s = loop_watch_create(&life->recorder_watch, b->loop, recorder_fd(b->recorder), LOOP_READABLE, on_recorder,
                              life);
    if (s == STATUS_OK)
        s = loop_watch_create(&life->loader_watch, b->loop, loader_fd(b->loader), LOOP_READABLE, on_loader, life);
    return s;
}

static status listen_http(struct bridge *b, const char *listener, const struct tls_files *tls, struct http_server **out,
                          char why[BRIDGE_WHY_SIZE])
{
    char address[INET6_ADDRSTRLEN];
    struct http_server_config config = {.address = address, .error_body = rest_error_body};
    if (!config_split_listener(listener, address, &config.port)) return STATUS_OK; /* off */
    if (tls) {
        config.certificate = tls->certificate;
        config.key = tls->key;
    }
    return http_server_create(out, b->loop, &config, rest_handle, b->rest, why, BRIDGE_WHY_SIZE);
}

static status choose_tls(const struct bridge *b, struct tls_files *tls, char why[BRIDGE_WHY_SIZE])
{
    if (!b->config->tls_certificate[0]) return tls_files_ensure(tls, b->config->data, why);
    snprintf(tls->certificate, sizeof tls->certificate, "%s", b->config->tls_certificate);
    snprintf(tls->key, sizeof tls->key, "%s", b->config->tls_key);
    return STATUS_OK;
}

/* What clients are told to fetch from: where every address listens, the public one, else this very host. */
static void set_base_url(struct bridge *b)
{
    char url[128], address[INET6_ADDRSTRLEN], told[INET6_ADDRSTRLEN + 16];
    const char *listener = b->http ? b->config->http : b->config->https;
    uint16_t port;
    if (!config_split_listener(listener, address, &port)) return; /* no API */
    bool any_v4 = strcmp(address, "0.0.0.0") == 0, any_v6 = strcmp(address, "::") == 0;
    const char *public = b->config->public_address;
    if ((any_v4 || any_v6) && public[0])
        snprintf(told, sizeof told, strchr(public, ':') ? "[%s]:%u" : "%s:%u", public, port);
    else if (any_v4 || any_v6)
        snprintf(told, sizeof told, "%s:%u", any_v4 ? "127.0.0.1" : "[::1]", port);
    else
        snprintf(told, sizeof told, "%s", listener);
    listener_url(url, sizeof url, b->http ? "http" : "https", told, b->http ? b->http : b->https);
    recordings_set_base_url(b->recordings, url);
}

static status make_api(struct bridge *b, char why[BRIDGE_WHY_SIZE])
{
    struct rest_backend backend = api_backend(b);
    struct tls_files tls;
    status s = rest_create(&b->rest, b->store, &backend);
    if (s != STATUS_OK) return fail(why, s, "the REST API cannot start");
    s = listen_http(b, b->config->http, NULL, &b->http, why);
    if (s == STATUS_OK && strcmp(b->config->https, "off") != 0) {
        s = choose_tls(b, &tls, why);
        if (s == STATUS_OK) s = listen_http(b, b->config->https, &tls, &b->https, why);
    }
    if (s == STATUS_OK) set_base_url(b);
    return s;
}

static status make_sip(struct bridge_life *life)
{
    static const struct sip_link_handlers handlers = {on_sip_message, on_sip_hello, on_sip_listening, on_sip_failed};
    struct bridge *b = &life->bridge;
    if (b->config->sip.count > 0) return sip_link_create(&b->sip, b->loop, b->config, &handlers, life);
    life->sip_listening = true;
    return STATUS_OK;
}

static status make_parts(struct bridge_life *life, const char *account, char why[BRIDGE_WHY_SIZE])
{
    struct bridge *b = &life->bridge;
    status s = make_store(b, account, why);
    if (s != STATUS_OK) return s;
    s = make_web(life);
    if (s != STATUS_OK) return fail(why, s, "webhooks cannot start");
    s = make_audio(life);
    if (s != STATUS_OK) return fail(why, s, "the media engine cannot start");
    s = make_speech(b, why);
    if (s != STATUS_OK) return s;
    s = make_wiring(life);
    if (s == STATUS_OK) s = watch_threads(life);
    if (s != STATUS_OK) return fail(why, s, "what the database holds cannot be taken up");
    s = make_api(b, why);
    if (s != STATUS_OK) return s;
    s = make_sip(life);
    return s == STATUS_OK ? s : fail(why, s, "parley-sip cannot be started; the data directory's path may be too long");
}

static void on_drained(void *arg);

status bridge_start(struct bridge_life **out, struct loop *loop, const struct config *config, const char *account,
                    const struct bridge_handlers *handlers, void *arg, char why[BRIDGE_WHY_SIZE])
{
    struct bridge_life *life = calloc(1, sizeof *life);
    if (!life) return fail(why, STATUS_NO_MEMORY, "no memory");
    life->bridge.config = config;
    life->started = config;
    life->bridge.loop = loop;
    life->bridge.started_us = clock_now_us();
    life->handlers = *handlers;
    life->arg = arg;
    rng_init(&life->bridge.rng, random_u64());
    life->loopback_only = loopback_only(config->http) && loopback_only(config->https);
    status s = drain_create(&life->drain, &life->bridge, on_drained, life);
    if (s == STATUS_OK) s = make_parts(life, account, why);
    if (s != STATUS_OK) {
        bridge_stop(life);
        return s;
    }
    music_load_shipped(life->bridge.music, on_sounds, life);
    say_ready(life);
    *out = life;
    return STATUS_OK;
}

/* ---- the end ---- */

static void on_drained(void *arg)
{
    struct bridge_life *life = arg;
    life->handlers.drained(life->arg);
}

void bridge_drain(struct bridge_life *life)
{
    drain_begin(life->drain);
}

static bool same_list(const struct config_list *a, const struct config_list *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) return false;
    }
    return true;
}

/* What is read once, when its part is made. */
static bool same_until_restart(const struct config *a, const struct config *b)
{
    bool texts = strcmp(a->http, b->http) == 0 && strcmp(a->https, b->https) == 0 &&
                 strcmp(a->rtp_ports, b->rtp_ports) == 0 && strcmp(a->data, b->data) == 0 &&
                 strcmp(a->public_address, b->public_address) == 0 && same_list(&a->sip, &b->sip) &&
                 same_list(&a->local_networks, &b->local_networks);
    bool media = a->media_threads == b->media_threads && a->rtp_timeout_s == b->rtp_timeout_s &&
                 a->guard_us == b->guard_us && a->load_limit_percent == b->load_limit_percent &&
                 a->recording_rate_hz == b->recording_rate_hz &&
                 strcmp(a->recording_format, b->recording_format) == 0 && a->recording_max_s == b->recording_max_s &&
                 a->disk_free_min_mb == b->disk_free_min_mb;
    return texts && media && strcmp(a->say_command, b->say_command) == 0 &&
           a->webhook_timeout_ms == b->webhook_timeout_ms && a->webhook_give_up_s == b->webhook_give_up_s &&
           a->orphan_hold_s == b->orphan_hold_s && a->invites_per_s_max == b->invites_per_s_max;
}

static void warn_of_restart(const struct config *old, const struct config *now)
{
    if (!same_until_restart(old, now))
        log_event(LOG_WARN, "restart_needed",
                  "why=\"only routes, trunks, limits of calls and conferences, auto_end_s, talkers_max, record_tracks, "
                  "networks to fetch from, drain_s, log_level and the certificate change at once\"");
}

static bool reload_tls(const struct bridge *b, char why[BRIDGE_WHY_SIZE])
{
    struct tls_files tls;
    return !b->https || (choose_tls(b, &tls, why) == STATUS_OK &&
                         http_server_reload_tls(b->https, tls.certificate, tls.key, why, BRIDGE_WHY_SIZE) == STATUS_OK);
}

void bridge_reload(struct bridge_life *life, const struct config *config)
{
    struct bridge *b = &life->bridge;
    enum log_level level;
    char why[BRIDGE_WHY_SIZE] = "";
    warn_of_restart(life->started, config);
    b->config = config;
    if (log_level_parse(slice_of(config->log_level), &level)) log_set_level(level);
    bool whole = reload_tls(b, why);
    if (set_guard(life) != STATUS_OK || calls_set_routes(b->calls) != STATUS_OK ||
        calls_set_trunks(b->calls) != STATUS_OK) {
        whole = false;
        strcpy(why, "no memory");
    }
    if (whole)
        log_event(LOG_INFO, "reloaded", "%s", "");
    else
        log_event(LOG_ERROR, "reload_incomplete", "why=\"%s\"", why);
}

void bridge_stop(struct bridge_life *life)
{
    if (!life) return;
    struct bridge *b = &life->bridge;
    b->stopping = true;
    drain_destroy(life->drain);
    http_server_destroy(b->http);
    http_server_destroy(b->https);
    sip_link_destroy(b->sip);
    loop_watch_destroy(life->engine_watch);
    loop_watch_destroy(life->recorder_watch);
    loop_watch_destroy(life->loader_watch);
    engine_destroy(b->engine);
    recorder_destroy(b->recorder);
    loader_destroy(b->loader);
    call_scripts_destroy(b->scripts);
    announcements_destroy(b->announcements);
    playbacks_destroy(b->playbacks);
    say_destroy(b->say);
    audio_cache_destroy(b->audio_cache);
    script_sender_destroy(b->asker);
    hook_destroy(b->hook);
    loop_watch_destroy(life->store_watch);
    store_close(b->store);
    calls_destroy(b->calls);
    conferences_destroy(b->conferences);
    recordings_destroy(b->recordings);
    music_destroy(b->music);
    rest_destroy(b->rest);
    http_client_destroy(b->client);
    secrets_destroy(b->secrets);
    accounts_destroy(b->accounts);
    free(b->fetch_allowed);
    free(life);
}
