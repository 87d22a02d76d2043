#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>

#include "net/own_address.h"

static void loopback_is_our_own_and_others_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        bool own;
    } rows[] = {
        {"127.0.0.1:5060", true},
        {"127.8.7.6:1", true},
        {"192.0.2.77:5060", false},
        {"203.0.113.1:5060", false},
        {"[2001:db8::77]:5060", false},
        {"0.0.0.0:5060", false},
        {"[::]:5060", false},
        {"224.0.0.1:5060", false},
        {"255.255.255.255:1", false},
        {"[ff02::1]:5060", false},
        {"127.0.0.1.2:5060", false},
        {"localhost:5060", false},
        {"[127.0.0.1]:5060", false},
        {"::1:5060", false},
        {"", false},
        {"[", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (own_address(slice_of(rows[i].source)) != rows[i].own) fail_msg("\"%s\"", rows[i].source);
    }
}

static void every_ipv4_address_of_an_interface_is_our_own(void **state)
{
    (void)state;
    struct ifaddrs *all;
    char host[INET_ADDRSTRLEN], source[64];
    int count = 0;
    assert_int_equal(getifaddrs(&all), 0);
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET) continue;
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, host, sizeof host);
        snprintf(source, sizeof source, "%s:40000", host);
        if (!own_address(slice_of(source))) fail_msg("%s", source);
        count++;
    }
    freeifaddrs(all);
    assert_true(count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_is_our_own_and_others_are_not),
        cmocka_unit_test(every_ipv4_address_of_an_interface_is_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
