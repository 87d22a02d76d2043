#include "net/http_linger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE_MAX = 64, TIME_US = 2000000, BYTES_MAX = 16 * 1024 * 1024 };

struct lingering {
    struct list link;
    int fd;
    size_t bytes;
    struct loop_watch *watch;
    struct loop_timer *timer;
};

static void lingering_close(void *arg)
{
    struct lingering *l = arg;
    loop_watch_destroy(l->watch);
    loop_timer_destroy(l->timer);
    list_remove(&l->link);
    close(l->fd);
    free(l);
}

static void on_readable(void *arg, unsigned events)
{
    (void)events;
    struct lingering *l = arg;
    char thrown_away[16384];
    ssize_t n = recv(l->fd, thrown_away, sizeof thrown_away, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) l->bytes += (size_t)n;
    if (n <= 0 || l->bytes > BYTES_MAX) lingering_close(l);
}

void http_linger_init(struct http_linger *set, struct loop *loop)
{
    list_init(&set->links);
    set->loop = loop;
}

void http_linger_clear(struct http_linger *set)
{
    list_each_safe (link, &set->links)
        lingering_close(list_object(link, struct lingering, link));
}

void http_linger_add(struct http_linger *set, int fd)
{
    if (list_count(&set->links) >= AT_ONCE_MAX) return;
    /* The loop takes the old number out of epoll late, when it is closed and out of reach: until this one goes, within
     * TIME_US, whoever gets that number may be woken for nothing. */
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    struct lingering *l = own >= 0 ? calloc(1, sizeof *l) : NULL;
    if (!l) {
        if (own >= 0) close(own);
        return;
    }
    l->fd = own;
    list_push_back(&set->links, &l->link);
    shutdown(own, SHUT_WR);
    if (loop_watch_create(&l->watch, set->loop, own, LOOP_READABLE, on_readable, l) != STATUS_OK ||
        loop_timer_create(&l->timer, set->loop, lingering_close, l) != STATUS_OK) {
        lingering_close(l);
        return;
    }
    loop_timer_set(l->timer, TIME_US);
}
