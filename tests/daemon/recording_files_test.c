#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../record/scratch.h"
#include "daemon/recording_files.h"
#include "record/timeline.h"
#include "record/wav_header.h"

enum { PATH_SIZE = 200, EVENTS = 2000 };

static const char id[] = "RE0123456789012345678901234567890123456789";
static char dir[SCRATCH_SIZE], tracks[PATH_SIZE];

static int make_dir(void **state)
{
    (void)state;
    if (!scratch_make(dir)) return -1;
    snprintf(tracks, sizeof tracks, "%s/%s.tracks", dir, id);
    return mkdir(tracks, 0700);
}

static int remove_dir(void **state)
{
    (void)state;
    bool emptied = scratch_remove(tracks);
    return scratch_remove(dir) && emptied ? 0 : -1;
}

static void put(const char *in, const char *name, const void *bytes, size_t len)
{
    char path[PATH_SIZE + 100];
    snprintf(path, sizeof path, "%s/%s", in, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void put_mix(const char *ending, const void *bytes, size_t len)
{
    char name[100];
    snprintf(name, sizeof name, "%s.%s", id, ending);
    put(dir, name, bytes, len);
}

/* Its text is the whole of a file that was opened, which is closed. */
static void holds(const struct rest_audio *file, const char *text)
{
    char is[100];
    assert_int_equal(file->size, strlen(text));
    assert_int_equal(pread(file->fd, is, sizeof is, 0), strlen(text));
    assert_memory_equal(is, text, strlen(text));
    close(file->fd);
}

static void what_was_converted_comes_before_its_wav_and_both_before_what_grows(void **state)
{
    (void)state;
    struct rest_audio file;
    char path[RECORDING_PATH_SIZE];
    assert_int_equal(recording_files_open(dir, id, NULL, &file), STATUS_NOT_FOUND);
    put_mix("wav.part", "grows", 5);
    assert_false(recording_files_find(dir, id, path));
    assert_int_equal(recording_files_open(dir, id, NULL, &file), STATUS_OK);
    assert_string_equal(file.content_type, "audio/wav");
    holds(&file, "grows");
    put_mix("wav", "wav", 3);
    assert_int_equal(recording_files_open(dir, id, NULL, &file), STATUS_OK);
    assert_string_equal(file.content_type, "audio/wav");
    holds(&file, "wav");
    put_mix("ogg", "opus", 4);
    assert_int_equal(recording_files_open(dir, id, NULL, &file), STATUS_OK);
    assert_string_equal(file.content_type, "audio/ogg");
    holds(&file, "opus");
    put(tracks, "CA1.flac", "track", 5);
    assert_int_equal(recording_files_open(dir, id, "CA1", &file), STATUS_OK);
    assert_string_equal(file.content_type, "audio/flac");
    holds(&file, "track");
    assert_int_equal(recording_files_open(dir, id, "CA2", &file), STATUS_NOT_FOUND);
}

/* A growing WAV with this header, and so many samples, the last of them in half. */
static struct rest_audio open_growing(const struct wav_header *says, uint64_t samples)
{
    uint8_t header[WAV_HEADER_LONG];
    char path[PATH_SIZE];
    struct rest_audio file;
    wav_header_make(says, header);
    put_mix("wav.part", header, says->bytes);
    snprintf(path, sizeof path, "%s/%s.wav.part", dir, id);
    assert_int_equal(truncate(path, (off_t)(says->bytes + 2 * samples + 1)), 0); /* holes */
    assert_int_equal(recording_files_open(dir, id, NULL, &file), STATUS_OK);
    close(file.fd);
    return file;
}

static void fits(const struct rest_audio *file, const struct wav_header *says, uint64_t samples)
{
    struct wav_header fitted;
    assert_int_equal(file->head_len, says->bytes);
    assert_int_equal(file->size, says->bytes + 2 * samples);
    assert_true(wav_header_read(file->head, file->head_len, &fitted));
    assert_int_equal(fitted.samples, samples);
    assert_int_equal(fitted.rate_hz, says->rate_hz);
    assert_int_equal(fitted.bytes, says->bytes);
}

static void the_header_of_what_grows_says_what_is_served(void **state)
{
    (void)state;
    const struct wav_header fewer = {.rate_hz = 16000, .bytes = WAV_HEADER_SHORT, .samples = 100};
    const struct wav_header more = {.rate_hz = 48000, .bytes = WAV_HEADER_LONG, .samples = 3000000000};
    struct rest_audio file = open_growing(&fewer, 320);
    fits(&file, &fewer, 320);
    file = open_growing(&more, 960);
    fits(&file, &more, 960);
    assert_memory_equal(file.head, "RIFF", 4);
    file = open_growing(&fewer, 0);
    fits(&file, &fewer, 0);
}

static void a_header_past_4_gib_is_one_of_64_bits(void **state)
{
    (void)state;
    const struct wav_header before = {.rate_hz = 48000, .bytes = WAV_HEADER_LONG, .samples = 100};
    struct rest_audio file = open_growing(&before, 3000000000);
    fits(&file, &before, 3000000000);
    assert_memory_equal(file.head, "RF64", 4);
}

static void what_has_no_header_of_ours_is_served_as_it_is(void **state)
{
    (void)state;
    struct rest_audio file;
    put_mix("wav.part", "RIFF", 4);
    assert_int_equal(recording_files_open(dir, id, NULL, &file), STATUS_OK);
    assert_int_equal(file.head_len, 0);
    holds(&file, "RIFF");
}

static void note_track(void *arg, const char *name)
{
    char *names = arg;
    strcat(strcat(names, name), " ");
}

static void each_track_is_named_once(void **state)
{
    (void)state;
    char names[200] = "";
    static const char *const files[] = {"CA2.wav",      "CA1.wav",       "CA1.flac",   "bridge.wav.part",
                                        "CA3.ogg.part", "timeline.json", "CA4.wav.old"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        put(tracks, files[i], "", 0);
    recording_files_tracks(dir, id, note_track, names);
    assert_string_equal(names, "CA1 CA2 bridge ");
    names[0] = '\0';
    recording_files_tracks(dir, "RE1", note_track, names);
    assert_string_equal(names, "");
}

/* All of an open file: what a slow client gets. */
static size_t read_all(struct rest_audio *file, char *text, size_t size)
{
    assert_true(file->size < size);
    ssize_t got = pread(file->fd, text, (size_t)file->size, 0);
    assert_int_equal(got, file->size);
    text[got] = '\0';
    close(file->fd);
    return (size_t)got;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void a_timeline_that_grows_while_it_is_read_is_what_it_was(void **state)
{
    (void)state;
    static char text[EVENTS * 100];
    const struct pcm_mark mark = {.type = PCM_MARK_SPEAKS, .on = true};
    struct timeline *t;
    struct rest_audio file;
    assert_int_equal(recording_files_open_timeline(dir, id, &file), STATUS_NOT_FOUND);
    assert_int_equal(timeline_create(&t, tracks), STATUS_OK);
    for (uint64_t i = 0; i < EVENTS; i++)
        timeline_note(t, i * 20, &mark, "CA1");
    assert_int_equal(recording_files_open_timeline(dir, id, &file), STATUS_OK);
    assert_string_equal(file.content_type, "application/json");
    for (uint64_t i = 0; i < 3; i++)
        timeline_note(t, 1000000 + i, &mark, "CA2");
    size_t len = read_all(&file, text, sizeof text);
    assert_string_equal(text + len - 6, "\"}\n]}\n");
    assert_int_equal(count_lines(text), EVENTS + 2);
    assert_null(strstr(text, "CA2"));
    assert_int_equal(recording_files_open_timeline(dir, id, &file), STATUS_OK);
    len = read_all(&file, text, sizeof text);
    assert_string_equal(text + len - 6, "\"}\n]}\n");
    assert_int_equal(count_lines(text), EVENTS + 5);
    timeline_finish(t);
    assert_int_equal(recording_files_open_timeline(dir, id, &file), STATUS_OK);
    assert_int_equal(read_all(&file, text, sizeof text), len);
}

static void a_growing_timeline_that_is_not_whole_is_not_served(void **state)
{
    (void)state;
    struct rest_audio file;
    static const char half[] = "{\"events\":[\n{\"atMs\":20,\"event\":\"jo";
    put(tracks, "timeline.json.part", half, sizeof half - 1);
    assert_int_equal(recording_files_open_timeline(dir, id, &file), STATUS_IO);
}

static void removed_is_all_of_a_recording_and_nothing_else(void **state)
{
    (void)state;
    struct stat s;
    put_mix("wav", "", 0);
    put_mix("ogg", "", 0);
    put_mix("wav.part", "", 0);
    put(dir, "RE1.wav", "", 0);
    put(tracks, "CA1.wav", "", 0);
    put(tracks, "timeline.json.part", "", 0);
    recording_files_remove(dir, id);
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] != '.') assert_string_equal(e->d_name, "RE1.wav");
    }
    assert_int_equal(fstatat(dirfd(d), "RE1.wav", &s, 0), 0);
    closedir(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_converted_comes_before_its_wav_and_both_before_what_grows),
        TEST(the_header_of_what_grows_says_what_is_served),
        TEST(a_header_past_4_gib_is_one_of_64_bits),
        TEST(what_has_no_header_of_ours_is_served_as_it_is),
        TEST(each_track_is_named_once),
        TEST(a_timeline_that_grows_while_it_is_read_is_what_it_was),
        TEST(a_growing_timeline_that_is_not_whole_is_not_served),
        TEST(removed_is_all_of_a_recording_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
