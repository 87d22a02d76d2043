#include <errno.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/track.h"
#include "record/wav_file.h"
#include "scratch.h"

enum { RATE = 16000, TICK = RATE / 50, HALF = TICK / 2 };

static struct track_counts counts;

static struct track *create(const struct recorder_io *io)
{
    struct track_spec spec = {
        .dir = scratch_dir, .name = "a", .rate_hz = RATE, .samples_max = RATE * 100, .io = io, .counts = &counts};
    struct track *t;
    assert_int_equal(track_create(&t, &spec), STATUS_OK);
    track_begin(t, 0);
    return t;
}

/* One half of a tick, of a level. */
static void put_part(struct track *t, uint64_t tick, uint8_t part, int16_t level)
{
    struct pcm_frame frame = {.tick = tick, .kind = PCM_FRAME_AUDIO, .rate_hz = RATE, .part = part};
    for (size_t i = 0; i < HALF; i++)
        frame.pcm[i] = level;
    track_put(t, &frame);
}

static void put(struct track *t, uint64_t tick, int16_t level)
{
    put_part(t, tick, 0, level);
    put_part(t, tick, 1, level);
}

/* All samples of the complete file; the caller frees. */
static int16_t *finish(struct track *t, uint64_t samples)
{
    char path[200];
    SF_INFO info = {.format = 0};
    uint64_t bytes;
    assert_int_equal(track_finish(t, &bytes), STATUS_OK);
    snprintf(path, sizeof path, "%s/a.wav", scratch_dir);
    SNDFILE *f = sf_open(path, SFM_READ, &info);
    assert_non_null(f);
    assert_int_equal(info.frames, samples);
    int16_t *pcm = calloc((size_t)samples, sizeof *pcm);
    assert_non_null(pcm);
    assert_int_equal(sf_read_short(f, pcm, info.frames), info.frames);
    sf_close(f);
    return pcm;
}

static void a_tick_keeps_the_parts_that_came_before_others_were_written(void **state)
{
    (void)state;
    struct track *t = create(&wav_file_disk);
    put(t, 0, 100);
    put_part(t, 5, 0, 2000);
    assert_int_equal(track_fill(t, 4), 3); /* silence: the recorder looks between the parts of a tick */
    put_part(t, 5, 1, 2000);
    track_match(t, 7, 7 * TICK);
    int16_t *pcm = finish(t, 7 * TICK);
    assert_in_range(pcm[HALF], 98, 102);
    assert_in_range(pcm[3 * TICK] + 2, 0, 4);
    assert_in_range(pcm[5 * TICK + HALF / 2], 1900, 2100);
    assert_in_range(pcm[5 * TICK + HALF + HALF / 2], 1900, 2100);
    free(pcm);
}

static bool disk_full;

static ssize_t write_while_there_is_room(int fd, const void *bytes, size_t len)
{
    if (!disk_full) return write(fd, bytes, len);
    errno = ENOSPC;
    return -1;
}

static void one_that_the_disk_refused_is_as_long_as_its_mix(void **state)
{
    (void)state;
    static const struct recorder_io io = {.write = write_while_there_is_room, .sync = fdatasync};
    for (uint64_t good = 0; good < 10; good += 9) {
        disk_full = false;
        struct track *t = create(&io);
        for (uint64_t tick = 0; tick < 10; tick++) {
            if (tick == good) (void)track_fill(t, tick);
            disk_full = tick >= good;
            put(t, tick, 1000);
        }
        track_match(t, 10, 10 * TICK);
        assert_true(track_broken(t));
        int16_t *pcm = finish(t, 10 * TICK);
        if (good > 0) assert_in_range(pcm[good * TICK - TICK], 990, 1010);
        for (uint64_t i = good * TICK + TICK; i < 10 * TICK; i++)
            assert_int_equal(pcm[i], 0);
        free(pcm);
    }
}

#define DIR_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIR_TEST(a_tick_keeps_the_parts_that_came_before_others_were_written),
        DIR_TEST(one_that_the_disk_refused_is_as_long_as_its_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
