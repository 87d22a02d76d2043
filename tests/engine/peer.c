#include "peer.h"

#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/source_lock.h"
#include "engine/udp.h"
#include "media/codec.h"
#include "os/clock.h"
#include "rtp/dtmf_event.h"
#include "rtp/rtcp_packet.h"
#include "rtp/rtp_packet.h"

enum { FRAME = 160 };

static void note(void *arg, const struct engine_report *report)
{
    struct rig *rig = arg;
    rig->reports[report->type]++;
    rig->last[report->type] = *report;
    if (report->type == ENGINE_LEG_CLOSED) {
        rig->closed_stats = *report->stats;
        struct peer *p = report->user;
        if (p && p->leg == report->leg) p->leg = NULL; /* else it has called again since */
    }
    if (report->type == ENGINE_LEG_DIGIT && rig->digit_count < 31) rig->digits[rig->digit_count++] = report->digit;
}

void rig_open(struct rig *rig, const struct engine_config *config)
{
    memset(rig, 0, sizeof *rig);
    assert_int_equal(engine_create(&rig->engine, config, note, rig), STATUS_OK);
}

static struct sockaddr_storage loopback(sa_family_t family)
{
    struct sockaddr_storage address = {.ss_family = family};
    if (family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
    else
        ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static socklen_t size_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

/* -1 where there is no such address. */
static int bind_any(sa_family_t family, struct sockaddr_storage *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *address = loopback(family);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, size_of(address)) != 0) {
        if (fd >= 0) close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
    return fd;
}

static struct peer *make_peer(struct rig *rig, sa_family_t family, double tone_hz)
{
    struct peer *p = calloc(1, sizeof *p);
    p->rtp_fd = bind_any(family, &p->rtp);
    p->rtcp_fd = bind_any(family, &p->rtcp);
    if (p->rtp_fd < 0 || p->rtcp_fd < 0) {
        free(p);
        return NULL;
    }
    p->codec = codec_by_id(CODEC_PCMU);
    tone_init(&p->tone, 8000, tone_hz, -15);
    p->ssrc = 1000 + rig->peer_count;
    p->seq = (uint16_t)(rig->peer_count * 1000);
    rig->peers[rig->peer_count++] = p;
    return p;
}

struct peer *rig_peer(struct rig *rig, double tone_hz)
{
    struct peer *p = make_peer(rig, AF_INET, tone_hz);
    assert_non_null(p);
    return p;
}

struct peer *rig_peer6(struct rig *rig, double tone_hz)
{
    return make_peer(rig, AF_INET6, tone_hz);
}

uint8_t peer_payload_type(const struct peer *p)
{
    return (uint8_t)(p->codec->static_payload_type >= 0 ? p->codec->static_payload_type : 110 + (int)p->codec->id);
}

struct engine_leg_media peer_media(const struct peer *p, uint16_t ptime_ms)
{
    return (struct engine_leg_media){.codec = p->codec,
                                     .send_payload_type = peer_payload_type(p),
                                     .receive_payload_type = peer_payload_type(p),
                                     .send_event_type = PEER_DIGIT_TYPE,
                                     .receive_event_type = PEER_DIGIT_TYPE,
                                     .receive_cn_type = ENGINE_NO_PAYLOAD_TYPE,
                                     .send_ptime_ms = ptime_ms,
                                     .remote_rtp = p->rtp,
                                     .remote_rtcp = p->rtcp,
                                     .send = true,
                                     .receive = true};
}

void rig_call(struct rig *rig, struct peer *p, const struct engine_leg_media *media, struct engine_conference *near)
{
    struct engine_leg_config config = {
        .media = *media, .ssrc = 0xabc0 + p->ssrc, .first_timestamp = 5, .first_sequence = 9, .near = near, .user = p};
    struct sockaddr_storage local = loopback(p->rtp.ss_family);
    strcpy(config.cname, "bridge");
    assert_int_equal(engine_socket_open(rig->engine, (struct sockaddr *)&local, &config.sockets), STATUS_OK);
    p->bridge = p->bridge_rtcp = local;
    udp_set_port(&p->bridge, config.sockets.port);
    udp_set_port(&p->bridge_rtcp, (uint16_t)(config.sockets.port + 1));
    assert_int_equal(engine_leg_open(rig->engine, &config, &p->leg), STATUS_OK);
    p->next_us = clock_now_us();
}

void peer_keys(struct peer *p, const struct engine_leg_srtp *leg)
{
    srtp_sender_destroy(p->sender);
    srtp_receiver_destroy(p->receiver);
    p->sender = NULL;
    p->receiver = NULL;
    if (!leg) return;
    assert_int_equal(srtp_sender_create(&p->sender, &leg->receive), STATUS_OK);
    assert_int_equal(srtp_receiver_create(&p->receiver, &leg->send), STATUS_OK);
}

void peer_seal(struct peer *p, uint8_t *bytes, size_t *len, size_t size)
{
    if (p->sender) assert_int_equal(srtp_sender_protect(p->sender, bytes, len, size), STATUS_OK);
}

void peer_send(struct peer *p, const void *bytes, size_t len)
{
    sendto(p->rtp_fd, bytes, len, 0, (struct sockaddr *)&p->bridge, size_of(&p->bridge));
}

static void send_rtp(struct peer *p, uint8_t type, const uint8_t *payload, size_t len, uint32_t timestamp)
{
    _Alignas(8) uint8_t bytes[600];
    struct rtp_packet rtp = {.payload_type = type, .seq = p->seq++, .timestamp = timestamp, .ssrc = p->ssrc};
    size_t header = rtp_packet_write_header(&rtp, bytes, sizeof bytes);
    memcpy(bytes + header, payload, len);
    len += header;
    peer_seal(p, bytes, &len, sizeof bytes);
    peer_send(p, bytes, len);
}

void peer_send_digit(struct peer *p, char digit)
{
    struct dtmf_payload payload = {.event = (uint8_t)(digit - '0')};
    for (int i = 0; i < 5; i++) {
        uint8_t bytes[DTMF_PAYLOAD_BYTES];
        payload.duration = (uint16_t)((i < 3 ? i : 3) * 160);
        payload.end = i >= 2;
        dtmf_payload_write(&payload, bytes);
        send_rtp(p, PEER_DIGIT_TYPE, bytes, sizeof bytes, p->timestamp);
    }
}

static void speak(struct peer *p)
{
    int16_t pcm[FRAME] = {0};
    uint8_t payload[FRAME];
    if (!p->says_zero) tone_read(&p->tone, pcm, FRAME);
    size_t len = p->codec->encode(NULL, pcm, FRAME, payload, sizeof payload);
    send_rtp(p, (uint8_t)p->codec->static_payload_type, payload, len, p->timestamp);
    p->timestamp += FRAME;
}

static void hear_digit(struct peer *p, const struct rtp_packet *rtp)
{
    struct dtmf_payload payload;
    assert_int_equal(dtmf_payload_parse(&payload, rtp->payload, rtp->payload_bytes), STATUS_OK);
    if ((p->digit_count == 0 || rtp->timestamp != p->digit_timestamp) && p->digit_count < sizeof p->digits - 1)
        p->digits[p->digit_count++] = dtmf_digit(payload.event);
    if (p->packets > 0 && rtp->seq != (uint16_t)(p->heard_seq + 1)) p->gaps++;
    p->packets++;
    p->digit_timestamp = rtp->timestamp;
    p->heard_seq = rtp->seq;
    p->heard_timestamp = rtp->timestamp + payload.duration - p->last_samples;
}

static void hear(struct peer *p, const uint8_t *bytes, size_t len)
{
    struct rtp_packet rtp;
    int16_t pcm[480];
    size_t samples;
    assert_int_equal(rtp_packet_parse(&rtp, bytes, len), STATUS_OK);
    if (rtp.payload_type == PEER_DIGIT_TYPE) {
        hear_digit(p, &rtp);
        return;
    }
    assert_int_equal(rtp.payload_type, p->codec->static_payload_type);
    assert_int_equal(p->codec->decode(NULL, rtp.payload, rtp.payload_bytes, pcm, 480, &samples), STATUS_OK);
    if (p->packets > 0 && (rtp.seq != (uint16_t)(p->heard_seq + 1))) p->gaps++;
    if (p->packets > 0 && !rtp.marker && rtp.timestamp != p->heard_timestamp + p->last_samples) p->jumps++;
    if (rtp.marker) p->markers++;
    p->packets++;
    p->heard_seq = rtp.seq;
    p->heard_timestamp = rtp.timestamp;
    p->heard_ssrc = rtp.ssrc;
    p->last_samples = (uint32_t)samples;
    for (size_t i = 0; i < samples; i++) {
        int step = abs(pcm[i] - p->last);
        if (step > p->steepest) p->steepest = step;
        p->last = pcm[i];
        p->kept[p->heard++ % PEER_KEPT] = pcm[i];
    }
}

/* False where it is not protected as it should be. */
static bool open_packet(struct peer *p, bool rtcp, uint8_t *bytes, size_t *len)
{
    if (!p->receiver) return true;
    status result =
        rtcp ? srtp_receiver_unprotect_rtcp(p->receiver, bytes, len) : srtp_receiver_unprotect(p->receiver, bytes, len);
    if (result != STATUS_OK) p->unopened++;
    return result == STATUS_OK;
}

static void hear_rtcp(struct peer *p, const uint8_t *bytes, size_t len)
{
    struct rtcp_cursor cursor;
    struct rtcp_block block;
    p->rtcp_packets++;
    assert_int_equal(rtcp_open(&cursor, bytes, len), STATUS_OK);
    while (rtcp_next(&cursor, &block) == STATUS_OK) {
        if (block.kind == RTCP_BYE) p->byes++;
    }
}

/** As recv(), but only what comes from the leg: on a busy machine others may still send to who had this port before. */
static ssize_t receive(const struct peer *p, int fd, uint8_t *bytes, size_t size)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t len;
    while ((len = recvfrom(fd, bytes, size, 0, (struct sockaddr *)&from, &from_len)) > 0) {
        if (source_lock_same(&from, &p->bridge) || source_lock_same(&from, &p->bridge_rtcp)) break;
        from_len = sizeof from;
    }
    return len;
}

static void hear_all(struct peer *p, int fd)
{
    _Alignas(8) uint8_t bytes[1500];
    for (ssize_t got; (got = receive(p, fd, bytes, sizeof bytes)) > 0;) {
        size_t len = (size_t)got;
        bool rtcp = rtp_is_rtcp(bytes, len);
        if (!open_packet(p, rtcp, bytes, &len)) continue;
        rtcp ? hear_rtcp(p, bytes, len) : hear(p, bytes, len);
    }
}

static void attend(struct peer *p, int64_t now_us)
{
    while (p->bridge.ss_family && now_us >= p->next_us) {
        p->next_us += 20000;
        if (!p->silent) speak(p);
    }
    hear_all(p, p->rtp_fd);
    hear_all(p, p->rtcp_fd);
}

void rig_run(struct rig *rig, int ms)
{
    int64_t end_us = clock_now_us() + ms * 1000;
    for (int64_t now_us; (now_us = clock_now_us()) < end_us;) {
        for (uint32_t i = 0; i < rig->peer_count; i++)
            attend(rig->peers[i], now_us);
        struct pollfd wait = {.fd = engine_report_fd(rig->engine), .events = POLLIN};
        if (poll(&wait, 1, 1) > 0) engine_poll(rig->engine);
    }
}

static bool all_closed(const struct rig *rig)
{
    for (uint32_t i = 0; i < rig->peer_count; i++) {
        if (rig->peers[i]->leg) return false;
    }
    return true;
}

void rig_close(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->peer_count; i++) {
        if (rig->peers[i]->leg) engine_leg_close(rig->peers[i]->leg);
    }
    rig_await(rig, all_closed(rig));
    engine_destroy(rig->engine);
    for (uint32_t i = 0; i < rig->peer_count; i++) {
        close(rig->peers[i]->rtp_fd);
        close(rig->peers[i]->rtcp_fd);
        peer_keys(rig->peers[i], NULL);
        free(rig->peers[i]);
    }
}

double peer_level(const struct peer *p, double tone_hz)
{
    int16_t pcm[PEER_KEPT];
    if (p->heard < PEER_KEPT) return -200;
    for (uint64_t i = 0; i < PEER_KEPT; i++)
        pcm[i] = p->kept[(p->heard + i) % PEER_KEPT];
    return tone_measure(pcm, PEER_KEPT, 8000, tone_hz, 0).level_dbfs;
}

void peer_forget(struct peer *p)
{
    p->heard = 0;
}
