/** SRTP: packets of 20 ms G.711 protected and unprotected with each suite, by us and by bare libsrtp; contexts made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <srtp2/srtp.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_receiver.h"
#include "rtp/srtp_sender.h"
#include "timing.h"

enum { PACKETS = 500, PAYLOAD = 160, ROOM = 256, CONTEXTS = 20 };

struct work {
    struct srtp_key key;
    struct srtp_sender *sender;
    struct srtp_receiver *receiver;
    srtp_t out, in; /* bare */
    uint16_t seq;
    _Alignas(8) uint8_t packets[PACKETS][ROOM];
    size_t lens[PACKETS];
};

static void demand(bool good)
{
    if (!good) abort();
}

static srtp_t bare(const struct work *w, srtp_ssrc_type_t direction)
{
    srtp_policy_t policy = {.ssrc = {.type = direction}, .window_size = 128};
    srtp_t context;
    srtp_crypto_policy_t *both[] = {&policy.rtp, &policy.rtcp};
    for (int i = 0; i < 2; i++) {
        if (w->key.suite == SRTP_AEAD_AES_128_GCM)
            srtp_crypto_policy_set_aes_gcm_128_16_auth(both[i]);
        else if (w->key.suite == SRTP_AEAD_AES_256_GCM)
            srtp_crypto_policy_set_aes_gcm_256_16_auth(both[i]);
        else
            srtp_crypto_policy_set_rtp_default(both[i]);
    }
    if (w->key.suite == SRTP_AES_CM_128_HMAC_SHA1_32) srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
    policy.key = (unsigned char *)w->key.bytes;
    demand(srtp_create(&context, &policy) == srtp_err_status_ok);
    return context;
}

static void write_packets(struct work *w)
{
    for (int i = 0; i < PACKETS; i++) {
        rtp_packet_write_plain(w->packets[i], false, 0, w->seq++, 0, 7);
        w->lens[i] = RTP_HEADER_BYTES + PAYLOAD;
    }
}

static void protect(void *state)
{
    struct work *w = state;
    write_packets(w);
    for (int i = 0; i < PACKETS; i++)
        demand(srtp_sender_protect(w->sender, w->packets[i], &w->lens[i], ROOM) == STATUS_OK);
}

static void protect_bare(void *state)
{
    struct work *w = state;
    write_packets(w);
    for (int i = 0; i < PACKETS; i++) {
        int len = (int)w->lens[i];
        demand(srtp_protect(w->out, w->packets[i], &len) == srtp_err_status_ok);
        w->lens[i] = (size_t)len;
    }
}

static void both_ways(void *state)
{
    struct work *w = state;
    protect(w);
    for (int i = 0; i < PACKETS; i++)
        demand(srtp_receiver_unprotect(w->receiver, w->packets[i], &w->lens[i]) == STATUS_OK);
}

static void both_ways_bare(void *state)
{
    struct work *w = state;
    protect_bare(w);
    for (int i = 0; i < PACKETS; i++) {
        int len = (int)w->lens[i];
        demand(srtp_unprotect(w->in, w->packets[i], &len) == srtp_err_status_ok);
    }
}

/* What costs who has no key. */
static void refuse(void *state)
{
    struct work *w = state;
    write_packets(w);
    for (int i = 0; i < PACKETS; i++) {
        size_t len = w->lens[i];
        demand(srtp_receiver_unprotect(w->receiver, w->packets[i], &len) != STATUS_OK);
    }
}

static void make(void *state)
{
    struct work *w = state;
    for (int i = 0; i < CONTEXTS; i++) {
        struct srtp_sender *s;
        struct srtp_receiver *r;
        demand(srtp_sender_create(&s, &w->key) == STATUS_OK && srtp_receiver_create(&r, &w->key) == STATUS_OK);
        srtp_sender_destroy(s);
        srtp_receiver_destroy(r);
    }
}

static void run(const struct timing *t, enum srtp_suite suite, const char *what, const char *unit, double units,
                void (*work)(void *state))
{
    static struct work w;
    char label[80];
    w = (struct work){.key = {.suite = suite, .bytes = {1, 2, 3}}};
    demand(srtp_sender_create(&w.sender, &w.key) == STATUS_OK);
    demand(srtp_receiver_create(&w.receiver, &w.key) == STATUS_OK);
    w.out = bare(&w, ssrc_any_outbound);
    w.in = bare(&w, ssrc_any_inbound);
    snprintf(label, sizeof label, "%s %s", srtp_suite_name(suite), what);
    timing_run(t, label, unit, units, work, &w);
    srtp_sender_destroy(w.sender);
    srtp_receiver_destroy(w.receiver);
    srtp_dealloc(w.out);
    srtp_dealloc(w.in);
}

int main(int argc, char **argv)
{
    struct timing t;
    timing_init(&t, "srtp", argc, argv);
    demand(srtp_library_start() == STATUS_OK);
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        run(&t, suite, "protect", "ns per packet", PACKETS, protect);
        run(&t, suite, "protect bare", "ns per packet", PACKETS, protect_bare);
        run(&t, suite, "protect+unprotect", "ns per packet", PACKETS, both_ways);
        run(&t, suite, "protect+unprotect bare", "ns per packet", PACKETS, both_ways_bare);
        run(&t, suite, "refuse", "ns per packet", PACKETS, refuse);
        run(&t, suite, "make both ways", "ns per leg", CONTEXTS, make);
    }
    return 0;
}
