#include "daemon/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "store/store_read.h"
#include "store/store_tx.h"

enum { HASH_BYTES = 32, KEY_BYTES = 20, STORE_WAIT_MS = 30000 };

struct account {
    id_text id;
    uint8_t key_sha256[HASH_BYTES];
};

struct accounts {
    struct bridge *bridge;
    struct map *by_id; /* struct account, owned */
    id_text first;
    bool made_first;
    status outcome;
};

static status hash_key(const char *key, uint8_t out[HASH_BYTES])
{
    unsigned len = HASH_BYTES;
    return EVP_Digest(key, strlen(key), out, &len, EVP_sha256(), NULL) == 1 ? STATUS_OK : STATUS_NO_MEMORY;
}

status accounts_create(struct accounts **out, struct bridge *bridge)
{
    struct accounts *a = calloc(1, sizeof *a);
    if (!a) return STATUS_NO_MEMORY;
    a->bridge = bridge;
    status s = map_create(&a->by_id);
    if (s != STATUS_OK) {
        free(a);
        return s;
    }
    *out = a;
    return STATUS_OK;
}

void accounts_destroy(struct accounts *a)
{
    if (!a) return;
    size_t cursor = 0;
    struct account *account;
    while ((account = map_next(a->by_id, &cursor)))
        free(account);
    map_destroy(a->by_id);
    free(a);
}

static status remember(struct accounts *a, const char *id, const uint8_t hash[HASH_BYTES])
{
    struct account *account = map_get(a->by_id, id);
    if (!account) {
        account = calloc(1, sizeof *account);
        if (!account) return STATUS_NO_MEMORY;
        strcpy(account->id, id);
        status s = map_put(a->by_id, id, account);
        if (s != STATUS_OK) {
            free(account);
            return s;
        }
        if (!a->first[0]) strcpy(a->first, id);
    }
    memcpy(account->key_sha256, hash, HASH_BYTES);
    return STATUS_OK;
}

static void on_rows(void *arg, status s, const struct store_account *rows, size_t count)
{
    struct accounts *a = arg;
    a->outcome = s;
    for (size_t i = 0; i < count && a->outcome == STATUS_OK; i++)
        a->outcome = remember(a, rows[i].id, rows[i].key_sha256);
}

static void on_stored(void *arg, status s)
{
    struct accounts *a = arg;
    a->outcome = s;
}

static status save(struct accounts *a, const char *id, const uint8_t hash[HASH_BYTES])
{
    struct store_tx *tx;
    int64_t now = clock_unix_ms();
    struct store_account row = {.type = "full", .status = "active", .alias = "", .label = "", .revision = 1};
    row.created_unix_ms = row.updated_unix_ms = now;
    strcpy(row.id, id);
    memcpy(row.key_sha256, hash, HASH_BYTES);
    status s = store_begin(a->bridge->store, &tx);
    if (s != STATUS_OK) return s;
    store_put_account(tx, &row);
    store_commit(tx, on_stored, a);
    s = store_drain(a->bridge->store, STORE_WAIT_MS);
    return s == STATUS_OK ? a->outcome : s;
}

static status add(struct accounts *a, const char *id, const char *key)
{
    uint8_t hash[HASH_BYTES];
    status s = hash_key(key, hash);
    if (s != STATUS_OK) return s;
    const struct account *known = map_get(a->by_id, id);
    bool same = known && memcmp(known->key_sha256, hash, HASH_BYTES) == 0;
    s = same ? STATUS_OK : save(a, id, hash);
    if (s == STATUS_OK) s = remember(a, id, hash);
    return s;
}

static status write_first(const struct accounts *a, const char *id, const char *key)
{
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/first-account", a->bridge->config->data);
    int len = snprintf(line, sizeof line, "%s:%s\n", id, key);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)len) != len || fsync(fd) != 0) {
        log_event(LOG_ERROR, "first_account_failed", "path=%s why=\"%s\"", path, strerror(errno));
        if (fd >= 0) close(fd);
        return STATUS_IO;
    }
    close(fd);
    log_event(LOG_INFO, "first_account", "account=%s key_in=%s", id, path);
    return STATUS_OK;
}

/* The file first: a key that nobody can read any more would be worse than one that is written and not yet valid. */
static status make_first(struct accounts *a)
{
    id_text id;
    uint8_t random[KEY_BYTES];
    char key[2 * KEY_BYTES + 1];
    random_id(id, "AC");
    random_bytes(random, sizeof random);
    hex_format(key, random, sizeof random);
    status s = write_first(a, id, key);
    if (s == STATUS_OK) s = add(a, id, key);
    a->made_first = s == STATUS_OK;
    return s;
}

static status add_given(struct accounts *a, const char *given)
{
    id_text id;
    struct slice rest = slice_of(given);
    if (!slice_copy(slice_cut(&rest, ':'), id, sizeof id)) return STATUS_INVALID;
    status s = add(a, id, rest.at);
    if (s == STATUS_OK) strcpy(a->first, id);
    return s;
}

status accounts_load(struct accounts *a, const char *given, const char **why)
{
    *why = "the accounts cannot be read from the database";
    a->outcome = STATUS_IO;
    status s = store_load_accounts(a->bridge->store, on_rows, a);
    if (s == STATUS_OK) s = store_drain(a->bridge->store, STORE_WAIT_MS);
    if (s == STATUS_OK) s = a->outcome;
    if (s != STATUS_OK) return s;
    *why = "the account cannot be stored";
    if (given) return add_given(a, given);
    return map_count(a->by_id) == 0 ? make_first(a) : STATUS_OK;
}

bool accounts_key_fits(const struct accounts *a, const char *id, const char *key)
{
    static const uint8_t nobody[HASH_BYTES];
    uint8_t hash[HASH_BYTES];
    if (hash_key(key, hash) != STATUS_OK) return false;
    const struct account *account = map_get(a->by_id, id);
    bool same = CRYPTO_memcmp(hash, account ? account->key_sha256 : nobody, HASH_BYTES) == 0;
    return same && account;
}

const char *accounts_first(const struct accounts *a)
{
    return a->first;
}

bool accounts_has(const struct accounts *a, const char *id)
{
    return map_get(a->by_id, id) != NULL;
}

bool accounts_made_first(const struct accounts *a)
{
    return a->made_first;
}
