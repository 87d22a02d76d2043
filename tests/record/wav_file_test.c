#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/wav_file.h"
#include "record/wav_header.h"
#include "scratch.h"

#define GIB (1024ull * 1024 * 1024)

static const char *path_of(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", scratch_dir, name);
    return path;
}

static struct wav_file *create(uint64_t samples_max, const struct recorder_io *io)
{
    struct wav_file *f;
    assert_int_equal(wav_file_create(&f, scratch_dir, "a", 16000, samples_max, io), STATUS_OK);
    return f;
}

static void write_count(struct wav_file *f, int16_t first, size_t samples)
{
    int16_t pcm[1000];
    assert_true(samples <= 1000);
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)(first + (int16_t)i);
    assert_int_equal(wav_file_write(f, pcm, samples), STATUS_OK);
}

/* One sample of a file, as libsndfile reads it. */
static int16_t sample_at(SNDFILE *f, uint64_t at)
{
    int16_t sample = -1;
    assert_int_equal(sf_seek(f, (sf_count_t)at, SEEK_SET), (sf_count_t)at);
    assert_int_equal(sf_read_short(f, &sample, 1), 1);
    return sample;
}

static SNDFILE *open_sound(const char *path, SF_INFO *info)
{
    *info = (SF_INFO){0};
    SNDFILE *f = sf_open(path, SFM_READ, info);
    if (!f) print_message("%s\n", sf_strerror(NULL));
    assert_non_null(f);
    return f;
}

static void a_short_header_is_what_it_always_was(void **state)
{
    (void)state;
    static const uint8_t expected[44] = {'R', 'I', 'F', 'F', 44, 0, 0,   0,   'W', 'A',  'V',  'E', 'f', 'm', 't',
                                         ' ', 16,  0,   0,   0,  1, 0,   1,   0,   0x80, 0x3e, 0,   0,   0,   0x7d,
                                         0,   0,   2,   0,   16, 0, 'd', 'a', 't', 'a',  8,    0,   0,   0};
    struct wav_header h = {.rate_hz = 16000, .bytes = wav_header_bytes_for(4 * 3600 * 16000), .samples = 4}, again;
    uint8_t made[WAV_HEADER_LONG];
    assert_int_equal(h.bytes, sizeof expected);
    wav_header_make(&h, made);
    assert_memory_equal(made, expected, sizeof expected);
    assert_true(wav_header_read(made, sizeof expected, &again));
    assert_int_equal(again.samples, 4);
    assert_int_equal(again.rate_hz, 16000);
    assert_int_equal(again.bytes, WAV_HEADER_SHORT);
}

static void what_is_no_header_of_ours_is_refused(void **state)
{
    (void)state;
    struct wav_header h = {.rate_hz = 48000, .bytes = WAV_HEADER_LONG, .samples = 3 * GIB}, again;
    uint8_t good[WAV_HEADER_LONG], bad[WAV_HEADER_LONG];
    wav_header_make(&h, good);
    assert_true(wav_header_read(good, sizeof good, &again));
    assert_int_equal(again.samples, 3 * GIB);
    assert_false(wav_header_read(good, sizeof good - 1, &again));
    static const size_t matter[] = {0, 8, 12, 16, 48, 52, 72};
    for (size_t i = 0; i < sizeof matter / sizeof matter[0]; i++) {
        memcpy(bad, good, sizeof bad);
        bad[matter[i]] ^= 1;
        assert_false(wav_header_read(bad, sizeof bad, &again));
    }
    memcpy(bad, good, sizeof bad);
    memset(bad + 60, 0, 4); /* no rate */
    assert_false(wav_header_read(bad, sizeof bad, &again));
}

static void skipped_silence_is_silence_in_the_file(void **state)
{
    (void)state;
    struct wav_file *f = create(100000, &wav_file_disk);
    SF_INFO info;
    uint64_t bytes;
    wav_file_skip(f, 500);
    assert_int_equal(wav_file_samples(f), 500);
    write_count(f, 1, 100);
    wav_file_skip(f, 300);
    assert_int_equal(wav_file_update(f), STATUS_OK);
    SNDFILE *growing = open_sound(path_of("a.wav.part"), &info);
    assert_int_equal(info.frames, 900);
    assert_int_equal(sample_at(growing, 599), 100);
    assert_int_equal(sample_at(growing, 899), 0);
    sf_close(growing);
    wav_file_skip(f, 50);
    assert_int_equal(wav_file_finish(f, &bytes), STATUS_OK);
    assert_int_equal(bytes, WAV_HEADER_SHORT + 950 * 2);
    SNDFILE *sound = open_sound(path_of("a.wav"), &info);
    assert_int_equal(info.frames, 950);
    assert_int_equal(sample_at(sound, 0), 0);
    assert_int_equal(sample_at(sound, 499), 0);
    assert_int_equal(sample_at(sound, 500), 1);
    assert_int_equal(sample_at(sound, 949), 0);
    sf_close(sound);
}

static void a_file_past_4_gib_is_an_rf64_that_others_read(void **state)
{
    (void)state;
    const uint64_t before = 2 * GIB - 500; /* samples: the next thousand cross 4 GiB */
    struct wav_file *f = create(5 * GIB, &wav_file_disk);
    SF_INFO info;
    uint64_t bytes;
    write_count(f, 1, 1000);
    wav_file_skip(f, before - 1000 - 100);
    assert_int_equal(wav_file_update(f), STATUS_OK);
    SNDFILE *growing = open_sound(path_of("a.wav.part"), &info);
    assert_int_equal(info.format, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
    assert_int_equal(info.frames, before - 100);
    sf_close(growing);
    wav_file_skip(f, 100);
    write_count(f, 1, 1000);
    assert_int_equal(wav_file_update(f), STATUS_OK);
    growing = open_sound(path_of("a.wav.part"), &info); /* valid at any moment */
    assert_int_equal(info.format & SF_FORMAT_TYPEMASK, SF_FORMAT_RF64);
    assert_int_equal(info.frames, before + 1000);
    sf_close(growing);
    wav_file_skip(f, GIB);
    write_count(f, 7, 10);
    assert_int_equal(wav_file_finish(f, &bytes), STATUS_OK);
    assert_int_equal(bytes, WAV_HEADER_LONG + 2 * (before + 1000 + GIB + 10));
    SNDFILE *sound = open_sound(path_of("a.wav"), &info);
    assert_int_equal(info.samplerate, 16000);
    assert_int_equal(info.channels, 1);
    assert_int_equal(info.frames, before + 1000 + GIB + 10);
    assert_int_equal(sample_at(sound, 999), 1000);
    assert_int_equal(sample_at(sound, 1000), 0);
    assert_int_equal(sample_at(sound, before + 998), 999);
    assert_int_equal(sample_at(sound, before + 1000 + GIB + 9), 16);
    sf_close(sound);
    struct stat s;
    stat(path_of("a.wav"), &s);
    assert_true(s.st_blocks < 1000); /* what was skipped takes no place */
}

static struct recording_report found;

static void note(void *arg, const struct recording_report *report)
{
    (void)arg;
    found = *report;
}

static void a_crash_past_4_gib_leaves_a_file_that_is_repaired(void **state)
{
    (void)state;
    struct wav_file *f = create(5 * GIB, &wav_file_disk);
    SF_INFO info;
    write_count(f, 1, 1000);
    assert_int_equal(wav_file_update(f), STATUS_OK);
    wav_file_skip(f, 3 * GIB);
    write_count(f, 5, 10); /* the header knows of a thousand */
    assert_int_equal(rename(path_of("a.wav.part"), strcat(strcpy((char[200]){0}, scratch_dir), "/b.wav.part")), 0);
    wav_file_discard(f);
    assert_int_equal(recorder_recover(scratch_dir, note, NULL), STATUS_OK);
    assert_string_equal(found.id, "b");
    assert_int_equal(found.samples, 3 * GIB + 1010);
    assert_int_equal(found.bytes, WAV_HEADER_LONG + 2 * found.samples);
    SNDFILE *sound = open_sound(path_of("b.wav"), &info);
    assert_int_equal(info.frames, 3 * GIB + 1010);
    assert_int_equal(sample_at(sound, 3 * GIB + 1009), 14);
    sf_close(sound);
}

static ssize_t write_some(int fd, const void *bytes, size_t len)
{
    static size_t left = 44 + 2 * 1000 + 3; /* and the disk is full, within a sample */
    if (left == 0) {
        errno = ENOSPC;
        return -1;
    }
    size_t n = len < left ? len : left;
    left -= n;
    return write(fd, bytes, n);
}

static void a_full_disk_leaves_whole_samples(void **state)
{
    (void)state;
    struct recorder_io io = wav_file_disk;
    io.write = write_some;
    struct wav_file *f = create(100000, &io);
    int16_t pcm[10] = {1, 2, 3};
    uint64_t bytes;
    write_count(f, 1, 1000);
    assert_int_equal(wav_file_write(f, pcm, 10), STATUS_IO);
    wav_file_skip(f, 100);
    assert_int_equal(wav_file_samples(f), 1001);
    assert_int_equal(wav_file_finish(f, &bytes), STATUS_OK);
    SF_INFO info;
    SNDFILE *sound = open_sound(path_of("a.wav"), &info);
    assert_int_equal(info.frames, 1001);
    struct stat s;
    stat(path_of("a.wav"), &s);
    assert_int_equal(s.st_size, 44 + 2 * 1001);
    sf_close(sound);
}

#define DIR_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_header_is_what_it_always_was),
        cmocka_unit_test(what_is_no_header_of_ours_is_refused),
        DIR_TEST(skipped_silence_is_silence_in_the_file),
        DIR_TEST(a_file_past_4_gib_is_an_rf64_that_others_read),
        DIR_TEST(a_crash_past_4_gib_leaves_a_file_that_is_repaired),
        DIR_TEST(a_full_disk_leaves_whole_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
