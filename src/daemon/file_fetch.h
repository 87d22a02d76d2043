/**
 * @file file_fetch.h  A GET whose body becomes a file: what wait music and Play have in common.
 *
 * Redirects are followed; the HTTP client's guard checks every address. Only a 2xx body is written.
 * Inside daemon/. Thread: control.
 */
#ifndef PARLEY_DAEMON_FILE_FETCH_H
#define PARLEY_DAEMON_FILE_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "net/http_client.h"

struct file_fetch;

enum { FILE_FETCH_HASH_BYTES = 32 };

/** Borrowed for the call. */
struct file_fetch_request {
    const char *url;
    const char *path; /**< made or overwritten, 0600 */
    const struct http_header *headers;
    size_t header_count;
    uint32_t timeout_ms;
    uint64_t bytes_max;
};

/**
 * @param sha256  of the body where the file is complete; NULL where it is not (whatever the result says: the disk may
 *                have failed), and then there is no file
 */
typedef void file_fetch_fn(void *arg, const struct http_result *result, const uint8_t *sha256);

/** @return STATUS_OK: done will be called, later; STATUS_IO (the file), STATUS_INVALID (a header), STATUS_NO_MEMORY */
MUST_CHECK status file_fetch_start(struct file_fetch **out, struct http_client *client,
                                   const struct file_fetch_request *request, file_fetch_fn *done, void *arg);

/** Stops it without a call, and removes the file. NULL is allowed. */
void file_fetch_cancel(struct file_fetch *fetch);

#endif
