#include "daemon/audio_cache.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/map.h"
#include "daemon/audio_cache_rules.h"
#include "daemon/file_fetch.h"
#include "media/sound.h"
#include "os/clock.h"
#include "os/log.h"
#include "record/loader.h"

enum { PATH_SIZE = 4096, WHY_SIZE = 1200, VALIDATOR_MAX = 1024, ENTRIES_MAX = 4096, SWEEPS_PER_KEEP = 4 };

struct audio_cache {
    struct loop *loop;
    struct http_client *client;
    struct loader *loader;
    struct audio_cache_config config;
    char *dir;
    uint64_t files;           /* named so far */
    struct map *entries;      /* by URL */
    struct list uses;         /* entries, the least recently used first */
    struct list decodes;      /* jobs with the loader */
    struct list loose;        /* requests of no entry: their answer is ready, or they are read from a file of ours */
    struct loop_timer *sweep; /* set while decoded sounds are held */
    struct audio_cache_stats stats;
};

/* What is known of one URL. It is at rest, or fetching, or decoding; never two of these at once. */
struct entry {
    struct list link;
    struct audio_cache *cache;
    struct list requests; /* that wait for it */
    struct list sounds;   /* decoded from the file, one for each rate */
    struct file_fetch *fetch;
    char *fetch_path;       /* where it writes to */
    uint32_t decoding;      /* jobs under way */
    char *path;             /* of the file; NULL where there is none */
    uint64_t bytes;         /* of it */
    struct cache_rule rule; /* of it */
    int64_t fresh_until_us;
    char *etag, *last_modified; /* NULL where the server gave none */
    char url[];
};

struct held_sound {
    struct list link;
    struct sound *sound;
    int64_t used_us; /* when somebody last was seen to use it */
};

struct decode {
    struct list link;
    struct entry *entry;
    uint32_t rate_hz;
};

struct audio_request {
    struct list link; /* in its entry's list or the cache's loose ones */
    struct audio_cache *cache;
    struct entry *entry; /* NULL where it is loose */
    uint32_t rate_hz;
    bool telling, reading;
    bool forgotten;      /* the loader cannot be stopped: its result is thrown away */
    struct sound *sound; /* to be told */
    char why[WHY_SIZE];
    audio_done_fn *done;
    void *arg;
};

/* Requests. */

static void request_free(struct audio_request *r)
{
    list_remove(&r->link);
    sound_unref(r->sound);
    free(r);
}

static void tell(void *arg)
{
    struct audio_request *r = arg;
    struct sound *sound = r->sound;
    r->sound = NULL; /* given */
    r->telling = false;
    list_remove(&r->link);
    r->done(r->arg, sound, r->why);
    request_free(r);
}

/* Answers it at the end of the turn. @param sound  given; NULL where it failed, and r->why says why */
static void tell_later(struct audio_request *r, struct sound *sound)
{
    struct audio_cache *cache = r->cache;
    list_remove(&r->link);
    list_push_back(&cache->loose, &r->link);
    r->entry = NULL;
    r->sound = sound;
    r->telling = true;
    if (!sound) cache->stats.failed++;
    loop_defer(cache->loop, tell, r);
}

/* Sounds. */

static uint64_t sound_bytes(const struct sound *s)
{
    return (uint64_t)s->samples * sizeof s->pcm[0];
}

static void held_drop(struct audio_cache *cache, struct held_sound *held)
{
    cache->stats.decoded_bytes -= sound_bytes(held->sound);
    list_remove(&held->link);
    sound_unref(held->sound);
    free(held);
}

static void drop_sounds(struct entry *e)
{
    list_each_safe (link, &e->sounds)
        held_drop(e->cache, list_object(link, struct held_sound, link));
}

static struct held_sound *find_sound(const struct entry *e, uint32_t rate_hz)
{
    list_each (link, &e->sounds) {
        struct held_sound *held = list_object(link, struct held_sound, link);
        if (held->sound->rate_hz == rate_hz) return held;
    }
    return NULL;
}

/* Everyone who plays a sound has a reference of his own: without one, only the cache holds it. */
static bool in_use(const struct held_sound *held)
{
    return held->sound->refs > 0;
}

static void set_sweep(struct audio_cache *cache)
{
    if (cache->stats.decoded_bytes > 0)
        loop_timer_set(cache->sweep, (int64_t)cache->config.decoded_keep_ms * 1000 / SWEEPS_PER_KEEP);
}

/* Lets go what nobody plays and nobody has used since then. */
static void drop_unused(struct entry *e, int64_t older_than_us)
{
    list_each_safe (link, &e->sounds) {
        struct held_sound *held = list_object(link, struct held_sound, link);
        if (!in_use(held) && held->used_us <= older_than_us) held_drop(e->cache, held);
    }
}

static uint64_t unused_bytes(const struct audio_cache *cache)
{
    uint64_t bytes = 0;
    list_each (link, &cache->uses) {
        const struct entry *e = list_object(link, struct entry, link);
        list_each (s, &e->sounds) {
            const struct held_sound *held = list_object(s, struct held_sound, link);
            if (!in_use(held)) bytes += sound_bytes(held->sound);
        }
    }
    return bytes;
}

static void trim_sounds(struct audio_cache *cache)
{
    list_each (link, &cache->uses) {
        if (unused_bytes(cache) <= cache->config.decoded_bytes_max) return;
        drop_unused(list_object(link, struct entry, link), INT64_MAX);
    }
}

static void on_sweep(void *arg)
{
    struct audio_cache *cache = arg;
    int64_t now_us = loop_now_us(cache->loop);
    list_each (link, &cache->uses) {
        struct entry *e = list_object(link, struct entry, link);
        list_each (s, &e->sounds) {
            struct held_sound *held = list_object(s, struct held_sound, link);
            if (in_use(held)) held->used_us = now_us;
        }
        drop_unused(e, now_us - (int64_t)cache->config.decoded_keep_ms * 1000);
    }
    trim_sounds(cache);
    set_sweep(cache);
}

/* @param sound  its only reference, given. @return NULL where memory is short: the sound is gone */
static struct held_sound *hold(struct entry *e, struct sound *sound)
{
    struct held_sound *held = calloc(1, sizeof *held);
    if (!held) {
        sound_unref(sound);
        return NULL;
    }
    held->sound = sound;
    list_push_back(&e->sounds, &held->link);
    e->cache->stats.decoded_bytes += sound_bytes(sound);
    set_sweep(e->cache);
    return held;
}

/* Entries. */

static void drop_file(struct entry *e)
{
    drop_sounds(e);
    if (!e->path) return;
    unlink(e->path);
    e->cache->stats.disk_bytes -= e->bytes;
    free(e->path);
    free(e->etag);
    free(e->last_modified);
    e->path = e->etag = e->last_modified = NULL;
    e->bytes = 0;
}

static void entry_destroy(struct entry *e)
{
    map_remove(e->cache->entries, e->url);
    list_remove(&e->link);
    file_fetch_cancel(e->fetch);
    drop_file(e);
    free(e->fetch_path);
    free(e);
}

static bool at_rest(const struct entry *e)
{
    return !e->fetch && e->decoding == 0 && list_empty(&e->requests);
}

static bool too_much(const struct audio_cache *cache)
{
    return cache->stats.disk_bytes > cache->config.disk_bytes_max || map_count(cache->entries) > ENTRIES_MAX;
}

/* Something has ended: what need not be kept goes. */
static void settle(struct entry *e)
{
    struct audio_cache *cache = e->cache;
    if (at_rest(e) && (!e->path || !e->rule.store)) entry_destroy(e);
    if (!too_much(cache)) return;
    list_each_safe (link, &cache->uses) {
        struct entry *old = list_object(link, struct entry, link);
        if (at_rest(old) && too_much(cache)) entry_destroy(old);
    }
}

static void fail_all(struct entry *e, uint32_t rate_hz, const char *why)
{
    list_each_safe (link, &e->requests) {
        struct audio_request *r = list_object(link, struct audio_request, link);
        if (rate_hz && r->rate_hz != rate_hz) continue;
        snprintf(r->why, sizeof r->why, "%s", why);
        tell_later(r, NULL);
    }
}

/* Decoding. */

static void serve(struct entry *e);

static void on_decoded(void *arg, status s, struct sound *sound, const char *what)
{
    struct decode *job = arg;
    struct entry *e = job->entry;
    uint32_t rate_hz = job->rate_hz;
    list_remove(&job->link);
    free(job);
    e->decoding--;
    if (s == STATUS_OK && hold(e, sound)) {
        serve(e);
        trim_sounds(e->cache);
    } else {
        char why[WHY_SIZE];
        snprintf(why, sizeof why, "the file at %.400s cannot be played: %.200s", e->url,
                 s == STATUS_OK ? "too little memory" : what);
        fail_all(e, rate_hz, why);
        if (e->decoding == 0 && s != STATUS_NO_MEMORY) drop_file(e); /* the next one who asks may find a better one */
    }
    settle(e);
}

static bool is_decoding(const struct entry *e, uint32_t rate_hz)
{
    list_each (link, &e->cache->decodes) {
        const struct decode *job = list_object(link, struct decode, link);
        if (job->entry == e && job->rate_hz == rate_hz) return true;
    }
    return false;
}

static status start_decode(struct entry *e, uint32_t rate_hz)
{
    struct decode *job = calloc(1, sizeof *job);
    if (!job) return STATUS_NO_MEMORY;
    *job = (struct decode){.entry = e, .rate_hz = rate_hz};
    status s = loader_load_file(e->cache->loader, e->path, rate_hz, on_decoded, job);
    if (s != STATUS_OK) {
        free(job);
        return s;
    }
    list_push_back(&e->cache->decodes, &job->link);
    e->decoding++;
    return STATUS_OK;
}

/* There is a file to be used: answers those whose sound is there, and has the others' decoded. */
static void serve(struct entry *e)
{
    list_each_safe (link, &e->requests) {
        struct audio_request *r = list_object(link, struct audio_request, link);
        struct held_sound *held = find_sound(e, r->rate_hz);
        if (held) {
            held->used_us = loop_now_us(e->cache->loop);
            tell_later(r, sound_ref(held->sound));
            continue;
        }
        status s = is_decoding(e, r->rate_hz) ? STATUS_OK : start_decode(e, r->rate_hz);
        if (s == STATUS_OK) continue;
        snprintf(r->why, sizeof r->why, "cannot be decoded at %u Hz: %s", r->rate_hz, status_name(s));
        tell_later(r, NULL);
    }
}

/* Fetching. */

/* What goes into a request header again: not too long, and no byte that does not belong there. */
static char *validator(const char *value)
{
    if (!value || !value[0] || strlen(value) > VALIDATOR_MAX) return NULL;
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) return NULL;
    }
    return strdup(value);
}

static void replace(char **text, char *with)
{
    if (!with) return;
    free(*text);
    *text = with;
}

static struct cache_rule rule_of(const struct http_result *result)
{
    const struct cache_headers headers = {
        .cache_control = http_result_header(result, "Cache-Control"),
        .pragma = http_result_header(result, "Pragma"),
        .expires = http_result_header(result, "Expires"),
        .date = http_result_header(result, "Date"),
        .age = http_result_header(result, "Age"),
    };
    return cache_rule(&headers, clock_unix_ms());
}

static void renew(struct entry *e, const struct http_result *result)
{
    struct cache_rule rule = rule_of(result);
    if (rule.said || !e->rule.said) e->rule = rule;
    e->fresh_until_us = loop_now_us(e->cache->loop) + e->rule.fresh_ms * 1000;
    replace(&e->etag, validator(http_result_header(result, "ETag")));
    replace(&e->last_modified, validator(http_result_header(result, "Last-Modified")));
}

static void take_file(struct entry *e, const struct http_result *result)
{
    drop_file(e);
    e->path = e->fetch_path;
    e->fetch_path = NULL;
    e->bytes = result->body_bytes;
    e->cache->stats.disk_bytes += e->bytes;
    e->rule = (struct cache_rule){.said = false};
    renew(e, result);
}

static void on_fetched(void *arg, const struct http_result *result, const uint8_t *sha256)
{
    struct entry *e = arg;
    struct audio_cache *cache = e->cache;
    char why[WHY_SIZE];
    e->fetch = NULL;
    if (sha256) {
        cache->stats.fetched++;
        take_file(e, result);
        serve(e);
    } else if (result->status == STATUS_OK && result->code == 304 && e->path) {
        cache->stats.revalidated++;
        renew(e, result);
        serve(e);
    } else {
        if (result->status == STATUS_OK)
            snprintf(why, sizeof why, "GET %.400s: HTTP %d", result->url, result->code);
        else
            snprintf(why, sizeof why, "%s", result->error);
        fail_all(e, 0, why);
    }
    free(e->fetch_path);
    e->fetch_path = NULL;
    settle(e);
}

static status start_fetch(struct entry *e)
{
    struct audio_cache *cache = e->cache;
    struct http_header headers[2];
    size_t count = 0;
    if (e->path && e->etag) headers[count++] = (struct http_header){"If-None-Match", e->etag};
    if (e->path && e->last_modified) headers[count++] = (struct http_header){"If-Modified-Since", e->last_modified};
    if (asprintf(&e->fetch_path, "%s/%" PRIu64 ".audio", cache->dir, cache->files++) < 0) {
        e->fetch_path = NULL;
        return STATUS_NO_MEMORY;
    }
    const struct file_fetch_request request = {
        .url = e->url,
        .path = e->fetch_path,
        .headers = headers,
        .header_count = count,
        .timeout_ms = cache->config.fetch_ms,
        .bytes_max = cache->config.bytes_max,
    };
    status s = file_fetch_start(&e->fetch, cache->client, &request, on_fetched, e);
    if (s == STATUS_OK) return STATUS_OK;
    log_event(LOG_ERROR, "play_not_fetched", "why=%s", status_name(s));
    free(e->fetch_path);
    e->fetch_path = NULL;
    return s;
}

/* Somebody waits: serves him now, has the file fetched, or leaves it to what is under way. */
static void entry_go(struct entry *e)
{
    char why[WHY_SIZE];
    if (e->fetch) return;
    bool fresh = e->path && loop_now_us(e->cache->loop) < e->fresh_until_us;
    if (fresh) e->cache->stats.fresh++;
    if (fresh || e->decoding > 0) {
        serve(e);
        return;
    }
    status s = start_fetch(e);
    if (s == STATUS_OK) return;
    snprintf(why, sizeof why, "the file at %.400s cannot be fetched: %s", e->url, status_name(s));
    fail_all(e, 0, why);
    settle(e);
}

static struct entry *entry_get(struct audio_cache *cache, const char *url)
{
    struct entry *e = map_get(cache->entries, url);
    if (!e) {
        size_t len = strlen(url);
        e = calloc(1, sizeof *e + len + 1);
        if (!e) return NULL;
        memcpy(e->url, url, len + 1);
        list_init(&e->link);
        list_init(&e->requests);
        list_init(&e->sounds);
        e->cache = cache;
        if (map_put(cache->entries, url, e) != STATUS_OK) {
            free(e);
            return NULL;
        }
    }
    list_remove(&e->link);
    list_push_back(&cache->uses, &e->link);
    return e;
}

/* Files of our own. */

static void on_read(void *arg, status s, struct sound *sound, const char *what)
{
    struct audio_request *r = arg;
    r->reading = false;
    if (r->forgotten) {
        sound_unref(sound);
        request_free(r);
        return;
    }
    if (s != STATUS_OK) snprintf(r->why, sizeof r->why, "the recording cannot be played: %.200s", what);
    tell_later(r, sound);
}

static void read_local(struct audio_request *r, const char *path)
{
    status s = loader_load_file(r->cache->loader, path, r->rate_hz, on_read, r);
    if (s != STATUS_OK) {
        snprintf(r->why, sizeof r->why, "cannot be decoded at %u Hz: %s", r->rate_hz, status_name(s));
        tell_later(r, NULL);
        return;
    }
    r->reading = true;
    list_push_back(&r->cache->loose, &r->link);
}

/* The cache. */

status audio_cache_fetch(struct audio_cache *cache, const char *url, uint32_t rate_hz, audio_done_fn *done, void *arg,
                         struct audio_request **out)
{
    char path[PATH_SIZE];
    struct audio_request *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    *r = (struct audio_request){.cache = cache, .rate_hz = rate_hz, .done = done, .arg = arg};
    list_init(&r->link);
    if (cache->config.local && cache->config.local(cache->config.local_arg, url, path, sizeof path)) {
        cache->stats.asked++;
        read_local(r, path);
        if (out) *out = r;
        return STATUS_OK;
    }
    struct entry *e = entry_get(cache, url);
    if (!e) {
        free(r);
        return STATUS_NO_MEMORY;
    }
    cache->stats.asked++;
    r->entry = e;
    list_push_back(&e->requests, &r->link);
    if (out) *out = r;
    entry_go(e);
    return STATUS_OK;
}

void audio_cache_cancel(struct audio_request *r)
{
    struct entry *e = r->entry;
    if (r->reading) {
        r->forgotten = true;
        return;
    }
    if (r->telling) loop_undefer(r->cache->loop, tell, r);
    request_free(r);
    if (!e || !list_empty(&e->requests)) return;
    file_fetch_cancel(e->fetch);
    e->fetch = NULL;
    free(e->fetch_path);
    e->fetch_path = NULL;
    settle(e);
}

struct audio_cache_stats audio_cache_stats(const struct audio_cache *cache)
{
    return cache->stats;
}

static void set_defaults(struct audio_cache_config *config)
{
    if (!config->fetch_ms) config->fetch_ms = 60000;
    if (!config->bytes_max) config->bytes_max = 100u * 1000 * 1000;
    if (!config->disk_bytes_max) config->disk_bytes_max = 1000u * 1000 * 1000;
    if (!config->decoded_bytes_max) config->decoded_bytes_max = 64u * 1000 * 1000;
    if (!config->decoded_keep_ms) config->decoded_keep_ms = 60000;
}

/* What a process before this one left is of no use, as what was known of it is gone. */
static status make_empty_dir(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) return STATUS_IO;
    DIR *d = opendir(path);
    if (!d) return STATUS_IO;
    struct dirent *entry;
    while ((entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
    return STATUS_OK;
}

status audio_cache_create(struct audio_cache **out, struct loop *loop, struct http_client *client,
                          struct loader *loader, const struct audio_cache_config *config)
{
    struct audio_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return STATUS_NO_MEMORY;
    cache->loop = loop;
    cache->client = client;
    cache->loader = loader;
    cache->config = *config;
    set_defaults(&cache->config);
    list_init(&cache->uses);
    list_init(&cache->decodes);
    list_init(&cache->loose);
    if (asprintf(&cache->dir, "%s/play", config->data) < 0) cache->dir = NULL;
    status s = cache->dir ? make_empty_dir(cache->dir) : STATUS_NO_MEMORY;
    if (s == STATUS_OK) s = map_create(&cache->entries);
    if (s == STATUS_OK) s = loop_timer_create(&cache->sweep, loop, on_sweep, cache);
    if (s != STATUS_OK) {
        audio_cache_destroy(cache);
        return s;
    }
    *out = cache;
    return STATUS_OK;
}

void audio_cache_destroy(struct audio_cache *cache)
{
    if (!cache) return;
    list_each_safe (link, &cache->uses) {
        struct entry *e = list_object(link, struct entry, link);
        list_each_safe (request, &e->requests)
            request_free(list_object(request, struct audio_request, link));
        entry_destroy(e);
    }
    list_each_safe (link, &cache->loose) {
        struct audio_request *r = list_object(link, struct audio_request, link);
        loop_undefer(cache->loop, tell, r);
        request_free(r);
    }
    list_each_safe (link, &cache->decodes)
        free(list_object(link, struct decode, link));
    map_destroy(cache->entries);
    loop_timer_destroy(cache->sweep);
    free(cache->dir);
    free(cache);
}
