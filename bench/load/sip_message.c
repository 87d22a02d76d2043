#include "load/sip_message.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static struct slice line_cut(struct slice *rest)
{
    struct slice line = slice_cut(rest, '\n');
    if (line.len && line.at[line.len - 1] == '\r') line.len--;
    return line;
}

static bool start_line_parse(struct slice line, struct sip_message *m)
{
    struct slice first = slice_cut(&line, ' ');
    if (slice_is(first, "SIP/2.0")) {
        m->is_request = false;
        m->reason = line;
        struct slice code = slice_cut(&m->reason, ' ');
        return slice_to_u32(code, 699, &m->status) && m->status >= 100;
    }
    m->is_request = true;
    m->method = first;
    m->uri = slice_cut(&line, ' ');
    return slice_is(line, "SIP/2.0");
}

bool sip_message_parse(struct slice datagram, struct sip_message *out)
{
    struct sip_message m = {0};
    struct slice rest = datagram, line = line_cut(&rest);
    if (!start_line_parse(line, &m)) return false;
    m.headers.at = rest.at;
    do {
        line = line_cut(&rest);
    } while (line.len && rest.len);
    m.headers.len = (size_t)(rest.at - m.headers.at);
    m.body = rest;
    struct slice method = slice_trim(sip_header(&m, "CSeq", NULL, 0));
    struct slice number = slice_cut(&method, ' ');
    if (!slice_to_u32(number, UINT32_MAX, &m.cseq)) return false;
    if (!m.is_request) m.method = slice_trim(method);
    m.call_id = sip_header(&m, "Call-ID", "i", 0);
    if (m.call_id.len == 0) return false;
    *out = m;
    return true;
}

struct slice sip_header(const struct sip_message *message, const char *name, const char *compact, unsigned n)
{
    struct slice rest = message->headers;
    while (rest.len) {
        struct slice value = line_cut(&rest);
        struct slice key = slice_trim(slice_cut(&value, ':'));
        if (!slice_is_nocase(key, name) && !(compact && slice_is_nocase(key, compact))) continue;
        if (n-- == 0) return slice_trim(value);
    }
    return (struct slice){0};
}

struct slice sip_param(struct slice header, const char *name)
{
    const char *close = header.len ? memchr(header.at, '>', header.len) : NULL;
    if (close) {
        header.len -= (size_t)(close - header.at);
        header.at = close;
    }
    slice_cut(&header, ';');
    while (header.len) {
        struct slice value = slice_cut(&header, ';');
        struct slice key = slice_trim(slice_cut(&value, '='));
        if (slice_is_nocase(key, name)) return slice_trim(value);
    }
    return (struct slice){0};
}

struct slice sip_uri_of(struct slice header)
{
    const char *open = header.len ? memchr(header.at, '<', header.len) : NULL;
    if (!open) return slice_trim(slice_cut(&header, ';'));
    header.len -= (size_t)(open + 1 - header.at);
    header.at = open + 1;
    return slice_cut(&header, '>');
}

bool address_of(struct slice host, uint16_t port, struct address *out)
{
    char text[64];
    if (slice_is_nocase(host, "localhost")) host = slice_of("127.0.0.1");
    if (!slice_copy(host, text, sizeof text)) return false;
    struct address a = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a.sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a.sa;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        a.len = sizeof *v4;
    } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        a.len = sizeof *v6;
    } else {
        return false;
    }
    *out = a;
    return true;
}

bool sip_uri_address(struct slice uri, struct address *out)
{
    struct slice rest = uri, scheme = slice_cut(&rest, ':');
    if (!slice_is_nocase(scheme, "sip")) return false;
    const char *at = rest.len ? memrchr(rest.at, '@', rest.len) : NULL;
    if (at) {
        rest.len -= (size_t)(at + 1 - rest.at);
        rest.at = at + 1;
    }
    struct slice host_port = slice_cut(&rest, ';'), host;
    if (host_port.len && host_port.at[0] == '[') {
        slice_cut(&host_port, '[');
        host = slice_cut(&host_port, ']');
        slice_cut(&host_port, ':');
    } else {
        host = slice_cut(&host_port, ':');
    }
    uint32_t port = 5060;
    if (host_port.len && !slice_to_u32(host_port, 65535, &port)) return false;
    return address_of(host, (uint16_t)port, out);
}

uint16_t address_port(const struct address *a)
{
    if (address_is_v6(a)) return ntohs(((const struct sockaddr_in6 *)&a->sa)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&a->sa)->sin_port);
}

bool address_is_v6(const struct address *a)
{
    return a->sa.ss_family == AF_INET6;
}

const char *address_host(const struct address *a, bool brackets)
{
    static char text[INET6_ADDRSTRLEN + 2];
    char plain[INET6_ADDRSTRLEN] = "";
    if (address_is_v6(a)) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&a->sa)->sin6_addr, plain, sizeof plain);
    } else {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)&a->sa)->sin_addr, plain, sizeof plain);
    }
    bool wrap = brackets && address_is_v6(a);
    snprintf(text, sizeof text, "%s%s%s", wrap ? "[" : "", plain, wrap ? "]" : "");
    return text;
}

void sip_response_begin(struct buffer *out, const struct sip_message *request, unsigned code, const char *reason,
                        const char *tag)
{
    buffer_printf(out, "SIP/2.0 %u %s\r\n", code, reason);
    struct slice value;
    for (unsigned n = 0; (value = sip_header(request, "Via", "v", n)).len; n++)
        buffer_printf(out, "Via: %.*s\r\n", SLICE_ARGS(value));
    for (unsigned n = 0; (value = sip_header(request, "Record-Route", NULL, n)).len; n++)
        buffer_printf(out, "Record-Route: %.*s\r\n", SLICE_ARGS(value));
    struct slice to = sip_header(request, "To", "t", 0);
    buffer_printf(out, "From: %.*s\r\n", SLICE_ARGS(sip_header(request, "From", "f", 0)));
    buffer_printf(out, "To: %.*s", SLICE_ARGS(to));
    if (tag && sip_param(to, "tag").len == 0) buffer_printf(out, ";tag=%s", tag);
    buffer_printf(out, "\r\nCall-ID: %.*s\r\nCSeq: %u %.*s\r\n", SLICE_ARGS(request->call_id), request->cseq,
                  SLICE_ARGS(request->method));
}

void sip_body_end(struct buffer *out, const char *body)
{
    size_t len = body ? strlen(body) : 0;
    if (len) buffer_append_text(out, "Content-Type: application/sdp\r\n");
    buffer_printf(out, "Content-Length: %zu\r\n\r\n", len);
    if (len) buffer_append(out, body, len);
}
