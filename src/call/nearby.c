#include "call/nearby.h"

#include "net/cidr.h"

static const char *const nearby[] = {"127.0.0.0/8",    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                     "169.254.0.0/16", "::1",        "fc00::/7",      "fe80::/10"};

bool nearby_holds(const struct sockaddr *address)
{
    for (size_t i = 0; i < sizeof nearby / sizeof nearby[0]; i++) {
        struct cidr range;
        if (cidr_parse(&range, slice_of(nearby[i]), NULL) == STATUS_OK && cidr_holds(&range, address)) return true;
    }
    return false;
}
