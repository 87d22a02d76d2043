#include "sip/hop.h"

#include <string.h>
#include <strings.h>

enum { SIP_PORT = 5060 };

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
}

static bool is_host(struct slice s, bool ipv6)
{
    if (s.len == 0) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!host_char(s.at[i]) && !(ipv6 && s.at[i] == ':')) return false;
    }
    return true;
}

/** "host", "host:port", "[IPv6]:port" */
static bool parse_host_port(struct hop *out, struct slice text)
{
    bool ipv6 = text.len > 0 && text.at[0] == '[';
    struct slice rest = text, host;
    if (ipv6) {
        rest.at++;
        rest.len--;
        host = slice_cut(&rest, ']');
        if (host.len + 1 >= text.len) return false; /* no closing bracket */
        if (rest.len > 0 && rest.at[0] != ':') return false;
        if (rest.len > 0) slice_cut(&rest, ':');
    } else {
        host = slice_cut(&rest, ':');
    }
    bool has_port = text.at + text.len > host.at + host.len + (ipv6 ? 1 : 0);
    uint32_t port = SIP_PORT;
    if (has_port && (!slice_to_u32(rest, 65535, &port) || port == 0)) return false;
    if (!is_host(host, ipv6) || !slice_copy(host, out->host, sizeof out->host)) return false;
    out->port = (uint16_t)port;
    return true;
}

static status parse_transport(struct hop *out, struct slice name)
{
    if (slice_is_nocase(name, "udp"))
        out->tcp = false;
    else if (slice_is_nocase(name, "tcp"))
        out->tcp = true;
    else
        return STATUS_UNSUPPORTED;
    return STATUS_OK;
}

static status parse_params(struct hop *out, struct slice params)
{
    while (params.len > 0) {
        struct slice value = slice_cut(&params, ';');
        struct slice name = slice_cut(&value, '=');
        if (slice_is_nocase(name, "transport") && parse_transport(out, value) != STATUS_OK) return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

status hop_parse(struct hop *out, const char *uri, const char *route, const char *transport)
{
    struct hop hop = {.port = SIP_PORT};
    struct slice rest = slice_of(uri);
    if (strpbrk(uri, " <>\"\r\n\t")) return STATUS_INVALID;
    if (rest.len < 4 || strncasecmp(uri, "sip:", 4) != 0) return STATUS_UNSUPPORTED;
    rest.at += 4;
    rest.len -= 4;
    const char *at = memchr(rest.at, '@', rest.len); /* a second @ must be escaped */
    if (at) {
        rest.len -= (size_t)(at + 1 - rest.at);
        rest.at = at + 1;
    }
    rest = slice_cut(&rest, '?');
    struct slice where = slice_cut(&rest, ';');
    if (!parse_host_port(&hop, where)) return STATUS_INVALID;
    if (route && !parse_host_port(&hop, slice_of(route))) return STATUS_INVALID;
    status s = transport ? parse_transport(&hop, slice_of(transport)) : parse_params(&hop, rest);
    if (s == STATUS_OK) *out = hop;
    return s;
}
