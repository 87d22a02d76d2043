#include "sip/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/log.h"
#include "os/random.h"

enum { UNACKNOWLEDGED_MAX = 100000, UNACKNOWLEDGED_BUSY = 20000, READ_BYTES = 65536 };

/** A descriptor in the loop. */
struct watch {
    int fd; /**< -1: none */
    int index;
};

struct link {
    su_root_t *root;
    struct link_handlers handlers;
    void *arg;
    struct channel *channel;
    struct watch listener, peer;
    struct watch candidate; /**< connected, and silent so far */
    bool greeted;           /**< parleyd's hello has come */
    bool broken;            /**< the connection is to be dropped when the channel is left */
    bool waits_to_write;
    char *path;
};

static void drop_peer(struct link *l);

static status watch_open(struct watch *w, su_root_t *root, int fd, su_wakeup_f callback, struct link *l)
{
    su_wait_t wait[1] = {SU_WAIT_INIT};
    if (su_wait_create(wait, fd, SU_WAIT_IN) < 0) return STATUS_IO;
    int index = su_root_register(root, wait, callback, (su_wakeup_arg_t *)(void *)l, su_pri_normal);
    if (index < 0) return STATUS_IO;
    *w = (struct watch){fd, index};
    return STATUS_OK;
}

static void watch_close(struct watch *w, su_root_t *root)
{
    if (w->fd < 0) return;
    su_root_deregister(root, w->index);
    close(w->fd);
    w->fd = -1;
}

static void on_message(void *arg, const struct signal_message *m, uint64_t number)
{
    struct link *l = arg;
    l->handlers.message(l->arg, m);
    channel_ack(l->channel, number);
}

static void on_acknowledged(void *arg, uint64_t number)
{
    struct link *l = arg;
    l->handlers.acknowledged(l->arg, number);
}

static void on_hello(void *arg, const struct signal_message *m, bool fresh)
{
    struct link *l = arg;
    char version[64], epoch[64];
    log_event(LOG_INFO, "parleyd_connected", "version=%s epoch=%s fresh=%d",
              log_value(version, sizeof version, slice_of(m->version)),
              log_value(epoch, sizeof epoch, slice_of(m->epoch)), fresh);
    l->greeted = true;
    l->handlers.changed(l->arg, true, fresh);
}

static void on_fault(void *arg, const struct fault *fault)
{
    struct link *l = arg;
    log_event(LOG_WARN, "parleyd_fault", "what=\"%s\"", fault->what);
    l->broken = true;
}

static void drop_peer(struct link *l)
{
    if (l->peer.fd < 0) return;
    bool was_up = l->greeted;
    watch_close(&l->peer, l->root);
    channel_disconnected(l->channel);
    l->greeted = l->broken = l->waits_to_write = false;
    log_event(LOG_INFO, "parleyd_disconnected", "unacknowledged=%zu", channel_unacknowledged(l->channel));
    if (was_up) l->handlers.changed(l->arg, false, false);
}

static int on_readable(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct link *l = (struct link *)(void *)arg;
    static char bytes[READ_BYTES];
    ssize_t n = recv(l->peer.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0) channel_receive(l->channel, bytes, (size_t)n);
    bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
    if (l->broken || (n <= 0 && !again)) drop_peer(l);
    return 0;
}

static void replace_peer(struct link *l, int fd)
{
    drop_peer(l);
    if (watch_open(&l->peer, l->root, fd, on_readable, l) != STATUS_OK) {
        close(fd);
        return;
    }
    json_t *calls = l->handlers.calls(l->arg);
    channel_connected(l->channel, calls);
    json_decref(calls);
}

/** Only who says something takes the place of the connection that stands: a look at the socket must not cut it. */
static int on_candidate(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct link *l = (struct link *)(void *)arg;
    char byte;
    ssize_t n = recv(l->candidate.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    int fd = l->candidate.fd;
    su_root_deregister(l->root, l->candidate.index);
    l->candidate.fd = -1;
    if (n > 0)
        replace_peer(l, fd);
    else
        close(fd);
    return 0;
}

static int on_connection(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
    (void)magic;
    (void)wait;
    struct link *l = (struct link *)(void *)arg;
    int fd = accept4(l->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return 0;
    watch_close(&l->candidate, l->root);
    if (watch_open(&l->candidate, l->root, fd, on_candidate, l) != STATUS_OK) close(fd);
    return 0;
}

static bool somebody_serves(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool served = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    close(fd);
    return served;
}

static status listen_at(struct link *l, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!slice_copy(slice_of(path), address.sun_path, sizeof address.sun_path)) {
        errno = ENAMETOOLONG;
        return STATUS_IO;
    }
    if (somebody_serves(&address)) return STATUS_EXISTS;
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return STATUS_IO;
    mode_t mask = umask(0177);
    bool bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    umask(mask);
    if (bound && listen(fd, 4) == 0 && watch_open(&l->listener, l->root, fd, on_connection, l) == STATUS_OK)
        return STATUS_OK;
    int saved = errno;
    close(fd);
    errno = saved;
    return STATUS_IO;
}

static status make_channel(struct link *l)
{
    static const struct channel_handlers handlers = {on_message, on_acknowledged, on_hello, on_fault};
    uint8_t random[8];
    char epoch[2 * sizeof random + 1];
    random_bytes(random, sizeof random);
    hex_format(epoch, random, sizeof random);
    return channel_create(&l->channel, epoch, PARLEY_VERSION, &handlers, l);
}

status link_open(struct link **out, su_root_t *root, const char *path, const struct link_handlers *handlers, void *arg)
{
    struct link *l = calloc(1, sizeof *l);
    if (!l) return STATUS_NO_MEMORY;
    l->root = root;
    l->handlers = *handlers;
    l->arg = arg;
    l->listener.fd = l->peer.fd = l->candidate.fd = -1;
    status s = make_channel(l);
    if (s == STATUS_OK) s = listen_at(l, path);
    if (s == STATUS_OK) l->path = slice_dup(slice_of(path));
    if (s == STATUS_OK)
        *out = l;
    else
        link_close(l);
    return s;
}

void link_close(struct link *l)
{
    if (!l) return;
    int saved = errno;
    watch_close(&l->peer, l->root);
    watch_close(&l->candidate, l->root);
    watch_close(&l->listener, l->root);
    channel_destroy(l->channel);
    if (l->path) unlink(l->path);
    free(l->path);
    free(l);
    errno = saved;
}

void link_set_listeners(struct link *l, json_t *listeners)
{
    channel_set_listeners(l->channel, listeners);
}

uint64_t link_send(struct link *l, const struct signal_message *m)
{
    if (channel_unacknowledged(l->channel) >= UNACKNOWLEDGED_MAX) return 0;
    return channel_send(l->channel, m);
}

bool link_is_full(const struct link *l)
{
    return channel_unacknowledged(l->channel) >= UNACKNOWLEDGED_BUSY;
}

bool link_is_up(const struct link *l)
{
    return l->greeted;
}

static void wait_to_write(struct link *l, bool wanted)
{
    if (l->waits_to_write == wanted) return;
    l->waits_to_write = wanted;
    su_root_eventmask(l->root, l->peer.index, l->peer.fd, wanted ? SU_WAIT_IN | SU_WAIT_OUT : SU_WAIT_IN);
}

void link_flush(struct link *l)
{
    if (l->peer.fd < 0) return;
    struct buffer *out = channel_output(l->channel);
    if (!buffer_ok(out)) {
        drop_peer(l);
        return;
    }
    while (out->len > 0) {
        ssize_t n = send(l->peer.fd, out->at, out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            buffer_consume(out, (size_t)n);
        } else if (errno == EAGAIN) {
            wait_to_write(l, true);
            return;
        } else if (errno != EINTR) {
            drop_peer(l);
            return;
        }
    }
    wait_to_write(l, false);
}
