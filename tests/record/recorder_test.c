#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/pcm_frame.h"
#include "os/clock.h"
#include "record/recorder.h"
#include "record/wav_header.h"
#include "scratch.h"

enum { FRAME = 160 };

static char dir[SCRATCH_SIZE];
static struct recorder *recorder;
static struct recording_report reports[16];
static size_t report_count;
static const char *const name = "RE0123456789012345678901234567890123456789";

static void note(void *arg, const struct recording_report *report)
{
    (void)arg;
    assert_true(report_count < 16);
    reports[report_count++] = *report;
}

static int make_dir(void **state)
{
    (void)state;
    report_count = 0;
    return scratch_make(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return scratch_remove(dir) ? 0 : -1;
}

static struct recording *open_recording(const struct recorder_config *config)
{
    assert_int_equal(recorder_create(&recorder, config, note, NULL), STATUS_OK);
    struct recording_spec spec = {.user = NULL};
    strcpy(spec.id, name);
    struct recording *g;
    assert_int_equal(recorder_open(recorder, &spec, &g), STATUS_OK);
    return g;
}

/* A tick of another rate, in as many frames as it takes. */
static void put_at_rate(struct recording *g, uint64_t tick, uint32_t rate_hz)
{
    int16_t pcm[960];
    for (size_t i = 0; i < rate_hz / 50; i++)
        pcm[i] = (int16_t)lrint(8000 * sin(2 * M_PI * 1013 * ((double)tick / 50 + (double)i / rate_hz)));
    while (!pcm_frame_push(recording_ring(g), tick, rate_hz, pcm))
        poll(NULL, 0, 5);
}

static void fill_tone(struct pcm_frame *frame, uint64_t tick)
{
    *frame = (struct pcm_frame){.tick = tick, .kind = PCM_FRAME_AUDIO, .rate_hz = 8000};
    for (size_t i = 0; i < FRAME; i++)
        frame->pcm[i] = (int16_t)lrint(8000 * sin(2 * M_PI * 1013 * (double)(tick * FRAME + i) / 8000));
}

/* Waits for the recorder to take frames where the ring is full: backpressure is the test's, a media thread has none. */
static void put(struct recording *g, uint64_t tick)
{
    struct pcm_frame frame;
    fill_tone(&frame, tick);
    while (!ring_push(recording_ring(g), &frame))
        poll(NULL, 0, 5);
}

static void end(struct recording *g, uint64_t tick)
{
    struct pcm_frame frame = {.tick = tick, .kind = PCM_FRAME_END};
    while (!ring_push(recording_ring(g), &frame))
        poll(NULL, 0, 5);
}

static void await_reports(size_t count)
{
    while (report_count < count) {
        struct pollfd wait = {.fd = recorder_fd(recorder), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 20000), 1);
        recorder_poll(recorder);
    }
}

static const char *path_of(const char *suffix)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s.wav%s", dir, name, suffix);
    return path;
}

/* All samples of a file; the caller frees. */
static int16_t *read_wav(const char *path, SF_INFO *info)
{
    *info = (SF_INFO){0};
    SNDFILE *f = sf_open(path, SFM_READ, info);
    if (!f) return NULL;
    int16_t *pcm = calloc((size_t)info->frames + 1, sizeof *pcm);
    assert_int_equal(sf_read_short(f, pcm, info->frames), info->frames);
    sf_close(f);
    return pcm;
}

static void the_file_holds_exactly_the_frames(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir});
    for (uint64_t t = 0; t < 150; t++)
        put(g, t);
    end(g, 150);
    await_reports(1);
    assert_int_equal(reports[0].end, RECORDING_ENDED);
    assert_int_equal(reports[0].samples, 150 * 320);
    assert_int_equal(reports[0].duration_ms, 3000);
    assert_int_equal(reports[0].lost_ms, 0);
    SF_INFO info;
    int16_t *pcm = read_wav(path_of(""), &info);
    assert_non_null(pcm);
    assert_int_equal(info.samplerate, 16000);
    assert_int_equal(info.frames, 150 * 320);
    for (size_t i = 200; i < 150 * 320 - 200; i++)
        assert_true(fabs(pcm[i] - 8000 * sin(2 * M_PI * 1013 * (double)i / 16000)) < 60);
    free(pcm);
    struct stat s;
    stat(path_of(""), &s);
    assert_int_equal(s.st_size, reports[0].bytes);
    assert_int_equal(access(path_of(".part"), F_OK), -1);
    recorder_destroy(recorder);
}

static void the_rate_of_the_frames_may_change_on_the_way(void **state)
{
    (void)state;
    static const uint32_t rates[] = {8000, 48000, 16000, 48000, 8000};
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir});
    for (uint64_t t = 0; t < 150; t++) {
        if (t < 75 || t >= 80) put_at_rate(g, t, rates[t / 30]); /* a hole in the third */
    }
    end(g, 150);
    await_reports(1);
    assert_int_equal(reports[0].samples, 150 * 320);
    assert_int_equal(reports[0].lost_ms, 100);
    SF_INFO info;
    int16_t *pcm = read_wav(path_of(""), &info);
    for (size_t i = 200; i < 150 * 320 - 200; i++) {
        bool hole = i >= 74 * 320 && i < 81 * 320;
        assert_true(hole || fabs(pcm[i] - 8000 * sin(2 * M_PI * 1013 * (double)i / 16000)) < 60);
        assert_true(i < 75 * 320 + 200 || i >= 80 * 320 - 200 || pcm[i] == 0);
    }
    free(pcm);
    recorder_destroy(recorder);
}

static void a_growing_file_is_readable_at_any_moment(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir});
    sf_count_t before = 0;
    uint64_t tick = 0;
    for (int growths = 0; growths < 3;) {
        put(g, tick++);
        SF_INFO info;
        int16_t *pcm = read_wav(path_of(".part"), &info);
        assert_true(pcm || tick < 500); /* it may not be there yet */
        free(pcm);
        if (pcm && info.frames > before) {
            before = info.frames;
            growths++;
        }
        poll(NULL, 0, 5);
    }
    end(g, tick);
    await_reports(1);
    assert_int_equal(reports[0].samples, tick * 320);
    recorder_destroy(recorder);
}

static void lost_frames_become_silence_and_are_counted(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir, .rate_hz = 8000});
    for (uint64_t t = 7; t < 57; t++)
        if (t < 20 || t >= 30) put(g, t);
    end(g, 60);
    await_reports(1);
    assert_int_equal(reports[0].lost_ms, 13 * 20);
    assert_int_equal(reports[0].samples, 53 * FRAME);
    SF_INFO info;
    int16_t *pcm = read_wav(path_of(""), &info);
    for (size_t i = 13 * FRAME; i < 23 * FRAME; i++)
        assert_int_equal(pcm[i], 0);
    struct pcm_frame frame;
    fill_tone(&frame, 30);
    assert_memory_equal(pcm + 23 * FRAME, frame.pcm, FRAME * sizeof *pcm);
    free(pcm);
    recorder_destroy(recorder);
}

static void a_recording_ends_itself_at_its_longest(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir, .length_max_s = 1});
    for (uint64_t t = 0; t < 100; t++)
        put(g, t);
    await_reports(1);
    assert_int_equal(reports[0].end, RECORDING_LENGTH_MAX);
    assert_int_equal(reports[0].duration_ms, 1000);
    end(g, 100);
    recorder_destroy(recorder);
}

static atomic_bool disk_full;
static atomic_bool disk_slow;

static ssize_t bad_write(int fd, const void *bytes, size_t len)
{
    if (!atomic_load(&disk_full)) return write(fd, bytes, len);
    errno = ENOSPC;
    return -1;
}

static int slow_sync(int fd)
{
    while (atomic_load(&disk_slow))
        poll(NULL, 0, 5);
    return fdatasync(fd);
}

static uint64_t little_space(const char *where)
{
    (void)where;
    return atomic_load(&disk_full) ? 1000 : 1000000;
}

static void a_full_disk_ends_the_recording_and_keeps_what_was_written(void **state)
{
    (void)state;
    static const struct recorder_io io = {.write = bad_write, .sync = fdatasync, .free_bytes = little_space};
    atomic_store(&disk_full, false);
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir, .io = &io});
    uint64_t t = 0;
    for (struct recorder_metrics m = {0}; m.bytes == 0; recorder_metrics(recorder, &m), poll(NULL, 0, 2))
        put(g, t++);
    atomic_store(&disk_full, true);
    while (report_count == 0) {
        put(g, t++);
        poll(NULL, 0, 5);
        recorder_poll(recorder);
    }
    assert_int_equal(reports[0].end, RECORDING_DISK_FULL);
    SF_INFO info;
    int16_t *pcm = read_wav(path_of(""), &info);
    assert_non_null(pcm);
    assert_true(info.frames > 0);
    assert_int_equal(info.frames, reports[0].samples);
    free(pcm);
    end(g, t);
    recorder_destroy(recorder);
}

static void the_floor_of_free_space_is_kept(void **state)
{
    (void)state;
    static const struct recorder_io io = {.write = write, .sync = fdatasync, .free_bytes = little_space};
    atomic_store(&disk_full, true);
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir, .io = &io, .free_floor_bytes = 5000});
    await_reports(1);
    assert_int_equal(reports[0].end, RECORDING_FAILED);
    assert_int_equal(access(path_of(""), F_OK), -1);
    end(g, 0);
    recorder_destroy(recorder);
}

static void a_slow_disk_costs_only_what_the_ring_cannot_hold(void **state)
{
    (void)state;
    static const struct recorder_io io = {.write = bad_write, .sync = slow_sync, .free_bytes = little_space};
    atomic_store(&disk_full, false);
    atomic_store(&disk_slow, true);
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir, .io = &io});
    uint64_t tick = 0, lost = 0;
    struct pcm_frame frame;
    /* The recorder stalls at its first sync; then the ring fills, and 50 frames find no room. */
    while (lost < 50) {
        fill_tone(&frame, tick++);
        if (ring_push(recording_ring(g), &frame)) {
            assert_int_equal(lost, 0);
            if (ring_space(recording_ring(g)) > 100) poll(NULL, 0, 3);
        } else {
            lost++;
        }
    }
    atomic_store(&disk_slow, false);
    end(g, tick);
    await_reports(1);
    assert_int_equal(reports[0].end, RECORDING_ENDED);
    assert_int_equal(reports[0].lost_ms, lost * 20);
    assert_int_equal(reports[0].samples, tick * 320);
    recorder_destroy(recorder);
}

static void what_a_crash_left_is_completed_at_the_next_start(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir});
    uint64_t t = 0;
    for (struct recorder_metrics m = {0}; m.bytes < 20000; recorder_metrics(recorder, &m), poll(NULL, 0, 2))
        put(g, t++);
    /* The file as a crash would leave it: samples behind the header's back, and half a sample. */
    char copy[200], wav[200];
    snprintf(copy, sizeof copy, "%s/RE9.wav.part", dir);
    snprintf(wav, sizeof wav, "%s/RE9.wav", dir);
    SF_INFO info;
    int16_t *pcm = read_wav(path_of(".part"), &info);
    int fd = open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int from = open(path_of(".part"), O_RDONLY | O_CLOEXEC);
    char header[WAV_HEADER_LONG]; /* a recording without a limit may grow past 4 GiB */
    assert_int_equal(read(from, header, sizeof header), sizeof header);
    assert_int_equal(write(fd, header, sizeof header), sizeof header);
    size_t bytes = (size_t)info.frames * 2;
    assert_int_equal(write(fd, pcm, bytes), bytes);
    assert_int_equal(write(fd, pcm, bytes), bytes);
    assert_int_equal(write(fd, pcm, 1), 1);
    close(fd);
    close(from);
    free(pcm);
    end(g, t);
    await_reports(1);
    recorder_destroy(recorder);
    char shorter[200];
    snprintf(shorter, sizeof shorter, "%s/RE8.wav.part", dir);
    fd = open(shorter, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "RIFF", 4), 4);
    close(fd);

    report_count = 0;
    assert_int_equal(recorder_recover(dir, note, NULL), STATUS_OK);
    assert_int_equal(report_count, 1);
    assert_string_equal(reports[0].id, "RE9");
    assert_int_equal(reports[0].end, RECORDING_RECOVERED);
    assert_int_equal(reports[0].samples, info.frames * 2);
    SF_INFO again;
    pcm = read_wav(wav, &again);
    assert_int_equal(again.frames, info.frames * 2);
    free(pcm);
    assert_int_equal(access(copy, F_OK), -1);
    assert_int_equal(access(shorter, F_OK), -1);
}

static void what_cannot_be_recovered_is_left_as_it_is(void **state)
{
    (void)state;
    static const uint8_t zeros[1000];
    char damaged[200];
    struct stat s;
    snprintf(damaged, sizeof damaged, "%s/RE7.wav.part", dir);
    int fd = open(damaged, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
    close(fd);
    assert_int_equal(recorder_recover(dir, note, NULL), STATUS_OK);
    assert_int_equal(report_count, 0);
    assert_int_equal(stat(damaged, &s), 0);
    assert_int_equal(s.st_size, sizeof zeros);
}

static void a_cancelled_recording_leaves_no_file(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir});
    recording_cancel(g);
    await_reports(1);
    assert_int_equal(reports[0].end, RECORDING_FAILED);
    assert_int_equal(access(path_of(""), F_OK), -1);
    assert_int_equal(access(path_of(".part"), F_OK), -1);
    recorder_destroy(recorder);
}

static void destroying_the_recorder_completes_what_is_open(void **state)
{
    (void)state;
    struct recording *g = open_recording(&(struct recorder_config){.dir = dir});
    for (uint64_t t = 0; t < 10; t++)
        put(g, t);
    recorder_destroy(recorder);
    SF_INFO info;
    int16_t *pcm = read_wav(path_of(""), &info);
    assert_non_null(pcm);
    assert_int_equal(info.frames, 10 * 320);
    free(pcm);
}

static void a_directory_that_is_not_there_is_refused(void **state)
{
    (void)state;
    struct recorder_config config = {.dir = "/nonexistent/place"};
    assert_int_equal(recorder_create(&recorder, &config, note, NULL), STATUS_IO);
    config.dir = "/tmp";
    config.rate_hz = 7;
    assert_int_equal(recorder_create(&recorder, &config, note, NULL), STATUS_INVALID);
    assert_int_equal(recorder_recover("/nonexistent/place", note, NULL), STATUS_IO);
}

#define DIR_TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIR_TEST(the_file_holds_exactly_the_frames),
        DIR_TEST(the_rate_of_the_frames_may_change_on_the_way),
        DIR_TEST(a_growing_file_is_readable_at_any_moment),
        DIR_TEST(lost_frames_become_silence_and_are_counted),
        DIR_TEST(a_recording_ends_itself_at_its_longest),
        DIR_TEST(a_full_disk_ends_the_recording_and_keeps_what_was_written),
        DIR_TEST(the_floor_of_free_space_is_kept),
        DIR_TEST(a_slow_disk_costs_only_what_the_ring_cannot_hold),
        DIR_TEST(what_a_crash_left_is_completed_at_the_next_start),
        DIR_TEST(what_cannot_be_recovered_is_left_as_it_is),
        DIR_TEST(a_cancelled_recording_leaves_no_file),
        DIR_TEST(destroying_the_recorder_completes_what_is_open),
        cmocka_unit_test(a_directory_that_is_not_there_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
