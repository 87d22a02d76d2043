#include "call/route.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <string.h>

#include "call/nearby.h"

static bool parse_source(struct slice source, struct sockaddr_storage *out)
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (source.len > 0 && source.at[0] == '[') {
        struct slice rest = {source.at + 1, source.len - 1};
        out->ss_family = AF_INET6;
        return slice_copy(slice_cut(&rest, ']'), host, sizeof host) && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
    }
    struct slice rest = source;
    out->ss_family = AF_INET;
    return slice_copy(slice_cut(&rest, ':'), host, sizeof host) && inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

static bool may_call(const struct route *route, struct slice source)
{
    struct sockaddr_storage storage;
    const struct sockaddr *address = (const struct sockaddr *)&storage;
    if (!parse_source(source, &storage)) return false;
    for (size_t i = 0; i < route->network_count; i++) {
        if (cidr_holds(&route->networks[i], address)) return true;
    }
    return route->network_count == 0 && nearby_holds(address);
}

status route_choose(struct route_choice *out, const struct route *routes, size_t count, struct slice request_uri,
                    struct slice source, struct fault *fault)
{
    struct user_part user;
    status s = user_part_parse(&user, request_uri, false, fault);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < count; i++) {
        if (fnmatch(routes[i].user, user.name, 0) != 0) continue;
        if (!may_call(&routes[i], source)) {
            *fault = (struct fault){0, "calls from this network are not allowed"};
            return STATUS_REFUSED;
        }
        s = user_part_parse(&user, request_uri, routes[i].user_parameters, fault);
        if (s == STATUS_OK) *out = (struct route_choice){&routes[i], user};
        return s;
    }
    *fault = (struct fault){0, "no route takes this name"};
    return STATUS_NOT_FOUND;
}
