/**
 * @file config_memory_test.c  Every allocation of the configuration's reader fails once (the linker wraps malloc and
 * its kin; those inside of libconfuse are not ours and go on).
 *
 * After each failure the result is untouched and the same reading succeeds. Leaks show in a build with the address
 * sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "../short_memory.h"
#include "daemon/options.h"

#define ACCOUNT "AC0123456789abcdef0123456789abcdef01234567:0123456789abcdef"

static char path[64];

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

/** Reads these flags with the n-th allocation failing. @return whether all of them were had */
static bool read_short(int n, status wanted, int argc, char **argv)
{
    struct options o, untouched;
    struct buffer errors;
    buffer_init(&errors);
    memset(&o, 0x5a, sizeof o);
    untouched = o;
    memory_fail_at(n);
    status s = options_read(&o, argc, argv, &errors);
    bool sufficed = memory_sufficed();
    assert_int_equal(s, sufficed ? wanted : STATUS_NO_MEMORY);
    if (s == STATUS_OK)
        options_clear(&o);
    else
        assert_memory_equal(&o, &untouched, sizeof o);
    buffer_clear(&errors);
    return sufficed;
}

static void read_ever_shorter(status wanted, int argc, char **argv)
{
    int n = 1;
    while (!read_short(n, wanted, argc, argv))
        n++;
    assert_true(n > 30);
}

static void flags_and_file_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    write_file("http = off\nlocal_networks = {10.0.0.0/8, fd00::/8}\n"
               "route \"a\" { user = \"room-?\" networks = {10.0.0.0/8} }\nroute \"b\" { record = true }\n");
    char *argv[] = {"parleyd", "--config", path,        "--sip", "127.0.0.1:0",
                    "--sip",   "[::1]:0",  "--account", ACCOUNT, NULL};
    read_ever_shorter(STATUS_OK, 9, argv);
}

static void mistakes_are_reported_whole_or_memory_is_named(void **state)
{
    (void)state;
    write_file("http = 1\nfoo = 2\nroute \"a\" { record = 3 }\n");
    char *argv[] = {"parleyd", "--config", path, "--sip", "4", "--account", "5", "--six", NULL};
    read_ever_shorter(STATUS_INVALID, 8, argv);
}

int main(void)
{
    int fd = memfd_create("parley.conf", MFD_CLOEXEC);
    if (fd < 0) return 2;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_and_file_are_read_whole_or_not_at_all),
        cmocka_unit_test(mistakes_are_reported_whole_or_memory_is_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close(fd);
    return failed;
}
