#include "daemon/music.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "daemon/file_fetch.h"
#include "daemon/shipped.h"
#include "media/sound.h"
#include "os/log.h"
#include "record/loader.h"

enum { FETCH_MS = 60000, SHIPPED = 3, HASH_BYTES = FILE_FETCH_HASH_BYTES };
static const uint64_t fetch_bytes_max = 100u * 1000 * 1000;

/* Content that some conference plays: found again by its hash, so that it is decoded and held once. */
struct content {
    struct list link;
    uint8_t sha256[HASH_BYTES];
    struct sound *sound;
};

struct fetch {
    struct list link;
    struct music *music;
    id_text conference;
    struct file_fetch *fetch;
    uint8_t sha256[HASH_BYTES];
    bool has_hash;  /* it was fetched now: a kept copy is not hashed again */
    bool forgotten; /* the loader cannot be stopped: its result is thrown away */
    music_done_fn *done;
    void *arg;
};

struct shipped {
    struct music *music;
    struct sound *sound; /* NULL until it is decoded */
};

struct music {
    struct bridge *bridge;
    char dir[4000];                  /* DATA/music, of the start: data does not change at a reload */
    struct shipped shipped[SHIPPED]; /* wait, beep in, beep out */
    unsigned loading;
    loop_fn *ready;
    void *ready_arg;
    struct list fetches, contents;
};

status music_create(struct music **out, struct bridge *bridge)
{
    struct music *m = calloc(1, sizeof *m);
    if (!m) return STATUS_NO_MEMORY;
    m->bridge = bridge;
    snprintf(m->dir, sizeof m->dir, "%s/music", bridge->config->data);
    list_init(&m->fetches);
    list_init(&m->contents);
    *out = m;
    return STATUS_OK;
}

static void content_destroy(struct content *content)
{
    list_remove(&content->link);
    sound_unref(content->sound);
    free(content);
}

static void fail_later(void *arg);

static void fetch_destroy(struct fetch *f)
{
    list_remove(&f->link);
    file_fetch_cancel(f->fetch);
    loop_undefer(f->music->bridge->loop, fail_later, f);
    free(f);
}

void music_destroy(struct music *m)
{
    if (!m) return;
    list_each_safe (link, &m->fetches)
        fetch_destroy(list_object(link, struct fetch, link));
    list_each_safe (link, &m->contents)
        content_destroy(list_object(link, struct content, link));
    for (int i = 0; i < SHIPPED; i++)
        sound_unref(m->shipped[i].sound);
    free(m);
}

static void on_shipped(void *arg, status s, struct sound *sound, const char *what)
{
    struct shipped *shipped = arg;
    struct music *m = shipped->music;
    if (s != STATUS_OK) log_event(LOG_ERROR, "shipped_sound_unusable", "why=\"%s\"", what);
    shipped->sound = sound;
    if (--m->loading == 0) m->ready(m->ready_arg);
}

static void load_shipped(struct music *m, int index, struct slice wav)
{
    struct shipped *shipped = &m->shipped[index];
    char *bytes = slice_dup(wav);
    if (!bytes) abort(); /* at start, before anything is promised */
    shipped->music = m;
    m->loading++;
    if (loader_load_memory(m->bridge->loader, bytes, wav.len, SOUND_RATE_HZ, on_shipped, shipped) != STATUS_OK) abort();
}

void music_load_shipped(struct music *m, loop_fn *ready, void *arg)
{
    m->ready = ready;
    m->ready_arg = arg;
    load_shipped(m, 0, shipped_wait());
    load_shipped(m, 1, shipped_beep_enter());
    load_shipped(m, 2, shipped_beep_exit());
}

struct sound *music_default(const struct music *m)
{
    return m->shipped[0].sound;
}

struct sound *music_beep(const struct music *m, enum conference_beep beep)
{
    return m->shipped[beep == CONFERENCE_BEEP_ENTER ? 1 : 2].sound;
}

static void kept_path(const struct music *m, const char *conference, const char *suffix, char out[4096])
{
    snprintf(out, 4096, "%s/%s.audio%s", m->dir, conference, suffix);
}

/* What cannot be played is not kept. */
static void remove_kept(const struct fetch *f)
{
    char path[4096];
    kept_path(f->music, f->conference, "", path);
    unlink(path);
}

static void finish(struct fetch *f, struct sound *sound)
{
    music_done_fn *done = f->done;
    void *arg = f->arg;
    bool forgotten = f->forgotten;
    fetch_destroy(f);
    if (forgotten)
        sound_unref(sound);
    else
        done(arg, sound);
}

/* Contents that only this list still holds are let go. */
static void drop_unused(struct music *m)
{
    list_each_safe (link, &m->contents) {
        struct content *content = list_object(link, struct content, link);
        if (content->sound->refs == 0) content_destroy(content);
    }
}

static void keep_content(struct music *m, const uint8_t hash[HASH_BYTES], struct sound *sound)
{
    struct content *content = calloc(1, sizeof *content);
    if (!content) return;
    memcpy(content->sha256, hash, HASH_BYTES);
    content->sound = sound_ref(sound);
    list_push_back(&m->contents, &content->link);
}

static struct sound *known_content(const struct music *m, const uint8_t hash[HASH_BYTES])
{
    list_each (link, &m->contents) {
        struct content *content = list_object(link, struct content, link);
        if (memcmp(content->sha256, hash, HASH_BYTES) == 0) return content->sound;
    }
    return NULL;
}

static void on_decoded(void *arg, status s, struct sound *sound, const char *what)
{
    struct fetch *f = arg;
    char why[160];
    if (s != STATUS_OK) {
        log_event(LOG_WARN, "wait_music_unusable", "conf=%s why=%s", f->conference,
                  log_value(why, sizeof why, slice_of(what)));
        if (!f->forgotten) remove_kept(f);
    }
    if (s == STATUS_OK && f->has_hash) keep_content(f->music, f->sha256, sound);
    finish(f, sound);
}

static void decode(struct fetch *f)
{
    char path[4096];
    kept_path(f->music, f->conference, "", path);
    if (loader_load_file(f->music->bridge->loader, path, SOUND_RATE_HZ, on_decoded, f) != STATUS_OK) finish(f, NULL);
}

static void on_fetched(void *arg, const struct http_result *result, const uint8_t *sha256)
{
    struct fetch *f = arg;
    char part[4096], path[4096];
    f->fetch = NULL;
    if (!sha256) {
        char why[320];
        log_event(LOG_WARN, "wait_music_not_fetched", "conf=%s code=%d why=%s", f->conference, result->code,
                  log_value(why, sizeof why, slice_of(result->error)));
        finish(f, NULL);
        return;
    }
    memcpy(f->sha256, sha256, HASH_BYTES);
    f->has_hash = true;
    kept_path(f->music, f->conference, ".part", part);
    kept_path(f->music, f->conference, "", path);
    if (rename(part, path) != 0) {
        log_event(LOG_WARN, "wait_music_not_kept", "conf=%s why=\"%s\"", f->conference, strerror(errno));
        finish(f, NULL);
        return;
    }
    drop_unused(f->music);
    struct sound *known = known_content(f->music, sha256);
    if (known)
        finish(f, sound_ref(known));
    else
        decode(f);
}

static status start_fetch(struct fetch *f, const char *url)
{
    char path[4096];
    mkdir(f->music->dir, 0700);
    kept_path(f->music, f->conference, ".part", path);
    const struct file_fetch_request request = {
        .url = url,
        .path = path,
        .timeout_ms = FETCH_MS,
        .bytes_max = fetch_bytes_max,
    };
    return file_fetch_start(&f->fetch, f->music->bridge->client, &request, on_fetched, f);
}

static void fail_later(void *arg)
{
    finish(arg, NULL);
}

void music_fetch(struct music *m, const char *conference, const char *url, music_done_fn *done, void *arg)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f) return;
    *f = (struct fetch){.music = m, .done = done, .arg = arg};
    strcpy(f->conference, conference);
    list_push_back(&m->fetches, &f->link);
    char path[4096];
    kept_path(m, conference, "", path);
    if (access(path, R_OK) == 0)
        decode(f);
    else if (start_fetch(f, url) != STATUS_OK)
        loop_defer(m->bridge->loop, fail_later, f);
}

void music_forget(struct music *m, const char *conference)
{
    list_each_safe (link, &m->fetches) {
        struct fetch *f = list_object(link, struct fetch, link);
        if (strcmp(f->conference, conference) != 0) continue;
        if (f->fetch)
            fetch_destroy(f);
        else
            f->forgotten = true;
    }
    char path[4096];
    kept_path(m, conference, "", path);
    unlink(path);
    kept_path(m, conference, ".part", path);
    unlink(path);
    drop_unused(m);
}
