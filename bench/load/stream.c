#include "load/stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rng.h"
#include "os/clock.h"

enum { RTP_HEADER = 12, DIGIT_STEPS = 8, DIGIT_END_STEP = 5, LATE_US = 2000, BURST_THRESHOLD = 6500 };
enum { BURST_QUIET_SAMPLES = 1600, FILL_MAX_PACKETS = 150 };

static const char digit_names[] = "0123456789*#ABCD";

static int socket_bind(const struct address *host, uint16_t port, struct address *bound)
{
    struct address a;
    if (!address_of(slice_of(address_host(host, false)), port, &a)) return -1;
    int fd = socket(a.sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int on = 1, bytes = 256 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    bound->len = sizeof bound->sa;
    if (bind(fd, (struct sockaddr *)&a.sa, a.len) || getsockname(fd, (struct sockaddr *)&bound->sa, &bound->len)) {
        close(fd);
        return -1;
    }
    return fd;
}

static status pair_bind(struct stream *s, const struct address *host)
{
    for (int tries = 0; tries < 200; tries++) {
        int rtp = socket_bind(host, 0, &s->local);
        if (rtp < 0) return STATUS_IO;
        uint16_t port = address_port(&s->local);
        struct address ignored;
        int rtcp = port % 2 == 0 ? socket_bind(host, (uint16_t)(port + 1), &ignored) : -1;
        if (rtcp >= 0) {
            s->rtp.fd = rtp;
            s->rtcp.fd = rtcp;
            return STATUS_OK;
        }
        close(rtp);
    }
    return STATUS_IO;
}

/** Receives one datagram. @return its length, or -1; *arrival_us is the kernel's time, as monotonic */
static ssize_t datagram_read(int fd, uint8_t *bytes, size_t size, int64_t *arrival_us)
{
    union {
        struct cmsghdr align;
        char bytes[128];
    } control;
    struct iovec iov = {bytes, size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t len = recvmsg(fd, &msg, 0);
    if (len < 0) return -1;
    *arrival_us = clock_now_us();
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        struct timespec at;
        memcpy(&at, CMSG_DATA(c), sizeof at);
        *arrival_us = (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000 + clock_real_to_monotonic_us();
    }
    return len;
}

/** One RTP packet's fields. */
struct packet {
    uint16_t seq;
    uint32_t ts, ssrc;
    unsigned payload_type;
    const uint8_t *payload;
    size_t len;
};

static bool packet_parse(const uint8_t *b, size_t len, struct packet *p)
{
    if (len < RTP_HEADER || b[0] >> 6 != 2) return false;
    size_t at = RTP_HEADER + 4U * (b[0] & 15);
    if ((b[0] & 0x10) && at + 4 <= len) at += 4 + 4U * ((size_t)b[at + 2] << 8 | b[at + 3]);
    if ((b[0] & 0x20) && b[len - 1] <= len) len -= b[len - 1];
    if (at > len) return false;
    p->payload_type = b[1] & 0x7f;
    p->seq = (uint16_t)(b[2] << 8 | b[3]);
    p->ts = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7];
    p->ssrc = (uint32_t)b[8] << 24 | (uint32_t)b[9] << 16 | (uint32_t)b[10] << 8 | b[11];
    p->payload = b + at;
    p->len = len - at;
    return true;
}

static void digit_take(struct stream *s, const struct packet *p, int64_t arrival_us)
{
    if (p->len < 4 || !(p->payload[1] & 0x80) || p->payload[0] > 15) return;
    if (s->digit_heard_ts == p->ts) return;
    s->digit_heard_ts = p->ts;
    if (s->events.digit) s->events.digit(s->events.context, digit_names[p->payload[0]], arrival_us);
}

static void bursts_look(struct stream *s, const struct packet *p, int64_t arrival_us)
{
    static int16_t decoded[2][256];
    static bool ready;
    if (!ready) {
        for (int i = 0; i < 256; i++) {
            decoded[G711_MU][i] = g711_decode(G711_MU, (uint8_t)i);
            decoded[G711_A][i] = g711_decode(G711_A, (uint8_t)i);
        }
        ready = true;
    }
    for (size_t i = 0; i < p->len; i++) {
        if (abs(decoded[s->law][p->payload[i]]) < BURST_THRESHOLD) {
            s->quiet_samples++;
            continue;
        }
        if (s->quiet_samples >= BURST_QUIET_SAMPLES)
            s->events.burst(s->events.context, arrival_us, arrival_us + (int64_t)i * 125);
        s->quiet_samples = 0;
    }
}

static void pcm_give(struct stream *s, const struct packet *p, int lost, int64_t arrival_us)
{
    int16_t pcm[STREAM_FRAME_MAX];
    size_t count = p->len < STREAM_FRAME_MAX ? p->len : STREAM_FRAME_MAX;
    memset(pcm, 0, sizeof pcm);
    for (int i = 0; i < lost && i < FILL_MAX_PACKETS; i++)
        s->events.pcm(s->events.context, pcm, count, arrival_us, true);
    for (size_t i = 0; i < count; i++)
        pcm[i] = g711_decode(s->law, p->payload[i]);
    s->events.pcm(s->events.context, pcm, count, arrival_us, false);
}

/** The packets of a digit all bear the time of its beginning, so that neither they nor the next one tell of jitter. */
static void jitter_update(struct stream *s, const struct packet *p, int64_t arrival_us, bool digit)
{
    if (arrival_us - s->in_us > s->counts.gap_max_us) s->counts.gap_max_us = arrival_us - s->in_us;
    if (digit || s->in_digit) return;
    double difference = (double)(arrival_us - s->in_us) - (double)(int32_t)(p->ts - s->in_ts) * 125.0;
    s->jitter_us += ((difference < 0 ? -difference : difference) - s->jitter_us) / 16.0;
}

static void packet_take(struct stream *s, const struct packet *p, int64_t arrival_us)
{
    bool fresh = !s->heard || p->ssrc != s->in_ssrc;
    int step = fresh ? 1 : (int16_t)(uint16_t)(p->seq - s->in_seq);
    if (!s->heard && s->events.first_rtp) s->events.first_rtp(s->events.context, arrival_us);
    if (s->heard && fresh) s->counts.source_changes++;
    s->heard = true;
    s->counts.received++;
    if (step <= 0) {
        if (step == 0) s->counts.duplicates++;
        if (step < 0) s->counts.reordered++;
        return;
    }
    s->counts.gaps += (uint64_t)(step - 1);
    bool digit = (int)p->payload_type == s->digits_payload;
    if (!fresh) jitter_update(s, p, arrival_us, digit);
    s->in_seq = p->seq;
    s->in_ssrc = p->ssrc;
    s->in_us = arrival_us;
    s->in_digit = digit;
    if (!digit) s->in_ts = p->ts;
    if (digit) {
        digit_take(s, p, arrival_us);
    } else if (p->payload_type != (s->law == G711_MU ? 0U : 8U)) {
        s->counts.other_payloads++;
    } else {
        if (s->events.pcm) pcm_give(s, p, step - 1, arrival_us);
        if (s->events.burst) bursts_look(s, p, arrival_us);
    }
}

static bool opened(struct stream *s, bool rtcp, uint8_t *bytes, size_t *len)
{
    bool good = !s->secure.on || secure_open(&s->secure, rtcp, bytes, len);
    if (!good) s->counts.unopened++;
    return good;
}

static void rtp_readable(void *context, int64_t now_us)
{
    (void)now_us;
    struct stream *s = context;
    _Alignas(8) uint8_t bytes[2048];
    int64_t arrival_us;
    struct packet p;
    ssize_t got = datagram_read(s->rtp.fd, bytes, sizeof bytes, &arrival_us);
    size_t len = (size_t)got;
    if (got > 0 && opened(s, false, bytes, &len) && packet_parse(bytes, len, &p)) packet_take(s, &p, arrival_us);
}

static void rtcp_readable(void *context, int64_t now_us)
{
    (void)now_us;
    struct stream *s = context;
    _Alignas(8) uint8_t bytes[2048];
    ssize_t got = recv(s->rtcp.fd, bytes, sizeof bytes, 0);
    size_t len = (size_t)got;
    if (got < 4 || !opened(s, true, bytes, &len)) return;
    s->counts.rtcp++;
    for (size_t at = 0; at + 4 <= len; at += 4U * ((size_t)(bytes[at + 2] << 8 | bytes[at + 3]) + 1)) {
        if (bytes[at + 1] == 203) s->counts.rtcp_byes++;
    }
}

static size_t digit_payload(struct stream *s, uint8_t *payload, uint32_t frame)
{
    bool ends = s->digit_step >= DIGIT_END_STEP;
    uint32_t duration = frame * (uint32_t)((ends ? DIGIT_END_STEP : s->digit_step) + 1);
    payload[0] = (uint8_t)s->digit;
    payload[1] = (uint8_t)((ends ? 0x80 : 0) | 10);
    payload[2] = (uint8_t)(duration >> 8);
    payload[3] = (uint8_t)duration;
    if (++s->digit_step == DIGIT_STEPS) s->digit = -1;
    return 4;
}

static size_t audio_payload(struct stream *s, uint8_t *payload, size_t frame, bool *burst)
{
    if (source_silent(&s->source)) {
        memset(payload, g711_silence(s->law), frame);
        return frame;
    }
    int16_t pcm[STREAM_FRAME_MAX];
    *burst = source_read(&s->source, pcm, frame);
    for (size_t i = 0; i < frame; i++)
        payload[i] = g711_encode(s->law, pcm[i]);
    return frame;
}

static size_t packet_write(struct stream *s, uint8_t *b, bool *burst)
{
    uint32_t frame = s->ptime_ms * 8;
    bool digit = s->digit >= 0;
    if (digit && s->digit_step == 0) s->digit_ts = s->out_ts;
    uint32_t ts = digit ? s->digit_ts : s->out_ts;
    int type = digit ? s->digits_payload : s->law == G711_MU ? 0 : 8;
    bool marker = s->marker || (digit && s->digit_step == 0);
    b[0] = 0x80;
    b[1] = (uint8_t)(type | (marker ? 0x80 : 0));
    b[2] = (uint8_t)(s->out_seq >> 8);
    b[3] = (uint8_t)s->out_seq;
    for (int i = 0; i < 4; i++) {
        b[4 + i] = (uint8_t)(ts >> (24 - 8 * i));
        b[8 + i] = (uint8_t)(s->out_ssrc >> (24 - 8 * i));
    }
    s->marker = false;
    s->out_seq++;
    s->out_ts += frame;
    return RTP_HEADER +
           (digit ? digit_payload(s, b + RTP_HEADER, frame) : audio_payload(s, b + RTP_HEADER, frame, burst));
}

static void send_due(void *context, int64_t now_us)
{
    struct stream *s = context;
    int64_t due_us = s->timer.due_us, late_us = now_us - due_us;
    loop_timer_set(s->loop, &s->timer, due_us + (int64_t)s->ptime_ms * 1000);
    s->counts.due++;
    if (late_us > LATE_US) s->counts.late_sends++;
    if (late_us > s->counts.late_max_us) s->counts.late_max_us = late_us;
    _Alignas(8) uint8_t bytes[RTP_HEADER + STREAM_FRAME_MAX + SECURE_TRAILER];
    bool burst = false;
    size_t len = packet_write(s, bytes, &burst);
    bool sealed = !s->secure.on || secure_seal(&s->secure, bytes, &len, sizeof bytes);
    if (s->drop > 0.0 && drand48() < s->drop) {
        s->counts.dropped++;
        return;
    }
    if (burst) s->burst_sent_us = clock_now_us();
    if (sealed && send(s->rtp.fd, bytes, len, 0) == (ssize_t)len) {
        s->counts.sent++;
    } else {
        s->counts.send_errors++;
    }
}

status stream_open(struct stream *s, struct loop *loop, const struct address *local_host, enum g711_law law,
                   uint32_t ptime_ms, uint32_t phase_ms, uint64_t seed)
{
    *s = (struct stream){.loop = loop, .law = law, .ptime_ms = ptime_ms, .phase_ms = phase_ms % ptime_ms};
    s->digit = -1;
    s->digits_payload = -1;
    s->quiet_samples = BURST_QUIET_SAMPLES;
    s->rtp = (struct loop_watch){-1, rtp_readable, s};
    s->rtcp = (struct loop_watch){-1, rtcp_readable, s};
    source_init(&s->source);
    loop_timer_init(&s->timer, send_due, s);
    struct rng rng;
    rng_init(&rng, seed);
    s->out_ssrc = rng_u32(&rng);
    s->out_seq = rng_u32(&rng) & 0x7fff; /* RFC 3711 3.3.1 */
    s->out_ts = rng_u32(&rng);
    status result = pair_bind(s, local_host);
    if (result == STATUS_OK) result = loop_watch_fd(loop, &s->rtp);
    if (result == STATUS_OK) result = loop_watch_fd(loop, &s->rtcp);
    if (result != STATUS_OK) stream_close(s);
    return result;
}

void stream_close(struct stream *s)
{
    loop_timer_cancel(s->loop, &s->timer);
    source_clear(&s->source);
    secure_clear(&s->secure);
    struct loop_watch *watches[] = {&s->rtp, &s->rtcp};
    for (int i = 0; i < 2; i++) {
        if (watches[i]->fd < 0) continue;
        loop_unwatch(s->loop, watches[i]);
        close(watches[i]->fd);
        watches[i]->fd = -1;
    }
    s->running = false;
}

void stream_aim(struct stream *s, const struct sdp_theirs *theirs, int64_t now_us)
{
    s->remote = theirs->rtp;
    s->digits_payload = theirs->digits_payload;
    if (connect(s->rtp.fd, (const struct sockaddr *)&s->remote.sa, s->remote.len)) s->counts.send_errors++;
    if (s->running) return;
    s->running = true;
    s->marker = true;
    int64_t grid_us = (int64_t)s->ptime_ms * 1000, phase_us = (int64_t)s->phase_ms * 1000;
    loop_timer_set(s->loop, &s->timer, (now_us / grid_us + 1) * grid_us + phase_us);
}

void stream_pause(struct stream *s)
{
    loop_timer_cancel(s->loop, &s->timer);
    s->running = false;
}

bool stream_send_digit(struct stream *s, char digit)
{
    const char *hit = digit ? strchr(digit_names, digit) : NULL;
    if (!hit || s->digits_payload < 0 || s->digit >= 0) return false;
    s->digit = (int)(hit - digit_names);
    s->digit_step = 0;
    return true;
}
