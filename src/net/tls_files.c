#include "net/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/random.h"

enum { VALID_DAYS = 3652 };

static status say(char why[TLS_WHY_SIZE], status result, const char *format, ...) __attribute__((format(printf, 3, 4)));

static status say(char why[TLS_WHY_SIZE], status result, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, TLS_WHY_SIZE, format, args);
    va_end(args);
    return result;
}

/* The oldest reason in OpenSSL's queue, which is emptied. */
static const char *openssl_reason(void)
{
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    return reason ? reason : "unknown error";
}

static bool add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension) return false;
    bool ok = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* A host name goes into a list of "DNS:..." values, so nothing but the letters of a name may pass. */
static bool name_is_plain(const char *name)
{
    return name[0] != '\0' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(name);
}

static bool add_names(X509 *certificate)
{
    char host[256] = "", names[400];
    if (gethostname(host, sizeof host - 1) != 0 || !name_is_plain(host)) host[0] = '\0';
    snprintf(names, sizeof names, "DNS:localhost,IP:127.0.0.1,IP:::1%s%s", host[0] ? ",DNS:" : "", host);
    return add_extension(certificate, NID_subject_alt_name, names);
}

static bool set_serial(X509 *certificate)
{
    uint64_t serial = random_u64() >> 1; /* positive, RFC 5280 section 4.1.2.2 */
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial ? serial : 1) == 1;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -24L * 3600) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_DAYS * 24L * 3600) &&
           X509_set_pubkey(certificate, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"Parley bridge", -1, -1, 0) &&
           X509_set_issuer_name(certificate, name) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") && add_names(certificate) &&
           add_extension(certificate, NID_subject_key_identifier, "hash") &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

/* Written beside its place and renamed, so that a crash never leaves half a file under the real name. */
static status write_pem(const char *path, mode_t mode, EVP_PKEY *key, X509 *certificate, char why[TLS_WHY_SIZE])
{
    char draft[TLS_PATH_SIZE + 8];
    snprintf(draft, sizeof draft, "%s.new", path);
    unlink(draft);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file) {
        int reason = errno;
        if (fd >= 0) close(fd);
        return say(why, STATUS_IO, "cannot write %s: %s", draft, strerror(reason));
    }
    bool ok = key ? PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) : PEM_write_X509(file, certificate);
    ok = fflush(file) == 0 && fsync(fd) == 0 && ok;
    ok = fclose(file) == 0 && ok;
    if (ok && rename(draft, path) == 0) return STATUS_OK;
    int reason = errno;
    unlink(draft);
    return say(why, STATUS_IO, "cannot write %s: %s", path, strerror(reason));
}

static status make_pair(const struct tls_files *files, char why[TLS_WHY_SIZE])
{
    status result;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    if (!key || !certificate || !fill_certificate(certificate, key)) {
        result = say(why, STATUS_IO, "cannot make a certificate: %s", openssl_reason());
    } else {
        result = write_pem(files->key, 0600, key, NULL, why);
        if (result == STATUS_OK) result = write_pem(files->certificate, 0644, NULL, certificate, why);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return result;
}

status tls_files_ensure(struct tls_files *out, const char *data_dir, char why[TLS_WHY_SIZE])
{
    struct tls_files files;
    char dir[TLS_PATH_SIZE];
    int n = snprintf(dir, sizeof dir, "%s/tls", data_dir);
    if (n < 0 || (size_t)n + sizeof "/cert.pem" > sizeof dir)
        return say(why, STATUS_INVALID, "the path of the data directory is longer than %d bytes", TLS_PATH_SIZE - 20);
    snprintf(files.certificate, sizeof files.certificate, "%.1000s/cert.pem", dir);
    snprintf(files.key, sizeof files.key, "%.1000s/key.pem", dir);
    if (access(files.certificate, F_OK) != 0 || access(files.key, F_OK) != 0) {
        if (mkdir(dir, 0700) != 0 && errno != EEXIST)
            return say(why, STATUS_IO, "cannot make directory %s: %s", dir, strerror(errno));
        status made = make_pair(&files, why);
        if (made != STATUS_OK) return made;
    }
    *out = files;
    return STATUS_OK;
}

static status check_readable(const char *what, const char *path, char why[TLS_WHY_SIZE])
{
    if (access(path, R_OK) == 0) return STATUS_OK;
    int reason = errno;
    return say(why, reason == ENOENT ? STATUS_NOT_FOUND : STATUS_INVALID, "cannot read the %s %s: %s", what, path,
               strerror(reason));
}

static status fill_context(SSL_CTX *context, const char *certificate, const char *key, char why[TLS_WHY_SIZE])
{
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return say(why, STATUS_INVALID, "cannot use the certificate %s: %s", certificate, openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return say(why, STATUS_INVALID, "cannot use the key %s: %s", key, openssl_reason());
    if (SSL_CTX_check_private_key(context) != 1)
        return say(why, STATUS_INVALID, "the key %s does not belong to the certificate %s: %s", key, certificate,
                   openssl_reason());
    return STATUS_OK;
}

/* Without a pass phrase callback OpenSSL would ask on the terminal, and the bridge would stand still. */
static int no_pass_phrase(char *buffer, int size, int writing, void *arg)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)arg;
    return 0;
}

status tls_files_load(SSL_CTX **out, const char *certificate, const char *key, char why[TLS_WHY_SIZE])
{
    status result = check_readable("certificate", certificate, why);
    if (result == STATUS_OK) result = check_readable("key", key, why);
    if (result != STATUS_OK) return result;
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context) return say(why, STATUS_NO_MEMORY, "OpenSSL gives no context: %s", openssl_reason());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
    result = fill_context(context, certificate, key, why);
    if (result != STATUS_OK) {
        SSL_CTX_free(context);
        return result;
    }
    *out = context;
    return STATUS_OK;
}
