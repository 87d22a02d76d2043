#include "engine/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DSCP_EF = 0xb8, RECEIVE_BUFFER_BYTES = 65536, KERNEL_TRIES = 64 };

void udp_set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
}

uint16_t udp_port(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
}

static socklen_t length_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* -1 with errno where it cannot be. */
static int open_one(const struct sockaddr_storage *local)
{
    int on = 1, dscp = DSCP_EF, room = RECEIVE_BUFFER_BYTES;
    int fd = socket(local->ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (local->ss_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &dscp, sizeof dscp);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_TOS, &dscp, sizeof dscp);
    }
    if (bind(fd, (const struct sockaddr *)(const void *)local, length_of(local)) == 0) return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static status why(void)
{
    return errno == EADDRINUSE || errno == EACCES ? STATUS_EXISTS : STATUS_IO;
}

static status open_at(struct sockaddr_storage *local, uint16_t port, struct engine_sockets *out)
{
    udp_set_port(local, port);
    int rtp = open_one(local);
    if (rtp < 0) return why();
    udp_set_port(local, (uint16_t)(port + 1));
    int rtcp = open_one(local);
    if (rtcp < 0) {
        status result = why();
        close(rtp);
        return result;
    }
    *out = (struct engine_sockets){.rtp_fd = rtp, .rtcp_fd = rtcp, .port = port};
    return STATUS_OK;
}

/*
 * A free port of the kernel's choice. The socket that found it is closed again: one that did not ask for its port by
 * number loses it when it is disconnected, as a leg is when its source is unlocked.
 */
static status find_port(struct sockaddr_storage *local, uint16_t *port)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    udp_set_port(local, 0);
    int fd = open_one(local);
    if (fd < 0) return why();
    bool known = getsockname(fd, (struct sockaddr *)(void *)&bound, &size) == 0;
    close(fd);
    if (!known) return STATUS_IO;
    *port = udp_port(&bound) & 0xfffe;
    return STATUS_OK;
}

status udp_pair_open(const struct sockaddr *local, uint16_t port, struct engine_sockets *out)
{
    struct sockaddr_storage address = {.ss_family = local->sa_family};
    if (local->sa_family != AF_INET && local->sa_family != AF_INET6) return STATUS_IO;
    memcpy(&address, local, length_of(&address));
    if (port != 0) return open_at(&address, port, out);
    status result = STATUS_EXISTS;
    for (int i = 0; i < KERNEL_TRIES && result == STATUS_EXISTS; i++) {
        result = find_port(&address, &port);
        if (result == STATUS_OK) result = open_at(&address, port, out);
    }
    return result;
}

void udp_pair_close(struct engine_sockets *sockets)
{
    if (sockets->rtp_fd >= 0) close(sockets->rtp_fd);
    if (sockets->rtcp_fd >= 0) close(sockets->rtcp_fd);
    sockets->rtp_fd = sockets->rtcp_fd = -1;
}

void udp_batch_init(struct udp_batch *batch)
{
    memset(batch, 0, sizeof *batch);
    for (size_t i = 0; i < MEDIA_PACKETS_MAX; i++) {
        batch->parts[i] = (struct iovec){.iov_base = batch->bytes[i], .iov_len = MEDIA_PACKET_BYTES};
        struct msghdr *header = &batch->headers[i].msg_hdr;
        header->msg_name = &batch->from[i];
        header->msg_iov = &batch->parts[i];
        header->msg_iovlen = 1;
        header->msg_control = batch->control[i];
    }
    batch->one = batch->headers[0].msg_hdr;
    batch->one.msg_name = NULL;
}

static int64_t read_control(struct msghdr *header, int64_t offset_us, int64_t now_us, uint32_t *drops)
{
    int64_t arrival_us = now_us;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET) continue;
        if (c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            arrival_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 + offset_us;
        } else if (c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(drops, CMSG_DATA(c), sizeof *drops);
        }
    }
    return arrival_us;
}

size_t udp_receive(struct udp_batch *batch, int fd, struct media_packet *packets, size_t max, int64_t offset_us,
                   int64_t now_us, uint32_t *drops)
{
    if (max > MEDIA_PACKETS_MAX) max = MEDIA_PACKETS_MAX;
    for (size_t i = 0; i < max; i++) {
        batch->headers[i].msg_hdr.msg_namelen = sizeof batch->from[i];
        batch->headers[i].msg_hdr.msg_controllen = sizeof batch->control[i];
    }
    int got = recvmmsg(fd, batch->headers, (unsigned)max, MSG_DONTWAIT, NULL);
    /* What ICMP has told of a packet sent earlier comes first, once, and stands before what is there. */
    if (got < 0 && errno != EAGAIN) got = recvmmsg(fd, batch->headers, (unsigned)max, MSG_DONTWAIT, NULL);
    if (got <= 0) return 0;
    for (size_t i = 0; i < (size_t)got; i++) {
        packets[i].bytes = batch->bytes[i];
        packets[i].len = batch->headers[i].msg_len;
        packets[i].from = &batch->from[i];
        packets[i].arrival_us = read_control(&batch->headers[i].msg_hdr, offset_us, now_us, drops);
    }
    return (size_t)got;
}

bool udp_receive_one(struct udp_batch *batch, int fd, struct media_packet *packet, const struct sockaddr_storage *peer,
                     int64_t offset_us, int64_t now_us, uint32_t *drops)
{
    batch->one.msg_controllen = sizeof batch->control[0];
    ssize_t len = recvmsg(fd, &batch->one, MSG_DONTWAIT);
    if (len < 0 && errno != EAGAIN) len = recvmsg(fd, &batch->one, MSG_DONTWAIT);
    if (len < 0) return false;
    *packet = (struct media_packet){.bytes = batch->bytes[0],
                                    .len = (size_t)len,
                                    .arrival_us = read_control(&batch->one, offset_us, now_us, drops),
                                    .from = peer};
    return true;
}

bool udp_send(int fd, const uint8_t *bytes, size_t len, const struct sockaddr_storage *to)
{
    ssize_t sent;
    for (int i = 0; i < 2; i++) {
        sent = to ? sendto(fd, bytes, len, MSG_DONTWAIT, (const struct sockaddr *)(const void *)to, length_of(to))
                  : send(fd, bytes, len, MSG_DONTWAIT);
        if (sent >= 0) return true;
        if (errno != ECONNREFUSED && errno != EHOSTUNREACH)
            return false; /* news of an earlier one: this one still goes */
    }
    return false;
}

bool udp_connect(int fd, const struct sockaddr_storage *peer)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    if (peer->ss_family == AF_UNSPEC) return connect(fd, &none, sizeof none) == 0;
    return connect(fd, (const struct sockaddr *)(const void *)peer, length_of(peer)) == 0;
}
