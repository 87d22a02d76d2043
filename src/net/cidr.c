#include "net/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* The bytes of an address with mapped IPv4 taken out of its IPv6 wrapping; 0 for other families. */
static size_t address_bytes(const struct sockaddr *address, uint8_t out[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        memcpy(out, &in.sin_addr, 4);
        return 4;
    }
    if (address->sa_family != AF_INET6) return 0;
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    if (memcmp(&in6.sin6_addr, mapped, sizeof mapped) == 0) {
        memcpy(out, in6.sin6_addr.s6_addr + 12, 4);
        return 4;
    }
    memcpy(out, &in6.sin6_addr, 16);
    return 16;
}

static status fail(struct fault *fault, size_t at, const char *what)
{
    if (fault) *fault = (struct fault){at, what};
    return STATUS_INVALID;
}

/* True where every bit from number from on is zero. */
static bool tail_is_zero(const uint8_t *bytes, size_t len, unsigned from)
{
    for (unsigned bit = from; bit < 8 * len; bit++) {
        if (bytes[bit / 8] & (0x80u >> (bit % 8))) return false;
    }
    return true;
}

static struct slice without_brackets(struct slice s)
{
    if (s.len >= 2 && s.at[0] == '[' && s.at[s.len - 1] == ']') return (struct slice){s.at + 1, s.len - 2};
    return s;
}

status cidr_parse(struct cidr *out, struct slice text, struct fault *fault)
{
    struct slice rest = text;
    struct slice host = slice_cut(&rest, '/');
    bool has_bits = host.len < text.len;
    char literal[INET6_ADDRSTRLEN];
    struct cidr range = {0};
    if (!slice_copy(without_brackets(host), literal, sizeof literal) || strlen(literal) == 0)
        return fail(fault, 0, "an IPv4 or IPv6 address is expected, as in 10.0.0.0/8 or fd00::/8");
    if (inet_pton(AF_INET, literal, range.address) == 1)
        range.family = AF_INET;
    else if (inet_pton(AF_INET6, literal, range.address) == 1)
        range.family = AF_INET6;
    else
        return fail(fault, 0, "an IPv4 or IPv6 address is expected, as in 10.0.0.0/8 or fd00::/8");
    size_t len = range.family == AF_INET ? 4 : 16;
    uint32_t bits = (uint32_t)(8 * len);
    if (has_bits && !slice_to_u32(rest, bits, &bits))
        return fail(fault, host.len + 1,
                    len == 4 ? "0 to 32 bits are expected after '/'" : "0 to 128 bits are expected after '/'");
    if (!tail_is_zero(range.address, len, bits))
        return fail(fault, 0, "the address has bits set beyond the prefix length");
    range.prefix_bits = (uint8_t)bits;
    *out = range;
    return STATUS_OK;
}

bool cidr_holds(const struct cidr *range, const struct sockaddr *address)
{
    uint8_t bytes[16] = {0};
    size_t len = address_bytes(address, bytes);
    if (len != (range->family == AF_INET ? 4u : 16u)) return false;
    size_t whole = range->prefix_bits / 8;
    if (memcmp(bytes, range->address, whole) != 0) return false;
    unsigned left = range->prefix_bits % 8u;
    if (left == 0) return true;
    uint8_t mask = (uint8_t)(0xff00u >> left);
    return ((bytes[whole] ^ range->address[whole]) & mask) == 0;
}

const char *cidr_format(const struct cidr *range, char out[CIDR_TEXT_SIZE])
{
    char literal[INET6_ADDRSTRLEN];
    inet_ntop(range->family, range->address, literal, sizeof literal);
    snprintf(out, CIDR_TEXT_SIZE, "%s/%u", literal, (unsigned)range->prefix_bits);
    return out;
}

const char *address_format(const struct sockaddr *address, char out[CIDR_TEXT_SIZE])
{
    uint8_t bytes[16];
    size_t len = address_bytes(address, bytes);
    if (len == 0 || !inet_ntop(len == 4 ? AF_INET : AF_INET6, bytes, out, CIDR_TEXT_SIZE))
        snprintf(out, CIDR_TEXT_SIZE, "?");
    return out;
}
