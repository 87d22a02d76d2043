/**
 * @file audio_cache_rules.h  How long a fetched file may be used again: what the headers of its response say.
 *
 * The order of precedence is that of RFC 9111 section 4.2.1, read as a cache of one user's own files: Cache-Control
 * (no-store, no-cache, max-age), then Pragma: no-cache where there is no Cache-Control (section 5.4), then Expires.
 * Where nothing is said, a file is fresh for five seconds.
 *
 * Pure: the time is an argument. Thread: any. RFC 9111, RFC 9110 section 5.6.7 (dates).
 */
#ifndef PARLEY_DAEMON_AUDIO_CACHE_RULES_H
#define PARLEY_DAEMON_AUDIO_CACHE_RULES_H

#include <stdbool.h>
#include <stdint.h>

/** Fresh time without a header, and the most that is believed (a week). */
enum { CACHE_DEFAULT_MS = 5000, CACHE_FRESH_MAX_MS = 7 * 86400 * 1000 };

/** Header values as they came; NULL where there was none. */
struct cache_headers {
    const char *cache_control, *pragma, *expires, *date, *age;
};

struct cache_rule {
    bool store;       /**< false: for those who wait for it now, and nobody after */
    int64_t fresh_ms; /**< from its arrival; 0: ask the server again each time */
    bool said;        /**< the headers say something; a 304 that says nothing leaves the former rule */
};

/** @param now_unix_ms  when the response arrived */
struct cache_rule cache_rule(const struct cache_headers *headers, int64_t now_unix_ms);

/** An HTTP date in any of the three forms. @return false (and *unix_ms untouched) where it is none */
bool cache_date(const char *text, int64_t *unix_ms);

#endif
