#include "sip/outbound.h"

#include <sofia-sip/tport.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** The address that the kernel would send from. @return false where there is no way to the peer */
static bool source_for(struct address *out, const struct address *peer)
{
    struct sockaddr_storage s = {0};
    socklen_t len = address_to_socket(&s, peer);
    int fd = socket(s.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    bool known = connect(fd, (const struct sockaddr *)&s, len) == 0;
    len = sizeof s;
    known = known && getsockname(fd, (struct sockaddr *)&s, &len) == 0 &&
            address_of_socket(out, (const struct sockaddr *)&s);
    close(fd);
    return known;
}

static const struct agent_listener *listener_for(const struct agent *a, const struct address *peer)
{
    struct address source;
    bool known = source_for(&source, peer);
    const struct agent_listener *first = NULL;
    for (unsigned i = 0; i < a->listener_count; i++) {
        const struct agent_listener *l = &a->listeners[i];
        if (l->address.ipv6 != peer->ipv6) continue;
        if (known && memcmp(l->address.bytes, source.bytes, peer->ipv6 ? 16 : 4) == 0) return l;
        if (!first) first = l;
    }
    return first;
}

static tport_t *transport_of(const struct agent *a, const struct agent_listener *l, bool tcp)
{
    for (tport_t *t = tport_primaries(nta_agent_tports(a->nta)); t; t = tport_next(t)) {
        const char *ident = tport_name(t)->tpn_ident;
        if ((tport_is_tcp(t) != 0) == tcp && ident && strcmp(ident, l->ident) == 0) return t;
    }
    return NULL;
}

bool outbound_is_private(const struct address *a)
{
    struct networks near;
    networks_default(&near);
    return networks_have(&near, a);
}

static bool all_private(const struct address *addresses, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!outbound_is_private(&addresses[i])) return false;
    }
    return true;
}

status outbound_choose(struct outbound *out, const struct agent *a, const struct hop *hop,
                       const struct address *addresses, unsigned count, bool private_only, const char **why)
{
    *why = "cannot resolve the name";
    if (count == 0) return STATUS_NOT_FOUND;
    *why = "not a private address";
    if (private_only && !all_private(addresses, count)) return STATUS_REFUSED;
    *why = "no listener of its address family";
    for (unsigned i = 0; i < count; i++) {
        const struct agent_listener *l = listener_for(a, &addresses[i]);
        tport_t *tport = l ? transport_of(a, l, hop->tcp) : NULL;
        if (!tport) continue;
        *out = (struct outbound){addresses[i], l->address, {0}, hop->tcp, tport_ref(tport)};
        out->peer.port = hop->port;
        out->local = agent_facing(a, &out->bound, &out->peer);
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

void outbound_clear(struct outbound *o)
{
    if (o->tport) tport_unref(o->tport);
    o->tport = NULL;
}

void outbound_route(char *out, size_t size, const struct address *peer, bool tcp)
{
    char text[ADDRESS_TEXT_SIZE];
    snprintf(out, size, "sip:%s;transport=%s", address_print(text, peer), tcp ? "tcp" : "udp");
}
