#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A removed entry keeps its place (key NULL, used) so that later entries of its chain are still found. */
struct entry {
    char *key;
    void *value;
    bool used;
};

struct map {
    struct entry *entries;
    size_t size;  /* a power of two */
    size_t used;  /* places that are not fresh: live and removed */
    size_t count; /* live */
};

/* FNV-1a, 64 bits. */
static uint64_t hash_text(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h ^ (h >> 32);
}

status map_create(struct map **out)
{
    struct map *m = calloc(1, sizeof *m);
    if (!m) return STATUS_NO_MEMORY;
    m->size = 16;
    m->entries = calloc(m->size, sizeof *m->entries);
    if (!m->entries) {
        free(m);
        return STATUS_NO_MEMORY;
    }
    *out = m;
    return STATUS_OK;
}

void map_destroy(struct map *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->size; i++)
        free(m->entries[i].key);
    free(m->entries);
    free(m);
}

static struct entry *find(const struct map *m, const char *key)
{
    for (size_t i = (size_t)hash_text(key);; i++) {
        struct entry *e = &m->entries[i & (m->size - 1)];
        if (!e->used) return NULL;
        if (e->key && strcmp(e->key, key) == 0) return e;
    }
}

static struct entry *fresh_place(struct entry *entries, size_t size, const char *key)
{
    size_t i = (size_t)hash_text(key);
    while (entries[i & (size - 1)].used)
        i++;
    return &entries[i & (size - 1)];
}

static status rebuild(struct map *m, size_t size)
{
    struct entry *entries = calloc(size, sizeof *entries);
    if (!entries) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < m->size; i++) {
        if (m->entries[i].key) *fresh_place(entries, size, m->entries[i].key) = m->entries[i];
    }
    free(m->entries);
    m->entries = entries;
    m->size = size;
    m->used = m->count;
    return STATUS_OK;
}

status map_put(struct map *m, const char *key, void *value)
{
    struct entry *e = find(m, key);
    if (e) {
        e->value = value;
        return STATUS_OK;
    }
    if ((m->used + 1) * 4 > m->size * 3) {
        status s = rebuild(m, m->count * 2 >= m->size ? m->size * 2 : m->size);
        if (s != STATUS_OK) return s;
    }
    char *copy = strdup(key);
    if (!copy) return STATUS_NO_MEMORY;
    *fresh_place(m->entries, m->size, key) = (struct entry){copy, value, true};
    m->used++;
    m->count++;
    return STATUS_OK;
}

void *map_get(const struct map *m, const char *key)
{
    const struct entry *e = find(m, key);
    return e ? e->value : NULL;
}

void *map_remove(struct map *m, const char *key)
{
    struct entry *e = find(m, key);
    if (!e) return NULL;
    void *value = e->value;
    free(e->key);
    e->key = NULL;
    e->value = NULL;
    m->count--;
    return value;
}

size_t map_count(const struct map *m)
{
    return m->count;
}

void *map_next(const struct map *m, size_t *cursor)
{
    while (*cursor < m->size) {
        const struct entry *e = &m->entries[(*cursor)++];
        if (e->key) return e->value;
    }
    return NULL;
}
