#include "sip/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "os/thread.h"
#include "os/wake.h"

struct resolver {
    su_root_t *root; /**< borrowed; main thread */
    int fd, index;   /**< index: main thread */
    unsigned open;   /**< questions without an answer; main thread */
    pthread_mutex_t lock;
    struct list done; /**< of struct resolve_query; under lock */
    unsigned users;   /**< the agent and each thread; under lock */
};

struct resolve_query {
    struct list link;
    struct resolver *resolver;
    resolve_fn *fn; /**< NULL: forgotten; main thread */
    void *arg;
    char *host;
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    unsigned count;
};

static void query_destroy(struct resolve_query *q)
{
    free(q->host);
    free(q);
}

/** The last user frees it: a thread may outlive the agent. */
static void release(struct resolver *r)
{
    pthread_mutex_lock(&r->lock);
    bool last = --r->users == 0;
    pthread_mutex_unlock(&r->lock);
    if (!last) return;
    while (!list_empty(&r->done))
        query_destroy(list_object(list_pop_front(&r->done), struct resolve_query, link));
    wake_close(r->fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void look_up(struct resolve_query *q)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *all;
    if (getaddrinfo(q->host, NULL, &hints, &all) != 0) return;
    for (const struct addrinfo *i = all; i && q->count < RESOLVE_ADDRESSES_MAX; i = i->ai_next) {
        if (address_of_socket(&q->addresses[q->count], i->ai_addr)) q->count++;
    }
    freeaddrinfo(all);
}

static void run(void *arg)
{
    struct resolve_query *q = arg;
    struct resolver *r = q->resolver;
    look_up(q);
    pthread_mutex_lock(&r->lock);
    list_push_back(&r->done, &q->link);
    wake_signal(r->fd);
    pthread_mutex_unlock(&r->lock);
    release(r);
}

static struct resolve_query *take_done(struct resolver *r)
{
    pthread_mutex_lock(&r->lock);
    struct resolve_query *q =
        list_empty(&r->done) ? NULL : list_object(list_pop_front(&r->done), struct resolve_query, link);
    pthread_mutex_unlock(&r->lock);
    return q;
}

static int on_done(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct resolver *r = (struct resolver *)(void *)arg;
    wake_drain(r->fd);
    for (struct resolve_query *q; (q = take_done(r)) != NULL;) {
        r->open--;
        if (q->fn) q->fn(q->arg, q->addresses, q->count);
        query_destroy(q);
    }
    return 0;
}

status resolver_open(struct resolver **out, su_root_t *root)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r) return STATUS_NO_MEMORY;
    r->root = root;
    r->users = 1;
    list_init(&r->done);
    pthread_mutex_init(&r->lock, NULL);
    if (wake_open(&r->fd) != STATUS_OK) {
        pthread_mutex_destroy(&r->lock);
        free(r);
        return STATUS_IO;
    }
    su_wait_t wait[1] = {SU_WAIT_INIT};
    r->index = su_wait_create(wait, r->fd, SU_WAIT_IN) < 0
                   ? -1
                   : su_root_register(root, wait, on_done, (su_wakeup_arg_t *)(void *)r, su_pri_normal);
    if (r->index < 0) {
        release(r);
        return STATUS_IO;
    }
    *out = r;
    return STATUS_OK;
}

void resolver_close(struct resolver *r)
{
    if (!r) return;
    su_root_deregister(r->root, r->index);
    release(r);
}

status resolve_ask(struct resolve_query **out, struct resolver *r, const char *host, resolve_fn *fn, void *arg)
{
    if (r->open >= RESOLVE_AT_ONCE_MAX) return STATUS_FULL;
    struct resolve_query *q = calloc(1, sizeof *q);
    if (!q) return STATUS_NO_MEMORY;
    *q = (struct resolve_query){.resolver = r, .fn = fn, .arg = arg, .host = slice_dup(slice_of(host))};
    list_init(&q->link);
    pthread_mutex_lock(&r->lock);
    r->users++;
    pthread_mutex_unlock(&r->lock);
    pthread_t thread;
    if (!q->host || thread_start(&thread, "resolve", THREAD_NONE, run, q) != STATUS_OK) {
        query_destroy(q);
        release(r);
        return STATUS_NO_MEMORY;
    }
    pthread_detach(thread);
    r->open++;
    *out = q;
    return STATUS_OK;
}

void resolve_forget(struct resolve_query *q)
{
    q->fn = NULL;
}
