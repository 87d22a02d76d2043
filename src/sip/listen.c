#include "sip/listen.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_TRIES = 20, DESCRIPTORS_MAX = 1024 };

/** Binds for a moment. @return the port, 0 where it failed (errno) */
static uint16_t try_bind(const struct address *a, int type)
{
    struct sockaddr_storage s;
    socklen_t len = address_to_socket(&s, a);
    int fd = socket(s.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    int one = 1;
    if (a->ipv6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    struct address bound = {0};
    len = bind(fd, (struct sockaddr *)&s, len) == 0 ? (socklen_t)sizeof s : 0;
    if (len > 0 && getsockname(fd, (struct sockaddr *)&s, &len) == 0)
        address_of_socket(&bound, (const struct sockaddr *)&s);
    int saved = errno;
    close(fd);
    errno = saved;
    return bound.port;
}

/** A port that is free for UDP and TCP at this moment; 0 where there is none (errno). */
static uint16_t free_port(const struct address *asked)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        struct address a = *asked;
        a.port = try_bind(&a, SOCK_DGRAM);
        if (a.port == 0) return 0;
        if (try_bind(&a, SOCK_STREAM) != 0) return a.port;
    }
    return 0;
}

static bool is_link_local(const struct address *a)
{
    return a->ipv6 && a->bytes[0] == 0xFE && (a->bytes[1] & 0xC0) == 0x80;
}

static unsigned machine_addresses(bool ipv6, uint16_t port, struct address *out, unsigned size)
{
    struct ifaddrs *all;
    unsigned count = 0;
    if (getifaddrs(&all) < 0) return 0;
    for (const struct ifaddrs *i = all; i && count < size; i = i->ifa_next) {
        struct address a;
        if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || !address_of_socket(&a, i->ifa_addr)) continue;
        if (a.ipv6 != ipv6 || is_link_local(&a)) continue;
        a.port = port;
        out[count++] = a;
    }
    freeifaddrs(all);
    return count;
}

status listen_addresses(const struct address *asked, struct address *out, unsigned size, unsigned *count)
{
    struct address a = *asked;
    bool any = address_is_any(&a);
    *count = 0;
    if (any && machine_addresses(a.ipv6, 0, out, size) == 0) return STATUS_OK;
    if (a.port == 0) {
        a.port = free_port(asked);
        if (a.port == 0) return STATUS_IO;
    }
    if (any) {
        *count = machine_addresses(a.ipv6, a.port, out, size);
    } else if (size > 0) {
        out[0] = a;
        *count = 1;
    }
    return STATUS_OK;
}

void listen_mark_ipv6(int traffic_class)
{
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++) {
        int domain;
        socklen_t len = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 || domain != AF_INET6) continue;
        setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class, sizeof traffic_class);
    }
}
