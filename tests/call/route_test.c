#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/route.h"
#include "call/user_part.h"

static void user_parts_are_read_with_their_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        status expected;
        const char *name;
        bool start, talk, listen;
    } rows[] = {
        {"sip:standup@bridge", STATUS_OK, "standup", true, true, true},
        {"sips:standup@bridge", STATUS_OK, "standup", true, true, true},
        {"sip:a;startConfOnEnter=false;listen=false@bridge", STATUS_OK, "a", false, true, false},
        {"sip:a;STARTCONFONENTER=FALSE@bridge", STATUS_OK, "a", false, true, true},
        {"sip:a@bridge;talk=false", STATUS_OK, "a", true, false, true},
        {"sip:a;talk=true@bridge;talk=false", STATUS_OK, "a", true, true, true},
        {"sip:a@bridge;transport=tcp?subject=x", STATUS_OK, "a", true, true, true},
        {"sip:a;phone-context=x@bridge", STATUS_OK, "a", true, true, true},
        {"sip:a%2Db@bridge", STATUS_OK, "a-b", true, true, true},
        {"sip:+15550001@bridge;user=phone", STATUS_OK, "+15550001", true, true, true},
        {"sip:+1a@bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"sip:+@bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"sip:a:secret@bridge", STATUS_OK, "a", true, true, true},
        {"sip:a;talk=maybe@bridge", STATUS_INVALID, "", false, false, false},
        {"sip:a;talk@bridge", STATUS_INVALID, "", false, false, false},
        {"sip:bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"sip:@bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"sip:a%00b@bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"sip:a b@bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"sip:a/b@bridge", STATUS_NOT_FOUND, "", false, false, false},
        {"tel:+15550001", STATUS_UNSUPPORTED, "", false, false, false},
        {"", STATUS_UNSUPPORTED, "", false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct user_part part = {0};
        struct fault fault = {0, NULL};
        status s = user_part_parse(&part, slice_of(rows[i].uri), true, &fault);
        if (s != rows[i].expected) fail_msg("%s: %s", rows[i].uri, status_name(s));
        assert_string_equal(part.name, rows[i].name);
        assert_int_equal(part.start_conf_on_enter, rows[i].start);
        assert_int_equal(part.talk, rows[i].talk);
        assert_int_equal(part.listen, rows[i].listen);
        if (s != STATUS_OK) assert_non_null(fault.what);
    }
}

static void a_name_has_at_most_64_characters(void **state)
{
    (void)state;
    char uri[128] = "sip:";
    struct user_part part;
    struct fault fault;
    memset(uri + 4, 'a', 64);
    strcpy(uri + 68, "@b");
    assert_int_equal(user_part_parse(&part, slice_of(uri), true, &fault), STATUS_OK);
    strcpy(uri + 68, "a@b");
    assert_int_equal(user_part_parse(&part, slice_of(uri), true, &fault), STATUS_NOT_FOUND);
}

static void parameters_count_only_where_the_route_takes_them(void **state)
{
    (void)state;
    struct user_part part;
    struct fault fault;
    assert_int_equal(user_part_parse(&part, slice_of("sip:a;talk=false@b"), false, &fault), STATUS_OK);
    assert_true(part.talk);
    const struct route routes[] = {{.user = "plain", .user_parameters = false}, {.user = "*", .user_parameters = true}};
    const struct slice source = slice_of("127.0.0.1:5060");
    struct route_choice choice;
    assert_int_equal(route_choose(&choice, routes, 2, slice_of("sip:plain;talk=false@b"), source, &fault), STATUS_OK);
    assert_true(choice.user.talk);
    assert_int_equal(route_choose(&choice, routes, 2, slice_of("sip:other;talk=false@b"), source, &fault), STATUS_OK);
    assert_false(choice.user.talk);
}

static void the_first_route_that_fits_decides_and_its_networks_say_who_may(void **state)
{
    (void)state;
    struct cidr office;
    assert_int_equal(cidr_parse(&office, slice_of("198.51.100.0/24"), NULL), STATUS_OK);
    const struct route routes[] = {
        {.name = "sales", .user = "sales-*", .user_parameters = true, .networks = &office, .network_count = 1},
        {.name = "any", .user = "*", .user_parameters = true},
    };
    static const struct {
        const char *uri, *source;
        status expected;
        size_t route;
    } rows[] = {
        {"sip:sales-1@b", "198.51.100.9:5060", STATUS_OK, 0},
        {"sip:sales-1@b", "127.0.0.1:5060", STATUS_REFUSED, 0},
        {"sip:room@b", "127.0.0.1:5060", STATUS_OK, 1},
        {"sip:room@b", "10.1.2.3:5060", STATUS_OK, 1},
        {"sip:room@b", "[::1]:5060", STATUS_OK, 1},
        {"sip:room@b", "[fd00::1]:5060", STATUS_OK, 1},
        {"sip:room@b", "203.0.113.1:5060", STATUS_REFUSED, 1},
        {"sip:room@b", "[2001:db8::1]:5060", STATUS_REFUSED, 1},
        {"sip:room@b", "nonsense", STATUS_REFUSED, 1},
        {"sip:ro om@b", "127.0.0.1:5060", STATUS_NOT_FOUND, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct route_choice choice;
        struct fault fault;
        status s = route_choose(&choice, routes, 2, slice_of(rows[i].uri), slice_of(rows[i].source), &fault);
        if (s != rows[i].expected) fail_msg("%s from %s: %s", rows[i].uri, rows[i].source, status_name(s));
        if (s == STATUS_OK) assert_ptr_equal(choice.route, &routes[rows[i].route]);
    }
    struct route_choice choice;
    struct fault fault;
    assert_int_equal(route_choose(&choice, routes, 1, slice_of("sip:x@b"), slice_of("127.0.0.1:1"), &fault),
                     STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_parts_are_read_with_their_parameters),
        cmocka_unit_test(a_name_has_at_most_64_characters),
        cmocka_unit_test(parameters_count_only_where_the_route_takes_them),
        cmocka_unit_test(the_first_route_that_fits_decides_and_its_networks_say_who_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
