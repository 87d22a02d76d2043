#include "call/trunk.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "call/nearby.h"

enum { NUMBER_SIZE = 64 };

static bool given(const char *text)
{
    return text && text[0];
}

static bool starts(struct slice s, const char *word)
{
    size_t len = strlen(word);
    return s.len >= len && strncasecmp(s.at, word, len) == 0;
}

/** What has a scheme or an @ is meant as a URI. */
static bool is_uri(struct slice s)
{
    return memchr(s.at, ':', s.len) || memchr(s.at, '@', s.len);
}

static bool in(const char *set, char c)
{
    return c && strchr(set, c);
}

/** The digits of a number, with + * # and letters; what only divides it is left out. */
static bool read_number(char out[NUMBER_SIZE], struct slice s)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (in(" -.()/", c)) continue;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool fits = (c >= '0' && c <= '9') || letter || in("*#_", c) || (c == '+' && len == 0);
        if (!fits || len == NUMBER_SIZE - 1) return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return len > 0;
}

static bool is_clean_uri(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c <= 0x20 || c >= 0x7F || in("<>\"\\", (char)c)) return false;
    }
    return true;
}

/** "sip:NUMBER@HOST"; # has to be escaped in a user part (RFC 3261 section 25.1). */
static bool print_number(char out[TRUNK_URI_SIZE], const char *number, const char *host)
{
    size_t len = (size_t)snprintf(out, TRUNK_URI_SIZE, "sip:");
    for (; *number; number++) {
        char digit[4];
        snprintf(digit, sizeof digit, *number == '#' ? "%%23" : "%c", *number);
        if (len + strlen(digit) >= TRUNK_URI_SIZE) return false;
        len += (size_t)snprintf(out + len, TRUNK_URI_SIZE - len, "%s", digit);
    }
    int more = snprintf(out + len, TRUNK_URI_SIZE - len, "@%s", host);
    return more > 0 && (size_t)more < TRUNK_URI_SIZE - len;
}

static size_t count_of(struct slice s, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.at[i] == c;
    return count;
}

/** "host:port" of a SIP URI */
static struct slice host_port_of(struct slice uri)
{
    struct slice rest = {uri.at + strlen("sip:"), uri.len - strlen("sip:")};
    const char *at = memchr(rest.at, '@', rest.len);
    if (at) rest = (struct slice){at + 1, rest.len - (size_t)(at + 1 - rest.at)};
    rest = slice_cut(&rest, '?');
    return slice_cut(&rest, ';');
}

/** @return STATUS_OK; STATUS_INVALID, STATUS_UNSUPPORTED */
static status check_sip_uri(struct slice uri, struct fault *fault)
{
    *fault = (struct fault){0, "only sip: URIs and numbers can be called"};
    if (!starts(uri, "sip:")) return STATUS_UNSUPPORTED;
    *fault = (struct fault){0, "not a SIP URI"};
    bool plain = uri.len > strlen("sip:") && is_clean_uri(uri) && count_of(uri, '@') <= 1;
    return plain && host_port_of(uri).len > 0 ? STATUS_OK : STATUS_INVALID;
}

/** A URI without what may follow its host and port: anybody can write anything there, so no pattern may see it. */
static struct slice without_parameters(struct slice uri)
{
    struct slice host = host_port_of(uri);
    return (struct slice){uri.at, (size_t)(host.at + host.len - uri.at)};
}

/** The host of a SIP URI, without brackets. */
static struct slice host_of(struct slice uri)
{
    struct slice rest = host_port_of(uri);
    if (rest.len > 0 && rest.at[0] == '[') {
        slice_cut(&rest, '[');
        return slice_cut(&rest, ']');
    }
    return slice_cut(&rest, ':');
}

/** A literal has to be near; a name is looked at when it is resolved. */
static bool may_be_near(struct slice host)
{
    char text[INET6_ADDRSTRLEN];
    struct sockaddr_storage address = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
    if (!slice_copy(host, text, sizeof text)) return true;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        address.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        address.ss_family = AF_INET6;
    else
        return true;
    return nearby_holds((const struct sockaddr *)&address);
}

static status print_caller(char out[TRUNK_URI_SIZE], struct slice caller, const char *host, struct fault *fault)
{
    char number[NUMBER_SIZE];
    if (is_uri(caller)) {
        status s = check_sip_uri(caller, fault);
        if (s != STATUS_OK) return s;
        if (slice_copy(caller, out, TRUNK_URI_SIZE)) return STATUS_OK;
    } else if (read_number(number, caller) && print_number(out, number, host)) {
        return STATUS_OK;
    }
    *fault = (struct fault){0, "the caller is neither a number nor a SIP URI"};
    return STATUS_INVALID;
}

/** @return STATUS_NOT_FOUND where this trunk does not fit */
static status try_trunk(struct trunk_choice *c, const struct trunk *t, struct slice destination, const char *number)
{
    char text[TRUNK_URI_SIZE];
    if (!number && !slice_copy(without_parameters(destination), text, sizeof text)) return STATUS_NOT_FOUND;
    if (fnmatch(t->match, number ? number : text, 0) != 0) return STATUS_NOT_FOUND;
    bool has_host = given(t->host);
    if (number && !has_host) return STATUS_NOT_FOUND;
    *c = (struct trunk_choice){
        .trunk = t, .route = has_host ? t->host : NULL, .transport = given(t->transport) ? t->transport : NULL};
    if (!number) return slice_copy(destination, c->to_uri, sizeof c->to_uri) ? STATUS_OK : STATUS_NOT_FOUND;
    char changed[2 * NUMBER_SIZE];
    size_t strip = t->strip < strlen(number) ? t->strip : strlen(number);
    int len = snprintf(changed, sizeof changed, "%s%s", given(t->prefix) ? t->prefix : "", number + strip);
    if (len <= 0 || (size_t)len >= sizeof changed) return STATUS_NOT_FOUND;
    return print_number(c->to_uri, changed, t->host) ? STATUS_OK : STATUS_NOT_FOUND;
}

static status choose_direct(struct trunk_choice *c, struct slice destination, bool is_number, struct fault *fault)
{
    *fault = (struct fault){0, "no trunk takes numbers"};
    if (is_number) return STATUS_REFUSED;
    *fault = (struct fault){0, "without a trunk only loopback and private networks can be called"};
    if (!may_be_near(host_of(destination))) return STATUS_REFUSED;
    *c = (struct trunk_choice){.private_only = true};
    *fault = (struct fault){0, "the URI is too long"};
    return slice_copy(destination, c->to_uri, sizeof c->to_uri) ? STATUS_OK : STATUS_INVALID;
}

static status choose(struct trunk_choice *c, const struct trunk *trunks, size_t count, struct slice destination,
                     const char *number, struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        if (try_trunk(c, &trunks[i], destination, number) == STATUS_OK) return STATUS_OK;
    }
    if (count == 0) return choose_direct(c, destination, number != NULL, fault);
    *fault = (struct fault){0, "no trunk takes this destination"};
    return STATUS_REFUSED;
}

status trunk_choose(struct trunk_choice *out, const struct trunk *trunks, size_t count, struct slice destination,
                    struct slice caller, const char *our_host, struct fault *fault)
{
    char number[NUMBER_SIZE];
    struct trunk_choice c;
    destination = slice_trim(destination);
    destination = slice_cut(&destination, '?'); /* headers are no part of a request URI (RFC 3261 section 19.1.1) */
    bool uri = is_uri(destination);
    status s = STATUS_OK;
    *fault = (struct fault){0, "neither a number nor a SIP URI"};
    if (uri)
        s = check_sip_uri(destination, fault);
    else if (!read_number(number, destination))
        s = STATUS_INVALID;
    if (s == STATUS_OK) s = choose(&c, trunks, count, destination, uri ? NULL : number, fault);
    if (s != STATUS_OK) return s;
    const struct trunk *t = c.trunk;
    if (t && given(t->caller_id)) caller = slice_of(t->caller_id);
    s = print_caller(c.from_uri, slice_trim(caller), t && given(t->host) ? t->host : our_host, fault);
    if (s != STATUS_OK) return s;
    *out = c;
    if (t) out->identity = out->from_uri;
    return STATUS_OK;
}
