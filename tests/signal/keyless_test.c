#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/keyless.h"

static void lines_with_keys_are_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *sdp, *kept;
    } rows[] = {
        {"", ""},
        {"v=0\r\nm=audio 1 RTP/AVP 0\r\na=sendrecv\r\n", "v=0\r\nm=audio 1 RTP/AVP 0\r\na=sendrecv\r\n"},
        {"v=0\r\na=crypto:1 X inline:SECRET\r\na=sendrecv\r\n", "v=0\r\na=sendrecv\r\n"},
        {"a=crypto:1 X inline:SECRET", ""},
        {"a=crypto:1 X inline:SECRET\na=ptime:20\n", "a=ptime:20\n"},
        {"a=CRYPTO:1 X inline:SECRET\r\na= crypto :2 X inline:SECRET\r\n", ""},
        {" a=crypto:1 X inline:SECRET\r\nk=base64:SECRET\r\nv=0\r\n", "v=0\r\n"},
        {"v=0\ra=crypto:1 X inline:SECRET\rs=-\r\n", "v=0\rs=-\r\n"},
        {"a=crypto:1 X inline:SECRET\r\n\r\nv=0", "\r\nv=0"},
        {"a=cryptography:no key\r\na=key-mgmt:x\r\n", "a=cryptography:no key\r\na=key-mgmt:x\r\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *kept = keyless_copy(slice_of(rows[i].sdp));
        assert_string_equal(kept, rows[i].kept);
        free(kept);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_with_keys_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
