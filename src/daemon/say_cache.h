/**
 * @file say_cache.h  A directory of files named by a key, held to a size: the least recently used go.
 *
 * Inside daemon/, for say.c. Thread: control; the directory is read at the start and when it has grown too big.
 */
#ifndef PARLEY_DAEMON_SAY_CACHE_H
#define PARLEY_DAEMON_SAY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct say_cache;

/** The newest files stay whatever their size, as somebody is about to read them. */
enum { SAY_CACHE_NEWEST = 8, SAY_CACHE_PATH_SIZE = 4096 };

/**
 * Makes DATA/say where it is missing, and removes what is half-written in it.
 * @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_CHECK status say_cache_open(struct say_cache **out, const char *data, uint64_t bytes_max);

/** The files stay. NULL is allowed. */
void say_cache_close(struct say_cache *cache);

/** The path of a key's file. */
void say_cache_path(const struct say_cache *cache, const char *key, char out[SAY_CACHE_PATH_SIZE]);

/** A path for a file that is still being written, another one at each call. */
void say_cache_part_path(struct say_cache *cache, char out[SAY_CACHE_PATH_SIZE]);

/** Whether there is a file; if so, it is the most recently used from now on. */
bool say_cache_use(struct say_cache *cache, const char *key);

/** The file at this part path is complete: it becomes the key's. @return false where it cannot */
bool say_cache_keep(struct say_cache *cache, const char *key, const char *part);

/** The file is of no use. */
void say_cache_remove(struct say_cache *cache, const char *key);

uint64_t say_cache_bytes(const struct say_cache *cache);

#endif
