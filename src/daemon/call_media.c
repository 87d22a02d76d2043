#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/call_entry.h"
#include "daemon/call_script.h"
#include "daemon/conferences.h"
#include "daemon/sip_link.h"
#include "media/codec.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"

static void world_send(void *arg, struct call *call, const struct signal_message *m)
{
    const struct call_entry *e = arg;
    (void)call;
    if (e->calls->bridge->sip) sip_link_send(e->calls->bridge->sip, m);
}

static bool split_host(const char *text, char host[SDP_ADDRESS_SIZE], int *family)
{
    struct slice rest = slice_of(text);
    bool v6 = rest.len > 0 && rest.at[0] == '[';
    if (v6) slice_cut(&rest, '[');
    *family = v6 ? AF_INET6 : AF_INET;
    return slice_copy(slice_cut(&rest, v6 ? ']' : ':'), host, SDP_ADDRESS_SIZE);
}

/* Bound to any address of the family: the kernel picks the source that faces the peer, and a public address is not
 * ours. */
static status world_reserve(void *arg, struct call *call, char address[SDP_ADDRESS_SIZE], uint16_t *rtp_port)
{
    struct call_entry *e = arg;
    int family;
    struct sockaddr_storage any = {0};
    if (!split_host(call->local, address, &family)) return STATUS_INVALID;
    any.ss_family = (sa_family_t)family;
    status s = engine_socket_open(e->calls->bridge->engine, (struct sockaddr *)&any, &e->sockets);
    if (s != STATUS_OK) return s;
    e->has_sockets = true;
    *rtp_port = e->sockets.port;
    return STATUS_OK;
}

/* A name instead of an address is not looked up: the first packet shows where the peer is. That it moved is seen by its
 * mark and port. */
static void set_remote(struct sockaddr_storage *out, const struct sdp_result *result, uint16_t port)
{
    const char *address = result->remote_address;
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
    } else {
        v4->sin_addr.s_addr = result->remote_mark;
        v4->sin_port = htons(port);
    }
}

/* What was agreed, as the engine has it. @return NULL where it is plain RTP, else keys */
static const struct engine_leg_srtp *leg_keys(const struct sdp_srtp *agreed, struct engine_leg_srtp *keys)
{
    static const enum srtp_suite suites[SDP_SUITES] = {
        [SDP_SUITE_AEAD_AES_128_GCM] = SRTP_AEAD_AES_128_GCM,
        [SDP_SUITE_AEAD_AES_256_GCM] = SRTP_AEAD_AES_256_GCM,
        [SDP_SUITE_AES_CM_128_HMAC_SHA1_80] = SRTP_AES_CM_128_HMAC_SHA1_80,
        [SDP_SUITE_AES_CM_128_HMAC_SHA1_32] = SRTP_AES_CM_128_HMAC_SHA1_32,
    };
    static_assert((int)SDP_KEY_BYTES_MAX == (int)SRTP_KEY_BYTES_MAX, "the same keys");
    static_assert((int)SDP_MKI_BYTES_MAX <= (int)SRTP_MKI_BYTES_MAX, "the same identifiers");
    if (!agreed->on) return NULL;
    *keys = (struct engine_leg_srtp){.send.suite = suites[agreed->suite], .receive.suite = suites[agreed->suite]};
    memcpy(keys->send.bytes, agreed->send_key, SDP_KEY_BYTES_MAX);
    memcpy(keys->receive.bytes, agreed->receive_key, SDP_KEY_BYTES_MAX);
    keys->receive.mki_bytes = agreed->mki_bytes;
    memcpy(keys->receive.mki, agreed->mki, agreed->mki_bytes);
    return keys;
}

/* What a peer asks for in-band FEC is worth a part of its bits: as much as a line needs that loses one packet in 20. */
static struct codec_params leg_encode(const struct sdp_peer *peer)
{
    enum { FEC_LOSS_PERCENT = 5 };
    return (struct codec_params){
        .max_rate_hz = peer->play_rate_hz,
        .bitrate_bps = peer->bitrate_bps,
        .loss_percent = peer->fec ? FEC_LOSS_PERCENT : 0,
        .fec = peer->fec,
        .dtx = peer->dtx,
    };
}

/* @param keys  room for what the outcome borrows */
static struct engine_leg_media leg_media(const struct call *call, const struct sdp_result *result,
                                         struct engine_leg_srtp *keys)
{
    const struct sdp_codec *codec = call_codec(call, result);
    struct engine_leg_media media = {
        .codec = codec_find(codec->encoding, codec->clock_hz, codec->channels),
        .encode = leg_encode(&result->peer),
        .speaks_hz = result->peer.speak_rate_hz,
        .send_payload_type = result->send_payload_type,
        .receive_payload_type = result->receive_payload_type,
        .send_event_type = result->has_telephone_event ? result->send_event_type : ENGINE_NO_PAYLOAD_TYPE,
        .receive_event_type = result->has_telephone_event ? result->receive_event_type : ENGINE_NO_PAYLOAD_TYPE,
        .event_clock_hz = result->event_clock_hz,
        .receive_cn_type = result->has_comfort_noise ? result->receive_cn_type : ENGINE_NO_PAYLOAD_TYPE,
        .send_ptime_ms = result->send_ptime_ms,
        .detect_dtmf = call->terms.dtmf_inband,
        .rtcp_mux = result->rtcp_mux,
        .send = result->send,
        .receive = result->receive && !result->peer_holds, /* a phone's hold music stays outside */
        .srtp = leg_keys(&result->srtp, keys),
    };
    set_remote(&media.remote_rtp, result, result->remote_rtp_port);
    set_remote(&media.remote_rtcp, result, result->remote_rtcp_port);
    return media;
}

static status open_leg(struct call_entry *e, const struct engine_leg_media *media)
{
    struct bridge *bridge = e->calls->bridge;
    uint8_t random[8];
    if (!e->has_sockets) return STATUS_IO; /* an earlier leg has failed with them */
    struct engine_leg_config config = {
        .sockets = e->sockets,
        .media = *media,
        .ssrc = rng_u32(&bridge->rng),
        .first_timestamp = rng_u32(&bridge->rng),
        .first_sequence = rng_u32(&bridge->rng) & 0x7fff, /* no wrap soon: RFC 3711 3.3.1 */
        .near = conferences_engine(bridge->conferences, e->conference),
        .user = e,
    };
    random_bytes(random, sizeof random);
    hex_format(config.cname, random, sizeof random);
    e->has_sockets = false;
    return engine_leg_open(bridge->engine, &config, &e->leg);
}

static void log_agreed(const struct call_entry *e, const struct engine_leg_media *media)
{
    log_event(LOG_INFO, "call_agreed", "call=%s codec=%s ptime_ms=%u srtp=%s", e->call->id, media->codec->name,
              media->send_ptime_ms, e->srtp ? e->srtp : "none");
}

static status world_apply(void *arg, struct call *call, const struct sdp_result *result)
{
    struct call_entry *e = arg;
    struct engine_leg_srtp keys;
    struct engine_leg_media media = leg_media(call, result, &keys);
    status s = e->leg ? engine_leg_change(e->leg, &media) : open_leg(e, &media);
    if (s == STATUS_OK) {
        e->srtp = media.srtp ? srtp_suite_name(media.srtp->send.suite) : NULL;
        log_agreed(e, &media);
    }
    srtp_key_forget(&keys.send);
    srtp_key_forget(&keys.receive);
    return s;
}

static void on_duration(void *arg)
{
    struct call_entry *e = arg;
    call_hang_up(e->call, "maxDuration");
}

static void limit_duration(struct call_entry *e)
{
    struct bridge *bridge = e->calls->bridge;
    int seconds = bridge->config->call_duration_max_s;
    if (seconds == 0) return;
    if (loop_timer_create(&e->duration, bridge->loop, on_duration, e) == STATUS_OK)
        loop_timer_set(e->duration, (int64_t)seconds * 1000000);
}

struct join {
    struct calls *calls;
    id_text call;
};

static void on_join(void *arg, status s, const struct conference *c)
{
    struct join *join = arg;
    (void)c;
    if (s != STATUS_OK && !join->calls->bridge->stopping) {
        log_event(LOG_INFO, "join_refused", "call=%s why=%s", join->call, status_name(s));
        calls_hang_up(join->calls, join->call, s == STATUS_NOT_FOUND ? "conferenceTerminated" : "internalError");
    }
    free(join);
}

static void world_connected(void *arg, struct call *call)
{
    struct call_entry *e = arg;
    struct bridge *bridge = e->calls->bridge;
    const struct user_part *user = &call->choice.user;
    if (e->script) {
        limit_duration(e);
        log_event(LOG_INFO, "call_connected", "call=%s", call->id);
        call_row_save(e);
        if (e->out)
            call_out_connected(e);
        else
            call_script_answered(e->script);
        return;
    }
    struct conference_event event = {
        .type = CONFERENCE_JOIN,
        .call = call->id,
        .talk = user->talk,
        .listen = user->listen,
        .dtmf = true,
        .voice = {.noise_suppression = call->terms.noise_suppression, .automatic_gain = call->terms.automatic_gain},
        .start = user->start_conf_on_enter,
    };
    struct join *join = calloc(1, sizeof *join);
    if (!join) {
        call_hang_up(call, "internalError");
        return;
    }
    join->calls = e->calls;
    strcpy(join->call, call->id);
    e->joined = e->entered = true;
    limit_duration(e);
    log_event(LOG_INFO, "call_connected", "call=%s conf=%s", call->id, e->conference);
    call_row_save(e);
    conferences_happen(bridge->conferences, e->conference, &event, NULL, on_join, join);
}

static void world_ringing(void *arg, struct call *call, uint32_t code)
{
    struct call_entry *e = arg;
    log_event(LOG_INFO, "call_ringing", "call=%s code=%u", call->id, code);
    call_row_save(e);
}

static void end_script(struct call_entry *e)
{
    struct call_script_end end = {
        .status = call_row_status(e),
        .reason = e->ended_reason,
        .connected_unix_ms = e->call->connected_unix_ms,
        .ended_unix_ms = clock_unix_ms(),
    };
    struct call_script *script = e->script;
    call_script_ending(script);
    if (e->out) call_out_over(e);
    call_script_over(script, &end);
    e->events = call_script_events(script);
    e->script = NULL;
}

static void world_ended(void *arg, struct call *call, const char *reason)
{
    struct call_entry *e = arg;
    struct calls *cs = e->calls;
    e->ended_reason = reason;
    log_event(LOG_INFO, "call_ended", "call=%s conf=%s reason=%s", call->id, e->conference, reason);
    cs->figures.ended++;
    /* A call that was never let in leaves a line in the log, no row; one with a script is stored with its webhooks. */
    if (e->revision > 0 && !e->script) call_row_save(e);
    if (e->joined) {
        struct conference_event event = {.type = CONFERENCE_LEAVE, .call = call->id};
        conferences_happen(cs->bridge->conferences, e->conference, &event, NULL, NULL, NULL);
    }
    if (e->script) end_script(e);
    map_remove(cs->by_id, call->id);
    if (e->has_sockets) engine_socket_close(&e->sockets);
    e->has_sockets = false;
    if (e->leg) /* its reports name this entry: it stays until the last one */
        engine_leg_close(e->leg);
    else if (!e->waiting)
        loop_defer(cs->bridge->loop, call_entry_destroy, e);
}

const struct call_world call_entry_world = {world_send,      world_reserve, world_apply,
                                            world_connected, world_ended,   world_ringing};
