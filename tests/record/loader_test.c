#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/sound.h"
#include "media/tone.h"
#include "record/loader.h"

static char path[64];
static struct loader *loader;

struct outcome {
    status result;
    struct sound *sound;
    char what[100];
    int calls, order;
};

static int calls;

static void note(void *arg, status result, struct sound *sound, const char *what)
{
    struct outcome *o = arg;
    o->result = result;
    o->sound = sound;
    o->calls++;
    o->order = calls++;
    snprintf(o->what, sizeof o->what, "%s", what);
}

static int begin(void **state)
{
    (void)state;
    struct loader_config config = {.bytes_max = 4000000, .seconds_max = 3};
    strcpy(path, "/tmp/loader_test.XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    close(fd);
    calls = 0;
    return loader_create(&loader, &config) == STATUS_OK ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    loader_destroy(loader);
    return unlink(path);
}

static void await(int count)
{
    while (calls < count) {
        struct pollfd wait = {.fd = loader_fd(loader), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 20000), 1);
        loader_poll(loader);
    }
}

/* A tone of 440 Hz at -12 dBFS on the first channel, nothing on the others. */
static void write_tone(int format, int rate_hz, int channels, int ms)
{
    SF_INFO info = {.samplerate = rate_hz, .channels = channels, .format = format};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    assert_non_null(f);
    double amplitude = pow(10, -12 / 20.0);
    for (int i = 0; i < rate_hz / 1000 * ms; i++) {
        float frame[8] = {(float)(amplitude * sin(2 * M_PI * 440 * i / rate_hz))};
        sf_writef_float(f, frame, 1);
    }
    sf_close(f);
}

static void every_format_gives_the_tone_that_is_in_it(void **state)
{
    (void)state;
    static const struct {
        int format, rate_hz, channels;
        double level_dbfs;
    } rows[] = {
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, -12},   {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 2, -18},
        {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 44100, 1, -12},   {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1, -12},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1, -12}, {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2, -18},
        {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 1, -12},    {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 1, -12},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 11025, 4, -24},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o = {0};
        write_tone(rows[i].format, rows[i].rate_hz, rows[i].channels, 1000);
        calls = 0;
        assert_int_equal(loader_load_file(loader, path, 8000, note, &o), STATUS_OK);
        await(1);
        if (o.result != STATUS_OK) fail_msg("row %zu: %s", i, o.what);
        assert_int_equal(o.sound->rate_hz, 8000);
        assert_in_range(o.sound->samples, 7900, 8600); /* some formats pad */
        struct tone_reading r = tone_measure(o.sound->pcm + 2000, 4000, 8000, 440, 0);
        if (fabs(r.level_dbfs - rows[i].level_dbfs) > 0.5) fail_msg("row %zu: %.2f dBFS", i, r.level_dbfs);
        sound_unref(o.sound);
    }
}

static void a_block_of_memory_is_as_good_as_a_file(void **state)
{
    (void)state;
    struct outcome o = {0};
    write_tone(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 16000, 1, 500);
    FILE *f = fopen(path, "rb");
    void *bytes = malloc(100000);
    size_t len = fread(bytes, 1, 100000, f);
    fclose(f);
    assert_int_equal(loader_load_memory(loader, bytes, len, 16000, note, &o), STATUS_OK);
    await(1);
    assert_int_equal(o.result, STATUS_OK);
    assert_int_equal(o.sound->samples, 8000);
    sound_unref(o.sound);
}

static void what_is_too_long_or_too_large_is_refused(void **state)
{
    (void)state;
    struct outcome longer = {0}, larger = {0};
    write_tone(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 3100);
    assert_int_equal(loader_load_file(loader, path, 8000, note, &longer), STATUS_OK);
    assert_int_equal(loader_load_memory(loader, calloc(1, 4000001), 4000001, 8000, note, &larger), STATUS_OK);
    await(2);
    assert_int_equal(longer.result, STATUS_FULL);
    assert_int_equal(larger.result, STATUS_FULL);
    assert_null(longer.sound);
    assert_null(larger.sound);
}

static void what_is_not_audio_is_refused_by_name(void **state)
{
    (void)state;
    struct outcome rubbish = {0}, empty = {0}, missing = {0}, directory = {0}, no_samples = {0}, cut = {0};
    char *html = strdup("<html>404</html>");
    assert_int_equal(loader_load_memory(loader, html, strlen(html), 8000, note, &rubbish), STATUS_OK);
    assert_int_equal(loader_load_file(loader, path, 8000, note, &empty), STATUS_OK);
    assert_int_equal(loader_load_file(loader, "/nonexistent", 8000, note, &missing), STATUS_OK);
    assert_int_equal(loader_load_file(loader, "/tmp", 8000, note, &directory), STATUS_OK);
    await(4);
    assert_int_equal(rubbish.result, STATUS_UNSUPPORTED);
    assert_true(strlen(rubbish.what) > 5);
    assert_int_equal(empty.result, STATUS_UNSUPPORTED);
    assert_int_equal(missing.result, STATUS_NOT_FOUND);
    assert_int_equal(directory.result, STATUS_IO);
    write_tone(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0);
    assert_int_equal(loader_load_file(loader, path, 8000, note, &no_samples), STATUS_OK);
    await(5);
    assert_int_equal(no_samples.result, STATUS_INVALID);
    write_tone(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 8000, 1, 1000);
    assert_int_equal(truncate(path, 3000), 0);
    assert_int_equal(loader_load_file(loader, path, 8000, note, &cut), STATUS_OK);
    await(6);
    if (cut.result == STATUS_OK) sound_unref(cut.sound); /* what is there of it may be played */
    assert_int_equal(loader_load_file(loader, path, 1, note, &cut), STATUS_INVALID);
}

static void files_queue_and_keep_their_order(void **state)
{
    (void)state;
    static struct outcome o[1500];
    memset(o, 0, sizeof o);
    write_tone(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 10);
    for (int i = 0; i < 1500; i++)
        assert_int_equal(loader_load_file(loader, path, 8000, note, &o[i]), STATUS_OK);
    await(1500);
    for (int i = 0; i < 1500; i++) {
        assert_int_equal(o[i].result, STATUS_OK);
        assert_int_equal(o[i].order, i);
        sound_unref(o[i].sound);
    }
}

static void jobs_that_wait_are_dropped_at_the_end(void **state)
{
    (void)state;
    struct outcome o = {0};
    write_tone(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 48000, 1, 2900);
    for (int i = 0; i < 50; i++)
        assert_int_equal(loader_load_file(loader, path, 8000, note, &o), STATUS_OK);
    /* finish() destroys the loader; the sanitizers see what stays behind. */
}

#define LOADER_TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADER_TEST(every_format_gives_the_tone_that_is_in_it), LOADER_TEST(a_block_of_memory_is_as_good_as_a_file),
        LOADER_TEST(what_is_too_long_or_too_large_is_refused),  LOADER_TEST(what_is_not_audio_is_refused_by_name),
        LOADER_TEST(files_queue_and_keep_their_order),          LOADER_TEST(jobs_that_wait_are_dropped_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
