#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <srtp2/srtp.h>

#include "rtp/rtp_packet.h"
#include "rtp/srtp_receiver.h"
#include "rtp/srtp_sender.h"
#include "srtp_reference.h"

enum { ROOM = 400, PAYLOAD = 160, SSRC = 0x12345678, REPORT = 60, WINDOW = 128 };

static const size_t rtp_tags[SRTP_SUITES] = {10, 4, 16, 16}, rtcp_tags[SRTP_SUITES] = {10, 10, 16, 16};

static struct srtp_key some_key(enum srtp_suite suite, uint8_t first)
{
    struct srtp_key key = {.suite = suite};
    for (size_t i = 0; i < srtp_suite_key_bytes(suite) + srtp_suite_salt_bytes(suite); i++)
        key.bytes[i] = (uint8_t)(first + 7 * i);
    return key;
}

/* One who sends, one who receives. */
struct pair {
    struct srtp_sender *sender;
    struct srtp_receiver *receiver;
};

static struct pair pair_of(struct srtp_key sends, struct srtp_key receives)
{
    struct pair pair;
    assert_int_equal(srtp_library_start(), STATUS_OK);
    assert_int_equal(srtp_sender_create(&pair.sender, &sends), STATUS_OK);
    assert_int_equal(srtp_receiver_create(&pair.receiver, &receives), STATUS_OK);
    return pair;
}

static struct pair pair_with(enum srtp_suite suite)
{
    return pair_of(some_key(suite, 1), some_key(suite, 1));
}

static void pair_close(struct pair *pair)
{
    srtp_sender_destroy(pair->sender);
    srtp_receiver_destroy(pair->receiver);
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

static struct packet sealed(struct pair *pair, uint16_t seq, uint32_t ssrc)
{
    struct packet p = plain(seq, ssrc);
    assert_int_equal(srtp_sender_protect(pair->sender, p.bytes, &p.len, sizeof p.bytes), STATUS_OK);
    return p;
}

/* A receiver report, as far as protection looks at it. */
static struct packet report(uint8_t first)
{
    struct packet p = {.len = REPORT, .bytes = {0x81, 201, 0, REPORT / 4 - 1, 0x12, 0x34, 0x56, 0x78}};
    for (size_t i = 8; i < REPORT; i++)
        p.bytes[i] = (uint8_t)(first + i);
    return p;
}

static struct packet sealed_report(struct pair *pair, uint8_t first)
{
    struct packet p = report(first);
    assert_int_equal(srtp_sender_protect_rtcp(pair->sender, p.bytes, &p.len, sizeof p.bytes), STATUS_OK);
    return p;
}

static status open_rtp(struct pair *pair, struct packet *p)
{
    return srtp_receiver_unprotect(pair->receiver, p->bytes, &p->len);
}

static status open_rtcp(struct pair *pair, struct packet *p)
{
    return srtp_receiver_unprotect_rtcp(pair->receiver, p->bytes, &p->len);
}

static void assert_same(const struct packet *a, const struct packet *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->bytes, b->bytes, a->len);
}

/* ---- what goes over the wire ---- */

static void the_reference_is_that_of_the_standards(void **state)
{
    (void)state;
    /* RFC 3711 B.3 and B.2. */
    static const struct srtp_key master = {.suite = SRTP_AES_CM_128_HMAC_SHA1_80,
                                           .bytes = {0xe1, 0xf9, 0x7a, 0x0d, 0x3e, 0x01, 0x8b, 0xe0, 0xd6, 0x4f,
                                                     0xa3, 0x2c, 0x06, 0xde, 0x41, 0x39, 0x0e, 0xc6, 0x75, 0xad,
                                                     0x49, 0x8a, 0xfe, 0xeb, 0xb6, 0x96, 0x0b, 0x3a, 0xab, 0xe6}};
    static const struct srtp_session_keys derived = {
        .cipher = {0xc6, 0x1e, 0x7a, 0x93, 0x74, 0x4f, 0x39, 0xee, 0x10, 0x73, 0x4a, 0xfe, 0x3f, 0xf7, 0xa0, 0x87},
        .salt = {0x30, 0xcb, 0xbc, 0x08, 0x86, 0x3d, 0x8c, 0x85, 0xd4, 0x9d, 0xb3, 0x4a, 0x9a, 0xe1},
        .auth = {0xce, 0xbe, 0x32, 0x1f, 0x6f, 0xf7, 0x71, 0x6b, 0x6f, 0xd4,
                 0xab, 0x49, 0xaf, 0x25, 0x6a, 0x15, 0x6d, 0x38, 0xba, 0xa4}};
    struct srtp_session_keys got = srtp_reference_derive(&master, false);
    assert_memory_equal(&got, &derived, sizeof got);

    static const struct srtp_session_keys counter = {
        .cipher = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c},
        .salt = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd}};
    static const uint8_t stream[] = {0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1,
                                     0x6d, 0xd9, 0x2b, 0x4e, 0xb4, 0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02,
                                     0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab};
    uint8_t made[sizeof stream];
    srtp_reference_stream(&counter, 0, 0, made, sizeof made);
    assert_memory_equal(made, stream, sizeof stream);

    /* RFC 7714 16.1.1 and 16.2.1: a packet of "Gallia est omnis divisa in partes tres". */
    static const uint8_t sent[2][66] = {
        {0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2, 0xf2, 0x4d, 0xe3, 0xa3, 0xfb,
         0x34, 0xde, 0x6c, 0xac, 0xba, 0x86, 0x1c, 0x9d, 0x7e, 0x4b, 0xca, 0xbe, 0x63, 0x3b, 0xd5, 0x0d, 0x29,
         0x4e, 0x6f, 0x42, 0xa5, 0xf4, 0x7a, 0x51, 0xc7, 0xd1, 0x9b, 0x36, 0xde, 0x3a, 0xdf, 0x88, 0x33, 0x89,
         0x9d, 0x7f, 0x27, 0xbe, 0xb1, 0x6a, 0x91, 0x52, 0xcf, 0x76, 0x5e, 0xe4, 0x39, 0x0c, 0xce},
        {0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0, 0xb2, 0x32, 0xb1, 0xde, 0x78, 0xa8,
         0x22, 0xfe, 0x12, 0xef, 0x9f, 0x78, 0xfa, 0x33, 0x2e, 0x33, 0xaa, 0xb1, 0x80, 0x12, 0x38, 0x9a, 0x58,
         0xe2, 0xf3, 0xb5, 0x0b, 0x2a, 0x02, 0x76, 0xff, 0xae, 0x0f, 0x1b, 0xa6, 0x37, 0x99, 0xb8, 0x7b, 0x7a,
         0xa3, 0xdb, 0x36, 0xdf, 0xff, 0xd6, 0xb0, 0xf9, 0xbb, 0x78, 0x78, 0xd7, 0xa7, 0x6c, 0x13}};
    struct srtp_session_keys gcm = {.salt = "Quid pro quo"};
    for (uint8_t i = 0; i < sizeof gcm.cipher; i++)
        gcm.cipher[i] = i;
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[66];
        memcpy(bytes, sent[i], RTP_HEADER_BYTES);
        memcpy(bytes + RTP_HEADER_BYTES, "Gallia est omnis divisa in partes tres", 38);
        assert_int_equal(srtp_reference_protect(&gcm, i ? SRTP_AEAD_AES_256_GCM : SRTP_AEAD_AES_128_GCM, 0, bytes, 50),
                         66);
        assert_memory_equal(bytes, sent[i], 66);
    }
}

static void what_is_sent_is_as_the_standards_have_it(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct srtp_key key = some_key(suite, 200);
        struct pair pair = pair_of(key, key);
        struct srtp_session_keys rtp = srtp_reference_derive(&key, false), rtcp = srtp_reference_derive(&key, true);
        for (uint32_t number = 65530; number < 65545; number++) {
            struct packet wanted = plain((uint16_t)number, SSRC), got = sealed(&pair, (uint16_t)number, SSRC);
            wanted.len = srtp_reference_protect(&rtp, suite, number >> 16, wanted.bytes, wanted.len);
            assert_same(&got, &wanted);
        }
        for (uint32_t index = 1; index < 4; index++) {
            struct packet wanted = report((uint8_t)index), got = sealed_report(&pair, (uint8_t)index);
            wanted.len = srtp_reference_protect_rtcp(&rtcp, suite, index, wanted.bytes, wanted.len);
            assert_same(&got, &wanted);
        }
        pair_close(&pair);
    }
}

static void what_is_protected_comes_out_as_it_was(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct pair pair = pair_with(suite);
        for (uint16_t seq = 65400; seq != 200; seq++) {
            struct packet before = plain(seq, SSRC), p = sealed(&pair, seq, SSRC);
            assert_int_equal(p.len, before.len + rtp_tags[suite]);
            assert_memory_equal(p.bytes, before.bytes, RTP_HEADER_BYTES);
            assert_memory_not_equal(p.bytes + RTP_HEADER_BYTES, before.bytes + RTP_HEADER_BYTES, PAYLOAD);
            assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
            assert_same(&p, &before);
        }
        for (uint8_t i = 0; i < 5; i++) {
            struct packet before = report(i), p = sealed_report(&pair, i);
            assert_int_equal(p.len, before.len + rtcp_tags[suite] + 4);
            assert_memory_not_equal(p.bytes + 8, before.bytes + 8, REPORT - 8);
            assert_int_equal(open_rtcp(&pair, &p), STATUS_OK);
            assert_same(&p, &before);
        }
        pair_close(&pair);
    }
}

static void names_are_those_of_sdp(void **state)
{
    (void)state;
    enum srtp_suite got = SRTP_SUITES;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        assert_int_equal(srtp_suite_named(slice_of(srtp_suite_name(suite)), &got), STATUS_OK);
        assert_int_equal(got, suite);
    }
    assert_int_equal(srtp_suite_named(slice_of("aead_aes_128_gcm"), &got), STATUS_OK);
    assert_int_equal(got, SRTP_AEAD_AES_128_GCM);
    assert_int_equal(srtp_suite_named(slice_of("F8_128_HMAC_SHA1_80"), &got), STATUS_UNSUPPORTED);
    assert_int_equal(srtp_suite_named(slice_of("AES_CM_128_HMAC_SHA1"), &got), STATUS_UNSUPPORTED);
}

/* ---- what is not let in ---- */

static void another_key_is_refused(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct pair pair = pair_of(some_key(suite, 1), some_key(suite, 2));
        struct packet p = sealed(&pair, 1, SSRC), r = sealed_report(&pair, 1), bare = plain(2, SSRC);
        assert_int_equal(open_rtp(&pair, &p), STATUS_REFUSED);
        assert_int_equal(open_rtcp(&pair, &r), STATUS_REFUSED);
        assert_int_equal(open_rtp(&pair, &bare), STATUS_REFUSED);
        pair_close(&pair);
    }
}

static void a_packet_changed_anywhere_is_refused(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct pair pair = pair_with(suite);
        struct packet good = sealed(&pair, 1, SSRC), good_report = sealed_report(&pair, 1);
        for (size_t bit = 0; bit < 8 * good.len; bit++) {
            struct packet p = good;
            p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(open_rtp(&pair, &p), STATUS_OK);
        }
        for (size_t bit = 0; bit < 8 * good_report.len; bit++) {
            struct packet p = good_report;
            p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(open_rtcp(&pair, &p), STATUS_OK);
        }
        /* All of that has spoilt nothing. */
        assert_int_equal(open_rtp(&pair, &good), STATUS_OK);
        assert_int_equal(open_rtcp(&pair, &good_report), STATUS_OK);
        pair_close(&pair);
    }
}

static void a_packet_cut_short_is_refused(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct pair pair = pair_with(suite);
        struct packet good = sealed(&pair, 1, SSRC), good_report = sealed_report(&pair, 1);
        for (size_t len = 0; len < good.len; len++) {
            struct packet p = good;
            p.len = len;
            assert_int_not_equal(open_rtp(&pair, &p), STATUS_OK);
            assert_int_equal(p.len, len);
        }
        for (size_t len = 0; len < good_report.len; len++) {
            struct packet p = good_report;
            p.len = len;
            assert_int_not_equal(open_rtcp(&pair, &p), STATUS_OK);
        }
        pair_close(&pair);
    }
}

static void what_was_taken_is_not_taken_again(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct pair pair = pair_with(suite);
        struct packet first = sealed(&pair, 10, SSRC), again = first,
                      late[2] = {
                          sealed(&pair, 11, SSRC),
                          sealed(&pair, 12, SSRC),
                      };
        assert_int_equal(open_rtp(&pair, &first), STATUS_OK);
        assert_int_equal(open_rtp(&pair, &again), STATUS_EXISTS);
        struct packet ahead = sealed(&pair, 11 + WINDOW, SSRC);
        assert_int_equal(open_rtp(&pair, &ahead), STATUS_OK);
        assert_int_equal(open_rtp(&pair, &late[0]), STATUS_EXISTS); /* too old to tell */
        assert_int_equal(open_rtp(&pair, &late[1]), STATUS_OK);

        struct packet told = sealed_report(&pair, 1), twice = told;
        assert_int_equal(open_rtcp(&pair, &told), STATUS_OK);
        assert_int_equal(open_rtcp(&pair, &twice), STATUS_EXISTS);
        pair_close(&pair);
    }
}

/* ---- long streams and many ---- */

static void numbers_wrap_with_packets_lost_and_late(void **state)
{
    (void)state;
    struct pair pair = pair_with(SRTP_AEAD_AES_128_GCM);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t number = 20000; number < 20000 + 65536; number += 2) {
            uint16_t seq = (uint16_t)number;
            struct packet late = sealed(&pair, seq, SSRC), p = sealed(&pair, (uint16_t)(seq + 1), SSRC);
            struct packet late_before = plain(seq, SSRC), before = plain((uint16_t)(seq + 1), SSRC);
            bool lost = number % 3 == 0 || (number / 1000) % 9 == 4 || (number & 0xffff) < 20;
            if (lost) continue;
            assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
            assert_same(&p, &before);
            assert_int_equal(open_rtp(&pair, &late), STATUS_OK);
            assert_same(&late, &late_before);
        }
    }
    pair_close(&pair);
}

/* Sends with a counter as libsrtp is told it. */
static srtp_t bare_sender(const struct srtp_key *key, uint32_t roc)
{
    struct srtp_key copy = *key;
    srtp_policy_t policy = {.ssrc = {.type = ssrc_specific, .value = SSRC}, .key = copy.bytes};
    srtp_t context;
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    assert_int_equal(srtp_create(&context, &policy), srtp_err_status_ok);
    assert_int_equal(srtp_set_stream_roc(context, SSRC, roc), srtp_err_status_ok);
    return context;
}

/* After a change of keys at roll-over counter 1, which the peer has at `roc`: how many of its packets are taken. */
static int taken_after_change(uint32_t roc, bool rtcp_first)
{
    struct pair pair = pair_with(SRTP_AES_CM_128_HMAC_SHA1_80);
    struct srtp_key key = some_key(SRTP_AES_CM_128_HMAC_SHA1_80, 77);
    struct srtp_receiver *next;
    int taken = 0;
    for (uint16_t seq = 65400; seq != 100; seq++) {
        struct packet p = sealed(&pair, seq, SSRC);
        assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
    }
    assert_int_equal(srtp_receiver_create(&next, &key), STATUS_OK);
    srtp_receiver_follow(next, pair.receiver);
    assert_true(srtp_receiver_follows(next));
    srtp_receiver_destroy(pair.receiver);
    pair.receiver = next;
    srtp_t peer = bare_sender(&key, roc);
    if (rtcp_first) {
        struct packet r = report(1);
        int len = (int)r.len;
        assert_int_equal(srtp_protect_rtcp(peer, r.bytes, &len), srtp_err_status_ok);
        r.len = (size_t)len;
        assert_int_equal(open_rtcp(&pair, &r), STATUS_OK);
    }
    for (uint16_t seq = 100; seq < 300; seq++) {
        struct packet p = plain(seq, SSRC), before = p, again;
        int len = (int)p.len;
        assert_int_equal(srtp_protect(peer, p.bytes, &len), srtp_err_status_ok);
        p.len = (size_t)len;
        again = p;
        status result = open_rtp(&pair, &p);
        if (result == STATUS_REFUSED && srtp_receiver_follows(pair.receiver)) {
            p = again;
            result = open_rtp(&pair, &p);
        }
        if (result != STATUS_OK) continue;
        assert_same(&p, &before);
        taken++;
    }
    srtp_dealloc(peer);
    pair_close(&pair);
    return taken;
}

static void a_peer_that_changes_its_key_may_keep_its_counter_or_not(void **state)
{
    (void)state;
    for (int rtcp_first = 0; rtcp_first < 2; rtcp_first++) {
        assert_int_equal(taken_after_change(0, rtcp_first), 200);
        assert_int_equal(taken_after_change(1, rtcp_first), 200);
        assert_int_equal(taken_after_change(2, rtcp_first), 0);
    }
}

static void who_has_not_wrapped_is_not_followed(void **state)
{
    (void)state;
    struct pair pair = pair_with(SRTP_AES_CM_128_HMAC_SHA1_80), next = pair_with(SRTP_AES_CM_128_HMAC_SHA1_80);
    srtp_receiver_follow(next.receiver, pair.receiver);
    assert_false(srtp_receiver_follows(next.receiver));
    struct packet p = sealed(&pair, 1, SSRC);
    assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
    srtp_receiver_follow(next.receiver, pair.receiver);
    assert_false(srtp_receiver_follows(next.receiver));
    assert_false(srtp_sender_has_wrapped(pair.sender, SSRC));
    sealed(&pair, 32000, SSRC);
    sealed(&pair, 64000, SSRC);
    sealed(&pair, 1, SSRC);
    assert_true(srtp_sender_has_wrapped(pair.sender, SSRC));
    assert_false(srtp_sender_has_wrapped(pair.sender, SSRC + 1));
    pair_close(&pair);
    pair_close(&next);
}

static void another_ssrc_begins_afresh(void **state)
{
    (void)state;
    struct pair pair = pair_with(SRTP_AES_CM_128_HMAC_SHA1_80);
    for (uint16_t seq = 65000; seq != 1000; seq++) {
        struct packet p = sealed(&pair, seq, SSRC);
        assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
    }
    for (uint32_t i = 1; i < SRTP_SOURCES_MAX; i++) {
        struct packet p = sealed(&pair, 65000, SSRC + i), before = plain(65000, SSRC + i);
        assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
        assert_same(&p, &before);
    }
    struct packet many = sealed(&pair, 65000, SSRC + SRTP_SOURCES_MAX), known = sealed(&pair, 1000, SSRC);
    assert_int_equal(open_rtp(&pair, &many), STATUS_FULL);
    assert_int_equal(open_rtp(&pair, &known), STATUS_OK);
    pair_close(&pair);
}

static void strangers_do_not_use_up_the_sources(void **state)
{
    (void)state;
    struct pair pair = pair_with(SRTP_AEAD_AES_256_GCM);
    for (uint32_t i = 0; i < 10 * SRTP_SOURCES_MAX; i++) {
        struct packet p = plain(1, SSRC + i);
        assert_int_equal(open_rtp(&pair, &p), STATUS_REFUSED);
    }
    struct packet p = sealed(&pair, 1, SSRC);
    assert_int_equal(open_rtp(&pair, &p), STATUS_OK);
    pair_close(&pair);
}

static void a_sender_repeats_no_number(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct pair pair = pair_with(suite);
        sealed(&pair, 5, SSRC);
        struct packet again = plain(5, SSRC);
        size_t len = again.len;
        assert_int_equal(srtp_sender_protect(pair.sender, again.bytes, &again.len, sizeof again.bytes),
                         STATUS_CONFLICT);
        assert_int_equal(again.len, len);
        pair_close(&pair);
    }
}

static void a_sender_wants_room_for_what_it_adds(void **state)
{
    (void)state;
    struct pair pair = pair_with(SRTP_AEAD_AES_128_GCM);
    struct packet p = plain(5, SSRC), r = report(1);
    assert_int_equal(srtp_sender_protect(pair.sender, p.bytes, &p.len, p.len + SRTP_TRAILER_MAX - 1), STATUS_INVALID);
    assert_int_equal(srtp_sender_protect(pair.sender, p.bytes, &p.len, p.len + SRTP_TRAILER_MAX), STATUS_OK);
    assert_int_equal(srtp_sender_protect_rtcp(pair.sender, r.bytes, &r.len, r.len + SRTP_TRAILER_MAX - 1),
                     STATUS_INVALID);
    r.len = 4;
    assert_int_equal(srtp_sender_protect_rtcp(pair.sender, r.bytes, &r.len, sizeof r.bytes), STATUS_INVALID);
    p.len = 11;
    assert_int_equal(srtp_sender_protect(pair.sender, p.bytes, &p.len, sizeof p.bytes), STATUS_INVALID);
    pair_close(&pair);
}

/* Puts an identifier where the peer would: before the tag of HMAC, behind all else in GCM. */
static void put_mki(struct packet *p, enum srtp_suite suite, size_t tag, const char mki[4])
{
    bool gcm = suite == SRTP_AEAD_AES_128_GCM || suite == SRTP_AEAD_AES_256_GCM;
    size_t at = p->len - (gcm ? 0 : tag);
    memmove(p->bytes + at + 4, p->bytes + at, p->len - at);
    memcpy(p->bytes + at, mki, 4);
    p->len += 4;
}

static void packets_of_a_key_with_an_identifier_carry_it(void **state)
{
    (void)state;
    for (enum srtp_suite suite = 0; suite < SRTP_SUITES; suite++) {
        struct srtp_key key = some_key(suite, 1), named = key;
        named.mki_bytes = 4;
        memcpy(named.mki, "\1\2\3\4", 4);
        struct pair pair = pair_of(key, named);
        struct packet before = plain(1, SSRC), good = sealed(&pair, 1, SSRC), wrong = good, missing = good;
        struct packet told = report(1), good_report = sealed_report(&pair, 1), wrong_report = good_report;
        put_mki(&wrong, suite, rtp_tags[suite], "\1\2\3\5");
        put_mki(&wrong_report, suite, rtcp_tags[suite], "\0\2\3\4");
        assert_int_equal(open_rtp(&pair, &missing), STATUS_INVALID);
        assert_int_equal(open_rtp(&pair, &wrong), STATUS_INVALID);
        assert_int_equal(open_rtcp(&pair, &wrong_report), STATUS_INVALID);
        put_mki(&good, suite, rtp_tags[suite], "\1\2\3\4");
        put_mki(&good_report, suite, rtcp_tags[suite], "\1\2\3\4");
        assert_int_equal(open_rtp(&pair, &good), STATUS_OK);
        assert_same(&good, &before);
        assert_int_equal(open_rtcp(&pair, &good_report), STATUS_OK);
        assert_same(&good_report, &told);
        pair_close(&pair);
    }
}

static void keys_are_the_same_by_all_that_counts(void **state)
{
    (void)state;
    struct srtp_key a = some_key(SRTP_AES_CM_128_HMAC_SHA1_80, 1), b = a;
    assert_true(srtp_key_same(&a, &b));
    b.bytes[29] ^= 1; /* the last of the salt */
    assert_false(srtp_key_same(&a, &b));
    b = a;
    b.suite = SRTP_AES_CM_128_HMAC_SHA1_32;
    assert_false(srtp_key_same(&a, &b));
    b = a;
    b.mki_bytes = a.mki_bytes = 1;
    b.mki[0] = 1;
    assert_false(srtp_key_same(&a, &b));
    srtp_key_forget(&a);
    static const struct srtp_key nothing;
    assert_memory_equal(&a, &nothing, sizeof a);
}

static void no_context_is_made_of_nonsense(void **state)
{
    (void)state;
    struct srtp_key long_mki = some_key(SRTP_AEAD_AES_128_GCM, 1), no_suite = long_mki;
    struct srtp_sender *sender = NULL;
    struct srtp_receiver *receiver = NULL;
    long_mki.mki_bytes = SRTP_MKI_BYTES_MAX + 1;
    no_suite.suite = SRTP_SUITES;
    assert_int_equal(srtp_sender_create(&sender, &long_mki), STATUS_UNSUPPORTED);
    assert_int_equal(srtp_receiver_create(&receiver, &long_mki), STATUS_INVALID);
    assert_int_equal(srtp_sender_create(&sender, &no_suite), STATUS_INVALID);
    assert_int_equal(srtp_receiver_create(&receiver, &no_suite), STATUS_INVALID);
    assert_null(sender);
    assert_null(receiver);
    srtp_sender_destroy(NULL);
    srtp_receiver_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_is_that_of_the_standards),
        cmocka_unit_test(what_is_sent_is_as_the_standards_have_it),
        cmocka_unit_test(what_is_protected_comes_out_as_it_was),
        cmocka_unit_test(names_are_those_of_sdp),
        cmocka_unit_test(another_key_is_refused),
        cmocka_unit_test(a_packet_changed_anywhere_is_refused),
        cmocka_unit_test(a_packet_cut_short_is_refused),
        cmocka_unit_test(what_was_taken_is_not_taken_again),
        cmocka_unit_test(numbers_wrap_with_packets_lost_and_late),
        cmocka_unit_test(a_peer_that_changes_its_key_may_keep_its_counter_or_not),
        cmocka_unit_test(who_has_not_wrapped_is_not_followed),
        cmocka_unit_test(another_ssrc_begins_afresh),
        cmocka_unit_test(strangers_do_not_use_up_the_sources),
        cmocka_unit_test(a_sender_repeats_no_number),
        cmocka_unit_test(a_sender_wants_room_for_what_it_adds),
        cmocka_unit_test(packets_of_a_key_with_an_identifier_carry_it),
        cmocka_unit_test(keys_are_the_same_by_all_that_counts),
        cmocka_unit_test(no_context_is_made_of_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
