#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_receiver.h"
#include "rtp/srtp_sender.h"

enum { ROOM = 400, PAYLOAD = 160, SSRC = 0x12345678 };

static const struct srtp_key *any_key(enum srtp_suite suite, uint8_t first)
{
    static struct srtp_key keys[4];
    static unsigned next;
    struct srtp_key *key = &keys[next++ % 4];
    *key = (struct srtp_key){.suite = suite};
    for (size_t i = 0; i < srtp_suite_key_bytes(suite) + srtp_suite_salt_bytes(suite); i++)
        key->bytes[i] = (uint8_t)(first + 7 * i);
    return key;
}

struct link {
    struct srtp_sender *sender;
    struct srtp_receiver *receiver;
};

static struct link link_of(const struct srtp_key *sends, const struct srtp_key *receives)
{
    struct link link;
    assert_int_equal(srtp_library_start(), STATUS_OK);
    assert_int_equal(srtp_sender_create(&link.sender, sends), STATUS_OK);
    assert_int_equal(srtp_receiver_create(&link.receiver, receives), STATUS_OK);
    return link;
}

static void link_close(struct link *link)
{
    srtp_sender_destroy(link->sender);
    srtp_receiver_destroy(link->receiver);
}

struct packet {
    _Alignas(8) uint8_t bytes[ROOM];
    size_t len;
};

static struct packet plain(uint16_t seq, uint32_t ssrc)
{
    struct packet p = {.len = RTP_HEADER_BYTES + PAYLOAD};
    rtp_packet_write_plain(p.bytes, false, 0, seq, 160u * seq, ssrc);
    for (size_t i = 0; i < PAYLOAD; i++)
        p.bytes[RTP_HEADER_BYTES + i] = (uint8_t)(seq + i);
    return p;
}

static struct packet protected(struct link *link, uint16_t seq, uint32_t ssrc)
{
    struct packet p = plain(seq, ssrc);
    assert_int_equal(srtp_sender_protect(link->sender, p.bytes, &p.len, sizeof p.bytes), STATUS_OK);
    return p;
}

static void what_is_protected_comes_out_as_it_was(void **state)
{
    (void)state;
    static const size_t tags[SRTP_SUITES] = {10, 4, 16, 16};
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct link link = link_of(any_key(suite, 1), any_key(suite, 1));
        for (uint16_t seq = 65000; seq != 1000; seq++) {
            struct packet before = plain(seq, SSRC), p = protected(&link, seq, SSRC);
            assert_int_equal(p.len, before.len + tags[suite]);
            assert_memory_equal(p.bytes, before.bytes, RTP_HEADER_BYTES);
            assert_memory_not_equal(p.bytes + RTP_HEADER_BYTES, before.bytes + RTP_HEADER_BYTES, PAYLOAD);
            assert_int_equal(srtp_receiver_unprotect(link.receiver, p.bytes, &p.len), STATUS_OK);
            assert_int_equal(p.len, before.len);
            assert_memory_equal(p.bytes, before.bytes, before.len);
        }
        link_close(&link);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_protected_comes_out_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
