#include "hook/secrets.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "os/log.h"
#include "store/store_read.h"

struct secrets {
    struct store *store;
    struct map *accounts; /* of struct keyring, by id */
    struct list readings;
};

struct keyring {
    id_text account;
    char *secret[HOOK_SECRETS_MAX]; /* owned */
    size_t count;
};

/* A question to the store; outlives the secrets where the answer comes late. */
struct reading {
    struct list link;
    struct secrets *secrets; /* NULL once they have gone */
    id_text account;         /* "" for all */
    store_done_fn *done;
    void *arg;
};

static void keyring_empty(struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++) {
        OPENSSL_cleanse(ring->secret[i], strlen(ring->secret[i]));
        free(ring->secret[i]);
    }
    ring->count = 0;
}

static void forget(struct secrets *s, const char *account)
{
    struct keyring *ring = map_remove(s->accounts, account);
    if (!ring) return;
    keyring_empty(ring);
    free(ring);
}

static struct keyring *keyring_get(struct secrets *s, const char *account)
{
    struct keyring *ring = map_get(s->accounts, account);
    if (ring) return ring;
    ring = calloc(1, sizeof *ring);
    if (!ring) return NULL;
    strcpy(ring->account, account);
    if (map_put(s->accounts, account, ring) == STATUS_OK) return ring;
    free(ring);
    return NULL;
}

static void forget_all(struct secrets *s)
{
    size_t cursor = 0;
    struct keyring *ring;
    while ((ring = map_next(s->accounts, &cursor)))
        forget(s, ring->account);
}

static status take(struct secrets *s, const struct store_secret *row)
{
    struct keyring *ring = keyring_get(s, row->account);
    if (!ring) return STATUS_NO_MEMORY;
    if (ring->count == HOOK_SECRETS_MAX) return STATUS_OK; /* the store holds to that limit, too */
    char *secret = strdup(row->secret);
    if (!secret) return STATUS_NO_MEMORY;
    ring->secret[ring->count++] = secret;
    return STATUS_OK;
}

static void on_read(void *arg, status outcome, const struct store_secret *rows, size_t count)
{
    struct reading *reading = arg;
    struct secrets *s = reading->secrets;
    list_remove(&reading->link);
    if (!s) outcome = STATUS_CLOSED;
    if (outcome == STATUS_OK && reading->account[0]) forget(s, reading->account);
    if (outcome == STATUS_OK && !reading->account[0]) forget_all(s);
    for (size_t i = 0; i < count && outcome == STATUS_OK; i++)
        outcome = take(s, &rows[i]);
    if (outcome != STATUS_OK && s)
        log_event(LOG_ERROR, "signing_secrets_not_read", "account=%s status=%s", reading->account,
                  status_name(outcome));
    if (reading->done) reading->done(reading->arg, outcome);
    free(reading);
}

static status read_secrets(struct secrets *s, const char *account, store_done_fn *done, void *arg)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading) return STATUS_NO_MEMORY;
    *reading = (struct reading){.secrets = s, .done = done, .arg = arg};
    list_init(&reading->link);
    status result = STATUS_OK;
    if (account && !slice_copy(slice_of(account), reading->account, sizeof reading->account))
        result = STATUS_NO_MEMORY;
    else
        result = account ? store_list_secrets(s->store, account, on_read, reading)
                         : store_load_secrets(s->store, on_read, reading);
    if (result != STATUS_OK) {
        free(reading);
        return result;
    }
    list_push_back(&s->readings, &reading->link);
    return STATUS_OK;
}

status secrets_load(struct secrets *s, store_done_fn *done, void *arg)
{
    return read_secrets(s, NULL, done, arg);
}

status secrets_refresh(struct secrets *s, const char *account, store_done_fn *done, void *arg)
{
    return read_secrets(s, account, done, arg);
}

void secrets_of(void *secrets, const char *account, struct hook_secrets *out)
{
    const struct secrets *s = secrets;
    const struct keyring *ring = map_get(s->accounts, account);
    out->count = ring ? ring->count : 0;
    for (size_t i = 0; i < out->count; i++)
        out->secret[i] = ring->secret[i];
}

status secrets_create(struct secrets **out, struct store *store)
{
    struct secrets *s = calloc(1, sizeof *s);
    if (!s) return STATUS_NO_MEMORY;
    if (map_create(&s->accounts) != STATUS_OK) {
        free(s);
        return STATUS_NO_MEMORY;
    }
    s->store = store;
    list_init(&s->readings);
    *out = s;
    return STATUS_OK;
}

void secrets_destroy(struct secrets *s)
{
    if (!s) return;
    for (struct list *link; (link = list_pop_front(&s->readings));)
        list_object(link, struct reading, link)->secrets = NULL;
    forget_all(s);
    map_destroy(s->accounts);
    free(s);
}
