/**
 * @file audio_cache.h  Audio files of Play: fetched by URL, kept as long as their servers allow, decoded once.
 *
 * A file is fetched through the HTTP client (so its guard holds), at most bytes_max and fetch_ms, and kept under
 * DATA/play for as long as the caching rules (audio_cache_rules.h) let it; after that the server is asked with
 * If-None-Match and If-Modified-Since, and a 304 renews it. Requests for one URL at the same time share one fetch. The
 * decoded sound is shared by everyone who plays it, and held a while after the last. Nothing is kept over a restart.
 * A URL that is our own (a recording's) can be read from its file directly: see local.
 *
 * Formats are the loader's. Not here: wait music (music.h), which is fetched once and kept with its conference.
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_AUDIO_CACHE_H
#define PARLEY_DAEMON_AUDIO_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "net/http_client.h"
#include "net/loop.h"

struct audio_cache;
struct audio_request;
struct loader;
struct sound;

/**
 * Where a URL is one of this server's own recordings, writes the path of its file.
 * @return false where it is not: it is fetched
 */
typedef bool audio_local_fn(void *arg, const char *url, char *path, size_t path_size);

/** Zero or NULL gives the default that is named. */
struct audio_cache_config {
    const char *data;      /**< data directory; required */
    audio_local_fn *local; /**< NULL: nothing is our own */
    void *local_arg;
    uint32_t fetch_ms;          /**< for one fetch; 60,000 */
    uint64_t bytes_max;         /**< of one file; 100,000,000 */
    uint64_t disk_bytes_max;    /**< of all files; 1,000,000,000: the least recently used go */
    uint64_t decoded_bytes_max; /**< of decoded sounds that nobody plays; 64,000,000 */
    uint32_t decoded_keep_ms;   /**< how long such a sound is held after its last use; 60,000 */
};

/** For /metrics. */
struct audio_cache_stats {
    uint64_t asked, failed;
    uint64_t fresh;       /**< answered without a word to the server */
    uint64_t revalidated; /**< answered after a 304 */
    uint64_t fetched;     /**< whole files */
    uint64_t disk_bytes;
    uint64_t decoded_bytes; /**< held, in use or not */
};

/**
 * Empties DATA/play.
 * @param loop, client, loader  borrowed until audio_cache_destroy()
 * @return STATUS_OK, STATUS_IO (DATA/play), STATUS_NO_MEMORY
 */
MUST_CHECK status audio_cache_create(struct audio_cache **out, struct loop *loop, struct http_client *client,
                                     struct loader *loader, const struct audio_cache_config *config);

/** Nothing is reported any more. After loader_destroy(), before http_client_destroy(). NULL is allowed. */
void audio_cache_destroy(struct audio_cache *cache);

/**
 * @param sound  one reference, given; NULL where it failed
 * @param why    why it failed, for the call's log: a phrase without a full stop; borrowed for the call
 */
typedef void audio_done_fn(void *arg, struct sound *sound, const char *why);

/**
 * @param rate_hz   of the sound, 8000 to 48000
 * @param done      called once, never inside this call, unless audio_cache_cancel() comes first
 * @param[out] out  for audio_cache_cancel(), valid until done is called; NULL is allowed
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status audio_cache_fetch(struct audio_cache *cache, const char *url, uint32_t rate_hz, audio_done_fn *done,
                                    void *arg, struct audio_request **out);

/** done is not called. A fetch that nobody waits for any more is stopped. */
void audio_cache_cancel(struct audio_request *request);

struct audio_cache_stats audio_cache_stats(const struct audio_cache *cache);

#endif
