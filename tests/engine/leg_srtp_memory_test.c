/**
 * @file leg_srtp_memory_test.c  A leg's protection for which memory is short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../short_memory.h"
#include "engine/leg_srtp.h"

static const struct engine_leg_srtp keys = {.send = {.suite = SRTP_AEAD_AES_128_GCM, .bytes = {1}},
                                            .receive = {.suite = SRTP_AEAD_AES_128_GCM, .bytes = {2}}};

/* @return how many allocations there were */
static int make_with_failures(const struct engine_leg_srtp *before)
{
    struct leg_srtp made = {.on = false};
    for (int n = 1;; n++) {
        memory_fail_at(n);
        status result = leg_srtp_make(&made, &keys, before);
        bool sufficed = memory_sufficed();
        assert_int_equal(result, sufficed ? STATUS_OK : STATUS_NO_MEMORY);
        assert_int_equal(made.on, sufficed);
        if (!sufficed) continue;
        leg_srtp_clear(&made);
        return n - 1;
    }
}

static void protection_without_memory_is_none_at_all(void **state)
{
    (void)state;
    assert_int_equal(srtp_library_start(), STATUS_OK);
    struct engine_leg_srtp other = keys;
    other.receive.bytes[0] = 3;
    assert_int_equal(make_with_failures(NULL), 2);
    assert_int_equal(make_with_failures(&other), 1); /* what goes on is not made */
    assert_int_equal(make_with_failures(&keys), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(protection_without_memory_is_none_at_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
