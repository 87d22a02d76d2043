/**
 * @file loader.h  Decodes audio files (shipped or fetched) into sounds, on a thread of its own.
 *
 * Whatever libsndfile reads (WAV, FLAC, Ogg, MP3 ...), any rate; channels are mixed down to one. Jobs run one after
 * the other in the order they were asked for. Nothing here fetches from a network.
 *
 * Thread: control.
 */
#ifndef PARLEY_RECORD_LOADER_H
#define PARLEY_RECORD_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct sound;
struct loader;

struct loader_config {
    uint64_t bytes_max;   /**< of a file or block; 0: 100 MB */
    uint32_t seconds_max; /**< of decoded audio; 0: 600 */
};

/**
 * Called from loader_poll().
 * @param result  STATUS_OK; STATUS_NOT_FOUND (no such file); STATUS_FULL (bytes_max or seconds_max);
 *                STATUS_UNSUPPORTED (not audio that can be decoded); STATUS_INVALID (no sample in it);
 *                STATUS_IO; STATUS_NO_MEMORY
 * @param sound   one reference, given; NULL unless STATUS_OK
 * @param what    why not, a short English phrase for logs; borrowed for the call
 */
typedef void loader_done_fn(void *arg, status result, struct sound *sound, const char *what);

/** @return STATUS_OK, STATUS_NO_MEMORY, STATUS_IO */
MUST_CHECK status loader_create(struct loader **out, const struct loader_config *config);

/** Stops after the job at hand; jobs not done are dropped without a call. NULL is allowed. */
void loader_destroy(struct loader *loader);

/** Readable when loader_poll() has something to do. Borrowed. */
int loader_fd(const struct loader *loader);
void loader_poll(struct loader *loader);

/**
 * Queues a file.
 * @param path     copied
 * @param rate_hz  of the sound, 8000 to 48000
 * @return STATUS_OK, STATUS_INVALID (rate), STATUS_NO_MEMORY
 */
MUST_CHECK status loader_load_file(struct loader *loader, const char *path, uint32_t rate_hz, loader_done_fn *done,
                                   void *arg);

/** Queues a block of memory, heap, given (freed by the loader, also where this fails). Otherwise as loader_load_file().
 */
MUST_CHECK status loader_load_memory(struct loader *loader, void *bytes, size_t len, uint32_t rate_hz,
                                     loader_done_fn *done, void *arg);

#endif
