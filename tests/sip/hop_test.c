#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/hop.h"

static void the_next_hop_is_read_from_the_uri_or_the_route(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *route, *transport, *host;
        uint16_t port;
        bool tcp;
    } rows[] = {
        {"sip:bob@example.org", NULL, NULL, "example.org", 5060, false},
        {"SIP:bob@example.org:5070;transport=TCP", NULL, NULL, "example.org", 5070, true},
        {"sip:example.org;user=phone;transport=udp?X=y", NULL, NULL, "example.org", 5060, false},
        {"sip:b;p=1:2@[2001:db8::1]:5062;lr", NULL, NULL, "2001:db8::1", 5062, false},
        {"sip:+4930@carrier.example;transport=tcp", "192.0.2.1:5066", NULL, "192.0.2.1", 5066, true},
        {"sip:+4930@carrier.example", "[::1]", "tcp", "::1", 5060, true},
        {"sip:+4930@carrier.example;transport=sctp", "proxy.example", "udp", "proxy.example", 5060, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hop hop;
        if (hop_parse(&hop, rows[i].uri, rows[i].route, rows[i].transport) != STATUS_OK) fail_msg("%s", rows[i].uri);
        assert_string_equal(hop.host, rows[i].host);
        assert_int_equal(hop.port, rows[i].port);
        assert_int_equal(hop.tcp, rows[i].tcp);
    }
}

static void what_is_no_place_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *route, *transport;
        status expected;
    } rows[] = {
        {"", NULL, NULL, STATUS_UNSUPPORTED},
        {"sips:bob@example.org", NULL, NULL, STATUS_UNSUPPORTED},
        {"tel:+49", NULL, NULL, STATUS_UNSUPPORTED},
        {"sip:bob@example.org;transport=tls", NULL, NULL, STATUS_UNSUPPORTED},
        {"sip:bob@example.org", NULL, "ws", STATUS_UNSUPPORTED},
        {"sip:", NULL, NULL, STATUS_INVALID},
        {"sip:bob@", NULL, NULL, STATUS_INVALID},
        {"sip:bob@a b", NULL, NULL, STATUS_INVALID},
        {"sip:bob@h>", NULL, NULL, STATUS_INVALID},
        {"sip:bob@h:0", NULL, NULL, STATUS_INVALID},
        {"sip:bob@h:65536", NULL, NULL, STATUS_INVALID},
        {"sip:bob@h:", NULL, NULL, STATUS_INVALID},
        {"sip:bob@[::1", NULL, NULL, STATUS_INVALID},
        {"sip:bob@[::1]x", NULL, NULL, STATUS_INVALID},
        {"sip:bob@h/x", NULL, NULL, STATUS_INVALID},
        {"sip:bob@example.org", "", NULL, STATUS_INVALID},
        {"sip:bob@example.org", "h:x", NULL, STATUS_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hop hop;
        status s = hop_parse(&hop, rows[i].uri, rows[i].route, rows[i].transport);
        if (s != rows[i].expected) fail_msg("row %zu, %s: %s", i, rows[i].uri, status_name(s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_hop_is_read_from_the_uri_or_the_route),
        cmocka_unit_test(what_is_no_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
