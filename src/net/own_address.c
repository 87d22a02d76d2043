#include "net/own_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/** With port 0. @return its size; 0 where it is no literal */
static socklen_t read_host(struct slice source, struct sockaddr_storage *out)
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool bracketed = source.len > 0 && source.at[0] == '[';
    struct slice rest = bracketed ? (struct slice){source.at + 1, source.len - 1} : source;
    if (!slice_copy(slice_cut(&rest, bracketed ? ']' : ':'), host, sizeof host)) return 0;
    memset(out, 0, sizeof *out);
    if (bracketed && inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(out, &v6, sizeof v6);
        return sizeof v6;
    }
    if (!bracketed && inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    return 0;
}

/* Only an address of its own can be bound. The wildcards and groups can be too, and are nobody's. */
bool own_address(struct slice source)
{
    struct sockaddr_storage address;
    socklen_t len = read_host(source, &address);
    if (len == 0) return false;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
    if (address.ss_family == AF_INET && (v4->sin_addr.s_addr == 0 || ntohl(v4->sin_addr.s_addr) >> 28 >= 14))
        return false;
    if (address.ss_family == AF_INET6 &&
        (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr) || IN6_IS_ADDR_MULTICAST(&v6->sin6_addr)))
        return false;
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool own = fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) == 0;
    if (fd >= 0) close(fd);
    return own;
}
