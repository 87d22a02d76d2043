#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sip/options.h"

enum { WORDS_MAX = 24 };

/** Reads a command line given as one text; *said is what went to the error stream. */
static enum options_result read_line(struct options *o, char *line, char *said, size_t size)
{
    char *argv[WORDS_MAX + 1] = {"parley-sip"};
    int argc = 1;
    for (char *word = strtok(line, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    FILE *err = fmemopen(said, size, "w");
    enum options_result result = options_read(o, argc, argv, err, err);
    fclose(err);
    return result;
}

static void the_defaults_stand_where_nothing_is_said(void **state)
{
    (void)state;
    struct options o;
    char line[] = "--socket s --sip 127.0.0.1:0", said[400] = "";
    assert_int_equal(read_line(&o, line, said, sizeof said), OPTIONS_RUN);
    assert_string_equal(o.socket, "s");
    assert_int_equal(o.sip_count, 1);
    assert_int_equal(o.hold_s, 30);
    assert_int_equal(o.invites_per_s, 200);
    assert_int_equal(o.session.expires_s, 1800);
    assert_int_equal(o.session.min_s, 90);
    assert_int_equal(o.t1_ms, 500);
    assert_false(o.has_public_address);
    assert_int_equal(o.local_networks.count, 8);
}

static void everything_can_be_said(void **state)
{
    (void)state;
    struct options o;
    char line[] = "--socket s --sip 127.0.0.1:1 --sip [::]:2 --public-address 203.0.113.1 --local-net 10.0.0.0/8 "
                  "--local-net fd00::/8 --hold-s 0 --log-level debug";
    char said[400] = "";
    assert_int_equal(read_line(&o, line, said, sizeof said), OPTIONS_RUN);
    assert_int_equal(o.sip_count, 2);
    assert_true(o.sip[1].ipv6);
    assert_int_equal(o.sip[1].port, 2);
    assert_true(o.has_public_address);
    assert_int_equal(o.local_networks.count, 2);
    assert_int_equal(o.hold_s, 0);
    assert_int_equal(o.log_level, LOG_DEBUG);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"", "--socket"},
        {"--socket s", "--sip"},
        {"--socket s --sip nowhere", "\"nowhere\""},
        {"--socket s --sip 127.0.0.1:1 --hold-s 99999", "--hold-s"},
        {"--socket s --sip 127.0.0.1:1 --public-address host", "--public-address"},
        {"--socket s --sip 127.0.0.1:1 --local-net 10.0.0.0/99", "--local-net"},
        {"--socket s --sip 127.0.0.1:1 --log-level loud", "--log-level"},
        {"--socket s --sip 127.0.0.1:1 --colour", "--colour"},
        {"--socket s --sip 127.0.0.1:1 more", "\"more\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct options o;
        char line[200], said[400] = "";
        snprintf(line, sizeof line, "%s", rows[i].line);
        assert_int_equal(read_line(&o, line, said, sizeof said), OPTIONS_EXIT_BAD);
        if (!strstr(said, rows[i].said)) fail_msg("%s said: %s", rows[i].line, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_stand_where_nothing_is_said),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
