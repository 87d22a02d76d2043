#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdp/connection_address.h"

static void an_address_is_a_literal_or_a_host_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum address_kind kind;
    } table[] = {
        {"192.0.2.1", ADDRESS_UNICAST},
        {"223.255.255.255", ADDRESS_UNICAST},
        {"0.0.0.1", ADDRESS_UNICAST},
        {"2001:db8::1", ADDRESS_UNICAST},
        {"::ffff:192.0.2.1", ADDRESS_UNICAST},
        {"2001:0db8:0000:0000:0000:0000:192.168.100.200", ADDRESS_UNICAST},
        {"0.0.0.0", ADDRESS_UNSPECIFIED},
        {"::", ADDRESS_UNSPECIFIED},
        {"0:0:0:0:0:0:0:0", ADDRESS_UNSPECIFIED},
        {"224.0.0.1", ADDRESS_GROUP},
        {"239.255.255.255", ADDRESS_GROUP},
        {"240.0.0.1", ADDRESS_GROUP},
        {"255.255.255.255", ADDRESS_GROUP},
        {"ff02::1", ADDRESS_GROUP},
        {"phone.example", ADDRESS_NAME},
        {"phone.example.", ADDRESS_NAME},
        {"localhost", ADDRESS_NAME},
        {"3com.example", ADDRESS_NAME},
        {"10.0.0.1a", ADDRESS_NAME},
        {"xn--bcher-kva.example", ADDRESS_NAME},
        {"", ADDRESS_MALFORMED},
        {".", ADDRESS_MALFORMED},
        {"phone..example", ADDRESS_MALFORMED},
        {".example", ADDRESS_MALFORMED},
        {"phone.example..", ADDRESS_MALFORMED},
        {"127.0..1", ADDRESS_MALFORMED},
        {"192.0.2.256", ADDRESS_MALFORMED},
        {"192.0.2", ADDRESS_MALFORMED},
        {"phone.1", ADDRESS_MALFORMED},
        {"1", ADDRESS_MALFORMED},
        {"-phone", ADDRESS_MALFORMED},
        {"phone-", ADDRESS_MALFORMED},
        {"a_phone", ADDRESS_MALFORMED},
        {"a phone", ADDRESS_MALFORMED},
        {"\xc3\xbc.example", ADDRESS_MALFORMED},
        {"2001:db8:::1", ADDRESS_MALFORMED},
        {"1:2", ADDRESS_MALFORMED},
        {"[2001:db8::1]", ADDRESS_MALFORMED},
        {"fe80::1%eth0", ADDRESS_MALFORMED},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        enum address_kind kind = connection_address_kind(slice_of(table[i].text));
        if (kind != table[i].kind) fail_msg("\"%s\" is %d", table[i].text, (int)kind);
    }
}

/** Names of labels of this length, to just this many characters. */
static enum address_kind kind_of_name(size_t label, size_t characters)
{
    char name[4000];
    for (size_t i = 0; i < characters; i++)
        name[i] = i % (label + 1) == label ? '.' : 'a';
    return connection_address_kind((struct slice){name, characters});
}

static void a_label_has_63_characters_and_a_name_253_at_most(void **state)
{
    (void)state;
    assert_int_equal(kind_of_name(63, 63), ADDRESS_NAME);
    assert_int_equal(kind_of_name(64, 64), ADDRESS_MALFORMED);
    assert_int_equal(kind_of_name(9, 253), ADDRESS_NAME);
    assert_int_equal(kind_of_name(9, 254), ADDRESS_MALFORMED);
    assert_int_equal(kind_of_name(9, 3999), ADDRESS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_a_literal_or_a_host_name),
        cmocka_unit_test(a_label_has_63_characters_and_a_name_253_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
