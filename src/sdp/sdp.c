#include "sdp/sdp.h"

#include <string.h>

#include "sdp/connection_address.h"
#include "sdp/static_types.h"

/** One reading of one text. */
struct reader {
    struct sdp *sdp;
    struct slice text;
    struct fault *fault;
    struct slice session_address;
    bool session_ipv6, has_version, has_origin;
    enum sdp_direction session_direction;
};

static status fault_at(struct reader *r, const char *at, const char *what)
{
    *r->fault = (struct fault){(unsigned long)(at - r->text.at), what};
    return STATUS_INVALID;
}

/** The media section that is being read; NULL in the session section. */
static struct sdp_media *media_open(struct reader *r)
{
    return r->sdp->media_count > 0 ? &r->sdp->media[r->sdp->media_count - 1] : NULL;
}

/** The next word of a line: fields are parted by one space, and stray spaces are forgiven. */
static struct slice word(struct slice *rest)
{
    while (rest->len > 0 && rest->at[0] == ' ') {
        rest->at++;
        rest->len--;
    }
    return slice_cut(rest, ' ');
}

/** RFC 8866 section 5.2: o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address> */
static status read_origin(struct reader *r, struct slice value)
{
    struct slice rest = value;
    struct sdp *sdp = r->sdp;
    sdp->origin_user = word(&rest);
    struct slice id = word(&rest), version = word(&rest), net = word(&rest), type = word(&rest);
    sdp->origin_address = word(&rest);
    if (!slice_to_u64(id, &sdp->origin_id)) return fault_at(r, id.at, "session id must be decimal digits");
    if (!slice_to_u64(version, &sdp->origin_version))
        return fault_at(r, version.at, "session version must be decimal digits");
    if (net.len == 0 || type.len == 0 || sdp->origin_address.len == 0)
        return fault_at(r, value.at, "origin must have six fields");
    return STATUS_OK;
}

/** RFC 8866 section 5.7: c=<nettype> <addrtype> <connection-address>[/<ttl>[/<count>]] */
static status read_connection(struct reader *r, struct slice value)
{
    struct slice rest = value;
    struct slice net = word(&rest), type = word(&rest), address = word(&rest);
    if (!slice_is_nocase(net, "IN")) return fault_at(r, net.at, "network type must be IN");
    bool ipv6 = slice_is_nocase(type, "IP6");
    if (!ipv6 && !slice_is_nocase(type, "IP4")) return fault_at(r, type.at, "address type must be IP4 or IP6");
    address = slice_cut(&address, '/');
    if (address.len == 0) return fault_at(r, rest.at, "connection address is missing");
    if (connection_address_kind(address) == ADDRESS_MALFORMED)
        return fault_at(r, address.at, "connection address must be an IPv4 or IPv6 address or a host name");
    struct sdp_media *m = media_open(r);
    *(m ? &m->address : &r->session_address) = address;
    *(m ? &m->ipv6 : &r->session_ipv6) = ipv6;
    return STATUS_OK;
}

static struct sdp_format *format_find(struct sdp_media *m, uint32_t payload_type)
{
    for (uint8_t i = 0; i < m->format_count; i++) {
        if (m->format[i].payload_type == payload_type) return &m->format[i];
    }
    return NULL;
}

static bool is_rtp(struct slice protocol)
{
    return protocol.len > 4 && memmem(protocol.at, protocol.len, "RTP/", 4) != NULL;
}

static status read_formats(struct reader *r, struct sdp_media *m)
{
    struct slice rest = m->formats;
    for (struct slice w = word(&rest); w.len > 0; w = word(&rest)) {
        uint32_t payload_type;
        if (!slice_to_u32(w, 127, &payload_type)) return fault_at(r, w.at, "payload type must be 0 to 127");
        if (m->format_count == SDP_FORMATS_MAX || format_find(m, payload_type)) continue;
        struct sdp_format *format = &m->format[m->format_count++];
        format->payload_type = (uint8_t)payload_type;
        static_type_describe(format);
    }
    return STATUS_OK;
}

/** RFC 8866 section 5.14: m=<media> <port>[/<number of ports>] <proto> <fmt> ... */
static status read_media(struct reader *r, struct slice line, struct slice value)
{
    if (r->sdp->media_count == SDP_MEDIA_MAX) return fault_at(r, line.at, "more than 16 media lines");
    struct sdp_media *m = &r->sdp->media[r->sdp->media_count++];
    struct slice rest = value;
    uint32_t port;
    *m = (struct sdp_media){.at = (unsigned long)(line.at - r->text.at),
                            .address = r->session_address,
                            .ipv6 = r->session_ipv6,
                            .direction = r->session_direction};
    m->kind = word(&rest);
    struct slice ports = word(&rest), first = slice_cut(&(struct slice){ports.at, ports.len}, '/');
    m->protocol = word(&rest);
    m->formats = slice_trim(rest);
    if (m->kind.len == 0) return fault_at(r, value.at, "media line must name its media");
    if (!slice_to_u32(first, UINT16_MAX, &port)) return fault_at(r, ports.at, "port must be 0 to 65535");
    if (m->protocol.len == 0) return fault_at(r, m->protocol.at, "media line must name its protocol");
    if (m->formats.len == 0) return fault_at(r, m->formats.at, "media line must have a format");
    m->port = (uint16_t)port;
    return is_rtp(m->protocol) ? read_formats(r, m) : STATUS_OK;
}

/** RFC 8866 section 6.6: rtpmap:<payload type> <encoding name>/<clock rate>[/<channels>] */
static status read_rtpmap(struct reader *r, struct sdp_media *m, struct slice value)
{
    struct slice rest = value;
    struct slice type = word(&rest), map = word(&rest);
    uint32_t payload_type, clock_hz, channels = 1;
    if (!is_rtp(m->protocol)) return STATUS_OK;
    if (!slice_to_u32(type, 127, &payload_type)) return fault_at(r, type.at, "payload type must be 0 to 127");
    struct slice encoding = slice_cut(&map, '/'), clock = slice_cut(&map, '/');
    if (encoding.len == 0) return fault_at(r, encoding.at, "rtpmap must name an encoding");
    if (!slice_to_u32(clock, UINT32_MAX, &clock_hz) || clock_hz == 0)
        return fault_at(r, clock.at, "clock rate must be 1 to 4294967295");
    /* What stands there for video or an unknown codec need not be a number of channels. */
    if (map.len > 0 && (!slice_to_u32(map, 255, &channels) || channels == 0)) channels = 1;
    struct sdp_format *format = format_find(m, payload_type);
    if (!format) return STATUS_OK;
    format->encoding = encoding;
    format->clock_hz = clock_hz;
    format->channels = (uint8_t)channels;
    return STATUS_OK;
}

/** RFC 8866 section 6.15: fmtp:<format> <format specific params>. A format that is not listed is skipped. */
static status read_fmtp(struct reader *r, struct sdp_media *m, struct slice value)
{
    (void)r;
    uint32_t payload_type;
    struct slice rest = value;
    if (!slice_to_u32(word(&rest), 127, &payload_type)) return STATUS_OK;
    struct sdp_format *format = format_find(m, payload_type);
    if (format) format->fmtp = slice_trim(rest);
    return STATUS_OK;
}

/** Packet times may have a fraction (RFC 8866 section 6.4), which is dropped. */
static status read_time(struct reader *r, struct slice value, uint16_t *out)
{
    struct slice rest = value;
    struct slice whole = slice_cut(&rest, '.');
    uint64_t ms, fraction = 0;
    if (!slice_to_u64(whole, &ms) || (rest.len > 0 && !slice_to_u64(rest, &fraction)))
        return fault_at(r, value.at, "packet time must be milliseconds");
    *out = ms > UINT16_MAX ? UINT16_MAX : (uint16_t)ms;
    return STATUS_OK;
}

static status read_ptime(struct reader *r, struct sdp_media *m, struct slice value)
{
    return read_time(r, value, &m->ptime_ms);
}

static status read_maxptime(struct reader *r, struct sdp_media *m, struct slice value)
{
    return read_time(r, value, &m->maxptime_ms);
}

/** RFC 3605 section 2.1: rtcp:<port> [nettype addrtype address] */
static status read_rtcp(struct reader *r, struct sdp_media *m, struct slice value)
{
    uint32_t port;
    struct slice rest = value;
    if (!slice_to_u32(word(&rest), UINT16_MAX, &port)) return fault_at(r, value.at, "RTCP port must be 0 to 65535");
    m->rtcp_port = (uint16_t)port;
    return STATUS_OK;
}

static status read_rtcp_mux(struct reader *r, struct sdp_media *m, struct slice value)
{
    (void)r;
    (void)value;
    m->rtcp_mux = true;
    return STATUS_OK;
}

static status read_crypto(struct reader *r, struct sdp_media *m, struct slice value)
{
    (void)r;
    if (m->crypto_count < SDP_CRYPTO_MAX) m->crypto[m->crypto_count++] = value;
    return STATUS_OK;
}

static bool direction_parse(struct slice name, enum sdp_direction *out)
{
    static const char *const names[] = {"sendrecv", "sendonly", "recvonly", "inactive"};
    for (int i = 0; i < 4; i++) {
        if (!slice_is_nocase(name, names[i])) continue;
        *out = (enum sdp_direction)i;
        return true;
    }
    return false;
}

/** The attributes of a media section that are read; later ones (keys, feedback) are further rows. */
static const struct {
    const char *name;
    status (*read)(struct reader *r, struct sdp_media *m, struct slice value);
} media_attributes[] = {
    {"rtpmap", read_rtpmap}, {"fmtp", read_fmtp},         {"ptime", read_ptime},   {"maxptime", read_maxptime},
    {"rtcp", read_rtcp},     {"rtcp-mux", read_rtcp_mux}, {"crypto", read_crypto},
};

static status read_attribute(struct reader *r, struct slice value)
{
    struct slice rest = value;
    struct slice name = slice_trim(slice_cut(&rest, ':'));
    struct sdp_media *m = media_open(r);
    if (direction_parse(name, m ? &m->direction : &r->session_direction) || !m) return STATUS_OK;
    for (size_t i = 0; i < sizeof media_attributes / sizeof *media_attributes; i++) {
        if (slice_is_nocase(name, media_attributes[i].name)) return media_attributes[i].read(r, m, slice_trim(rest));
    }
    return STATUS_OK;
}

static status read_line(struct reader *r, struct slice line)
{
    if (line.len < 2 || line.at[1] != '=') return fault_at(r, line.at, "a line must be a letter and =");
    struct slice value = slice_trim((struct slice){line.at + 2, line.len - 2});
    const char *cr = memchr(line.at, '\r', line.len);
    char letter = line.at[0];
    if (cr && cr < value.at + value.len) return fault_at(r, cr, "a CR must stand before LF");
    if (!r->has_version) {
        if (letter != 'v' || !slice_is(value, "0")) return fault_at(r, line.at, "a description must begin with v=0");
        r->has_version = true;
        return STATUS_OK;
    }
    if (!r->has_origin) {
        if (letter != 'o') return fault_at(r, line.at, "o= must follow v=");
        r->has_origin = true;
        return read_origin(r, value);
    }
    switch (letter) {
    case 'c': return read_connection(r, value);
    case 'm': return read_media(r, line, value);
    case 'a': return read_attribute(r, value);
    default: return STATUS_OK;
    }
}

/** What can be known of a media section only when the text has ended. */
static status finish_media(struct reader *r)
{
    for (uint8_t i = 0; i < r->sdp->media_count; i++) {
        struct sdp_media *m = &r->sdp->media[i];
        if (m->port != 0 && m->address.len == 0)
            return fault_at(r, r->text.at + m->at, "no connection address for this media line");
        /* RFC 3264 section 8.4: an older peer holds by the unspecified address. */
        if (connection_address_kind(m->address) != ADDRESS_UNSPECIFIED) continue;
        if (m->direction == SDP_SENDRECV) m->direction = SDP_SENDONLY;
        if (m->direction == SDP_RECVONLY) m->direction = SDP_INACTIVE;
    }
    return STATUS_OK;
}

static status read_all(struct reader *r)
{
    const char *nul = r->text.len > 0 ? memchr(r->text.at, '\0', r->text.len) : NULL;
    if (r->text.len > SDP_TEXT_MAX) return fault_at(r, r->text.at + SDP_TEXT_MAX, "longer than 65536 bytes");
    if (nul) return fault_at(r, nul, "a NUL is not text");
    struct slice rest = r->text;
    while (rest.len > 0) {
        struct slice line = slice_cut(&rest, '\n');
        if (line.len > 0 && line.at[line.len - 1] == '\r') line.len--;
        if (line.len == 0) continue;
        status s = read_line(r, line);
        if (s != STATUS_OK) return s;
    }
    if (!r->has_origin) return fault_at(r, rest.at, "a description must have v= and o=");
    return finish_media(r);
}

status sdp_parse(struct sdp *out, struct slice text, struct fault *fault)
{
    struct sdp sdp;
    sdp.media_count = 0; /* a media section is cleared when it begins: 16 of them at once would be 27 KB for nothing */
    struct reader r = {.sdp = &sdp, .text = text, .fault = fault, .session_direction = SDP_SENDRECV};
    status s = read_all(&r);
    if (s != STATUS_OK) return s;
    out->origin_user = sdp.origin_user;
    out->origin_address = sdp.origin_address;
    out->origin_id = sdp.origin_id;
    out->origin_version = sdp.origin_version;
    out->media_count = sdp.media_count;
    memcpy(out->media, sdp.media, sdp.media_count * sizeof *sdp.media);
    return STATUS_OK;
}

/** The next line of a description, its o= line left out; an empty slice at the end. */
static struct slice next_line(struct slice *rest)
{
    struct slice line;
    do {
        line = slice_trim(slice_cut(rest, '\n'));
    } while (rest->len > 0 && (line.len == 0 || line.at[0] == 'o'));
    if (line.len > 0 && line.at[0] == 'o') line.len = 0;
    return line;
}

bool sdp_says_same(struct slice a, struct slice b)
{
    struct slice x, y;
    do {
        x = next_line(&a);
        y = next_line(&b);
        if (x.len != y.len || (x.len > 0 && memcmp(x.at, y.at, x.len) != 0)) return false;
    } while (x.len > 0);
    return true;
}
