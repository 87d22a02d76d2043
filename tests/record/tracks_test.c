#include <dirent.h>
#include <math.h>
#include <poll.h>
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

#include "media/pcm_frame.h"
#include "record/recorder.h"
#include "scratch.h"

enum { RATE = 16000, SAMPLES_MAX = RATE * 20, PATH_SIZE = 200, FLOOR_BYTES = 1000000 };

static char dir[SCRATCH_SIZE], tracks_dir[128];
static struct recorder *recorder;
static struct recording *recording;
static struct recording_report report, before; /* before: it was converted */
static bool reported;
static const char *const id = "RE0123456789012345678901234567890123456789", *const ann = "CA1", *const bob = "CA2";

static void note(void *arg, const struct recording_report *r)
{
    (void)arg;
    if (r->converting) before = *r;
    if (r->converting) return;
    report = *r;
    reported = true;
}

/* Room for less than a WAV of a second. */
static uint64_t little_above_the_floor(const char *where)
{
    (void)where;
    return FLOOR_BYTES + 10000;
}

static const struct recorder_io nearly_full = {.write = write, .sync = fdatasync, .free_bytes = little_above_the_floor};

static int begin_on(enum recording_format format, const struct recorder_io *io)
{
    reported = false;
    before = (struct recording_report){.samples = 0};
    if (!scratch_make(dir)) return -1;
    snprintf(tracks_dir, sizeof tracks_dir, "%s/%s.tracks", dir, id);
    struct recording_spec spec = {.tracks = true, .convert = true};
    struct recorder_config config = {.dir = dir, .format = format, .io = io, .free_floor_bytes = FLOOR_BYTES};
    strcpy(spec.id, id);
    assert_int_equal(recorder_create(&recorder, &config, note, NULL), STATUS_OK);
    assert_int_equal(recorder_open(recorder, &spec, &recording), STATUS_OK);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_on(RECORDING_WAV, NULL);
}

static int begin_flac(void **state)
{
    (void)state;
    return begin_on(RECORDING_FLAC, NULL);
}

static int begin_flac_on_a_nearly_full_disk(void **state)
{
    (void)state;
    return begin_on(RECORDING_FLAC, &nearly_full);
}

static int begin_opus(void **state)
{
    (void)state;
    return begin_on(RECORDING_OPUS, NULL);
}

static int end(void **state)
{
    (void)state;
    recorder_destroy(recorder);
    bool emptied = scratch_remove(tracks_dir);
    return scratch_remove(dir) && emptied ? 0 : -1;
}

static uint16_t number_of(const char *call)
{
    uint16_t number;
    assert_int_equal(recording_track(recording, call, &number), STATUS_OK);
    return number;
}

static double tone(double hz, double at_s)
{
    return 4000 * sin(2 * M_PI * hz * at_s);
}

/* A tick of a tone, so much later than its time. */
static void fill(int16_t *pcm, uint32_t rate_hz, uint64_t tick, double hz, double late_s)
{
    for (uint32_t i = 0; i < rate_hz / 50; i++) {
        double at_s = (double)tick / 50 + (double)i / rate_hz - late_s;
        pcm[i] += (int16_t)lrint(at_s < 0 ? 0 : tone(hz, at_s));
    }
}

static void put_track(uint16_t track, uint64_t tick, uint32_t rate_hz, double hz)
{
    int16_t pcm[960] = {0};
    fill(pcm, rate_hz, tick, hz, 0);
    while (!pcm_frame_push_track(recording_ring(recording), tick, track, PCM_FRAME_AUDIO, rate_hz, pcm))
        poll(NULL, 0, 5);
}

static void put_mix(uint64_t tick, uint32_t rate_hz, const int16_t *pcm)
{
    while (!pcm_frame_push(recording_ring(recording), tick, rate_hz, pcm))
        poll(NULL, 0, 5);
}

static void put_mark(uint64_t tick, uint16_t track, struct pcm_mark mark)
{
    assert_true(pcm_frame_push_mark(recording_ring(recording), tick, track, &mark));
}

static void await_report(void)
{
    while (!reported) {
        struct pollfd wait = {.fd = recorder_fd(recorder), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 20000), 1);
        recorder_poll(recorder);
    }
}

static void end_at(uint64_t tick)
{
    pcm_frame_push_end(recording_ring(recording), tick);
    await_report();
    assert_int_equal(report.end, RECORDING_ENDED);
}

/* @return its length in samples */
static uint64_t read_file(const char *name, int16_t pcm[SAMPLES_MAX])
{
    char path[PATH_SIZE];
    SF_INFO info = {.format = 0};
    snprintf(path, sizeof path, "%s/%s%s", strncmp(name, "RE", 2) == 0 ? dir : tracks_dir, name,
             strchr(name, '.') ? "" : ".wav");
    SNDFILE *f = sf_open(path, SFM_READ, &info);
    assert_non_null(f);
    assert_int_equal(info.samplerate, RATE);
    assert_int_equal(sf_read_short(f, pcm, info.frames), info.frames);
    sf_close(f);
    return (uint64_t)info.frames;
}

static void read_timeline(char *out, size_t size)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/timeline.json", tracks_dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t got = fread(out, 1, size - 1, f);
    out[got] = '\0';
    fclose(f);
}

static int16_t mix_of[SAMPLES_MAX], ann_of[SAMPLES_MAX], bob_of[SAMPLES_MAX], bridge_of[SAMPLES_MAX];

/* Ann speaks from the first tick, Bob from the 50th to the 90th, both stand in the mix 2 ms later. */
static void record_two(uint32_t rate_hz, uint64_t ticks)
{
    uint16_t a = number_of(ann), b = 0;
    for (uint64_t t = 0; t < ticks; t++) {
        int16_t pcm[960] = {0};
        bool speaks = t >= 50 && t < 90;
        if (t == 50) {
            for (struct recorder_metrics m = {0}; m.frames == 0; recorder_metrics(recorder, &m))
                poll(NULL, 0, 5); /* it has begun */
            b = number_of(bob);
        }
        put_track(a, t + 7, rate_hz, 1013);
        if (speaks) put_track(b, t + 7, rate_hz, 713);
        for (uint32_t i = 0; i < rate_hz / 50; i++) {
            double at_s = (double)(t + 7) / 50 + (double)i / rate_hz - 0.002;
            if (at_s >= 7.0 / 50) pcm[i] += (int16_t)lrint(tone(1013, at_s));
            if (at_s >= 57.0 / 50 && at_s < 97.0 / 50) pcm[i] += (int16_t)lrint(tone(713, at_s));
        }
        put_mix(t + 7, rate_hz, pcm);
    }
    end_at(ticks + 7);
}

static double rms(const int16_t *pcm, uint64_t from, uint64_t to)
{
    double sum = 0;
    for (uint64_t i = from; i < to; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / (double)(to - from));
}

static void tracks_are_as_long_as_the_mix_and_add_up_to_it(void **state)
{
    (void)state;
    record_two(8000, 150);
    assert_int_equal(report.samples, 150 * 320);
    assert_int_equal(read_file("RE0123456789012345678901234567890123456789.wav", mix_of), 150 * 320);
    assert_int_equal(read_file(ann, ann_of), 150 * 320);
    assert_int_equal(read_file(bob, bob_of), 150 * 320);
    assert_int_equal(read_file("bridge", bridge_of), 150 * 320);
    for (uint64_t i = 0; i < 150 * 320; i++) {
        assert_int_equal(bridge_of[i], 0);
        if (i < 50 * 320 - 200 || i > 90 * 320 + 400) assert_int_equal(bob_of[i], 0);
        ann_of[i] = (int16_t)(ann_of[i] + bob_of[i] - mix_of[i]);
    }
    assert_true(rms(bob_of, 52 * 320, 88 * 320) > 2700);
    assert_true(rms(ann_of, 0, 150 * 320) < rms(mix_of, 0, 150 * 320) / 2000); /* -66 dB */
}

static void tracks_of_other_rates_are_aligned_too(void **state)
{
    (void)state;
    record_two(48000, 150);
    assert_int_equal(read_file("RE0123456789012345678901234567890123456789.wav", mix_of), 150 * 320);
    assert_int_equal(read_file(ann, ann_of), 150 * 320);
    assert_int_equal(read_file(bob, bob_of), 150 * 320);
    for (uint64_t i = 0; i < 150 * 320; i++)
        ann_of[i] = (int16_t)(ann_of[i] + bob_of[i] - mix_of[i]);
    assert_true(rms(ann_of, 0, 150 * 320) < rms(mix_of, 0, 150 * 320) / 2000);
}

/* A tick of Ann's track and of the mix, which has her alone, as it is at this rate. */
static void put_both(uint64_t tick, uint16_t track, enum pcm_frame_kind kind, uint32_t rate_hz)
{
    int16_t pcm[960] = {0}, mix[960] = {0};
    fill(pcm, rate_hz, tick, 1013, 0);
    fill(mix, rate_hz, tick, 1013, 0.002);
    while (!pcm_frame_push_track(recording_ring(recording), tick, track, kind, rate_hz, pcm))
        poll(NULL, 0, 5);
    while (!pcm_frame_push_track(recording_ring(recording), tick, PCM_TRACK_MIX, kind, rate_hz, mix))
        poll(NULL, 0, 5);
}

static void tracks_go_over_to_another_rate_as_their_mix_does(void **state)
{
    (void)state;
    uint16_t a = number_of(ann);
    for (uint64_t t = 0; t < 120; t++) {
        uint32_t rate_hz = t < 40 ? 8000 : t < 80 ? 48000 : 16000;
        if (t == 40) put_both(t, a, PCM_FRAME_OTHER, 8000); /* before, or after the tick itself */
        put_both(t, a, PCM_FRAME_AUDIO, rate_hz);
        if (t == 39) put_both(t, a, PCM_FRAME_OTHER, 48000);
        if (t == 79) put_both(t, a, PCM_FRAME_OTHER, 16000);
        if (t == 80) put_both(t, a, PCM_FRAME_OTHER, 48000);
    }
    end_at(120);
    assert_int_equal(read_file("RE0123456789012345678901234567890123456789.wav", mix_of), 120 * 320);
    assert_int_equal(read_file(ann, ann_of), 120 * 320);
    for (uint64_t i = 400; i < 120 * 320 - 400; i++) {
        assert_in_range(ann_of[i] - mix_of[i] + 4, 0, 8);
        assert_true(fabs(mix_of[i] - tone(1013, (double)i / RATE - 0.002)) < 40);
    }
}

static void a_call_that_comes_back_has_the_same_track(void **state)
{
    (void)state;
    uint16_t first = number_of(ann), second = number_of(bob);
    assert_int_equal(first, PCM_TRACK_FIRST);
    assert_int_not_equal(first, second);
    assert_int_equal(number_of(ann), first);
    int16_t pcm[160] = {0};
    put_mix(0, 8000, pcm);
    end_at(1);
    assert_int_equal(read_file(bob, bob_of), 320);
}

static void what_was_put_for_after_the_end_is_in_no_track(void **state)
{
    (void)state;
    int16_t pcm[160] = {0};
    uint16_t a = number_of(ann);
    for (uint64_t t = 0; t < 10; t++) {
        put_track(a, t, 8000, 0);
        put_mix(t, 8000, pcm);
    }
    put_track(a, 10, 8000, 1013); /* of one who left, in a tick that never was */
    end_at(10);
    assert_int_equal(read_file(ann, ann_of), 10 * 320);
    assert_true(rms(ann_of, 0, 10 * 320) < 0.001);
}

static void the_timeline_says_what_happened_and_when(void **state)
{
    (void)state;
    int16_t pcm[160] = {0};
    uint16_t a = number_of(ann);
    put_mark(100, a, (struct pcm_mark){.type = PCM_MARK_IN, .on = true});
    put_mix(100, 8000, pcm);
    put_mark(160, a, (struct pcm_mark){.type = PCM_MARK_SPEAKS, .on = true, .shift_ms = -20});
    put_mark(160, a, (struct pcm_mark){.type = PCM_MARK_DIGIT, .code = '#'});
    put_mark(160, a, (struct pcm_mark){.type = PCM_MARK_DIGIT});
    put_mark(161, PCM_TRACK_BRIDGE, (struct pcm_mark){.type = PCM_MARK_SOUND, .on = true, .token = 9});
    put_mark(161, PCM_TRACK_BRIDGE, (struct pcm_mark){.type = PCM_MARK_SOUND, .token = 0});
    put_mark(162, PCM_TRACK_BRIDGE, (struct pcm_mark){.type = PCM_MARK_GAIN, .gain = 0.5f});
    put_mark(162, PCM_TRACK_BRIDGE, (struct pcm_mark){.type = PCM_MARK_LOST, .count = 3});
    put_mark(163, a, (struct pcm_mark){.type = PCM_MARK_TALKS});
    put_mark(163, a, (struct pcm_mark){.type = PCM_MARK_IN});
    put_mix(163, 8000, pcm);
    end_at(164);
    char text[2000];
    read_timeline(text, sizeof text);
    assert_string_equal(text, "{\"events\":[\n"
                              "{\"atMs\":0,\"event\":\"join\",\"callId\":\"CA1\"},\n"
                              "{\"atMs\":1180,\"event\":\"talkStart\",\"callId\":\"CA1\"},\n"
                              "{\"atMs\":1200,\"event\":\"dtmf\",\"callId\":\"CA1\",\"digit\":\"#\"},\n"
                              "{\"atMs\":1200,\"event\":\"dtmf\",\"callId\":\"CA1\"},\n"
                              "{\"atMs\":1220,\"event\":\"announcementStart\",\"announcement\":9},\n"
                              "{\"atMs\":1220,\"event\":\"beepEnd\"},\n"
                              "{\"atMs\":1240,\"event\":\"limiter\",\"gainDb\":-6.02},\n"
                              "{\"atMs\":1240,\"event\":\"lost\",\"lostMs\":60},\n"
                              "{\"atMs\":1260,\"event\":\"mute\",\"callId\":\"CA1\"},\n"
                              "{\"atMs\":1260,\"event\":\"leave\",\"callId\":\"CA1\"}\n"
                              "]}\n");
}

static void a_crash_leaves_tracks_that_become_as_long_as_the_mix(void **state)
{
    (void)state;
    uint16_t a = number_of(ann);
    int16_t pcm[160] = {0};
    struct recorder_metrics m = {0};
    put_mark(0, a, (struct pcm_mark){.type = PCM_MARK_IN, .on = true});
    for (uint64_t t = 0; m.bytes < 20000; t++, recorder_metrics(recorder, &m), poll(NULL, 0, 1)) {
        put_track(a, t, 8000, 1013);
        put_mix(t, 8000, pcm);
    }
    /* The files as they are now, in another directory: one has lost its end, one its header. */
    char command[1200];
    snprintf(command, sizeof command,
             "mkdir -p %s/copy/%s.tracks && cp %s/%s.wav.part %s/copy && cp %s/* %s/copy/%s.tracks && "
             "truncate -s 1001 %s/copy/%s.tracks/bridge.wav.part && : > %s/copy/%s.tracks/CA9.wav.part",
             dir, id, dir, id, dir, tracks_dir, dir, id, dir, id, dir, id);
    assert_int_equal(system(command), 0);
    char copy[100], copied_tracks[160];
    snprintf(copy, sizeof copy, "%s/copy", dir);
    assert_int_equal(recorder_recover(copy, note, NULL), STATUS_OK);
    assert_int_equal(report.end, RECORDING_RECOVERED);
    uint64_t samples = report.samples;
    assert_true(samples > 1000);
    snprintf(copied_tracks, sizeof copied_tracks, "%s/%s.tracks", copy, id);
    static const char *const names[] = {"CA1", "bridge"};
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s.wav", copied_tracks, names[i]);
        assert_int_equal(recorder_examine(path, &report), STATUS_OK);
        assert_int_equal(report.samples, samples);
    }
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/timeline.json", copied_tracks);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/CA9.wav.part", copied_tracks);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(scratch_remove(copied_tracks));
    assert_true(scratch_remove(copy));
    recording_cancel(recording);
}

static void a_cancelled_recording_leaves_no_tracks(void **state)
{
    (void)state;
    (void)number_of(ann);
    recording_cancel(recording);
    await_report();
    assert_int_equal(access(tracks_dir, F_OK), -1);
}

/* @return how many files there are whose names end so, in both directories */
static int count_files(const char *with)
{
    int count = 0;
    for (int i = 0; i < 2; i++) {
        DIR *d = opendir(i == 0 ? dir : tracks_dir);
        for (struct dirent *e; d && (e = readdir(d));) {
            size_t len = strlen(e->d_name), end_len = strlen(with);
            count += len > end_len && strcmp(e->d_name + len - end_len, with) == 0;
        }
        if (d) closedir(d);
    }
    return count;
}

static void as_flac_nothing_of_it_is_lost(void **state)
{
    (void)state;
    struct stat s;
    char path[PATH_SIZE];
    record_two(8000, 150);
    assert_int_equal(count_files(".flac"), 4);
    assert_int_equal(count_files(".wav") + count_files(".part"), 0);
    snprintf(path, sizeof path, "%s/%s.flac", dir, id);
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(report.bytes, s.st_size);
    assert_int_equal(report.samples, 150 * 320);
    assert_true(before.converting);
    assert_int_equal(before.duration_ms, 3000);
    assert_int_equal(before.bytes, 80 + 150 * 640);
    assert_int_equal(read_file("RE0123456789012345678901234567890123456789.flac", mix_of), 150 * 320);
    assert_int_equal(read_file("CA1.flac", ann_of), 150 * 320);
    assert_int_equal(read_file("CA2.flac", bob_of), 150 * 320);
    for (uint64_t i = 0; i < 150 * 320; i++)
        ann_of[i] = (int16_t)(ann_of[i] + bob_of[i] - mix_of[i]);
    assert_true(rms(ann_of, 0, 150 * 320) < rms(mix_of, 0, 150 * 320) / 2000);
}

static void as_opus_it_is_as_long_and_small(void **state)
{
    (void)state;
    record_two(8000, 150);
    assert_int_equal(count_files(".ogg"), 4);
    assert_int_equal(count_files(".wav") + count_files(".part"), 0);
    assert_true(report.bytes > 1000 && report.bytes < 150 * 640 / 2);
    assert_int_equal(read_file("RE0123456789012345678901234567890123456789.ogg", mix_of), 150 * 320);
    assert_int_equal(read_file("CA1.ogg", ann_of), 150 * 320);
    assert_int_equal(read_file("CA2.ogg", bob_of), 150 * 320);
    double level = rms(mix_of, 20 * 320, 40 * 320);
    assert_true(level > 2828 * 0.9 && level < 2828 * 1.1);
    assert_true(rms(bob_of, 0, 40 * 320) < 30 && rms(bob_of, 52 * 320, 88 * 320) > 2500);
}

static void what_would_leave_too_little_room_stays_wav(void **state)
{
    (void)state;
    record_two(8000, 150);
    assert_true(before.converting);
    assert_int_equal(report.bytes, 80 + 150 * 640);
    assert_int_equal(count_files(".wav"), 4);
    assert_int_equal(count_files(".flac") + count_files(".part"), 0);
}

static void what_a_crash_left_of_a_conversion_is_cleared(void **state)
{
    (void)state;
    record_two(8000, 50 + 10);
    /* It went down with half of a new file beside one WAV, and with a new file whose WAV was to be removed. */
    char command[600];
    snprintf(command, sizeof command,
             "cd %s && : > %s.flac.part && cd %s && cp CA1.wav CA1.flac && : > bridge.ogg.part", dir, id, tracks_dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(recorder_recover(dir, note, NULL), STATUS_OK);
    assert_int_equal(count_files(".part"), 0);
    assert_int_equal(count_files(".flac"), 1);
    assert_int_equal(count_files(".wav"), 3);
}

#define DIR_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DIR_TEST(tracks_are_as_long_as_the_mix_and_add_up_to_it),
        DIR_TEST(tracks_of_other_rates_are_aligned_too),
        DIR_TEST(tracks_go_over_to_another_rate_as_their_mix_does),
        DIR_TEST(a_call_that_comes_back_has_the_same_track),
        DIR_TEST(what_was_put_for_after_the_end_is_in_no_track),
        DIR_TEST(the_timeline_says_what_happened_and_when),
        DIR_TEST(a_crash_leaves_tracks_that_become_as_long_as_the_mix),
        cmocka_unit_test_setup_teardown(as_flac_nothing_of_it_is_lost, begin_flac, end),
        cmocka_unit_test_setup_teardown(as_opus_it_is_as_long_and_small, begin_opus, end),
        cmocka_unit_test_setup_teardown(what_would_leave_too_little_room_stays_wav, begin_flac_on_a_nearly_full_disk,
                                        end),
        DIR_TEST(what_a_crash_left_of_a_conversion_is_cleared),
        DIR_TEST(a_cancelled_recording_leaves_no_tracks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
