#include "net/fetch_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static status say(char why[FETCH_WHY_SIZE], status result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static status say(char why[FETCH_WHY_SIZE], status result, const char *format, ...)
{
    if (!why) return result;
    va_list args;
    va_start(args, format);
    vsnprintf(why, FETCH_WHY_SIZE, format, args);
    va_end(args);
    return result;
}

/* RFC 6890 and its registries; the first match names the kind. */
struct range4 {
    uint32_t network;
    uint8_t bits;
    const char *kind;
};

static const char loopback[] = "loopback";

static const struct range4 ranges4[] = {
    {0x00000000, 8, "unspecified"},    {0x0a000000, 8, "private"},        {0x64400000, 10, "carrier-grade NAT"},
    {0x7f000000, 8, loopback},         {0xa9fe0000, 16, "link-local"},    {0xac100000, 12, "private"},
    {0xc0000000, 24, "reserved"},      {0xc0000200, 24, "documentation"}, {0xc0586300, 24, "6to4 relay"},
    {0xc0a80000, 16, "private"},       {0xc6120000, 15, "benchmarking"},  {0xc6336400, 24, "documentation"},
    {0xcb007100, 24, "documentation"}, {0xe0000000, 4, "multicast"},      {0xffffffff, 32, "broadcast"},
    {0xf0000000, 4, "reserved"},
};

static const char *kind4(uint32_t address)
{
    for (size_t i = 0; i < sizeof ranges4 / sizeof ranges4[0]; i++) {
        uint32_t mask = ~(uint32_t)0 << (32 - ranges4[i].bits);
        if ((address & mask) == ranges4[i].network) return ranges4[i].kind;
    }
    return NULL;
}

static uint32_t load32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool starts(const uint8_t address[16], const char *prefix, unsigned bits)
{
    struct in6_addr other;
    inet_pton(AF_INET6, prefix, &other);
    for (unsigned bit = 0; bit < bits; bit++) {
        if ((address[bit / 8] ^ other.s6_addr[bit / 8]) & (0x80u >> (bit % 8))) return false;
    }
    return true;
}

/* An IPv6 address that a translator or tunnel turns into an IPv4 one is as good or bad as that one. */
static const char *kind6(const uint8_t address[16])
{
    if (starts(address, "::1", 128)) return loopback;
    if (starts(address, "::", 128)) return "unspecified";
    if (starts(address, "::ffff:0:0", 96)) return kind4(load32(address + 12));
    if (starts(address, "::", 96)) return "reserved";
    if (starts(address, "64:ff9b::", 96)) return kind4(load32(address + 12));
    if (starts(address, "64:ff9b:1::", 48)) return "translated";
    if (starts(address, "2002::", 16)) return kind4(load32(address + 2));
    if (starts(address, "2001::", 23)) return "reserved"; /* Teredo, benchmarking, ORCHID */
    if (starts(address, "2001:db8::", 32)) return "documentation";
    if (starts(address, "100::", 64)) return "discard-only";
    if (starts(address, "fc00::", 7)) return "private";
    if (starts(address, "fe80::", 10)) return "link-local";
    if (starts(address, "fec0::", 10)) return "private";
    if (starts(address, "ff00::", 8)) return "multicast";
    if (!starts(address, "2000::", 3)) return "reserved"; /* only 2000::/3 is given out */
    return NULL;
}

static const char *kind_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return kind4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        return kind6(in6.sin6_addr.s6_addr);
    }
    return "not an internet address";
}

status fetch_guard_address(const struct fetch_guard *guard, const struct sockaddr *address, char why[FETCH_WHY_SIZE])
{
    const char *kind = kind_of(address);
    if (!kind) return STATUS_OK;
    for (size_t i = 0; i < guard->allowed_count; i++) {
        if (cidr_holds(&guard->allowed[i], address)) return STATUS_OK;
    }
    if (kind == loopback && guard->allow_loopback) return STATUS_OK;
    char text[CIDR_TEXT_SIZE];
    address_format(address, text);
    return say(why, STATUS_REFUSED, "address %s is %s; --fetch-allow %s would allow it", text, kind, text);
}

/* The parts of a URL that matter here. */
struct url_parts {
    struct slice host; /* without brackets */
    bool bracketed;
    struct slice port;
};

static bool starts_nocase(struct slice s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.len >= n && strncasecmp(s.at, prefix, n) == 0;
}

static const char *split_url(struct slice url, struct url_parts *out)
{
    if (url.len == 0) return "an absolute http or https URL is expected";
    if (url.len > FETCH_URL_MAX) return "the URL is longer than 2048 bytes";
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.at[i];
        if (c <= ' ' || c >= 0x7f || c == '\\' || c == '"' || c == '<' || c == '>' || c == '^' || c == '`' ||
            c == '{' || c == '|' || c == '}')
            return "the URL holds a byte that has to be percent-encoded";
    }
    size_t scheme = starts_nocase(url, "https://") ? 8 : starts_nocase(url, "http://") ? 7 : 0;
    if (scheme == 0) return "an absolute http or https URL is expected";
    struct slice authority = {url.at + scheme, 0};
    while (scheme + authority.len < url.len && !strchr("/?#", authority.at[authority.len]))
        authority.len++;
    if (authority.len > 0 && memchr(authority.at, '@', authority.len)) return "the URL holds credentials";
    *out = (struct url_parts){.host = authority};
    if (authority.len > 0 && authority.at[0] == '[') {
        const char *end = memchr(authority.at, ']', authority.len);
        if (!end) return "the ']' of the host is missing";
        out->bracketed = true;
        out->host = (struct slice){authority.at + 1, (size_t)(end - authority.at - 1)};
        out->port = (struct slice){end + 1, authority.len - out->host.len - 2};
        if (out->port.len > 0 && out->port.at[0] != ':') return "':' and a port are expected after ']'";
    } else {
        struct slice rest = authority;
        out->host = slice_cut(&rest, ':');
        out->port = (struct slice){out->host.at + out->host.len, authority.len - out->host.len};
    }
    if (out->host.len == 0) return "the URL has no host";
    return NULL;
}

static bool port_is_good(struct slice port)
{
    if (port.len == 0) return true;
    uint32_t number;
    return slice_to_u32((struct slice){port.at + 1, port.len - 1}, 65535, &number) && number > 0;
}

/* Letters, digits, '-', '_' and '.' as in DNS; '%' could spell anything and is refused. */
static bool name_is_good(struct slice host)
{
    if (host.len > 253) return false;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '_' || c == '.';
        if (!good) return false;
    }
    return host.at[0] != '.';
}

/* "localhost" and "x.localhost" are loopback by RFC 6761, whatever a resolver says. */
static bool is_localhost(const char *name)
{
    size_t n = strlen(name), k = strlen("localhost");
    if (n < k || strcasecmp(name + n - k, "localhost") != 0) return false;
    return n == k || name[n - k - 1] == '.';
}

static status check_name(const struct fetch_guard *guard, char *name, char why[FETCH_WHY_SIZE])
{
    size_t len = strlen(name);
    if (len > 1 && name[len - 1] == '.') name[len - 1] = '\0';
    struct sockaddr_in in = {.sin_family = AF_INET};
    if (inet_aton(name, &in.sin_addr)) return fetch_guard_address(guard, (struct sockaddr *)&in, why);
    if (!is_localhost(name)) return STATUS_OK;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fetch_guard_address(guard, (struct sockaddr *)&in, NULL) == STATUS_OK) return STATUS_OK;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    if (fetch_guard_address(guard, (struct sockaddr *)&in6, NULL) == STATUS_OK) return STATUS_OK;
    return say(why, STATUS_REFUSED, "host %.200s is loopback; --fetch-allow 127.0.0.1 would allow it", name);
}

status fetch_guard_url(const struct fetch_guard *guard, struct slice url, char why[FETCH_WHY_SIZE])
{
    struct url_parts parts;
    const char *fault = split_url(url, &parts);
    if (fault) return say(why, STATUS_INVALID, "%s", fault);
    if (!port_is_good(parts.port)) return say(why, STATUS_INVALID, "a port of 1 to 65535 is expected");
    char name[256];
    if (parts.bracketed) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
        if (!slice_copy(parts.host, name, sizeof name) || inet_pton(AF_INET6, name, &in6.sin6_addr) != 1)
            return say(why, STATUS_INVALID, "an IPv6 address is expected between '[' and ']'");
        return fetch_guard_address(guard, (struct sockaddr *)&in6, why);
    }
    if (!name_is_good(parts.host) || !slice_copy(parts.host, name, sizeof name))
        return say(why, STATUS_INVALID, "the host is not a name or an address");
    return check_name(guard, name, why);
}
