#include "sdp/negotiate.h"

#include <assert.h>
#include <string.h>

#include "sdp/connection_address.h"
#include "sdp/media_match.h"
#include "sdp/numbering.h"

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

/** The packet time to send with: what the peer asks for, of what the codec can, and not above what the peer takes. */
static uint16_t ptime_to_send(const struct sdp_media *m, const struct sdp_codec *codec)
{
    uint32_t ms = m->ptime_ms > 0 ? m->ptime_ms : SDP_PTIME_DEFAULT_MS;
    if (m->maxptime_ms > 0 && ms > m->maxptime_ms) ms = m->maxptime_ms;
    return sdp_codec_ptime(codec, ms);
}

static struct sdp_peer read_peer(const struct sdp_codec *codec, struct slice fmtp, uint16_t ptime_ms)
{
    struct sdp_peer peer = {0};
    uint32_t fits_bps = SDP_PAYLOAD_MAX * 8000u / ptime_ms;
    if (strcmp(codec->encoding, "opus") == 0) peer = fmtp_read_opus(fmtp);
    if (peer.bitrate_bps > fits_bps) peer.bitrate_bps = fits_bps;
    return peer;
}

/** Copies a literal, of the family that it claims, that packets can go to; any other leaves out empty. */
static void remote_address(char out[SDP_ADDRESS_SIZE], const struct sdp_media *m)
{
    bool sendable = connection_address_kind(m->address) == ADDRESS_UNICAST;
    if (!sendable || !slice_copy(m->address, out, SDP_ADDRESS_SIZE) || (strchr(out, ':') != NULL) != m->ipv6)
        out[0] = '\0';
}

/* FNV-1a */
static uint32_t mark_of(struct slice text)
{
    uint32_t mark = 2166136261u;
    for (size_t i = 0; i < text.len; i++)
        mark = (mark ^ (uint8_t)text.at[i]) * 16777619u;
    return mark;
}

/** RTP's port is 16 bits: the port after 65535 does not exist, and 0 says so. */
static uint16_t remote_rtcp_port(const struct sdp_media *m)
{
    return m->rtcp_port > 0 ? m->rtcp_port : (uint16_t)(m->port + 1);
}

static struct sdp_srtp agree_srtp(const struct media_match *match)
{
    const struct sdp_crypto *crypto = &match->crypto;
    struct sdp_srtp srtp = {0};
    if (!match->encrypted) return srtp;
    srtp.on = true;
    srtp.suite = crypto->suite;
    srtp.tag = crypto->tag;
    memcpy(srtp.send_key, match->ours, sizeof match->ours);
    memcpy(srtp.receive_key, crypto->key, sizeof crypto->key);
    srtp.mki_bytes = crypto->mki_bytes;
    memcpy(srtp.mki, crypto->mki, sizeof crypto->mki);
    return srtp;
}

/** The part of the outcome that offerer and answerer see alike. The numbers are the peer's in both ways. */
static struct sdp_result outcome(const struct media_match *match, const struct sdp_local *local)
{
    const struct sdp_media *m = match->media;
    const struct sdp_codec *codec = &local->codecs[match->codec];
    uint16_t ptime_ms = ptime_to_send(m, codec);
    struct sdp_result result = {
        .codec = match->codec,
        .send_payload_type = match->format->payload_type,
        .receive_payload_type = match->format->payload_type,
        .send_ptime_ms = ptime_ms,
        .peer = read_peer(codec, match->format->fmtp, ptime_ms),
        .srtp = agree_srtp(match),
        .remote_rtp_port = m->port,
        .rtcp_mux = m->rtcp_mux,
        .remote_rtcp_port = m->rtcp_mux ? m->port : remote_rtcp_port(m),
        .send = sends(local->direction) && receives(m->direction),
        .receive = receives(local->direction) && sends(m->direction),
        .peer_holds = !receives(m->direction),
    };
    if (match->event) {
        result.has_telephone_event = true;
        result.event_clock_hz = match->event->clock_hz;
        result.send_event_type = result.receive_event_type = match->event->payload_type;
    }
    if (match->comfort_noise) {
        result.has_comfort_noise = true;
        result.send_cn_type = result.receive_cn_type = match->comfort_noise->payload_type;
    }
    remote_address(result.remote_address, m);
    result.remote_mark = mark_of(m->address);
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
    buffer_printf(b, "a=rtpmap:%u telephone-event/%u\r\na=fmtp:%u 0-15\r\n", payload_type, clock_hz, payload_type);
}

static void put_comfort_noise(struct buffer *b, uint32_t clock_hz, uint8_t payload_type)
{
    buffer_printf(b, "a=rtpmap:%u CN/%u\r\n", payload_type, clock_hz);
}

/** @param codec  that the packet times are for */
static void put_media_end(struct buffer *b, const struct sdp_local *local, const struct sdp_codec *codec,
                          const char *direction, bool rtcp_mux)
{
    buffer_printf(b, "a=ptime:%u\r\na=maxptime:%u\r\na=%s\r\n", sdp_codec_ptime(codec, local->ptime_ms),
                  sdp_codec_ptime(codec, SDP_PTIME_MAX_MS), direction);
    if (rtcp_mux) buffer_append_text(b, "a=rtcp-mux\r\n");
}

static void put_refused(struct buffer *b, const struct sdp_media *m)
{
    buffer_printf(b, "m=%.*s 0 %.*s %.*s\r\n", SLICE_ARGS(m->kind), SLICE_ARGS(m->protocol), SLICE_ARGS(m->formats));
}

static void put_taken(struct buffer *b, const struct sdp_local *local, const struct sdp_media *offered,
                      const struct sdp_result *r)
{
    const struct sdp_codec *codec = &local->codecs[r->codec];
    buffer_printf(b, "m=audio %u %.*s %u", local->rtp_port, SLICE_ARGS(offered->protocol), r->receive_payload_type);
    if (r->has_telephone_event) buffer_printf(b, " %u", r->receive_event_type);
    if (r->has_comfort_noise) buffer_printf(b, " %u", r->receive_cn_type);
    buffer_append_text(b, "\r\n");
    put_codec(b, codec, r->receive_payload_type);
    if (r->has_telephone_event) put_event(b, r->event_clock_hz, r->receive_event_type);
    if (r->has_comfort_noise) put_comfort_noise(b, codec->clock_hz, r->receive_cn_type);
    put_media_end(b, local, codec, direction_name(r->send, r->receive), r->rtcp_mux);
    if (r->srtp.on) sdp_crypto_put(b, r->srtp.tag, r->srtp.suite, r->srtp.send_key);
}

status sdp_answer(struct buffer *answer, struct sdp_result *out, const struct sdp *offer, const struct sdp_local *local,
                  const struct sdp_result *previous, struct fault *fault)
{
    struct media_match match;
    const struct media_question question = {local, previous, NULL};
    status s = media_match_first(&match, offer->media, offer->media_count, &question, fault);
    if (s != STATUS_OK) return s;
    struct sdp_result result = outcome(&match, local);
    put_session(answer, local);
    for (uint8_t i = 0; i < offer->media_count; i++) {
        if (&offer->media[i] == match.media)
            put_taken(answer, local, match.media, &result);
        else
            put_refused(answer, &offer->media[i]);
    }
    if (!buffer_ok(answer)) return STATUS_NO_MEMORY;
    *out = result;
    return STATUS_OK;
}

/* ---- Offering ---- */

status sdp_offer(struct buffer *offer, const struct sdp_local *local)
{
    struct numbering n;
    assert(local->codec_count > 0);
    numbering_make(&n, local->codecs, local->codec_count, local->telephone_event, local->comfort_noise);
    put_session(offer, local);
    buffer_printf(offer, "m=audio %u %s", local->rtp_port, local->srtp == SDP_SRTP_REQUIRED ? "RTP/SAVP" : "RTP/AVP");
    for (uint8_t i = 0; i < local->codec_count; i++)
        buffer_printf(offer, " %u", local->codecs[i].payload_type);
    for (uint8_t i = 0; i < n.count; i++)
        buffer_printf(offer, " %u", n.extra[i].payload_type);
    buffer_append_text(offer, "\r\n");
    for (uint8_t i = 0; i < local->codec_count; i++)
        put_codec(offer, &local->codecs[i], local->codecs[i].payload_type);
    for (uint8_t i = 0; i < n.count; i++) {
        const struct extra *e = &n.extra[i];
        (e->kind == EXTRA_EVENT ? put_event : put_comfort_noise)(offer, e->clock_hz, e->payload_type);
    }
    put_media_end(offer, local, &local->codecs[0], direction_name(sends(local->direction), receives(local->direction)),
                  true);
    for (int suite = 0; local->srtp != SDP_SRTP_NEVER && suite < SDP_SUITES; suite++)
        sdp_crypto_put(offer, (uint32_t)suite + 1, (enum sdp_suite)suite, local->keys.of[suite]);
    return buffer_ok(offer) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ---- Accepting ---- */

/** What is received comes as we numbered it. */
static void take_our_numbers(struct sdp_result *r, const struct sdp_media *sent, const struct sdp_codec *codec)
{
    r->receive_payload_type = media_match_codec(sent, codec)->payload_type;
    if (r->has_telephone_event)
        r->receive_event_type = media_match_format(sent, "telephone-event", r->event_clock_hz)->payload_type;
    if (r->has_comfort_noise) r->receive_cn_type = media_match_format(sent, "CN", codec->clock_hz)->payload_type;
}

/** The place of the one line of ours that is not refused. */
static uint8_t line_in_use(const struct sdp *sent)
{
    uint8_t i = 0;
    while (i < sent->media_count && sent->media[i].port == 0)
        i++;
    assert(i < sent->media_count && "what we send has a line for audio");
    return i;
}

status sdp_accept(struct sdp_result *out, const struct sdp *answer, const struct sdp *sent,
                  const struct sdp_local *local, struct fault *fault)
{
    struct media_match match;
    uint8_t at = line_in_use(sent);
    const struct media_question question = {local, NULL, &sent->media[at]};
    uint8_t lines = answer->media_count > at; /* what stands in another place answers nothing */
    status s = media_match_first(&match, &answer->media[at], lines, &question, fault);
    if (s != STATUS_OK) return s;
    struct sdp_result result = outcome(&match, local);
    take_our_numbers(&result, &sent->media[at], &local->codecs[match.codec]);
    result.peer_holds = result.peer_holds && sends(local->direction);
    *out = result;
    return STATUS_OK;
}
