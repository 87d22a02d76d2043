#include "sdp/negotiate.h"

#include <assert.h>
#include <string.h>

#include "sdp/connection_address.h"

static const char telephone_event[] = "telephone-event";

/** What of a media line both sides can. */
struct match {
    const struct sdp_media *media;
    const struct sdp_format *format; /**< the codec as the peer lists it */
    uint8_t codec;                   /**< as we list it */
    const struct sdp_format *event;  /**< NULL: none */
};

/* ---- Codecs ---- */

static bool format_is(const struct sdp_format *f, const struct sdp_codec *codec)
{
    return f->clock_hz == codec->clock_hz && f->channels == codec->channels &&
           slice_is_nocase(f->encoding, codec->encoding);
}

/** Finds the peer's first format that is a codec of ours. */
static bool match_any_codec(struct match *match, const struct sdp_media *m, const struct sdp_local *local)
{
    for (uint8_t i = 0; i < m->format_count; i++) {
        for (uint8_t k = 0; k < local->codec_count; k++) {
            if (!format_is(&m->format[i], &local->codecs[k])) continue;
            match->format = &m->format[i];
            match->codec = k;
            return true;
        }
    }
    return false;
}

static bool match_this_codec(struct match *match, const struct sdp_media *m, const struct sdp_local *local,
                             uint8_t codec)
{
    for (uint8_t i = 0; i < m->format_count; i++) {
        if (!format_is(&m->format[i], &local->codecs[codec])) continue;
        match->format = &m->format[i];
        match->codec = codec;
        return true;
    }
    return false;
}

static const struct sdp_format *event_of(const struct sdp_media *m, uint32_t clock_hz)
{
    for (uint8_t i = 0; i < m->format_count; i++) {
        const struct sdp_format *f = &m->format[i];
        if (f->clock_hz == clock_hz && slice_is_nocase(f->encoding, telephone_event)) return f;
    }
    return NULL;
}

/** How near a media line came to being taken; the text says what it lacks. */
enum usable { NOT_AUDIO, DISABLED, OTHER_PROTOCOL, NO_CODEC, TO_A_GROUP, USABLE };

static const char *const lacks[] = {
    [NOT_AUDIO] = "there is no audio line",
    [DISABLED] = "the audio line has port 0",
    [OTHER_PROTOCOL] = "the protocol of the audio line must be RTP/AVP",
    [NO_CODEC] = "the audio line has no codec that is supported",
    [TO_A_GROUP] = "the connection address of the audio line must be unicast",
};

static enum usable match_media(struct match *match, const struct sdp_media *m, const struct sdp_local *local,
                               const struct sdp_result *previous)
{
    if (!slice_is_nocase(m->kind, "audio")) return NOT_AUDIO;
    if (m->port == 0) return DISABLED;
    if (!slice_is_nocase(m->protocol, "RTP/AVP")) return OTHER_PROTOCOL;
    bool keeps = previous && previous->codec < local->codec_count && match_this_codec(match, m, local, previous->codec);
    if (!keeps && !match_any_codec(match, m, local)) return NO_CODEC;
    if (connection_address_kind(m->address) == ADDRESS_GROUP) return TO_A_GROUP;
    match->media = m;
    match->event = local->telephone_event ? event_of(m, local->codecs[match->codec].clock_hz) : NULL;
    return USABLE;
}

/** Takes the first usable one of some media lines; else says what the one that came nearest lacks. */
static status match_first(struct match *match, const struct sdp_media *media, uint8_t count,
                          const struct sdp_local *local, const struct sdp_result *previous, struct fault *fault)
{
    enum usable best = NOT_AUDIO;
    struct fault nearest = {count > 0 ? media[0].at : 0, lacks[NOT_AUDIO]};
    for (uint8_t i = 0; i < count; i++) {
        enum usable usable = match_media(match, &media[i], local, previous);
        if (usable == USABLE) return STATUS_OK;
        if (usable <= best) continue;
        best = usable;
        nearest = (struct fault){media[i].at, lacks[usable]};
    }
    *fault = nearest;
    return STATUS_UNSUPPORTED;
}

/* ---- The outcome ---- */

static bool sends(enum sdp_direction d)
{
    return d == SDP_SENDRECV || d == SDP_SENDONLY;
}

static bool receives(enum sdp_direction d)
{
    return d == SDP_SENDRECV || d == SDP_RECVONLY;
}

static const char *direction_name(bool send, bool receive)
{
    if (send) return receive ? "sendrecv" : "sendonly";
    return receive ? "recvonly" : "inactive";
}

/** The packet time to send with: what the peer asks for, on our 10 ms grid, and not above what it can take. */
static uint16_t ptime_to_send(const struct sdp_media *m)
{
    uint32_t ms = m->ptime_ms > 0 ? m->ptime_ms : SDP_PTIME_DEFAULT_MS;
    if (m->maxptime_ms > 0 && ms > m->maxptime_ms) ms = m->maxptime_ms;
    ms -= ms % 10;
    if (ms < SDP_PTIME_MIN_MS) ms = SDP_PTIME_MIN_MS;
    return (uint16_t)(ms > SDP_PTIME_MAX_MS ? SDP_PTIME_MAX_MS : ms);
}

/** Copies a literal, of the family that it claims, that packets can go to; any other leaves out empty. */
static void remote_address(char out[SDP_ADDRESS_SIZE], const struct sdp_media *m)
{
    bool sendable = connection_address_kind(m->address) == ADDRESS_UNICAST;
    if (!sendable || !slice_copy(m->address, out, SDP_ADDRESS_SIZE) || (strchr(out, ':') != NULL) != m->ipv6)
        out[0] = '\0';
}

/** RTP's port is 16 bits: the port after 65535 does not exist, and 0 says so. */
static uint16_t remote_rtcp_port(const struct sdp_media *m)
{
    return m->rtcp_port > 0 ? m->rtcp_port : (uint16_t)(m->port + 1);
}

/** The part of the outcome that offerer and answerer see alike. The numbers are the peer's in both ways. */
static struct sdp_result outcome(const struct match *match, const struct sdp_local *local)
{
    const struct sdp_media *m = match->media;
    struct sdp_result result = {
        .codec = match->codec,
        .send_payload_type = match->format->payload_type,
        .receive_payload_type = match->format->payload_type,
        .send_ptime_ms = ptime_to_send(m),
        .remote_rtp_port = m->port,
        .rtcp_mux = m->rtcp_mux,
        .remote_rtcp_port = m->rtcp_mux ? m->port : remote_rtcp_port(m),
        .send = sends(local->direction) && receives(m->direction),
        .receive = receives(local->direction) && sends(m->direction),
        .peer_holds = !receives(m->direction),
    };
    if (match->event) {
        result.has_telephone_event = true;
        result.send_event_type = result.receive_event_type = match->event->payload_type;
    }
    remote_address(result.remote_address, m);
    return result;
}

/* ---- Writing ---- */

static void put_session(struct buffer *b, const struct sdp_local *local)
{
    const char *type = strchr(local->address, ':') ? "IP6" : "IP4";
    buffer_printf(b, "v=0\r\no=- %llu %llu IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n",
                  (unsigned long long)local->session_id, (unsigned long long)local->version, type, local->address, type,
                  local->address);
}

static void put_codec(struct buffer *b, const struct sdp_codec *codec, uint8_t payload_type)
{
    buffer_printf(b, "a=rtpmap:%u %s/%u", payload_type, codec->encoding, codec->clock_hz);
    if (codec->channels > 1) buffer_printf(b, "/%u", codec->channels);
    buffer_append_text(b, "\r\n");
    if (codec->fmtp) buffer_printf(b, "a=fmtp:%u %s\r\n", payload_type, codec->fmtp);
}

static void put_event(struct buffer *b, uint32_t clock_hz, uint8_t payload_type)
{
    buffer_printf(b, "a=rtpmap:%u %s/%u\r\na=fmtp:%u 0-15\r\n", payload_type, telephone_event, clock_hz, payload_type);
}

static void put_media_end(struct buffer *b, const struct sdp_local *local, const char *direction, bool rtcp_mux)
{
    buffer_printf(b, "a=ptime:%u\r\na=maxptime:%u\r\na=%s\r\n", local->ptime_ms, SDP_PTIME_MAX_MS, direction);
    if (rtcp_mux) buffer_append_text(b, "a=rtcp-mux\r\n");
}

static void put_refused(struct buffer *b, const struct sdp_media *m)
{
    buffer_printf(b, "m=%.*s 0 %.*s %.*s\r\n", SLICE_ARGS(m->kind), SLICE_ARGS(m->protocol), SLICE_ARGS(m->formats));
}

static void put_taken(struct buffer *b, const struct sdp_local *local, const struct sdp_result *r)
{
    buffer_printf(b, "m=audio %u RTP/AVP %u", local->rtp_port, r->receive_payload_type);
    if (r->has_telephone_event) buffer_printf(b, " %u", r->receive_event_type);
    buffer_append_text(b, "\r\n");
    put_codec(b, &local->codecs[r->codec], r->receive_payload_type);
    if (r->has_telephone_event) put_event(b, local->codecs[r->codec].clock_hz, r->receive_event_type);
    put_media_end(b, local, direction_name(r->send, r->receive), r->rtcp_mux);
}

status sdp_answer(struct buffer *answer, struct sdp_result *out, const struct sdp *offer, const struct sdp_local *local,
                  const struct sdp_result *previous, struct fault *fault)
{
    struct match match;
    status s = match_first(&match, offer->media, offer->media_count, local, previous, fault);
    if (s != STATUS_OK) return s;
    struct sdp_result result = outcome(&match, local);
    put_session(answer, local);
    for (uint8_t i = 0; i < offer->media_count; i++) {
        if (&offer->media[i] == match.media)
            put_taken(answer, local, &result);
        else
            put_refused(answer, &offer->media[i]);
    }
    if (!buffer_ok(answer)) return STATUS_NO_MEMORY;
    *out = result;
    return STATUS_OK;
}

/* ---- Offering ---- */

enum { EVENT_TYPE = 101, DYNAMIC_FIRST = 96, DYNAMIC_LAST = 127 };

static bool type_is_taken(const struct sdp_local *local, uint8_t payload_type)
{
    for (uint8_t i = 0; i < local->codec_count; i++) {
        if (local->codecs[i].payload_type == payload_type) return true;
    }
    return false;
}

/**
 * Numbers the telephone-event of this clock that we offer: 101 for the first clock of our codecs, as everybody does,
 * and on from there, round the dynamic types, past those that codecs have.
 */
static uint8_t event_type_of(const struct sdp_local *local, uint32_t clock_hz)
{
    uint8_t type = EVENT_TYPE;
    for (uint8_t i = 0; i < local->codec_count; i++) {
        bool seen = false;
        for (uint8_t k = 0; k < i; k++)
            seen = seen || local->codecs[k].clock_hz == local->codecs[i].clock_hz;
        if (seen) continue;
        while (type_is_taken(local, type))
            type = type == DYNAMIC_LAST ? DYNAMIC_FIRST : (uint8_t)(type + 1);
        if (local->codecs[i].clock_hz == clock_hz) return type;
        type = type == DYNAMIC_LAST ? DYNAMIC_FIRST : (uint8_t)(type + 1);
    }
    assert(false && "the clock of an offered codec");
    return EVENT_TYPE;
}

/** Whether this codec is the first of its clock: the one that brings its telephone-event along. */
static bool is_first_of_clock(const struct sdp_local *local, uint8_t codec)
{
    for (uint8_t i = 0; i < codec; i++) {
        if (local->codecs[i].clock_hz == local->codecs[codec].clock_hz) return false;
    }
    return true;
}

status sdp_offer(struct buffer *offer, const struct sdp_local *local)
{
    put_session(offer, local);
    buffer_printf(offer, "m=audio %u RTP/AVP", local->rtp_port);
    for (uint8_t i = 0; i < local->codec_count; i++)
        buffer_printf(offer, " %u", local->codecs[i].payload_type);
    for (uint8_t i = 0; local->telephone_event && i < local->codec_count; i++) {
        if (is_first_of_clock(local, i)) buffer_printf(offer, " %u", event_type_of(local, local->codecs[i].clock_hz));
    }
    buffer_append_text(offer, "\r\n");
    for (uint8_t i = 0; i < local->codec_count; i++)
        put_codec(offer, &local->codecs[i], local->codecs[i].payload_type);
    for (uint8_t i = 0; local->telephone_event && i < local->codec_count; i++) {
        uint32_t clock_hz = local->codecs[i].clock_hz;
        if (is_first_of_clock(local, i)) put_event(offer, clock_hz, event_type_of(local, clock_hz));
    }
    put_media_end(offer, local, direction_name(sends(local->direction), receives(local->direction)), true);
    return buffer_ok(offer) ? STATUS_OK : STATUS_NO_MEMORY;
}

status sdp_accept(struct sdp_result *out, const struct sdp *answer, const struct sdp_local *local, struct fault *fault)
{
    struct match match;
    uint8_t lines = answer->media_count > 0; /* we offered one: what stands beyond it answers nothing */
    status s = match_first(&match, answer->media, lines, local, NULL, fault);
    if (s != STATUS_OK) return s;
    struct sdp_result result = outcome(&match, local);
    result.receive_payload_type = local->codecs[match.codec].payload_type;
    result.peer_holds = result.peer_holds && sends(local->direction);
    if (match.event) result.receive_event_type = event_type_of(local, local->codecs[match.codec].clock_hz);
    *out = result;
    return STATUS_OK;
}
