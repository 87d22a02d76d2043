#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls_files.h"

static char dir[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/tls_files_XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"tls/cert.pem", "tls/key.pem", "tls", "junk", ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    return 0;
}

static void a_made_certificate_is_for_this_host_and_lasts_ten_years(void **state)
{
    (void)state;
    struct tls_files files;
    char why[TLS_WHY_SIZE] = "";
    struct stat info;
    SSL_CTX *context;
    assert_int_equal(tls_files_ensure(&files, dir, why), STATUS_OK);
    assert_int_equal(stat(files.key, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(tls_files_load(&context, files.certificate, files.key, why), STATUS_OK);
    X509 *certificate = SSL_CTX_get0_certificate(context);
    assert_int_equal(X509_check_host(certificate, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(certificate, "example.com", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
    char host[256];
    assert_int_equal(gethostname(host, sizeof host), 0);
    assert_int_equal(X509_check_host(certificate, host, 0, 0, NULL), 1);
    int days, seconds;
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate), X509_get0_notAfter(certificate)),
                     1);
    assert_in_range(days, 3650, 3654);
    assert_int_equal(X509_verify(certificate, X509_get0_pubkey(certificate)), 1);
    SSL_CTX_free(context);
}

static void files_that_are_there_are_kept(void **state)
{
    (void)state;
    struct tls_files files;
    char why[TLS_WHY_SIZE] = "";
    struct stat before, after;
    assert_int_equal(tls_files_ensure(&files, dir, why), STATUS_OK);
    assert_int_equal(stat(files.key, &before), 0);
    assert_int_equal(tls_files_ensure(&files, dir, why), STATUS_OK);
    assert_int_equal(stat(files.key, &after), 0);
    assert_true(before.st_ino == after.st_ino);
}

static void an_unusable_file_is_named_with_the_reason(void **state)
{
    (void)state;
    struct tls_files files;
    char why[TLS_WHY_SIZE] = "", junk[128];
    SSL_CTX *context = NULL;
    assert_int_equal(tls_files_ensure(&files, dir, why), STATUS_OK);
    assert_int_equal(tls_files_load(&context, "/nowhere/cert.pem", files.key, why), STATUS_NOT_FOUND);
    assert_non_null(strstr(why, "/nowhere/cert.pem: No such file"));
    snprintf(junk, sizeof junk, "%s/junk", dir);
    FILE *file = fopen(junk, "w");
    assert_non_null(file);
    fputs("not a certificate\n", file);
    fclose(file);
    assert_int_equal(tls_files_load(&context, junk, files.key, why), STATUS_INVALID);
    assert_non_null(strstr(why, junk));
    assert_null(strstr(why, "unknown error"));
    assert_int_equal(tls_files_load(&context, files.certificate, junk, why), STATUS_INVALID);
    assert_non_null(strstr(why, "key"));
    assert_null(context);
    assert_int_equal(tls_files_ensure(&files, "/nowhere", why), STATUS_IO);
    assert_non_null(strstr(why, "/nowhere/tls"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_made_certificate_is_for_this_host_and_lasts_ten_years, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_there_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unusable_file_is_named_with_the_reason, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
