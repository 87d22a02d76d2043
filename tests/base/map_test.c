#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/map.h"

static void what_was_put_is_found_and_what_was_removed_is_not(void **state)
{
    (void)state;
    static int values[1000];
    struct map *m;
    assert_int_equal(map_create(&m), STATUS_OK);
    char key[16];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++) {
            snprintf(key, sizeof key, "key%d", i);
            assert_int_equal(map_put(m, key, &values[i]), STATUS_OK);
        }
        assert_int_equal(map_count(m), 1000);
        for (int i = 0; i < 1000; i += 2) {
            snprintf(key, sizeof key, "key%d", i);
            assert_ptr_equal(map_remove(m, key), &values[i]);
            assert_null(map_get(m, key));
        }
        size_t cursor = 0, seen = 0;
        while (map_next(m, &cursor))
            seen++;
        assert_int_equal(seen, 500);
        for (int i = 1; i < 1000; i += 2) {
            snprintf(key, sizeof key, "key%d", i);
            assert_ptr_equal(map_get(m, key), &values[i]);
        }
    }
    map_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_put_is_found_and_what_was_removed_is_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
