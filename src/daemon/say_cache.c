#include "daemon/say_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"

#define SUFFIX ".wav"

struct say_cache {
    uint64_t bytes, bytes_max;
    uint64_t parts; /* named so far */
    char dir[];
};

struct file {
    char name[128];
    uint64_t bytes;
    struct timespec used;
};

struct listing {
    struct file *files; /* owned */
    size_t count, size;
};

void say_cache_path(const struct say_cache *cache, const char *key, char out[SAY_CACHE_PATH_SIZE])
{
    snprintf(out, SAY_CACHE_PATH_SIZE, "%s/%s" SUFFIX, cache->dir, key);
}

void say_cache_part_path(struct say_cache *cache, char out[SAY_CACHE_PATH_SIZE])
{
    snprintf(out, SAY_CACHE_PATH_SIZE, "%s/%" PRIu64 ".part", cache->dir, cache->parts++);
}

static bool is_kept(const char *name)
{
    size_t len = strlen(name), suffix = strlen(SUFFIX);
    return len > suffix && strcmp(name + len - suffix, SUFFIX) == 0;
}

static bool list_add(struct listing *list, const char *name, const struct stat *s)
{
    if (list->count == list->size) {
        size_t size = list->size ? list->size * 2 : 64;
        struct file *more = realloc(list->files, size * sizeof *more);
        if (!more) return false;
        list->files = more;
        list->size = size;
    }
    struct file *f = &list->files[list->count++];
    *f = (struct file){.bytes = (uint64_t)s->st_size, .used = s->st_mtim};
    snprintf(f->name, sizeof f->name, "%s", name);
    return true;
}

/* What is in the directory; other files than kept ones are left over from a crash, and removed where clean is set. */
static void read_dir(const struct say_cache *cache, struct listing *list, bool clean)
{
    DIR *d = opendir(cache->dir);
    struct dirent *entry;
    bool ok = true;
    while (d && ok && (entry = readdir(d))) {
        struct stat s;
        if (fstatat(dirfd(d), entry->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode)) continue;
        if (is_kept(entry->d_name))
            ok = list_add(list, entry->d_name, &s);
        else if (clean)
            unlinkat(dirfd(d), entry->d_name, 0);
    }
    if (d) closedir(d);
}

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const struct file *)a)->used, *y = &((const struct file *)b)->used;
    if (x->tv_sec != y->tv_sec) return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* A tenth is freed with it, so that the directory is not read for every file. */
static void prune(struct say_cache *cache)
{
    struct listing list = {0};
    if (cache->bytes <= cache->bytes_max) return;
    read_dir(cache, &list, false);
    if (list.count > 0) qsort(list.files, list.count, sizeof *list.files, by_use);
    cache->bytes = 0;
    for (size_t i = 0; i < list.count; i++)
        cache->bytes += list.files[i].bytes;
    for (size_t i = 0; i + SAY_CACHE_NEWEST < list.count && cache->bytes > cache->bytes_max / 10 * 9; i++) {
        char path[SAY_CACHE_PATH_SIZE + sizeof list.files[i].name];
        snprintf(path, sizeof path, "%s/%s", cache->dir, list.files[i].name);
        if (unlink(path) == 0) cache->bytes -= list.files[i].bytes;
    }
    free(list.files);
}

status say_cache_open(struct say_cache **out, const char *data, uint64_t bytes_max)
{
    size_t size = strlen(data) + sizeof "/say";
    struct say_cache *cache = calloc(1, sizeof *cache + size);
    struct listing list = {0};
    if (!cache) return STATUS_NO_MEMORY;
    snprintf(cache->dir, size, "%s/say", data);
    cache->bytes_max = bytes_max;
    if (mkdir(cache->dir, 0700) != 0 && errno != EEXIST) {
        log_event(LOG_ERROR, "say_directory_unusable", "dir=%s why=\"%s\"", cache->dir, strerror(errno));
        free(cache);
        return STATUS_IO;
    }
    read_dir(cache, &list, true);
    for (size_t i = 0; i < list.count; i++)
        cache->bytes += list.files[i].bytes;
    free(list.files);
    prune(cache);
    *out = cache;
    return STATUS_OK;
}

void say_cache_close(struct say_cache *cache)
{
    free(cache);
}

bool say_cache_use(struct say_cache *cache, const char *key)
{
    char path[SAY_CACHE_PATH_SIZE];
    say_cache_path(cache, key, path);
    return utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

bool say_cache_keep(struct say_cache *cache, const char *key, const char *part)
{
    char path[SAY_CACHE_PATH_SIZE];
    struct stat s;
    say_cache_path(cache, key, path);
    if (stat(part, &s) != 0 || rename(part, path) != 0) return false;
    say_cache_use(cache, key); /* an engine may have given it another time */
    cache->bytes += (uint64_t)s.st_size;
    prune(cache);
    return true;
}

void say_cache_remove(struct say_cache *cache, const char *key)
{
    char path[SAY_CACHE_PATH_SIZE];
    struct stat s;
    say_cache_path(cache, key, path);
    if (stat(path, &s) != 0 || unlink(path) != 0) return;
    cache->bytes -= cache->bytes < (uint64_t)s.st_size ? cache->bytes : (uint64_t)s.st_size;
}

uint64_t say_cache_bytes(const struct say_cache *cache)
{
    return cache->bytes;
}
