#include "daemon/file_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REDIRECTS = 5 };

struct file_fetch {
    struct http_exchange *exchange;
    EVP_MD_CTX *hash;
    char *path;
    int fd;
    file_fetch_fn *done;
    void *arg;
};

static void fetch_free(struct file_fetch *f)
{
    if (f->fd >= 0) close(f->fd);
    EVP_MD_CTX_free(f->hash);
    free(f->path);
    free(f);
}

static bool on_bytes(void *arg, const void *bytes, size_t len)
{
    struct file_fetch *f = arg;
    if (EVP_DigestUpdate(f->hash, bytes, len) != 1) return false;
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(f->fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static void on_done(void *arg, const struct http_result *result)
{
    struct file_fetch *f = arg;
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool complete = result->status == STATUS_OK && result->code / 100 == 2 &&
                    EVP_DigestFinal_ex(f->hash, hash, &len) == 1 && len == FILE_FETCH_HASH_BYTES;
    if (!complete) unlink(f->path);
    f->done(f->arg, result, complete ? hash : NULL);
    fetch_free(f);
}

status file_fetch_start(struct file_fetch **out, struct http_client *client, const struct file_fetch_request *request,
                        file_fetch_fn *done, void *arg)
{
    struct file_fetch *f = calloc(1, sizeof *f);
    if (!f) return STATUS_NO_MEMORY;
    *f = (struct file_fetch){.fd = -1, .done = done, .arg = arg};
    f->path = strdup(request->path);
    f->hash = EVP_MD_CTX_new();
    if (!f->path || !f->hash || EVP_DigestInit_ex(f->hash, EVP_sha256(), NULL) != 1) {
        fetch_free(f);
        return STATUS_NO_MEMORY;
    }
    f->fd = open(request->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct http_client_request get = {
        .url = request->url,
        .headers = request->headers,
        .header_count = request->header_count,
        .timeout_ms = request->timeout_ms,
        .max_bytes = request->bytes_max,
        .max_redirects = REDIRECTS,
        .sink = on_bytes,
    };
    status s = f->fd < 0 ? STATUS_IO : http_client_start(client, &get, on_done, f, &f->exchange);
    if (s != STATUS_OK) {
        if (f->fd >= 0) unlink(f->path);
        fetch_free(f);
        return s;
    }
    *out = f;
    return STATUS_OK;
}

void file_fetch_cancel(struct file_fetch *f)
{
    if (!f) return;
    http_client_cancel(f->exchange);
    unlink(f->path);
    fetch_free(f);
}
