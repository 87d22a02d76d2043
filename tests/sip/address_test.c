#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sip/address.h"

static void addresses_are_read_and_printed(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1:5060", "192.0.2.1:5060"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
        {"[::]:5060", "[::]:5060"},
        {"[::ffff:192.0.2.1]:1", "192.0.2.1:1"},
        {"192.0.2.1", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.1:65536", NULL},
        {"192.0.2.1:-1", NULL},
        {"::1:5060", NULL},
        {":5060", NULL},
        {"host:5060", NULL},
        {"192.0.2:5060", NULL},
        {"[::1:5060", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct address a;
        status s = address_parse(&a, slice_of(rows[i].in));
        if ((s == STATUS_OK) != (rows[i].out != NULL)) fail_msg("%s", rows[i].in);
        char text[ADDRESS_TEXT_SIZE];
        if (rows[i].out) assert_string_equal(address_print(text, &a), rows[i].out);
    }
}

static bool has(const char *network, const char *host)
{
    struct networks n = {.count = 1};
    struct address a;
    assert_int_equal(network_parse(&n.at[0], slice_of(network)), STATUS_OK);
    assert_int_equal(address_parse_host(&a, slice_of(host)), STATUS_OK);
    return networks_have(&n, &a);
}

static void networks_hold_what_their_prefix_says(void **state)
{
    (void)state;
    assert_true(has("10.0.0.0/8", "10.255.0.1"));
    assert_false(has("10.0.0.0/8", "11.0.0.1"));
    assert_true(has("172.16.0.0/12", "172.31.255.255"));
    assert_false(has("172.16.0.0/12", "172.32.0.0"));
    assert_true(has("0.0.0.0/0", "8.8.8.8"));
    assert_false(has("0.0.0.0/0", "::1"));
    assert_true(has("192.0.2.7", "192.0.2.7"));
    assert_false(has("192.0.2.7", "192.0.2.6"));
    assert_true(has("fc00::/7", "fdff::1"));
    assert_false(has("fc00::/7", "fe00::1"));
    assert_true(has("10.0.0.0/8", "::ffff:10.1.1.1"));
    struct network n;
    assert_int_equal(network_parse(&n, slice_of("10.0.0.0/33")), STATUS_INVALID);
    assert_int_equal(network_parse(&n, slice_of("10.0.0.0/")), STATUS_INVALID);
    assert_int_equal(network_parse(&n, slice_of("net/8")), STATUS_INVALID);
    assert_int_equal(network_parse(&n, slice_of("::/129")), STATUS_INVALID);
}

static void check_facing(const char *peer, const char *public_host, const char *expected)
{
    struct networks local;
    struct address bound, far_end, translated, told;
    networks_default(&local);
    assert_int_equal(address_parse(&bound, slice_of("192.168.1.2:5062")), STATUS_OK);
    assert_int_equal(address_parse_host(&far_end, slice_of(peer)), STATUS_OK);
    if (public_host) assert_int_equal(address_parse_host(&translated, slice_of(public_host)), STATUS_OK);
    told = address_facing(&bound, &far_end, public_host ? &translated : NULL, &local);
    char text[ADDRESS_TEXT_SIZE];
    assert_string_equal(address_print(text, &told), expected);
}

static void only_far_peers_are_told_the_public_address(void **state)
{
    (void)state;
    check_facing("198.51.100.1", "203.0.113.1", "203.0.113.1:5062");
    check_facing("192.168.7.7", "203.0.113.1", "192.168.1.2:5062");
    check_facing("198.51.100.1", NULL, "192.168.1.2:5062");
    check_facing("198.51.100.1", "2001:db8::1", "192.168.1.2:5062"); /* of the other family: no use to this peer */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_printed),
        cmocka_unit_test(networks_hold_what_their_prefix_says),
        cmocka_unit_test(only_far_peers_are_told_the_public_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
