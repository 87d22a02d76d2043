/**
 * @file tls_files.h  The server's certificate and key: made where there are none, loaded with errors that help.
 *
 * Thread: control, at start and reload (file I/O; making a key takes about a millisecond).
 */
#ifndef PARLEY_NET_TLS_FILES_H
#define PARLEY_NET_TLS_FILES_H

#include <openssl/types.h>
#include <stddef.h>

#include "base/status.h"

/** Room for a path or a reason, with its NUL. */
enum { TLS_PATH_SIZE = 1024, TLS_WHY_SIZE = 1400 };

struct tls_files {
    char certificate[TLS_PATH_SIZE]; /**< PEM; the server's own first, then its issuers */
    char key[TLS_PATH_SIZE];         /**< PEM, without a pass phrase */
};

/**
 * Names DATA/tls/cert.pem and DATA/tls/key.pem, and makes both where either is missing: EC P-256, self-signed, valid
 * ten years from yesterday, for localhost, 127.0.0.1, ::1 and this host's name. The directory gets mode 0700, the key
 * 0600.
 *
 * @param data_dir  exists
 * @param[out] why  on error the path and the reason
 * @return STATUS_OK, STATUS_INVALID (path too long), STATUS_IO
 */
MUST_CHECK status tls_files_ensure(struct tls_files *out, const char *data_dir, char why[TLS_WHY_SIZE]);

/**
 * A server context for TLS 1.2 and later with this certificate and key, which must belong together.
 *
 * @param[out] out  owned by the caller: SSL_CTX_free()
 * @param[out] why  on error the path and OpenSSL's reason
 * @return STATUS_OK, STATUS_INVALID (a file cannot be used), STATUS_NOT_FOUND (a file is missing), STATUS_NO_MEMORY
 */
MUST_CHECK status tls_files_load(SSL_CTX **out, const char *certificate, const char *key, char why[TLS_WHY_SIZE]);

#endif
