#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/source_lock.h"

static struct sockaddr_storage address(const char *text, uint16_t port)
{
    struct sockaddr_storage a;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a;
    memset(&a, 0, sizeof a);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
    }
    return a;
}

static void the_address_of_the_sdp_is_believed_at_once(void **state)
{
    (void)state;
    struct source_lock s;
    struct sockaddr_storage sdp = address("192.0.2.1", 4000), other = address("192.0.2.2", 4000);
    source_lock_open(&s, &sdp);
    assert_true(source_lock_same(source_lock_destination(&s), &sdp));
    assert_int_equal(source_lock_judge(&s, &other, 1, 1), SOURCE_FOREIGN);
    assert_int_equal(source_lock_judge(&s, &sdp, 2, 900), SOURCE_LOCKED);
    assert_int_equal(source_lock_judge(&s, &sdp, 2, 5), SOURCE_TAKEN);
    for (uint16_t seq = 0; seq < 50; seq++)
        assert_int_equal(source_lock_judge(&s, &other, 1, seq), SOURCE_FOREIGN);
}

static void another_source_must_show_packets_in_sequence(void **state)
{
    (void)state;
    struct source_lock s;
    struct sockaddr_storage sdp = address("10.0.0.1", 4000), nat = address("198.51.100.7", 1234);
    struct sockaddr_storage moved = address("198.51.100.7", 1235);
    source_lock_open(&s, &sdp);
    assert_int_equal(source_lock_judge(&s, &nat, 7, 65535), SOURCE_FOREIGN);
    assert_int_equal(source_lock_judge(&s, &nat, 7, 0), SOURCE_FOREIGN);
    assert_int_equal(source_lock_judge(&s, &nat, 8, 1), SOURCE_FOREIGN); /* another SSRC begins anew */
    assert_int_equal(source_lock_judge(&s, &nat, 8, 3), SOURCE_FOREIGN); /* so does a gap */
    assert_int_equal(source_lock_judge(&s, &nat, 8, 4), SOURCE_FOREIGN);
    assert_int_equal(source_lock_judge(&s, &nat, 8, 5), SOURCE_LOCKED);
    assert_true(source_lock_same(source_lock_destination(&s), &nat));
    assert_int_equal(source_lock_judge(&s, &moved, 8, 6), SOURCE_FOREIGN);
    assert_int_equal(source_lock_judge(&s, &sdp, 8, 6), SOURCE_FOREIGN);
}

static void a_spray_of_first_packets_never_locks(void **state)
{
    (void)state;
    struct source_lock s;
    struct sockaddr_storage sdp = address("2001:db8::1", 4000);
    source_lock_open(&s, &sdp);
    for (uint16_t i = 0; i < 1000; i++) {
        struct sockaddr_storage from = address("2001:db8::bad", (uint16_t)(1024 + i % 2));
        assert_int_equal(source_lock_judge(&s, &from, 5, i), SOURCE_FOREIGN);
    }
    assert_int_equal(source_lock_judge(&s, &sdp, 1, 1), SOURCE_LOCKED);
}

static void a_wildcard_is_nobody(void **state)
{
    (void)state;
    struct source_lock s;
    struct sockaddr_storage v4 = address("0.0.0.0", 4000), v6 = address("::", 4000);
    source_lock_open(&s, &v4);
    assert_int_equal(source_lock_destination(&s)->ss_family, AF_UNSPEC);
    source_lock_open(&s, &v6);
    assert_int_equal(source_lock_destination(&s)->ss_family, AF_UNSPEC);
}

static void addresses_are_compared_with_their_ports(void **state)
{
    (void)state;
    struct sockaddr_storage unknown = {.ss_family = AF_UNSPEC}, elsewhere = address("192.0.2.1", 4000);
    struct sockaddr_storage other = address("192.0.2.2", 4000); /* where AF_UNSPEC is a mark */
    elsewhere.ss_family = other.ss_family = AF_UNSPEC;
    struct sockaddr_storage addresses[] = {unknown,
                                           elsewhere,
                                           other,
                                           address("192.0.2.1", 4000),
                                           address("192.0.2.1", 4002),
                                           address("192.0.2.2", 4000),
                                           address("2001:db8::1", 4000),
                                           address("2001:db8::1", 4002)};
    static const int hosts[] = {0, 1, 2, 3, 3, 4, 5, 5};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        for (size_t k = 0; k < sizeof hosts / sizeof *hosts; k++) {
            assert_int_equal(source_lock_same(&addresses[i], &addresses[k]), i == k);
            assert_int_equal(source_lock_same_host(&addresses[i], &addresses[k]), hosts[i] == hosts[k]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_address_of_the_sdp_is_believed_at_once),
        cmocka_unit_test(another_source_must_show_packets_in_sequence),
        cmocka_unit_test(a_spray_of_first_packets_never_locks),
        cmocka_unit_test(a_wildcard_is_nobody),
        cmocka_unit_test(addresses_are_compared_with_their_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
