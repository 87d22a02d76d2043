/**
 * @file decode.h  Decodes a whole audio file or block into one sound: channels mixed down, rate converted.
 *
 * Thread: the loader's.
 */
#ifndef PARLEY_RECORD_DECODE_H
#define PARLEY_RECORD_DECODE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "media/sound.h"

struct decode_limits {
    uint64_t bytes_max;
    uint32_t seconds_max;
    const atomic_bool *stop; /**< given up where it becomes true */
};

/**
 * @param[out] out   owned by the caller; unchanged on error
 * @param[out] what  why not; static text
 * @return as loader.h says of loader_done_fn; STATUS_CLOSED where it was stopped
 */
MUST_CHECK status decode_file(struct sound **out, const char *path, uint32_t rate_hz,
                              const struct decode_limits *limits, const char **what);
MUST_CHECK status decode_memory(struct sound **out, const void *bytes, size_t len, uint32_t rate_hz,
                                const struct decode_limits *limits, const char **what);

#endif
