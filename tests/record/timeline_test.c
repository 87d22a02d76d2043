#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "record/timeline.h"
#include "scratch.h"

/* @return what it was before */
static rlim_t set_largest_file(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

static void an_event_that_finds_no_room_leaves_the_others_whole(void **state)
{
    (void)state;
    static const struct pcm_mark joined = {.type = PCM_MARK_IN, .on = true};
    static const char expected[] = "{\"events\":[\n{\"atMs\":20,\"event\":\"join\",\"callId\":\"CA1\"}\n]}\n";
    struct timeline *t;
    char path[200], text[500];
    assert_int_equal(timeline_create(&t, scratch_dir), STATUS_OK);
    timeline_note(t, 20, &joined, "CA1");
    rlim_t before = set_largest_file(sizeof expected - 1 + 10); /* half of the next fits */
    timeline_note(t, 40, &joined, "CA2");
    set_largest_file(before);
    timeline_note(t, 60, &joined, "CA3");
    timeline_finish(t);
    snprintf(path, sizeof path, "%s/timeline.json", scratch_dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_that_finds_no_room_leaves_the_others_whole, scratch_setup,
                                        scratch_teardown),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
