#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/say.h"
#include "media/sound.h"
#include "net/loop.h"
#include "os/clock.h"
#include "os/thread.h"
#include "record/loader.h"

enum { GUARD_US = 60000000, RATE_HZ = 8000, ANSWERS_MAX = 64 };

struct answer {
    struct sound *sound;
    char why[512];
};

static struct {
    char dir[128], script[256], why[256];
    struct loop *loop;
    struct loop_timer *guard;
    struct loader *loader;
    struct loop_watch *watch;
    struct say *say;
    struct answer answers[ANSWERS_MAX];
    size_t answer_count, wanted;
} t;

static void on_loader(void *arg, unsigned events)
{
    (void)arg;
    (void)events;
    loader_poll(t.loader);
}

static void on_guard(void *arg)
{
    (void)arg;
    fail_msg("nothing more happens");
}

static void start_say(const char *command, uint32_t timeout_ms, uint64_t cache_bytes_max)
{
    struct loader_config loader = {0};
    struct say_config config = {.data = t.dir,
                                .command = command,
                                .timeout_ms = timeout_ms,
                                .waiting_max = 8,
                                .cache_bytes_max = cache_bytes_max};
    assert_int_equal(loader_create(&t.loader, &loader), STATUS_OK);
    assert_int_equal(loop_watch_create(&t.watch, t.loop, loader_fd(t.loader), LOOP_READABLE, on_loader, NULL),
                     STATUS_OK);
    status s = say_create(&t.say, t.loop, t.loader, &config, t.why, sizeof t.why);
    if (s != STATUS_OK) fail_msg("%s", t.why);
}

static void end_say(void)
{
    loop_watch_destroy(t.watch);
    loader_destroy(t.loader);
    say_destroy(t.say);
    t.watch = NULL;
    t.loader = NULL;
    t.say = NULL;
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    memset(&t, 0, sizeof t);
    snprintf(t.dir, sizeof t.dir, "%s/parley-say-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(t.dir));
    assert_int_equal(loop_create(&t.loop), STATUS_OK);
    assert_int_equal(loop_timer_create(&t.guard, t.loop, on_guard, NULL), STATUS_OK);
    loop_timer_set(t.guard, GUARD_US);
    return 0;
}

static void forget_answers(void)
{
    for (size_t i = 0; i < t.answer_count; i++)
        sound_unref(t.answers[i].sound);
    t.answer_count = 0;
}

static void remove_files(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlinkat(dirfd(d), entry->d_name, 0);
    if (d) closedir(d);
    rmdir(dir);
}

static int tear_down(void **state)
{
    (void)state;
    char dir[256];
    end_say();
    forget_answers();
    loop_timer_destroy(t.guard);
    loop_destroy(t.loop);
    snprintf(dir, sizeof dir, "%s/say", t.dir);
    remove_files(dir);
    remove_files(t.dir);
    return 0;
}

/* An engine of our own: a program of sh, as the test decides. Its text comes as any engine's does. */
static const char *engine(const char *body, const char *words)
{
    static char command[512];
    snprintf(t.script, sizeof t.script, "%s/engine.sh", t.dir);
    FILE *f = fopen(t.script, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\ncd %s\necho run >> runs\n%s\n", t.dir, body);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(t.script, 0700), 0);
    snprintf(command, sizeof command, "%s %s", t.script, words);
    return command;
}

static size_t runs(void)
{
    char path[256], line[16];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/runs", t.dir);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        n++;
    if (f) fclose(f);
    return n;
}

static void read_file(const char *name, char *out, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", t.dir, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    out[fread(out, 1, size - 1, f)] = '\0';
    fclose(f);
}

/* Files under DATA/say, their bytes, and how many of them are not complete ones. */
static size_t files_kept(uint64_t *bytes, size_t *others)
{
    char dir[256];
    size_t n = 0;
    snprintf(dir, sizeof dir, "%s/say", t.dir);
    DIR *d = opendir(dir);
    struct dirent *entry;
    *bytes = *others = 0;
    while (d && (entry = readdir(d))) {
        struct stat s;
        if (fstatat(dirfd(d), entry->d_name, &s, 0) != 0 || !S_ISREG(s.st_mode)) continue;
        if (strstr(entry->d_name, ".wav")) {
            n++;
            *bytes += (uint64_t)s.st_size;
        } else {
            (*others)++;
        }
    }
    if (d) closedir(d);
    return n;
}

static void on_said(void *arg, struct sound *sound, const char *why)
{
    (void)arg;
    struct answer *a = &t.answers[t.answer_count++];
    a->sound = sound;
    snprintf(a->why, sizeof a->why, "%s", why);
    assert_true(sound || why[0]);
    if (t.answer_count == t.wanted) loop_stop(t.loop);
}

static struct say_request *ask(const char *text, const char *language)
{
    struct say_request *request;
    struct say_text what = {.text = text, .language = language, .rate_hz = RATE_HZ};
    size_t before = t.answer_count;
    assert_int_equal(say_speak(t.say, &what, on_said, NULL, &request), STATUS_OK);
    assert_int_equal(t.answer_count, before); /* never within the call */
    return request;
}

static void wait_for(size_t answers)
{
    t.wanted = answers;
    if (t.answer_count < answers) loop_run(t.loop);
    assert_int_equal(t.answer_count, answers);
}

/* @return the answer to this text alone */
static const struct answer *say_and_wait(const char *text, const char *language)
{
    forget_answers();
    ask(text, language);
    wait_for(1);
    return &t.answers[0];
}

static uint32_t loudest(const struct sound *s)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < s->samples; i++) {
        uint32_t level = (uint32_t)(s->pcm[i] < 0 ? -s->pcm[i] : s->pcm[i]);
        most = level > most ? level : most;
    }
    return most;
}

static void a_text_is_spoken_in_its_language(void **state)
{
    (void)state;
    start_say(NULL, 0, 0);
    const struct answer *a = say_and_wait("The conference begins in five minutes.", NULL);
    assert_non_null(a->sound);
    assert_int_equal(a->sound->rate_hz, RATE_HZ);
    assert_in_range(a->sound->samples, RATE_HZ, 6 * RATE_HZ);
    assert_true(loudest(a->sound) > 3000);
    uint32_t english = a->sound->samples;
    a = say_and_wait("The conference begins in five minutes.", "de-DE");
    assert_non_null(a->sound);
    assert_int_not_equal(a->sound->samples, english);
    a = say_and_wait("\xe4\xbd\xa0\xe5\xa5\xbd", "zh-CN");
    assert_non_null(a->sound);
    assert_true(loudest(a->sound) > 3000);
    assert_int_equal(say_stats(t.say).spoken, 3);
}

static void a_text_that_was_spoken_is_taken_from_disk_even_after_a_restart(void **state)
{
    (void)state;
    start_say(NULL, 0, 0);
    uint32_t samples = say_and_wait("Welcome", "en-GB")->sound->samples;
    assert_int_equal(say_and_wait("Welcome", "en-GB")->sound->samples, samples);
    assert_int_equal(say_stats(t.say).spoken, 1);
    assert_int_equal(say_stats(t.say).cached, 1);
    end_say();
    start_say(NULL, 0, 0);
    assert_int_equal(say_and_wait("Welcome", "en-GB")->sound->samples, samples);
    assert_int_equal(say_stats(t.say).spoken, 0);
    end_say();
    start_say("espeak-ng -v {voice} -s 80 -w {file} --stdin", 0, 0); /* another command is another sound */
    assert_true(say_and_wait("Welcome", "en-GB")->sound->samples > samples);
}

static void audio_may_come_on_standard_output_and_at_any_rate(void **state)
{
    (void)state;
    start_say("espeak-ng -v {voice} --stdin --stdout", 0, 0);
    assert_non_null(say_and_wait("One two three", NULL)->sound);
    struct say_text what = {.text = "One two three", .rate_hz = 48000};
    assert_int_equal(say_speak(t.say, &what, on_said, NULL, NULL), STATUS_OK);
    wait_for(2);
    assert_non_null(t.answers[1].sound);
    assert_int_equal(t.answers[1].sound->rate_hz, 48000);
    assert_in_range(t.answers[1].sound->samples, t.answers[0].sound->samples * 6 - 600,
                    t.answers[0].sound->samples * 6 + 600);
}

static void the_engine_is_given_words_and_no_shell_sees_the_text(void **state)
{
    (void)state;
    char got[4096];
    const char *text = "-x; touch \"$(id)\" `id` {file} %s \\n";
    start_say(engine("cat \"$1\" > text; printf '%s|' \"$2\" \"$3\" \"$4\" \"$5\" > words; "
                     "espeak-ng -w \"$6\" hi; ls \"$1\" > /dev/null && basename \"$1\" > name",
                     "{text_file} \"two words {voice}\" {language}-{engine} {unknown} \"\" {file}"),
              0, 0);
    assert_non_null(say_and_wait(text, "en-GB")->sound);
    read_file("text", got, sizeof got);
    assert_string_equal(got, text);
    read_file("words", got, sizeof got);
    assert_string_equal(got, "two words en-gb|en-GB-freeclimb.standard|{unknown}||");
    uint64_t bytes;
    size_t others;
    assert_int_equal(files_kept(&bytes, &others), 1);
    assert_int_equal(others, 0); /* the text's file has gone */
}

static void a_long_text_comes_whole_on_standard_input(void **state)
{
    (void)state;
    char text[SAY_TEXT_MAX + 2], got[2 * SAY_TEXT_MAX];
    start_say(engine("cat > text; espeak-ng -w \"$1\" hi", "{file}"), 0, 0);
    memset(text, 'a', sizeof text);
    text[SAY_TEXT_MAX] = '\0';
    assert_non_null(say_and_wait(text, NULL)->sound);
    read_file("text", got, sizeof got);
    assert_string_equal(got, text);
    text[SAY_TEXT_MAX] = 'a';
    text[SAY_TEXT_MAX + 1] = '\0';
    assert_string_equal(say_and_wait(text, NULL)->why, "the text has 4097 bytes; allowed are 1 to 4096");
    assert_string_equal(say_and_wait("", NULL)->why, "the text has 0 bytes; allowed are 1 to 4096");
    assert_int_equal(runs(), 1);
}

static void what_is_wrong_with_language_or_engine_is_said(void **state)
{
    (void)state;
    start_say(NULL, 0, 0);
    assert_non_null(strstr(say_and_wait("x", "ja-JP")->why, "ja-JP cannot be spoken by this server; allowed are"));
    assert_non_null(strstr(say_and_wait("x", "tlh")->why, "tlh is not known; allowed are"));
    struct say_text what = {.text = "x", .engine = "festival", .rate_hz = RATE_HZ};
    forget_answers();
    assert_int_equal(say_speak(t.say, &what, on_said, NULL, NULL), STATUS_OK);
    wait_for(1);
    assert_non_null(strstr(t.answers[0].why, "engine festival is not known; allowed are freeclimb.standard"));
    what = (struct say_text){.text = "x", .rate_hz = 1};
    forget_answers();
    assert_int_equal(say_speak(t.say, &what, on_said, NULL, NULL), STATUS_OK);
    wait_for(1);
    assert_null(t.answers[0].sound);
}

static void an_engine_that_fails_is_reported_and_nothing_is_kept(void **state)
{
    (void)state;
    const struct {
        const char *body, *why;
    } rows[] = {
        {"exit 3", "ended with exit status 3"},
        {"kill -9 $$", "was ended by signal 9"},
        {"cat > /dev/null", "wrote no audio"},
        {": > \"$1\"", "wrote no audio"},
        {"echo no audio at all > \"$1\"", "is not audio in a known format"},
        {"printf 'RIFF\\044\\0\\0\\0WAVEfmt "
         "\\020\\0\\0\\0\\001\\0\\001\\0\\100\\037\\0\\0\\200\\076\\0\\0\\002\\0\\020\\0data"
         "\\0\\0\\0\\0' > \"$1\"",
         "holds no sample"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t bytes;
        size_t others;
        start_say(engine(rows[i].body, "{file}"), 0, 0);
        const struct answer *a = say_and_wait("x", NULL);
        assert_null(a->sound);
        if (!strstr(a->why, rows[i].why)) fail_msg("%s: %s", rows[i].body, a->why);
        assert_int_equal(files_kept(&bytes, &others), 0);
        assert_int_equal(others, 0);
        assert_int_equal(say_stats(t.say).failed, 1);
        end_say();
    }
    start_say("no-such-program-at-all -w {file}", 0, 0);
    assert_non_null(strstr(say_and_wait("x", NULL)->why, "no program no-such-program-at-all"));
}

/* Not one that is dead and only waits to be buried by init. */
static bool is_alive(const char *stat_path)
{
    char line[256] = "";
    FILE *f = fopen(stat_path, "r");
    bool alive = f && fgets(line, sizeof line, f) && !strstr(line, ") Z");
    if (f) fclose(f);
    return alive;
}

static void an_engine_that_takes_too_long_is_killed_with_its_children(void **state)
{
    (void)state;
    char pid_text[32];
    start_say(engine("sleep 300 & echo $! > child; wait", "{file}"), 300, 0);
    int64_t start_us = clock_now_us();
    const struct answer *a = say_and_wait("x", NULL);
    assert_null(a->sound);
    assert_non_null(strstr(a->why, "took more than 300 ms"));
    assert_in_range(clock_now_us() - start_us, 290000, 30000000);
    read_file("child", pid_text, sizeof pid_text);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", atoi(pid_text));
    while (is_alive(path)) { /* killed, but not yet gone */
        if (clock_now_us() - start_us > GUARD_US) fail_msg("the engine's child lives on");
        usleep(1000);
    }
}

static void four_engines_run_at_once_and_the_rest_wait_in_order(void **state)
{
    (void)state;
    char text[32];
    /* Each waits until four have begun; whoever comes after finds them begun. */
    start_say(engine("echo x >> begun; n=0; while [ $(wc -l < begun) -lt 4 ]; do sleep 0.01; done; "
                     "espeak-ng -w \"$1\" hi",
                     "{file}"),
              0, 0);
    for (int i = 0; i < 13; i++) {
        snprintf(text, sizeof text, "text %d", i);
        ask(text, NULL);
    }
    assert_int_equal(say_stats(t.say).running, 4);
    assert_int_equal(say_stats(t.say).waiting, 8);
    wait_for(13);
    size_t refused = 0;
    for (size_t i = 0; i < 13; i++)
        refused += strstr(t.answers[i].why, "8 texts already wait") != NULL;
    assert_int_equal(refused, 1);
    assert_int_equal(say_stats(t.say).spoken, 12);
    assert_int_equal(say_stats(t.say).running, 0);
}

static void requests_for_one_text_share_one_run(void **state)
{
    (void)state;
    start_say(engine("espeak-ng -w \"$1\" hi", "{file}"), 0, 0);
    for (int i = 0; i < 20; i++)
        ask("the same", NULL);
    wait_for(20);
    for (size_t i = 0; i < 20; i++)
        assert_non_null(t.answers[i].sound);
    assert_int_equal(runs(), 1);
}

static void a_cancelled_request_is_not_answered_and_its_engine_is_killed(void **state)
{
    (void)state;
    start_say(engine("sleep 300", "{file}"), 0, 0);
    struct say_request *alone = ask("alone", NULL), *one = ask("shared", NULL), *other = ask("shared", NULL);
    say_cancel(alone);
    say_cancel(one);
    assert_int_equal(say_stats(t.say).running, 1);
    say_cancel(other);
    assert_int_equal(say_stats(t.say).running, 0);
    say_cancel(ask("x", "xx-YY"));
    end_say();
    start_say(engine("espeak-ng -w \"$1\" hi", "{file}"), 0, 0);
    for (int i = 0; i < 6; i++) { /* each time the dying engine of the one before has the same text */
        say_cancel(ask("again", NULL));
    }
    ask("again", NULL);
    wait_for(1);
    assert_non_null(t.answers[0].sound);
    say_cancel(ask("again", NULL)); /* from disk: while it is decoded */
    assert_non_null(say_and_wait("again", NULL)->sound);
}

static void the_least_recently_used_files_go_when_there_is_too_much(void **state)
{
    (void)state;
    char text[32];
    uint64_t bytes, max = 800000;
    size_t others;
    start_say(NULL, 0, max);
    say_and_wait("text 0", NULL);
    size_t one = say_stats(t.say).cache_bytes;
    assert_true(one > 10000);
    for (int i = 1; i < 60; i++) {
        snprintf(text, sizeof text, "text %d", i);
        assert_non_null(say_and_wait(text, NULL)->sound);
        say_and_wait("text 0", NULL); /* used all the time: it stays */
        files_kept(&bytes, &others);
        assert_int_equal(bytes, say_stats(t.say).cache_bytes);
        assert_true(bytes <= max);
    }
    assert_int_equal(say_stats(t.say).spoken, 60);
    assert_true(60 * one > 2 * max); /* or this proves nothing */
    say_and_wait("text 1", NULL);
    assert_int_equal(say_stats(t.say).spoken, 61);
}

static void a_start_removes_what_a_crash_left(void **state)
{
    (void)state;
    char path[256];
    uint64_t bytes;
    size_t others;
    start_say(NULL, 0, 0);
    snprintf(path, sizeof path, "%s/say/7.part", t.dir);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    end_say();
    start_say(NULL, 0, 0);
    files_kept(&bytes, &others);
    assert_int_equal(others, 0);
}

static void a_command_that_is_none_is_refused(void **state)
{
    (void)state;
    const char *commands[] = {"", "   ", "espeak-ng \"open",
                              "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a "
                              "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"};
    struct loader_config loader = {0};
    assert_int_equal(loader_create(&t.loader, &loader), STATUS_OK);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct say_config config = {.data = t.dir, .command = commands[i]};
        status s = say_create(&t.say, t.loop, t.loader, &config, t.why, sizeof t.why);
        assert_int_equal(s, STATUS_INVALID);
        assert_non_null(strstr(t.why, "say_command"));
        assert_null(t.say);
    }
}

static void it_may_go_while_engines_run_and_files_are_decoded(void **state)
{
    (void)state;
    start_say(engine("case $(cat) in slow) sleep 300;; esac; espeak-ng -w \"$1\" hi", "{file}"), 0, 0);
    say_and_wait("quick", NULL);
    for (int i = 0; i < 3; i++) {
        ask("slow", NULL);
        ask("quick", NULL);
        ask("x", "xx");
    }
    end_say();
    assert_int_equal(t.answer_count, 1);
}

int main(void)
{
    thread_set_role(THREAD_CONTROL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_is_spoken_in_its_language, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_that_was_spoken_is_taken_from_disk_even_after_a_restart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(audio_may_come_on_standard_output_and_at_any_rate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_engine_is_given_words_and_no_shell_sees_the_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_text_comes_whole_on_standard_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_language_or_engine_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_engine_that_fails_is_reported_and_nothing_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_engine_that_takes_too_long_is_killed_with_its_children, set_up, tear_down),
        cmocka_unit_test_setup_teardown(four_engines_run_at_once_and_the_rest_wait_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_for_one_text_share_one_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_request_is_not_answered_and_its_engine_is_killed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_least_recently_used_files_go_when_there_is_too_much, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_start_removes_what_a_crash_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_command_that_is_none_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_may_go_while_engines_run_and_files_are_decoded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
