/**
 * @file map.h  A hash table from text keys to borrowed pointers.
 *
 * Keys are copied. Open addressing, grows by doubling; the order of iteration is none.
 * Thread: the map's owner.
 */
#ifndef PARLEY_BASE_MAP_H
#define PARLEY_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct map;

MUST_CHECK status map_create(struct map **out);
/** NULL is allowed. The values are not touched. */
void map_destroy(struct map *m);

/**
 * Stores value (not NULL) under key, replacing what was there.
 * @return STATUS_OK, STATUS_NO_MEMORY (nothing changed)
 */
MUST_CHECK status map_put(struct map *m, const char *key, void *value);

/** NULL where there is no such key. */
void *map_get(const struct map *m, const char *key);

/** @return what was stored, or NULL */
void *map_remove(struct map *m, const char *key);

size_t map_count(const struct map *m);

/**
 * Walks: start with *cursor = 0; each call gives the next value, NULL at the end. The map must not change meanwhile,
 * except that the value just given may be removed.
 */
void *map_next(const struct map *m, size_t *cursor);

#endif
