#include "daemon/config_check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/ids.h"
#include "call/terms.h"
#include "call/trunk.h"
#include "net/cidr.h"
#include "net/fetch_guard.h"
#include "os/log.h"

static bool is_literal(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

bool config_split_listener(const char *text, char address[INET6_ADDRSTRLEN], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (!colon) return false;
    struct slice host = {text, (size_t)(colon - text)};
    int family = AF_INET;
    if (host.len > 2 && host.at[0] == '[' && host.at[host.len - 1] == ']') {
        host = (struct slice){host.at + 1, host.len - 2};
        family = AF_INET6;
    }
    char literal[INET6_ADDRSTRLEN];
    uint32_t number;
    struct in6_addr ignored;
    if (!slice_copy(host, literal, sizeof literal) || inet_pton(family, literal, &ignored) != 1) return false;
    if (!slice_to_u32(slice_of(colon + 1), UINT16_MAX, &number)) return false;
    memcpy(address, literal, sizeof literal);
    *port = (uint16_t)number;
    return true;
}

bool config_split_ports(const char *text, uint16_t *low, uint16_t *high)
{
    struct slice rest = slice_of(text);
    uint32_t first, last;
    if (slice_is(rest, "0")) {
        *low = *high = 0;
        return true;
    }
    if (!slice_to_u32(slice_cut(&rest, '-'), UINT16_MAX, &first) || !slice_to_u32(rest, UINT16_MAX, &last))
        return false;
    if (first < 1024 || first % 2 != 0 || first >= last) return false;
    *low = (uint16_t)first;
    *high = (uint16_t)last;
    return true;
}

const char *config_check_listener(const char *text)
{
    char address[INET6_ADDRSTRLEN];
    uint16_t port;
    if (strcmp(text, "off") == 0 || config_split_listener(text, address, &port)) return NULL;
    return "an IP address and a port like 127.0.0.1:8080 or [::1]:8080 (port 0: any free one), or off";
}

const char *config_check_ports(const char *text)
{
    uint16_t low, high;
    if (config_split_ports(text, &low, &high)) return NULL;
    return "a range like 20000-39999 that starts with an even port from 1024 on, or 0 for any free ports";
}

const char *config_check_address(const char *text)
{
    return text[0] == '\0' || is_literal(text) ? NULL : "an IP address like 203.0.113.7, or nothing";
}

const char *config_check_cidr(const char *text)
{
    struct cidr range;
    if (cidr_parse(&range, slice_of(text), NULL) == STATUS_OK) return NULL;
    return "an address range like 10.0.0.0/8 or fd00::/8 with nothing behind the prefix, or one address";
}

const char *config_check_level(const char *text)
{
    enum log_level level;
    return log_level_parse(slice_of(text), &level) ? NULL : "error, warn, info or debug";
}

const char *config_check_format(const char *text)
{
    enum recording_format format;
    return config_format(text, &format) ? NULL : "wav, flac or opus";
}

bool config_format(const char *text, enum recording_format *out)
{
    static const char *const names[] = {"wav", "flac", "opus"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *out = (enum recording_format)i;
        return true;
    }
    return false;
}

const char *config_check_account(const char *text)
{
    return text[0] == '\0' || id_valid(slice_of(text), "AC") ? NULL : "an account id: AC and 40 hex digits, or nothing";
}

const char *config_check_action(const char *text)
{
    return strcmp(text, "conference") == 0 ? NULL : "conference, the built-in route";
}

const char *config_check_url(const char *text)
{
    /* Whether the address may be fetched from depends on other keys and is checked by those who fetch. */
    struct fetch_guard guard = {.allow_loopback = true};
    if (text[0] == '\0' || fetch_guard_url(&guard, slice_of(text), NULL) != STATUS_INVALID) return NULL;
    return "a URL like https://example.com/events without user and password, or nothing";
}

const char *config_check_filled(const char *text)
{
    return text[0] != '\0' ? NULL : "any text but an empty one";
}

const char *config_check_rate(const char *text)
{
    struct slice rate = slice_of(text);
    return slice_is(rate, "8000") || slice_is(rate, "16000") || slice_is(rate, "48000") ? NULL : "8000, 16000 or 48000";
}

/* Whatever trunk_choose() can make a URI of: the very check that a call will meet. */
static bool can_be_dialled(const char *number, const char *host)
{
    const struct trunk any = {.name = "", .match = "*", .host = host};
    struct trunk_choice choice;
    struct fault fault;
    return trunk_choose(&choice, &any, 1, slice_of(number), slice_of("1"), "h", &fault) == STATUS_OK;
}

static bool is_host_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!fits) return false;
    }
    return s.len > 0;
}

const char *config_check_host(const char *text)
{
    static const char allowed[] = "a host like sip.example.org, 192.0.2.1:5070 or [2001:db8::1]:5060, or nothing";
    char host[INET6_ADDRSTRLEN], bracketed[INET6_ADDRSTRLEN + 8];
    uint16_t port;
    uint32_t number;
    if (text[0] == '\0') return NULL;
    if (text[0] == '[') {
        bool has_port = strstr(text, "]:") != NULL;
        int len = snprintf(bracketed, sizeof bracketed, has_port ? "%s" : "%s:5060", text);
        bool fits = len > 0 && (size_t)len < sizeof bracketed;
        return fits && config_split_listener(bracketed, host, &port) && port > 0 ? NULL : allowed;
    }
    struct slice rest = slice_of(text);
    struct slice name = slice_cut(&rest, ':');
    bool has_port = strchr(text, ':') != NULL;
    if (has_port && (!slice_to_u32(rest, UINT16_MAX, &number) || number == 0)) return allowed;
    return is_host_name(name) && can_be_dialled("1", text) ? NULL : allowed;
}

const char *config_check_transport(const char *text)
{
    return strcmp(text, "udp") == 0 || strcmp(text, "tcp") == 0 ? NULL : "udp or tcp";
}

const char *config_check_caller(const char *text)
{
    if (text[0] == '\0' || can_be_dialled(text, "h")) return NULL;
    return "a number like +4930123456 or a URI like sip:conference@example.org, or nothing";
}

const char *config_check_codec(const char *text)
{
    return sdp_codec_find(text) ? NULL : "opus, G722, PCMU, PCMA, L16/8000, L16/16000 or L16/48000";
}

const char *config_check_order(const char *text)
{
    bool own;
    return terms_parse_order(text, &own) ? NULL : "caller or own";
}

const char *config_check_srtp(const char *text)
{
    enum sdp_srtp_use use;
    return terms_parse_srtp(text, &use) ? NULL : "never, optional or required";
}

const char *config_check_digits(const char *text)
{
    bool number = text[0] == '\0' || (!strchr(text, ':') && !strchr(text, '@') && can_be_dialled(text, "h"));
    return number && strlen(text) <= 32 ? NULL : "up to 32 digits, + first, or nothing";
}
