#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/options.h"

#define ID  "AC0123456789abcdef0123456789abcdef01234567"
#define KEY "0123456789abcdef"

static char path[64];

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

/** Reads "parleyd" and these flags, up to NULL. */
static status read_flags(struct options *o, struct buffer *errors, ...)
{
    char *argv[20] = {"parleyd"};
    int argc = 1;
    va_list args;
    va_start(args, errors);
    while ((argv[argc] = va_arg(args, char *)))
        argc++;
    va_end(args);
    buffer_init(errors);
    return options_read(o, argc, argv, errors);
}

static void check_refused(const char *flag, const char *value, const char *expected)
{
    struct options o;
    struct buffer errors;
    assert_int_equal(read_flags(&o, &errors, flag, value, NULL), STATUS_INVALID);
    assert_string_equal(buffer_text(&errors), expected);
    buffer_clear(&errors);
}

static void no_flags_give_the_defaults(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    assert_int_equal(read_flags(&o, &errors, NULL), STATUS_OK);
    assert_string_equal(o.config.http, "127.0.0.1:8080");
    assert_int_equal(o.config.sip.count, 2);
    assert_null(o.config_path);
    assert_null(o.account);
    assert_false(o.check_config || o.help || o.version);
    options_clear(&o);
}

static void every_flag_sets_what_it_names(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    assert_int_equal(read_flags(&o, &errors, "--http", "127.0.0.1:0", "--https", "off", "--rtp-ports", "0",
                                "--public-address", "203.0.113.7", "--data", "/srv/parley", "--media-threads", "3",
                                "--log-level=debug", "--check-config", NULL),
                     STATUS_OK);
    assert_string_equal(o.config.http, "127.0.0.1:0");
    assert_string_equal(o.config.https, "off");
    assert_string_equal(o.config.rtp_ports, "0");
    assert_string_equal(o.config.public_address, "203.0.113.7");
    assert_string_equal(o.config.data, "/srv/parley");
    assert_int_equal(o.config.media_threads, 3);
    assert_string_equal(o.config.log_level, "debug");
    assert_true(o.check_config);
    options_clear(&o);
}

static void flags_win_over_the_file_and_their_lists_replace_its_lists(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    write_file("http = off\ncalls_max = 9\nsip = {127.0.0.1:5060, 127.0.0.1:5061}\nfetch_allow = {10.0.0.0/8}\n");
    assert_int_equal(read_flags(&o, &errors, "--sip", "127.0.0.1:0", "--config", path, "--http", "127.0.0.1:1", "--sip",
                                "[::1]:0", NULL),
                     STATUS_OK);
    assert_string_equal(o.config_path, path);
    assert_string_equal(o.config.http, "127.0.0.1:1");
    assert_int_equal(o.config.calls_max, 9);
    assert_int_equal(o.config.sip.count, 2);
    assert_string_equal(o.config.sip.items[0], "127.0.0.1:0");
    assert_string_equal(o.config.sip.items[1], "[::1]:0");
    assert_int_equal(o.config.fetch_allow.count, 1);
    options_clear(&o);
}

static void off_empties_the_list_of_sip_listeners(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    assert_int_equal(read_flags(&o, &errors, "--sip", "off", NULL), STATUS_OK);
    assert_int_equal(o.config.sip.count, 0);
    options_clear(&o);
}

static void a_wrong_value_names_its_flag_and_what_is_allowed(void **state)
{
    (void)state;
    check_refused("--media-threads", "65",
                  "--media-threads: \"65\" is not allowed, it takes a whole number from 0 to 64\n");
    check_refused("--log-level", "x", "--log-level: \"x\" is not allowed, it takes error, warn, info or debug\n");
    check_refused("--fetch-allow", "home",
                  "--fetch-allow: \"home\" is not allowed, it takes an address range like 10.0.0.0/8 or fd00::/8 with "
                  "nothing behind the prefix, or one address\n");
    check_refused("--sip", "5060",
                  "--sip: \"5060\" is not allowed, it takes an IP address and a port like 127.0.0.1:8080 or "
                  "[::1]:8080 (port 0: any free one), or off\n");
    check_refused("--data", "", "--data: \"\" is not allowed, it takes any text but an empty one\n");
}

static void unknown_flags_missing_values_and_stray_words_are_named(void **state)
{
    (void)state;
    check_refused("--colour", "--check-config", "--colour: no such flag, or a value where it takes none; see --help\n");
    check_refused("--check-config=1", NULL,
                  "--check-config=1: no such flag, or a value where it takes none; see --help\n");
    check_refused("-x", NULL, "-x: no such flag, or a value where it takes none; see --help\n");
    check_refused("--data", NULL, "--data: needs a value; see --help\n");
    check_refused("start", NULL, "start: not a flag; see --help\n");
}

static void mistakes_of_file_and_flags_are_reported_together(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    write_file("\ncalls = 1\n");
    assert_int_equal(read_flags(&o, &errors, "--config", path, "--http", "x", "--account", "y", "--wrong", NULL),
                     STATUS_INVALID);
    const char *text = buffer_text(&errors);
    assert_non_null(strstr(text, ":2: \"calls\" is no key"));
    assert_non_null(strstr(text, "--http: \"x\""));
    assert_non_null(strstr(text, "--account: takes ID:KEY"));
    assert_non_null(strstr(text, "--wrong: no such flag"));
    buffer_clear(&errors);
}

static void an_account_is_an_id_and_a_key_that_is_long_enough(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ID,
                                      ID ":",
                                      ID ":0123456789abcde",
                                      ID ":0123456789 abcdef",
                                      ID ":0123456789abcde\n",
                                      "XX" KEY ":" KEY,
                                      ":" KEY,
                                      "AC0123456789abcdef0123456789abcdef0123456:" KEY};
    struct options o;
    struct buffer errors;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (read_flags(&o, &errors, "--account", bad[i], NULL) != STATUS_INVALID) fail_msg("taken: %s", bad[i]);
        assert_string_equal(buffer_text(&errors), "--account: takes ID:KEY: AC and 40 hex digits, a colon, 16 to 256 "
                                                  "printable characters without blanks\n");
        buffer_clear(&errors);
    }
    assert_int_equal(read_flags(&o, &errors, "--account", ID ":" KEY, NULL), STATUS_OK);
    assert_string_equal(o.account, ID ":" KEY);
    options_clear(&o);
    assert_int_equal(read_flags(&o, &errors, "--account", ID ":key:with:colons:", NULL), STATUS_OK);
    options_clear(&o);
}

static void flag_goes_before_file_and_file_before_environment(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    write_file(ID ":from-a-file-0123456789 \r\nand more\n");
    assert_int_equal(setenv("PARLEY_ACCOUNT", ID ":from-environment", 1), 0);
    assert_int_equal(read_flags(&o, &errors, "--account-file", path, "--account", ID ":from-the-command-line", NULL),
                     STATUS_OK);
    assert_string_equal(o.account, ID ":from-the-command-line");
    options_clear(&o);
    assert_int_equal(read_flags(&o, &errors, "--account-file", path, NULL), STATUS_OK);
    assert_string_equal(o.account, ID ":from-a-file-0123456789");
    options_clear(&o);
    assert_int_equal(read_flags(&o, &errors, NULL), STATUS_OK);
    assert_string_equal(o.account, ID ":from-environment");
    options_clear(&o);
    assert_int_equal(setenv("PARLEY_ACCOUNT", "wrong", 1), 0);
    assert_int_equal(read_flags(&o, &errors, NULL), STATUS_INVALID);
    assert_non_null(strstr(buffer_text(&errors), "PARLEY_ACCOUNT: takes ID:KEY"));
    assert_null(strstr(buffer_text(&errors), "wrong"));
    buffer_clear(&errors);
    assert_int_equal(setenv("PARLEY_ACCOUNT", "", 1), 0);
    assert_int_equal(read_flags(&o, &errors, NULL), STATUS_OK);
    assert_null(o.account);
    options_clear(&o);
    assert_int_equal(unsetenv("PARLEY_ACCOUNT"), 0);
    check_refused("--account-file", "/no/such/file",
                  "--account-file: /no/such/file cannot be read: No such file or directory\n");
}

static void help_and_version_are_had_whatever_else_is_wrong(void **state)
{
    (void)state;
    struct options o;
    struct buffer errors;
    assert_int_equal(read_flags(&o, &errors, "--config", "/no/such/file", "--help", NULL), STATUS_OK);
    assert_true(o.help);
    options_clear(&o);
    assert_int_equal(read_flags(&o, &errors, "--version", NULL), STATUS_OK);
    assert_true(o.version);
    options_clear(&o);
}

static void help_names_every_flag(void **state)
{
    (void)state;
    static const char *const names[] = {
        "--config FILE",       "--http ADDR:PORT",   "--https ADDR:PORT", "--sip ADDR:PORT",  "--rtp-ports",
        "--public-address IP", "--fetch-allow CIDR", "--data DIR",        "--account ID:KEY", "--account-file FILE",
        "--media-threads N",   "--log-level",        "--check-config",    "--help",           "--version"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strstr(options_help(), names[i])) fail_msg("%s", names[i]);
}

int main(void)
{
    int fd = memfd_create("parley.conf", MFD_CLOEXEC); /* a file that no disk slows down */
    if (fd < 0) return 2;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    unsetenv("PARLEY_ACCOUNT");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flags_give_the_defaults),
        cmocka_unit_test(every_flag_sets_what_it_names),
        cmocka_unit_test(flags_win_over_the_file_and_their_lists_replace_its_lists),
        cmocka_unit_test(off_empties_the_list_of_sip_listeners),
        cmocka_unit_test(a_wrong_value_names_its_flag_and_what_is_allowed),
        cmocka_unit_test(unknown_flags_missing_values_and_stray_words_are_named),
        cmocka_unit_test(mistakes_of_file_and_flags_are_reported_together),
        cmocka_unit_test(an_account_is_an_id_and_a_key_that_is_long_enough),
        cmocka_unit_test(flag_goes_before_file_and_file_before_environment),
        cmocka_unit_test(help_and_version_are_had_whatever_else_is_wrong),
        cmocka_unit_test(help_names_every_flag),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close(fd);
    return failed;
}
