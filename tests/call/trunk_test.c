#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "call/trunk.h"

static const struct trunk table[] = {
    {.name = "internal", .match = "2???", .host = "10.0.0.5", .transport = "tcp"},
    {.name = "carrier",
     .match = "[+0]*",
     .host = "sip.carrier.example:5080",
     .caller_id = "+49301",
     .user = "u",
     .strip = 1,
     .prefix = "00"},
    {.name = "partner",
     .match = "sip:*@partner.example",
     .host = "[2001:db8::7]:5070",
     .caller_id = "sip:us@example.org"},
    {.name = "anywhere in the lab", .match = "sip:*.lab.example"},
    {.name = "numbers cannot go here", .match = "7*"},
    {.name = "seven", .match = "7*", .host = "h"},
};

enum { TRUNKS = sizeof table / sizeof table[0] };

static status choose(struct trunk_choice *c, size_t count, const char *to, struct fault *fault)
{
    return trunk_choose(c, table, count, slice_of(to), slice_of("100"), "bridge.example", fault);
}

static void the_first_trunk_that_fits_decides(void **state)
{
    (void)state;
    static const struct {
        const char *to, *name, *to_uri, *from_uri, *route, *transport;
    } rows[] = {
        {"2001", "internal", "sip:2001@10.0.0.5", "sip:100@10.0.0.5", "10.0.0.5", "tcp"},
        {" +49 (30) 12-34.5", "carrier", "sip:00493012345@sip.carrier.example:5080",
         "sip:+49301@sip.carrier.example:5080", "sip.carrier.example:5080", NULL},
        {"0*#9", "carrier", "sip:00*%239@sip.carrier.example:5080", "sip:+49301@sip.carrier.example:5080",
         "sip.carrier.example:5080", NULL},
        {"sip:bob@partner.example", "partner", "sip:bob@partner.example", "sip:us@example.org", "[2001:db8::7]:5070",
         NULL},
        {"sip:bob@a.lab.example", "anywhere in the lab", "sip:bob@a.lab.example", "sip:100@bridge.example", NULL, NULL},
        {"sip:bob;a=b@a.lab.example;transport=tcp?h=i", "anywhere in the lab",
         "sip:bob;a=b@a.lab.example;transport=tcp", "sip:100@bridge.example", NULL, NULL},
        {"77", "seven", "sip:77@h", "sip:100@h", "h", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trunk_choice c;
        struct fault fault;
        if (choose(&c, TRUNKS, rows[i].to, &fault) != STATUS_OK) fail_msg("%s: %s", rows[i].to, fault.what);
        assert_string_equal(c.trunk->name, rows[i].name);
        assert_string_equal(c.to_uri, rows[i].to_uri);
        assert_string_equal(c.from_uri, rows[i].from_uri);
        assert_ptr_equal(c.identity, c.from_uri);
        assert_false(c.private_only);
        assert_true((c.route == NULL) == (rows[i].route == NULL));
        if (c.route) assert_string_equal(c.route, rows[i].route);
        assert_true((c.transport == NULL) == (rows[i].transport == NULL));
        if (c.transport) assert_string_equal(c.transport, rows[i].transport);
    }
}

static void what_no_trunk_takes_does_not_leave(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        const char *to;
        status expected;
    } rows[] = {
        {TRUNKS, "3001", STATUS_REFUSED},
        {TRUNKS, "sip:bob@elsewhere.example", STATUS_REFUSED},
        {TRUNKS, "sip:bob@127.0.0.1", STATUS_REFUSED}, /* not even near, where there is a table */
        {TRUNKS, "sip:bob@elsewhere.example;x=@partner.example", STATUS_INVALID},
        {TRUNKS, "sip:bob@elsewhere.example;x=a.lab.example", STATUS_REFUSED},
        {TRUNKS, "sip:bob@elsewhere.example?x=a.lab.example", STATUS_REFUSED},
        {TRUNKS, "sip:bob@elsewhere.example@partner.example", STATUS_INVALID},
        {TRUNKS, "sip:bob@;x=y", STATUS_INVALID},
        {0, "2001", STATUS_REFUSED},
        {0, "sip:bob@192.0.2.1", STATUS_REFUSED},
        {0, "sip:bob@8.8.8.8:5060;transport=tcp", STATUS_REFUSED},
        {0, "sip:10.0.0.1@8.8.8.8", STATUS_REFUSED},
        {0, "sip:bob@[2001:db8::1]", STATUS_REFUSED},
        {0, "sip:bob@[::ffff:8.8.8.8]", STATUS_REFUSED},
        {0, "sip:bob@172.32.0.1", STATUS_REFUSED},
        {0, "sips:bob@127.0.0.1", STATUS_UNSUPPORTED},
        {0, "tel:+49", STATUS_UNSUPPORTED},
        {0, "bob@127.0.0.1", STATUS_UNSUPPORTED},
        {0, "", STATUS_INVALID},
        {0, "sip:", STATUS_INVALID},
        {0, "sip:a@b\r\nX: y", STATUS_INVALID},
        {0, "sip:a@<b>", STATUS_INVALID},
        {0, "12%34", STATUS_INVALID},
        {0, "1+2", STATUS_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trunk_choice c;
        struct fault fault = {0, NULL};
        status s = choose(&c, rows[i].count, rows[i].to, &fault);
        if (s != rows[i].expected) fail_msg("%s: %s", rows[i].to, status_name(s));
        assert_non_null(fault.what);
    }
}

static void without_a_table_only_what_is_near_can_be_called(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "sip:bob@127.0.0.1:5070", "sip:10.1.2.3",      "sip:b@172.31.0.1;transport=tcp",
        "sip:b@192.168.1.1",      "sip:b@169.254.1.1", "sip:b@[::1]:5060",
        "sip:b@[fd00::1]",        "sip:b@[fe80::1]",   "sip:b@[::ffff:10.0.0.1]",
        "sip:b@phone.example", /* looked at when it is resolved */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct trunk_choice c;
        struct fault fault;
        if (choose(&c, 0, rows[i], &fault) != STATUS_OK) fail_msg("%s: %s", rows[i], fault.what);
        assert_true(c.private_only);
        assert_null(c.trunk);
        assert_null(c.identity);
        assert_null(c.route);
        assert_string_equal(c.to_uri, rows[i]);
        assert_string_equal(c.from_uri, "sip:100@bridge.example");
    }
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[TRUNK_URI_SIZE + 8];
    struct trunk_choice c;
    struct fault fault;
    memset(text, '0', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(choose(&c, TRUNKS, text, &fault), STATUS_INVALID);
    memcpy(text, "sip:", 4);
    assert_int_equal(choose(&c, 0, text, &fault), STATUS_INVALID);
    assert_int_equal(choose(&c, TRUNKS, text, &fault), STATUS_REFUSED);
    assert_int_equal(trunk_choose(&c, table, TRUNKS, slice_of("2001"), slice_of("what?"), "bridge.example", &fault),
                     STATUS_INVALID);
    assert_string_equal(fault.what, "the caller is neither a number nor a SIP URI");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_trunk_that_fits_decides),
        cmocka_unit_test(what_no_trunk_takes_does_not_leave),
        cmocka_unit_test(without_a_table_only_what_is_near_can_be_called),
        cmocka_unit_test(what_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
