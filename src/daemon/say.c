#include "daemon/say.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "daemon/language.h"
#include "daemon/say_cache.h"
#include "daemon/say_engine.h"
#include "media/sound.h"
#include "os/log.h"
#include "record/loader.h"

enum { TIMEOUT_MS = 10000, AT_ONCE = 4, WAITING_MAX = 64, KEY_SIZE = 65, WHY_SIZE = LANGUAGE_WHY_SIZE };
static const uint64_t cache_bytes_usual = 100u * 1000 * 1000;
static const char *const engines[] = {"freeclimb.standard", "freeclimb.neural", "ElevenLabs"};

struct say {
    struct loop *loop;
    struct loader *loader;
    struct say_engine *engine;
    struct say_cache *cache;
    char *command;
    uint32_t at_once, waiting_max, running, waiting;
    struct list speeches; /* texts that wait for the engine, in order, and that it speaks now */
    struct list
        requests; /* that wait for no speech: their file is being decoded, or their failure is about to be told */
    struct say_stats stats;
};

/* One text, to be spoken once for all who asked for it. */
struct speech {
    struct list link;
    struct say *say;
    struct list requests;
    char key[KEY_SIZE];
    char *text, *language, *part; /* owned; the file that is being written */
    const char *voice, *engine;
    struct say_run *run; /* NULL: it waits */
};

struct say_request {
    struct list link; /* in its speech's list or the say's */
    struct say *say;
    struct speech *speech; /* NULL once it waits for none */
    char key[KEY_SIZE];
    uint32_t rate_hz;
    bool failing, decoding;
    bool forgotten; /* the loader cannot be stopped: its result is thrown away */
    char why[WHY_SIZE];
    say_done_fn *done;
    void *arg;
};

/* Telling. */

static void request_free(struct say_request *r)
{
    list_remove(&r->link);
    free(r);
}

static void finish(struct say_request *r, struct sound *sound, const char *why)
{
    say_done_fn *done = r->done;
    void *arg = r->arg;
    bool forgotten = r->forgotten;
    if (!sound) r->say->stats.failed++;
    request_free(r);
    if (forgotten)
        sound_unref(sound);
    else
        done(arg, sound, why);
}

static void fail_now(void *arg)
{
    struct say_request *r = arg;
    char why[WHY_SIZE];
    memcpy(why, r->why, sizeof why);
    finish(r, NULL, why);
}

static void fail_later(struct say_request *r)
{
    r->failing = true;
    list_push_back(&r->say->requests, &r->link);
    loop_defer(r->say->loop, fail_now, r);
}

static void on_decoded(void *arg, status s, struct sound *sound, const char *what)
{
    struct say_request *r = arg;
    char why[WHY_SIZE] = "";
    if (s != STATUS_OK) {
        snprintf(why, sizeof why, "the speech engine's audio cannot be used: %.200s", what);
        if (s != STATUS_NO_MEMORY) say_cache_remove(r->say->cache, r->key);
    }
    finish(r, sound, why);
}

static void decode(struct say_request *r)
{
    char path[SAY_CACHE_PATH_SIZE];
    say_cache_path(r->say->cache, r->key, path);
    status s = loader_load_file(r->say->loader, path, r->rate_hz, on_decoded, r);
    if (s != STATUS_OK) {
        snprintf(r->why, sizeof r->why, "the speech cannot be decoded at %u Hz: %s", r->rate_hz, status_name(s));
        fail_later(r);
        return;
    }
    r->decoding = true;
    list_push_back(&r->say->requests, &r->link);
}

/* Speaking. */

static void speech_free(struct speech *speech)
{
    list_remove(&speech->link);
    free(speech->text);
    free(speech->language);
    free(speech->part);
    free(speech);
}

/* The speech is over: its requests go on by themselves. */
static void speech_end(struct speech *speech, const char *why)
{
    for (struct list *link; (link = list_pop_front(&speech->requests));) {
        struct say_request *r = list_object(link, struct say_request, link);
        r->speech = NULL;
        if (why) {
            snprintf(r->why, sizeof r->why, "%s", why);
            fail_later(r);
        } else {
            decode(r);
        }
    }
    speech_free(speech);
}

static void start_waiting(struct say *say);

static void warn_failed(const struct speech *speech, const char *why)
{
    char value[2 * SAY_ENGINE_WHY_SIZE];
    log_event(LOG_WARN, "say_failed", "language=%s why=%s", speech->language,
              log_value(value, sizeof value, slice_of(why)));
}

static void on_spoken(void *arg, const char *why)
{
    struct speech *speech = arg;
    struct say *say = speech->say;
    if (!why && !say_cache_keep(say->cache, speech->key, speech->part)) why = "the speech cannot be kept on disk";
    if (why)
        warn_failed(speech, why);
    else
        say->stats.spoken++;
    say->running--;
    speech_end(speech, why);
    start_waiting(say);
}

static void start(struct speech *speech)
{
    struct say *say = speech->say;
    char why[SAY_ENGINE_WHY_SIZE];
    const struct say_job job = {.text = speech->text,
                                .voice = speech->voice,
                                .language = speech->language,
                                .engine = speech->engine,
                                .file = speech->part};
    say->waiting--;
    if (say_engine_start(say->engine, &job, on_spoken, speech, &speech->run, why) != STATUS_OK) {
        warn_failed(speech, why);
        speech_end(speech, why);
        return;
    }
    say->running++;
}

static struct speech *first_waiting(const struct say *say)
{
    list_each (link, &say->speeches) {
        struct speech *speech = list_object(link, struct speech, link);
        if (!speech->run) return speech;
    }
    return NULL;
}

static void start_waiting(struct say *say)
{
    struct speech *speech;
    while (say->running < say->at_once && (speech = first_waiting(say)))
        start(speech);
}

/* Asking. */

static bool hash_text(EVP_MD_CTX *hash, const char *text)
{
    return EVP_DigestUpdate(hash, text, strlen(text) + 1) == 1;
}

/* The name of the file: a hash of everything that the sound depends on. */
static bool make_key(char key[KEY_SIZE], const struct say *say, const char *engine, const char *voice,
                     const char *language, const char *text)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 && hash_text(hash, say->command) &&
              hash_text(hash, engine) && hash_text(hash, voice) && hash_text(hash, language) && hash_text(hash, text) &&
              EVP_DigestFinal_ex(hash, bytes, &len) == 1;
    EVP_MD_CTX_free(hash);
    for (unsigned i = 0; ok && i < len && 2 * i + 2 < KEY_SIZE; i++)
        snprintf(key + (size_t)2 * i, 3, "%02x", bytes[i]);
    return ok;
}

static const char *known_engine(const char *name)
{
    if (!name || !name[0]) return engines[0];
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(name, engines[i]) == 0) return engines[i];
    }
    return NULL;
}

static struct speech *find_speech(const struct say *say, const char *key)
{
    list_each (link, &say->speeches) {
        struct speech *speech = list_object(link, struct speech, link);
        if (strcmp(speech->key, key) == 0) return speech;
    }
    return NULL;
}

static struct speech *speech_create(struct say *say, const char *key, const char *text, const char *language)
{
    char part[SAY_CACHE_PATH_SIZE];
    struct speech *speech = calloc(1, sizeof *speech);
    if (!speech) return NULL;
    say_cache_part_path(say->cache, part);
    list_init(&speech->link);
    list_init(&speech->requests);
    speech->say = say;
    strcpy(speech->key, key);
    speech->text = strdup(text);
    speech->language = strdup(language);
    speech->part = strdup(part);
    if (!speech->text || !speech->language || !speech->part) {
        speech_free(speech);
        return NULL;
    }
    list_push_back(&say->speeches, &speech->link);
    say->waiting++;
    return speech;
}

/* Puts the request where it waits; its why is set where it cannot be served. */
static void place(struct say_request *r, const struct say_text *what, const char *engine, const char *voice)
{
    struct say *say = r->say;
    const char *language = what->language && what->language[0] ? what->language : LANGUAGE_DEFAULT;
    if (!make_key(r->key, say, engine, voice, language, what->text)) {
        snprintf(r->why, sizeof r->why, "no memory");
        return;
    }
    struct speech *speech = find_speech(say, r->key);
    if (!speech && say_cache_use(say->cache, r->key)) {
        say->stats.cached++;
        decode(r);
        return;
    }
    if (!speech && say->running >= say->at_once && say->waiting >= say->waiting_max) {
        snprintf(r->why, sizeof r->why, "%u texts already wait for the speech engine", say->waiting);
        return;
    }
    bool fresh = !speech;
    if (fresh) speech = speech_create(say, r->key, what->text, language);
    if (!speech) {
        snprintf(r->why, sizeof r->why, "no memory");
        return;
    }
    r->speech = speech;
    list_push_back(&speech->requests, &r->link);
    if (!fresh) return;
    speech->voice = voice;
    speech->engine = engine;
    start_waiting(say);
}

status say_speak(struct say *say, const struct say_text *what, say_done_fn *done, void *arg, struct say_request **out)
{
    struct say_request *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    *r = (struct say_request){.say = say, .rate_hz = what->rate_hz, .done = done, .arg = arg};
    list_init(&r->link);
    say->stats.asked++;
    const char *voice = NULL, *engine = known_engine(what->engine);
    size_t len = strlen(what->text);
    if (len == 0 || len > SAY_TEXT_MAX)
        snprintf(r->why, sizeof r->why, "the text has %zu bytes; allowed are 1 to %d", len, SAY_TEXT_MAX);
    else if (!engine)
        snprintf(r->why, sizeof r->why, "engine %.40s is not known; allowed are %s, %s, %s", what->engine, engines[0],
                 engines[1], engines[2]);
    else if (language_voice(what->language, &voice, r->why) == STATUS_OK)
        place(r, what, engine, voice);
    if (r->why[0] && !r->failing) fail_later(r);
    if (out) *out = r;
    return STATUS_OK;
}

void say_cancel(struct say_request *r)
{
    struct say *say = r->say;
    struct speech *speech = r->speech;
    if (r->decoding) {
        r->forgotten = true;
        return;
    }
    if (r->failing) loop_undefer(say->loop, fail_now, r);
    request_free(r);
    if (!speech || !list_empty(&speech->requests)) return;
    if (speech->run) {
        say_run_kill(speech->run);
        say->running--;
    } else {
        say->waiting--;
    }
    speech_free(speech);
    start_waiting(say);
}

struct say_stats say_stats(const struct say *say)
{
    struct say_stats stats = say->stats;
    stats.running = say->running;
    stats.waiting = say->waiting;
    stats.cache_bytes = say_cache_bytes(say->cache);
    return stats;
}

status say_create(struct say **out, struct loop *loop, struct loader *loader, const struct say_config *config,
                  char *why, size_t why_size)
{
    char engine_why[SAY_ENGINE_WHY_SIZE] = "";
    struct say *say = calloc(1, sizeof *say);
    if (!say) return STATUS_NO_MEMORY;
    list_init(&say->speeches);
    list_init(&say->requests);
    say->loop = loop;
    say->loader = loader;
    say->at_once = config->at_once ? config->at_once : AT_ONCE;
    say->waiting_max = config->waiting_max ? config->waiting_max : WAITING_MAX;
    say->command = strdup(config->command ? config->command : SAY_COMMAND_DEFAULT);
    status s = say->command ? STATUS_OK : STATUS_NO_MEMORY;
    if (s == STATUS_OK)
        s = say_engine_create(&say->engine, loop, say->command, config->timeout_ms ? config->timeout_ms : TIMEOUT_MS,
                              engine_why);
    if (s == STATUS_OK)
        s = say_cache_open(&say->cache, config->data,
                           config->cache_bytes_max ? config->cache_bytes_max : cache_bytes_usual);
    if (s == STATUS_OK) {
        *out = say;
        return STATUS_OK;
    }
    if (why) snprintf(why, why_size, "%s", engine_why[0] ? engine_why : status_name(s));
    say_destroy(say);
    return s;
}

void say_destroy(struct say *say)
{
    if (!say) return;
    list_each_safe (link, &say->speeches) {
        struct speech *speech = list_object(link, struct speech, link);
        list_each_safe (request, &speech->requests)
            request_free(list_object(request, struct say_request, link));
        speech_free(speech);
    }
    list_each_safe (link, &say->requests) {
        struct say_request *r = list_object(link, struct say_request, link);
        loop_undefer(say->loop, fail_now, r);
        request_free(r);
    }
    say_engine_destroy(say->engine);
    if (say->cache) say_cache_close(say->cache);
    free(say->command);
    free(say);
}
