/**
 * @file floor.c  parley-floor: answers SIP calls as a bridge does, and then does nothing but the packets.
 *
 * Every 20 ms, for each call's connected socket: one receive that does not wait, one send of what was received (or of
 * the last there was). No decoding, no mixing, no clock per call, one thread. What it costs is the kernel's share of a
 * conference, below which no bridge with a socket a call can come.
 *
 * Thread: one. RFC 3261, as far as INVITE, ACK, CANCEL, OPTIONS and BYE from a caller go.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load/sdp_text.h"
#include "load/sip_message.h"
#include "os/clock.h"

enum { CALLS_MAX = 20000, PACKET_BYTES = 512, TICK_US = 20000 };

struct floor_call {
    char id[128];
    int fd;
    struct address local;
    struct buffer answer; /* the 200, again for a retransmitted INVITE */
    uint32_t cseq;        /* of the INVITE that it answers */
    size_t len;           /* of the last packet */
    uint8_t packet[PACKET_BYTES];
};

static struct floor_call *calls[CALLS_MAX];
static unsigned call_count;
static int sip_fd;
static struct address sip_local;
static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static unsigned call_index(struct slice id)
{
    unsigned i = 0;
    while (i < call_count && !slice_is(id, calls[i]->id))
        i++;
    return i;
}

static void reply(const struct buffer *text, const struct address *to)
{
    if (buffer_ok(text)) (void)!sendto(sip_fd, text->at, text->len, 0, (const struct sockaddr *)&to->sa, to->len);
}

static int rtp_open(const struct sdp_theirs *theirs, struct address *local)
{
    struct address any = sip_local;
    if (!address_of(slice_of(address_host(&sip_local, false)), 0, &any)) return -1;
    int fd = socket(any.sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    local->len = sizeof local->sa;
    if (fd < 0 || bind(fd, (struct sockaddr *)&any.sa, any.len) ||
        connect(fd, (const struct sockaddr *)&theirs->rtp.sa, theirs->rtp.len) ||
        getsockname(fd, (struct sockaddr *)&local->sa, &local->len)) {
        if (fd >= 0) close(fd);
        return -1;
    }
    return fd;
}

/** Writes the 200 to a call's first INVITE or a later one. */
static void answer_write(struct floor_call *call, const struct sip_message *m)
{
    struct sdp_theirs theirs;
    struct sdp_ours ours = {.rtp = call->local, .ptime_ms = 20, .version = m->cseq};
    if (sdp_read(m->body, &theirs)) ours.law = theirs.law;
    struct buffer sdp;
    buffer_init(&sdp);
    sdp_write(&sdp, &ours);
    buffer_clear(&call->answer);
    sip_response_begin(&call->answer, m, 200, "OK", "floor");
    buffer_printf(&call->answer, "Contact: <sip:%s:%u>\r\n", address_host(&sip_local, true), address_port(&sip_local));
    sip_body_end(&call->answer, buffer_text(&sdp));
    buffer_clear(&sdp);
    call->cseq = m->cseq;
}

/** A call with its socket, not yet answered, not yet in the table; NULL where there is no room or no common codec. */
static struct floor_call *call_create(const struct sip_message *m)
{
    struct sdp_theirs theirs;
    if (call_count == CALLS_MAX || !sdp_read(m->body, &theirs)) return NULL;
    struct floor_call *call = calloc(1, sizeof *call);
    if (!call) return NULL;
    call->fd = rtp_open(&theirs, &call->local);
    if (call->fd < 0 || !slice_copy(m->call_id, call->id, sizeof call->id)) {
        if (call->fd >= 0) close(call->fd);
        free(call);
        return NULL;
    }
    return call;
}

static void invite_take(const struct sip_message *m, const struct address *from)
{
    unsigned i = call_index(m->call_id);
    if (i == call_count) {
        struct floor_call *call = call_create(m);
        if (!call) {
            struct buffer refusal;
            buffer_init(&refusal);
            sip_response_begin(&refusal, m, 488, "Not Acceptable Here", "floor");
            sip_body_end(&refusal, NULL);
            reply(&refusal, from);
            buffer_clear(&refusal);
            return;
        }
        calls[call_count++] = call;
    }
    if (calls[i]->cseq != m->cseq) answer_write(calls[i], m);
    reply(&calls[i]->answer, from);
}

static void call_remove(unsigned i)
{
    close(calls[i]->fd);
    buffer_clear(&calls[i]->answer);
    free(calls[i]);
    calls[i] = calls[--call_count];
}

static void sip_take(void)
{
    char bytes[65536];
    struct address from = {.len = sizeof from.sa};
    ssize_t len = recvfrom(sip_fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from.sa, &from.len);
    struct sip_message m;
    if (len <= 0 || !sip_message_parse((struct slice){bytes, (size_t)len}, &m) || !m.is_request) return;
    if (slice_is(m.method, "ACK")) return;
    if (slice_is(m.method, "INVITE")) {
        invite_take(&m, &from);
        return;
    }
    unsigned i = call_index(m.call_id);
    if (slice_is(m.method, "BYE") && i < call_count) call_remove(i);
    struct buffer out;
    buffer_init(&out);
    sip_response_begin(&out, &m, 200, "OK", "floor");
    sip_body_end(&out, NULL);
    reply(&out, &from);
    buffer_clear(&out);
}

static void tick(void)
{
    for (unsigned i = 0; i < call_count; i++) {
        struct floor_call *call = calls[i];
        ssize_t len = recv(call->fd, call->packet, sizeof call->packet, MSG_DONTWAIT);
        if (len > 0) call->len = (size_t)len;
        if (call->len) (void)!send(call->fd, call->packet, call->len, MSG_DONTWAIT);
    }
}

static void run(void)
{
    int64_t next_us = clock_now_us() + TICK_US;
    while (!stopped) {
        int64_t wait_us = next_us - clock_now_us();
        struct timespec wait = {.tv_sec = 0, .tv_nsec = wait_us > 0 ? wait_us * 1000 : 0};
        struct pollfd p = {.fd = sip_fd, .events = POLLIN};
        if (ppoll(&p, 1, &wait, NULL) > 0) sip_take();
        if (clock_now_us() < next_us) continue;
        tick();
        next_us += TICK_US;
    }
}

int main(int argc, char **argv)
{
    static const char usage[] =
        "usage: parley-floor [--sip ADDRESS:PORT]\n"
        "Answers calls and sends every packet back: the least a call can cost. Prints 'ready sip=...'.\n";
    const char *host = "127.0.0.1";
    uint32_t port = 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--sip") == 0) {
        struct slice text = slice_of(argv[2]);
        char *colon = strrchr(argv[2], ':');
        if (!colon || !slice_to_u32(slice_of(colon + 1), 65535, &port)) argc = 0;
        if (colon) *colon = 0;
        host = text.at;
    } else if (argc != 1) {
        argc = 0;
    }
    struct address any;
    if (argc == 0 || !address_of(slice_of(host), (uint16_t)port, &any)) {
        fputs(usage, stderr);
        return 2;
    }
    sip_fd = socket(any.sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sip_local.len = sizeof sip_local.sa;
    int bytes = 4 * 1024 * 1024;
    setsockopt(sip_fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (sip_fd < 0 || bind(sip_fd, (struct sockaddr *)&any.sa, any.len) ||
        getsockname(sip_fd, (struct sockaddr *)&sip_local.sa, &sip_local.len)) {
        fprintf(stderr, "parley-floor: cannot bind %s:%u: %s\n", host, port, strerror(errno));
        return 1;
    }
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    printf("ready sip=sip:%s:%u\n", address_host(&sip_local, true), address_port(&sip_local));
    fflush(stdout);
    run();
    while (call_count)
        call_remove(0);
    close(sip_fd);
    return 0;
}
