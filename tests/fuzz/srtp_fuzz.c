/**
 * @file srtp_fuzz.c  Any bytes to one who has a key: nothing of it is authentic, and nothing is spoilt by it. Any bytes
 * that are an RTP or RTCP packet come through protection unchanged.
 *
 * The first byte chooses the suite, RTP or RTCP, and whether the key has an identifier.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_receiver.h"
#include "rtp/srtp_sender.h"

enum { ROOM = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int truth)
{
    if (!truth) abort();
}

static struct srtp_key key_of(enum srtp_suite suite)
{
    struct srtp_key key = {.suite = suite};
    memset(key.bytes, 7, srtp_suite_key_bytes(suite) + srtp_suite_salt_bytes(suite));
    return key;
}

static status unprotect(struct srtp_receiver *r, bool rtcp, uint8_t *bytes, size_t *len)
{
    return rtcp ? srtp_receiver_unprotect_rtcp(r, bytes, len) : srtp_receiver_unprotect(r, bytes, len);
}

static void forge(struct srtp_key key, bool rtcp, bool named, const uint8_t *data, size_t size)
{
    _Alignas(8) uint8_t bytes[ROOM];
    struct srtp_receiver *r;
    size_t len = size;
    if (named) key.mki_bytes = 1; /* of value 0 */
    demand(srtp_receiver_create(&r, &key) == STATUS_OK);
    memcpy(bytes, data, size);
    demand(unprotect(r, rtcp, bytes, &len) != STATUS_OK && len == size);
    srtp_receiver_destroy(r);
}

static void go_through(struct srtp_key key, bool rtcp, const uint8_t *data, size_t size)
{
    _Alignas(8) uint8_t bytes[ROOM];
    struct srtp_sender *s;
    struct srtp_receiver *r;
    size_t len = size;
    memcpy(bytes, data, size);
    demand(srtp_sender_create(&s, &key) == STATUS_OK);
    demand(srtp_receiver_create(&r, &key) == STATUS_OK);
    status sent =
        rtcp ? srtp_sender_protect_rtcp(s, bytes, &len, sizeof bytes) : srtp_sender_protect(s, bytes, &len, ROOM);
    if (sent == STATUS_OK) {
        demand(len > size && len <= size + SRTP_TRAILER_MAX);
        demand(unprotect(r, rtcp, bytes, &len) == STATUS_OK);
        demand(len == size && memcmp(bytes, data, size) == 0);
    }
    struct rtp_packet p;
    if (!rtcp && rtp_packet_parse(&p, data, size) == STATUS_OK) demand(sent == STATUS_OK);
    srtp_sender_destroy(s);
    srtp_receiver_destroy(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1500) return 0;
    demand(srtp_library_start() == STATUS_OK);
    struct srtp_key key = key_of(data[0] % SRTP_SUITES);
    bool rtcp = data[0] & 4, named = data[0] & 8;
    forge(key, rtcp, named, data + 1, size - 1);
    go_through(key, rtcp, data + 1, size - 1);
    return 0;
}
