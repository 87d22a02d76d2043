#include "sip/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static bool mapped(const uint8_t bytes[16])
{
    static const uint8_t prefix[12] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(bytes, prefix, sizeof prefix) == 0;
}

static void set_ipv6(struct address *out, const uint8_t bytes[16])
{
    out->ipv6 = !mapped(bytes);
    if (out->ipv6)
        memcpy(out->bytes, bytes, 16);
    else
        memcpy(out->bytes, bytes + 12, 4);
}

status address_parse_host(struct address *out, struct slice text)
{
    char host[INET6_ADDRSTRLEN];
    if (text.len > 1 && text.at[0] == '[' && text.at[text.len - 1] == ']')
        text = (struct slice){text.at + 1, text.len - 2};
    if (!slice_copy(text, host, sizeof host)) return STATUS_INVALID;
    struct address a = {0};
    uint8_t bytes[16];
    if (inet_pton(AF_INET, host, a.bytes) == 1) {
        *out = a;
        return STATUS_OK;
    }
    if (inet_pton(AF_INET6, host, bytes) != 1) return STATUS_INVALID;
    set_ipv6(&a, bytes);
    *out = a;
    return STATUS_OK;
}

status address_parse(struct address *out, struct slice text)
{
    size_t colon = text.len;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon < 2) return STATUS_INVALID;
    struct slice host = {text.at, colon - 1};
    struct slice port = {text.at + colon, text.len - colon};
    bool bracketed = host.at[0] == '[';
    uint32_t number;
    struct address a;
    if (memchr(host.at, ':', host.len) && !bracketed) return STATUS_INVALID;
    if (!slice_to_u32(port, 65535, &number) || address_parse_host(&a, host) != STATUS_OK) return STATUS_INVALID;
    a.port = (uint16_t)number;
    *out = a;
    return STATUS_OK;
}

bool address_of_socket(struct address *out, const struct sockaddr *socket)
{
    struct address a = {0};
    if (socket->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, socket, sizeof in);
        memcpy(a.bytes, &in.sin_addr, 4);
        a.port = ntohs(in.sin_port);
    } else if (socket->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, socket, sizeof in);
        set_ipv6(&a, in.sin6_addr.s6_addr);
        a.port = ntohs(in.sin6_port);
    } else {
        return false;
    }
    *out = a;
    return true;
}

socklen_t address_to_socket(struct sockaddr_storage *out, const struct address *a)
{
    memset(out, 0, sizeof *out);
    if (a->ipv6) {
        struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
        memcpy(&in.sin6_addr, a->bytes, 16);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    memcpy(&in.sin_addr, a->bytes, 4);
    memcpy(out, &in, sizeof in);
    return sizeof in;
}

const char *address_print_host(char out[ADDRESS_TEXT_SIZE], const struct address *a)
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(a->ipv6 ? AF_INET6 : AF_INET, a->bytes, host, sizeof host);
    snprintf(out, ADDRESS_TEXT_SIZE, a->ipv6 ? "[%s]" : "%s", host);
    return out;
}

const char *address_print(char out[ADDRESS_TEXT_SIZE], const struct address *a)
{
    address_print_host(out, a);
    size_t len = strlen(out);
    snprintf(out + len, ADDRESS_TEXT_SIZE - len, ":%u", a->port);
    return out;
}

bool address_is_any(const struct address *a)
{
    static const uint8_t zero[16];
    return memcmp(a->bytes, zero, a->ipv6 ? 16 : 4) == 0;
}

status network_parse(struct network *out, struct slice text)
{
    struct slice rest = text;
    struct slice host = slice_cut(&rest, '/');
    struct network n;
    if (address_parse_host(&n.address, host) != STATUS_OK) return STATUS_INVALID;
    uint32_t bits = n.address.ipv6 ? 128 : 32;
    n.prefix = bits;
    if (host.len < text.len) {
        uint32_t prefix;
        if (!slice_to_u32(rest, bits, &prefix)) return STATUS_INVALID;
        n.prefix = prefix;
    }
    *out = n;
    return STATUS_OK;
}

void networks_default(struct networks *out)
{
    static const char *const texts[] = {"10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8",
                                        "169.254.0.0/16", "::1/128",       "fe80::/10",      "fc00::/7"};
    out->count = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (network_parse(&out->at[out->count], slice_of(texts[i])) == STATUS_OK) out->count++;
    }
}

static bool network_has(const struct network *n, const struct address *a)
{
    if (n->address.ipv6 != a->ipv6) return false;
    unsigned whole = n->prefix / 8, rest = n->prefix % 8;
    if (memcmp(n->address.bytes, a->bytes, whole) != 0) return false;
    return rest == 0 || ((n->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest)) == 0;
}

bool networks_have(const struct networks *n, const struct address *a)
{
    for (unsigned i = 0; i < n->count; i++) {
        if (network_has(&n->at[i], a)) return true;
    }
    return false;
}

struct address address_facing(const struct address *local, const struct address *peer,
                              const struct address *public_or_null, const struct networks *local_networks)
{
    struct address a = *local;
    if (!public_or_null || public_or_null->ipv6 != local->ipv6 || networks_have(local_networks, peer)) return a;
    a = *public_or_null;
    a.port = local->port;
    return a;
}
