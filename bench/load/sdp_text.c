#include "load/sdp_text.h"

#include <string.h>

static const char *const direction_names[] = {"sendrecv", "sendonly", "recvonly", "inactive"};

const char *sdp_direction_name(enum sdp_direction d)
{
    return direction_names[d];
}

void sdp_write(struct buffer *out, const struct sdp_ours *ours)
{
    const char *family = address_is_v6(&ours->rtp) ? "IP6" : "IP4";
    const char *host = address_host(&ours->rtp, false);
    buffer_printf(out, "v=0\r\no=load 1 %u IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n", ours->version, family, host,
                  family, host);
    int payload = ours->law == G711_MU ? 0 : 8;
    buffer_printf(out, "m=audio %u RTP/%s %d 101\r\na=rtpmap:%d %s/8000\r\n", address_port(&ours->rtp),
                  ours->savp ? "SAVP" : "AVP", payload, payload, ours->law == G711_MU ? "PCMU" : "PCMA");
    for (unsigned i = 0; i < ours->crypto_count; i++)
        sdes_write(out, &ours->crypto[i]);
    buffer_printf(out, "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:%u\r\na=%s\r\n", ours->ptime_ms,
                  sdp_direction_name(ours->direction));
}

static bool starts(struct slice line, const char *prefix, struct slice *rest)
{
    size_t len = strlen(prefix);
    if (line.len < len || memcmp(line.at, prefix, len) != 0) return false;
    *rest = (struct slice){line.at + len, line.len - len};
    return true;
}

static void connection_read(struct slice value, struct slice *host)
{
    slice_cut(&value, ' ');
    slice_cut(&value, ' ');
    *host = slice_cut(&value, '/');
}

static bool media_read(struct slice value, uint32_t *port, uint32_t *payload, bool *savp)
{
    struct slice port_text = slice_cut(&value, ' ');
    *savp = slice_is(slice_cut(&value, ' '), "RTP/SAVP");
    struct slice payload_text = slice_cut(&value, ' ');
    return slice_to_u32(port_text, 65535, port) && slice_to_u32(payload_text, 127, payload);
}

static void attribute_read(struct slice value, struct sdp_theirs *out)
{
    struct slice rest;
    for (int d = SDP_SENDRECV; d <= SDP_INACTIVE; d++) {
        if (slice_is(value, direction_names[d])) out->direction = (enum sdp_direction)d;
    }
    uint32_t number;
    if (starts(value, "crypto:", &rest) && out->crypto_count < SDP_CRYPTO_MAX &&
        sdes_read(rest, &out->crypto[out->crypto_count]))
        out->crypto_count++;
    if (starts(value, "ptime:", &rest) && slice_to_u32(rest, 1000, &number)) out->ptime_ms = number;
    if (starts(value, "rtpmap:", &rest)) {
        struct slice payload = slice_cut(&rest, ' ');
        if (slice_is_nocase(rest, "telephone-event/8000") && slice_to_u32(payload, 127, &number))
            out->digits_payload = (int)number;
    }
}

bool sdp_read(struct slice text, struct sdp_theirs *out)
{
    struct sdp_theirs s = {.digits_payload = -1};
    struct slice host = {0};
    uint32_t port = 0, payload = 0, media = 0;
    while (text.len) {
        struct slice line = slice_trim(slice_cut(&text, '\n')), value;
        if (starts(line, "m=", &value)) {
            if (++media > 1) break;
            if (!starts(line, "m=audio ", &value) || !media_read(value, &port, &payload, &s.savp)) return false;
        }
        if (starts(line, "c=", &value)) connection_read(value, &host);
        if (starts(line, "a=", &value)) attribute_read(value, &s);
    }
    if (port == 0 || (payload != 0 && payload != 8)) return false;
    s.law = payload == 0 ? G711_MU : G711_A;
    if (!address_of(host, (uint16_t)port, &s.rtp)) return false;
    *out = s;
    return true;
}
