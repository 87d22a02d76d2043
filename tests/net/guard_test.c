#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "net/cidr.h"
#include "net/fetch_guard.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage out = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(&out, &in, sizeof in);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&out, &in6, sizeof in6);
    }
    return out;
}

static void ranges_are_read_or_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown; /* NULL: refused */
    } rows[] = {
        {"10.0.0.0/8", "10.0.0.0/8"},
        {"192.0.2.7", "192.0.2.7/32"},
        {"0.0.0.0/0", "0.0.0.0/0"},
        {"fd00::/8", "fd00::/8"},
        {"[::1]", "::1/128"},
        {"::/0", "::/0"},
        {"10.0.0.1/8", NULL},
        {"10.0.0.0/33", NULL},
        {"10.0.0.0/", NULL},
        {"10.0.0.0/-1", NULL},
        {"10.0.0", NULL},
        {"example.com", NULL},
        {"", NULL},
        {"/8", NULL},
        {"fd00::1/8", NULL},
        {"::/129", NULL},
        {"10.0.0.0/8/8", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cidr range;
        struct fault fault = {0};
        char text[CIDR_TEXT_SIZE];
        status got = cidr_parse(&range, slice_of(rows[i].text), &fault);
        assert_int_equal(got, rows[i].shown ? STATUS_OK : STATUS_INVALID);
        if (rows[i].shown)
            assert_string_equal(cidr_format(&range, text), rows[i].shown);
        else
            assert_non_null(fault.what);
    }
}

static void a_range_holds_its_addresses_and_no_others(void **state)
{
    (void)state;
    static const struct {
        const char *range, *address;
        bool held;
    } rows[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.1.1.1", true},
        {"172.16.0.0/12", "172.31.255.255", true},
        {"172.16.0.0/12", "172.32.0.0", false},
        {"::/0", "10.0.0.1", false},
        {"0.0.0.0/0", "::1", false},
        {"fe80::/10", "febf::1", true},
        {"fe80::/10", "fec0::1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cidr range;
        struct sockaddr_storage address = address_of(rows[i].address);
        assert_int_equal(cidr_parse(&range, slice_of(rows[i].range), NULL), STATUS_OK);
        assert_int_equal(cidr_holds(&range, (struct sockaddr *)&address), rows[i].held);
    }
}

static void only_the_public_internet_may_be_fetched(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool allowed;
    } rows[] = {
        {"8.8.8.8", true},
        {"1.1.1.1", true},
        {"172.15.255.255", true},
        {"172.32.0.1", true},
        {"100.63.255.255", true},
        {"100.128.0.1", true},
        {"2606:4700::1111", true},
        {"64:ff9b::808:808", true},
        {"2002:808:808::1", true},
        {"0.0.0.0", false},
        {"0.1.2.3", false},
        {"10.0.0.1", false},
        {"100.64.0.1", false},
        {"100.127.255.255", false},
        {"127.0.0.1", false},
        {"127.255.255.254", false},
        {"169.254.169.254", false},
        {"172.16.0.1", false},
        {"192.168.1.1", false},
        {"192.0.0.1", false},
        {"192.0.2.1", false},
        {"198.18.0.1", false},
        {"224.0.0.1", false},
        {"240.0.0.1", false},
        {"255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:10.0.0.1", false},
        {"::127.0.0.1", false},
        {"64:ff9b::a00:1", false},
        {"64:ff9b:1::1", false},
        {"2002:a00:1::1", false},
        {"2001::1", false},
        {"2001:db8::1", false},
        {"fc00::1", false},
        {"fdff::1", false},
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
        {"100::1", false},
        {"4000::1", false},
    };
    struct fetch_guard guard = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sockaddr_storage address = address_of(rows[i].address);
        char why[FETCH_WHY_SIZE] = "";
        status got = fetch_guard_address(&guard, (struct sockaddr *)&address, why);
        if (got != (rows[i].allowed ? STATUS_OK : STATUS_REFUSED)) fail_msg("%s: %s", rows[i].address, why);
        assert_int_equal(why[0] != '\0', !rows[i].allowed);
    }
}

static void what_is_allowed_beats_a_refusal(void **state)
{
    (void)state;
    struct cidr ten;
    assert_int_equal(cidr_parse(&ten, slice_of("10.1.0.0/16"), NULL), STATUS_OK);
    struct fetch_guard guard = {.allow_loopback = true, .allowed = &ten, .allowed_count = 1};
    static const struct {
        const char *url;
        status expected;
    } rows[] = {
        {"http://127.0.0.1/", STATUS_OK},     {"http://[::1]:8080/x", STATUS_OK},
        {"http://localhost/", STATUS_OK},     {"http://10.1.2.3/", STATUS_OK},
        {"http://10.2.2.3/", STATUS_REFUSED}, {"http://[::ffff:10.1.0.1]/", STATUS_OK},
        {"http://0.0.0.0/", STATUS_REFUSED},  {"http://169.254.169.254/", STATUS_REFUSED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[FETCH_WHY_SIZE] = "";
        if (fetch_guard_url(&guard, slice_of(rows[i].url), why) != rows[i].expected)
            fail_msg("%s: %s", rows[i].url, why);
    }
}

static void urls_are_checked_whatever_their_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        status expected;
    } rows[] = {
        {"https://example.com/music.wav?x=1#y", STATUS_OK},
        {"HTTP://EXAMPLE.com:8080", STATUS_OK},
        {"http://8.8.8.8/", STATUS_OK},
        {"http://example.com:/", STATUS_INVALID},
        {"http://example.com:0/", STATUS_INVALID},
        {"http://example.com:65536/", STATUS_INVALID},
        {"http://example.com:80x/", STATUS_INVALID},
        {"", STATUS_INVALID},
        {"music.wav", STATUS_INVALID},
        {"//example.com/", STATUS_INVALID},
        {"ftp://example.com/", STATUS_INVALID},
        {"file:///etc/passwd", STATUS_INVALID},
        {"http:/example.com/", STATUS_INVALID},
        {"http://", STATUS_INVALID},
        {"http:///path", STATUS_INVALID},
        {"http://?x", STATUS_INVALID},
        {"http://user:pw@example.com/", STATUS_INVALID},
        {"http://example.com@127.0.0.1/", STATUS_INVALID},
        {"http://example.com\\@127.0.0.1/", STATUS_INVALID},
        {"http://exam ple.com/", STATUS_INVALID},
        {"http://example.com/a b", STATUS_INVALID},
        {"http://example.com/\r\nX: y", STATUS_INVALID},
        {"http://127%2e0.0.1/", STATUS_INVALID},
        {"http://[::1/", STATUS_INVALID},
        {"http://[::1]x/", STATUS_INVALID},
        {"http://[fe80::1%25eth0]/", STATUS_INVALID},
        {"http://127.0.0.1/", STATUS_REFUSED},
        {"http://127.0.0.1./", STATUS_REFUSED},
        {"http://127.1/", STATUS_REFUSED},
        {"http://2130706433/", STATUS_REFUSED},
        {"http://0x7f000001/", STATUS_REFUSED},
        {"http://0x7f.1/", STATUS_REFUSED},
        {"http://0177.0.0.1/", STATUS_REFUSED},
        {"http://017700000001/", STATUS_REFUSED},
        {"http://0/", STATUS_REFUSED},
        {"http://localhost/", STATUS_REFUSED},
        {"http://LocalHost./", STATUS_REFUSED},
        {"http://a.localhost:81/", STATUS_REFUSED},
        {"http://notlocalhost/", STATUS_OK},
        {"http://[::1]/", STATUS_REFUSED},
        {"http://[::ffff:7f00:1]/", STATUS_REFUSED},
        {"http://[fd00::1]:80/", STATUS_REFUSED},
    };
    struct fetch_guard guard = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[FETCH_WHY_SIZE] = "";
        status got = fetch_guard_url(&guard, slice_of(rows[i].url), why);
        if (got != rows[i].expected) fail_msg("%s: %s %s", rows[i].url, status_name(got), why);
        assert_int_equal(why[0] != '\0', got != STATUS_OK);
    }
}

static void a_refusal_names_address_and_key(void **state)
{
    (void)state;
    struct fetch_guard guard = {0};
    char why[FETCH_WHY_SIZE];
    assert_int_equal(fetch_guard_url(&guard, slice_of("http://10.0.0.5/"), why), STATUS_REFUSED);
    assert_string_equal(why, "address 10.0.0.5 is private; --fetch-allow 10.0.0.5 would allow it");
    char endless[4000];
    memset(endless, 'a', sizeof endless);
    memcpy(endless, "http://", 7);
    assert_int_equal(fetch_guard_url(&guard, (struct slice){endless, 2049}, why), STATUS_INVALID);
    assert_int_equal(fetch_guard_url(&guard, (struct slice){endless, 2048}, why), STATUS_INVALID); /* the host */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_or_refused_with_a_reason),
        cmocka_unit_test(a_range_holds_its_addresses_and_no_others),
        cmocka_unit_test(only_the_public_internet_may_be_fetched),
        cmocka_unit_test(what_is_allowed_beats_a_refusal),
        cmocka_unit_test(urls_are_checked_whatever_their_spelling),
        cmocka_unit_test(a_refusal_names_address_and_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
