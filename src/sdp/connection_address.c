#include "sdp/connection_address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

enum { LABEL_MAX = 63, NAME_MAX_CHARACTERS = 253 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_label(struct slice label)
{
    if (label.len == 0 || label.len > LABEL_MAX) return false;
    for (size_t i = 0; i < label.len; i++) {
        bool hyphen_inside = label.at[i] == '-' && i > 0 && i + 1 < label.len;
        if (!is_letter(label.at[i]) && !is_digit(label.at[i]) && !hyphen_inside) return false;
    }
    return true;
}

static bool is_all_digits(struct slice label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (!is_digit(label.at[i])) return false;
    }
    return true;
}

/** A name whose last label is a number would be a broken IPv4 address. One full stop may end it. */
static bool is_name(struct slice name)
{
    if (name.len > 0 && name.at[name.len - 1] == '.') name.len--;
    if (name.len == 0 || name.len > NAME_MAX_CHARACTERS) return false;
    struct slice label = {name.at, 0};
    for (bool more = true; more;) {
        const char *dot = memchr(name.at, '.', name.len);
        more = dot != NULL;
        label = (struct slice){name.at, dot ? (size_t)(dot - name.at) : name.len};
        if (!is_label(label)) return false;
        if (more) name = (struct slice){dot + 1, name.len - label.len - 1};
    }
    return !is_all_digits(label);
}

enum address_kind connection_address_kind(struct slice address)
{
    static const struct in6_addr unspecified;
    struct in6_addr parsed = unspecified; /* of which an IPv4 address takes the first four bytes */
    char literal[INET6_ADDRSTRLEN];
    bool fits = slice_copy(address, literal, sizeof literal), ipv6 = fits && strchr(literal, ':');
    if (!fits || inet_pton(ipv6 ? AF_INET6 : AF_INET, literal, &parsed) != 1)
        return is_name(address) ? ADDRESS_NAME : ADDRESS_MALFORMED;
    if (memcmp(&parsed, &unspecified, sizeof parsed) == 0) return ADDRESS_UNSPECIFIED;
    bool group = ipv6 ? parsed.s6_addr[0] == 0xFF : parsed.s6_addr[0] >= 224;
    return group ? ADDRESS_GROUP : ADDRESS_UNICAST;
}
