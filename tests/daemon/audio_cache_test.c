#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/audio_cache.h"
#include "media/sound.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "os/thread.h"
#include "record/loader.h"

enum { GUARD_US = 60000000, RATE_HZ = 8000, ANSWERS_MAX = 64, HELD_MAX = 8, FILE_MAX = 2000000 };

struct answer {
    struct sound *sound;
    char why[1300];
};

static struct {
    char dir[128], url[64];
    struct loop *loop;
    struct loop_timer *guard, *checker;
    struct fetch_guard fetch_guard;
    struct loader *loader;
    struct loop_watch *watch;
    struct http_client *client;
    struct http_server *server;
    struct audio_cache *cache;
    /* what the server sends: a file, and these headers, to everyone who does not have this ETag or date already */
    char *file;
    size_t file_len;
    const char *cache_control, *etag, *last_modified, *expires, *pragma;
    bool hold;
    int code;
    struct http_request *held[HELD_MAX];
    size_t held_count;
    /* what it saw */
    size_t requests, whole, not_modified;
    char if_none_match[128], if_modified_since[128];
    /* what was told */
    struct answer answers[ANSWERS_MAX];
    size_t answer_count, wanted;
    bool wait_for_drop;
    uint64_t wait_for_files; /* fetched */
} t;

/* Seconds of a tone, as libsndfile writes it in this format. */
static void make_file(const char *path, int format, int rate_hz, int channels, double seconds)
{
    SF_INFO info = {.format = format, .samplerate = rate_hz, .channels = channels};
    SNDFILE *f = sf_open(path, SFM_WRITE, &info);
    if (!f) fail_msg("%s", sf_strerror(NULL));
    float frame[8];
    for (int i = 0; i < (int)(seconds * rate_hz); i++) {
        for (int k = 0; k < channels; k++)
            frame[k] = 0.5f * (float)sin(2 * M_PI * 440 * i / rate_hz);
        assert_int_equal(sf_writef_float(f, frame, 1), 1);
    }
    assert_int_equal(sf_close(f), 0);
}

static void serve_file(int format, int rate_hz, int channels, double seconds)
{
    char path[256];
    snprintf(path, sizeof path, "%s/source", t.dir);
    make_file(path, format, rate_hz, channels, seconds);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    t.file_len = fread(t.file, 1, FILE_MAX, f);
    fclose(f);
    assert_true(t.file_len > 0 && t.file_len < FILE_MAX);
}

static void add_header(struct http_request *request, const char *name, const char *value)
{
    if (value) http_reply_header(request, name, value);
}

static void note(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%s", value ? value : "");
}

static void answer(struct http_request *request)
{
    bool same_tag = t.etag && strcmp(t.if_none_match, t.etag) == 0;
    bool same_date = !t.if_none_match[0] && t.last_modified && strcmp(t.if_modified_since, t.last_modified) == 0;
    add_header(request, "Cache-Control", t.cache_control);
    add_header(request, "ETag", t.etag);
    add_header(request, "Last-Modified", t.last_modified);
    add_header(request, "Expires", t.expires);
    add_header(request, "Pragma", t.pragma);
    if (t.code) {
        http_reply(request, t.code, "text/plain", "no", 2);
    } else if (same_tag || same_date) {
        t.not_modified++;
        http_reply(request, 304, NULL, NULL, 0);
    } else {
        t.whole++;
        http_reply(request, 200, "audio/wav", t.file, t.file_len);
    }
}

static void stop_if_reached(void)
{
    if (audio_cache_stats(t.cache).fetched < t.wait_for_files) return;
    if (t.wait_for_drop && audio_cache_stats(t.cache).decoded_bytes > 0) return;
    if (t.answer_count >= t.wanted) loop_stop(t.loop);
}

static void on_request(void *arg, struct http_request *request)
{
    (void)arg;
    t.requests++;
    assert_int_equal(http_request_method(request), HTTP_GET);
    note(t.if_none_match, sizeof t.if_none_match, http_request_header(request, "If-None-Match"));
    note(t.if_modified_since, sizeof t.if_modified_since, http_request_header(request, "If-Modified-Since"));
    if (strcmp(http_request_path(request), "/moved") == 0) {
        http_reply_header(request, "Location", "/a.wav");
        http_reply(request, 302, NULL, NULL, 0);
    } else if (strcmp(http_request_path(request), "/inside") == 0) {
        http_reply_header(request, "Location", "http://10.1.2.3/a.wav");
        http_reply(request, 302, NULL, NULL, 0);
    } else if (t.hold) {
        assert_true(t.held_count < HELD_MAX);
        t.held[t.held_count++] = request;
        stop_if_reached();
    } else {
        answer(request);
    }
}

static void release(void)
{
    for (size_t i = 0; i < t.held_count; i++)
        answer(t.held[i]);
    t.held_count = 0;
    t.hold = false;
}

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

static void on_check(void *arg)
{
    (void)arg;
    stop_if_reached();
    loop_timer_set(t.checker, 1000);
}

static bool local(void *arg, const char *url, char *path, size_t path_size)
{
    (void)arg;
    if (!strstr(url, "/recordings/")) return false;
    snprintf(path, path_size, "%s/%s", t.dir, strrchr(url, '/') + 1);
    return true;
}

static void start_cache(struct audio_cache_config config)
{
    struct loader_config loader = {0};
    config.data = t.dir;
    config.local = local;
    assert_int_equal(loader_create(&t.loader, &loader), STATUS_OK);
    assert_int_equal(loop_watch_create(&t.watch, t.loop, loader_fd(t.loader), LOOP_READABLE, on_loader, NULL),
                     STATUS_OK);
    assert_int_equal(audio_cache_create(&t.cache, t.loop, t.client, t.loader, &config), STATUS_OK);
}

static void end_cache(void)
{
    loop_watch_destroy(t.watch);
    loader_destroy(t.loader);
    audio_cache_destroy(t.cache);
    t.watch = NULL;
    t.loader = NULL;
    t.cache = NULL;
}

static int set_up(void **state)
{
    (void)state;
    struct http_server_config server = {.address = "127.0.0.1"};
    char why[256] = "";
    const char *base = getenv("TMPDIR");
    memset(&t, 0, sizeof t);
    t.fetch_guard = (struct fetch_guard){.allow_loopback = true};
    struct http_client_config client = {.guard = &t.fetch_guard};
    snprintf(t.dir, sizeof t.dir, "%s/parley-play-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(t.dir));
    t.file = malloc(FILE_MAX);
    assert_non_null(t.file);
    assert_int_equal(loop_create(&t.loop), STATUS_OK);
    assert_int_equal(loop_timer_create(&t.guard, t.loop, on_guard, NULL), STATUS_OK);
    assert_int_equal(loop_timer_create(&t.checker, t.loop, on_check, NULL), STATUS_OK);
    loop_timer_set(t.guard, GUARD_US);
    if (http_server_create(&t.server, t.loop, &server, on_request, NULL, why, sizeof why) != STATUS_OK)
        fail_msg("%s", why);
    snprintf(t.url, sizeof t.url, "http://127.0.0.1:%u", http_server_port(t.server));
    assert_int_equal(http_client_create(&t.client, t.loop, &client), STATUS_OK);
    serve_file(SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1, 0.5);
    start_cache((struct audio_cache_config){0});
    return 0;
}

static void forget_answers(void)
{
    for (size_t i = 0; i < t.answer_count; i++)
        sound_unref(t.answers[i].sound);
    t.answer_count = 0;
}

/* @return how many there were */
static size_t remove_files(const char *dir, bool only_count)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        if (entry->d_name[0] == '.') continue;
        n++;
        if (!only_count) unlinkat(dirfd(d), entry->d_name, 0);
    }
    if (d) closedir(d);
    if (!only_count) rmdir(dir);
    return n;
}

static size_t files_kept(void)
{
    char dir[256];
    snprintf(dir, sizeof dir, "%s/play", t.dir);
    return remove_files(dir, true);
}

static int tear_down(void **state)
{
    (void)state;
    char dir[256];
    release();
    forget_answers();
    end_cache();
    http_client_destroy(t.client);
    http_server_destroy(t.server);
    loop_timer_destroy(t.guard);
    loop_timer_destroy(t.checker);
    loop_destroy(t.loop);
    free(t.file);
    snprintf(dir, sizeof dir, "%s/play", t.dir);
    remove_files(dir, false);
    remove_files(t.dir, false);
    return 0;
}

static void on_fetched(void *arg, struct sound *sound, const char *why)
{
    (void)arg;
    struct answer *a = &t.answers[t.answer_count++];
    a->sound = sound;
    snprintf(a->why, sizeof a->why, "%s", why);
    assert_true(sound ? why[0] == '\0' : why[0] != '\0');
    stop_if_reached();
}

static struct audio_request *ask(const char *path, uint32_t rate_hz)
{
    struct audio_request *request;
    char url[256];
    size_t before = t.answer_count;
    snprintf(url, sizeof url, "%s%s", path[0] == '/' ? t.url : "", path);
    assert_int_equal(audio_cache_fetch(t.cache, url, rate_hz, on_fetched, NULL, &request), STATUS_OK);
    assert_int_equal(t.answer_count, before); /* never within the call */
    return request;
}

static void wait_for(size_t answers)
{
    t.wanted = answers;
    if (t.answer_count < answers) loop_run(t.loop);
    assert_int_equal(t.answer_count, answers);
}

static const struct answer *ask_and_wait(const char *path)
{
    forget_answers();
    ask(path, RATE_HZ);
    wait_for(1);
    return &t.answers[0];
}

static void every_format_that_is_promised_is_played(void **state)
{
    (void)state;
    const struct {
        int format, rate_hz, channels;
    } rows[] = {
        {SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1},
        {SF_FORMAT_WAV | SF_FORMAT_ALAW, 8000, 1},
        {SF_FORMAT_WAV | SF_FORMAT_ALAW, 8000, 2},
        {SF_FORMAT_WAV | SF_FORMAT_ULAW, 44100, 6},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 1000, 1},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, 96000, 2},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 11025, 1},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_24, 48000, 2},
        {SF_FORMAT_WAV | SF_FORMAT_FLOAT, 16000, 1},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 44100, 2},
        {SF_FORMAT_OGG | SF_FORMAT_VORBIS, 44100, 2},
        {SF_FORMAT_OGG | SF_FORMAT_OPUS, 48000, 1},
        {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, 44100, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[32];
        serve_file(rows[i].format, rows[i].rate_hz, rows[i].channels, 1);
        snprintf(path, sizeof path, "/format%zu", i);
        const struct answer *a = ask_and_wait(path);
        if (!a->sound) fail_msg("row %zu: %s", i, a->why);
        assert_int_equal(a->sound->rate_hz, RATE_HZ);
        assert_in_range(a->sound->samples, RATE_HZ * 95 / 100, RATE_HZ * 115 / 100);
        int peak = 0;
        for (uint32_t k = RATE_HZ / 4; k < RATE_HZ / 2; k++)
            peak = a->sound->pcm[k] > peak ? a->sound->pcm[k] : peak;
        if (peak < 12000 || peak > 20000) fail_msg("row %zu: peak %d", i, peak);
    }
}

static void a_fresh_file_is_neither_fetched_nor_decoded_again(void **state)
{
    (void)state;
    t.cache_control = "max-age=60";
    ask_and_wait("/a.wav");
    struct sound *first = sound_ref(t.answers[0].sound);
    assert_ptr_equal(ask_and_wait("/a.wav")->sound, first);
    assert_int_equal(t.requests, 1);
    assert_int_equal(audio_cache_stats(t.cache).fresh, 1);
    ask_and_wait("/a.wav?other"); /* another URL is another file */
    assert_int_equal(t.requests, 2);
    sound_unref(first);
}

static void without_a_word_a_file_is_fresh_for_a_moment(void **state)
{
    (void)state;
    ask_and_wait("/a.wav");
    ask_and_wait("/a.wav");
    assert_int_equal(t.requests, 1);
}

static void a_stale_file_is_asked_after_with_its_validators(void **state)
{
    (void)state;
    t.cache_control = "no-cache";
    t.etag = "\"one\"";
    t.last_modified = "Sun, 06 Nov 1994 08:49:37 GMT";
    struct sound *first = sound_ref(ask_and_wait("/a.wav")->sound);
    assert_string_equal(t.if_none_match, "");
    assert_ptr_equal(ask_and_wait("/a.wav")->sound, first);
    assert_string_equal(t.if_none_match, "\"one\"");
    assert_string_equal(t.if_modified_since, t.last_modified);
    assert_int_equal(t.whole, 1);
    assert_int_equal(t.not_modified, 1);
    assert_int_equal(audio_cache_stats(t.cache).revalidated, 1);
    t.etag = "\"two\"";
    serve_file(SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1, 0.25);
    const struct answer *a = ask_and_wait("/a.wav");
    assert_int_equal(a->sound->samples, RATE_HZ / 4);
    assert_int_equal(t.whole, 2);
    assert_int_equal(files_kept(), 1);
    assert_int_equal(first->samples, RATE_HZ / 2); /* whoever plays the old one still has it */
    assert_int_equal(ask_and_wait("/a.wav")->sound->samples, RATE_HZ / 4);
    assert_string_equal(t.if_none_match, "\"two\"");
    sound_unref(first);
}

static void a_date_alone_validates_too(void **state)
{
    (void)state;
    t.expires = "0";
    t.last_modified = "Sun, 06 Nov 1994 08:49:37 GMT";
    ask_and_wait("/a.wav");
    assert_non_null(ask_and_wait("/a.wav")->sound);
    assert_int_equal(t.not_modified, 1);
    assert_string_equal(t.if_none_match, "");
}

static void a_304_renews_by_what_it_says_or_as_before(void **state)
{
    (void)state;
    t.etag = "\"one\"";
    t.cache_control = "max-age=0";
    ask_and_wait("/a.wav");
    t.cache_control = NULL;
    ask_and_wait("/a.wav"); /* says nothing: stale at once, as before */
    ask_and_wait("/a.wav");
    assert_int_equal(t.requests, 3);
    t.cache_control = "max-age=60";
    ask_and_wait("/a.wav");
    ask_and_wait("/a.wav");
    assert_int_equal(t.requests, 4);
    assert_int_equal(t.whole, 1);
}

static void a_stale_file_without_validators_is_fetched_whole(void **state)
{
    (void)state;
    t.pragma = "no-cache";
    ask_and_wait("/a.wav");
    ask_and_wait("/a.wav");
    assert_int_equal(t.whole, 2);
    assert_string_equal(t.if_none_match, "");
    assert_string_equal(t.if_modified_since, "");
    assert_int_equal(files_kept(), 1);
}

static void what_must_not_be_stored_is_not(void **state)
{
    (void)state;
    t.cache_control = "no-store, max-age=60";
    t.etag = "\"one\"";
    assert_non_null(ask_and_wait("/a.wav")->sound);
    assert_int_equal(files_kept(), 0);
    assert_int_equal(audio_cache_stats(t.cache).disk_bytes, 0);
    assert_int_equal(audio_cache_stats(t.cache).decoded_bytes, 0);
    assert_non_null(ask_and_wait("/a.wav")->sound);
    assert_int_equal(t.whole, 2);
    assert_string_equal(t.if_none_match, "");
}

static void requests_for_one_url_at_the_same_time_share_one_fetch(void **state)
{
    (void)state;
    t.cache_control = "no-store"; /* even where nothing is kept */
    t.hold = true;
    for (int i = 0; i < 10; i++)
        ask("/a.wav", RATE_HZ);
    t.wanted = 0;
    loop_run(t.loop);
    for (int i = 0; i < 5; i++)
        ask("/a.wav", RATE_HZ);
    ask("/a.wav", 16000);
    release();
    wait_for(16);
    assert_int_equal(t.requests, 1);
    for (size_t i = 1; i < 16; i++)
        assert_non_null(t.answers[i].sound);
    size_t wide = 0, same = 0;
    for (size_t i = 0; i < 16; i++) {
        wide += t.answers[i].sound->rate_hz == 16000;
        same += t.answers[i].sound == t.answers[0].sound;
    }
    assert_int_equal(wide, 1);
    assert_true(same == 15 || same == 1); /* one sound for each rate, whichever came first */
}

static void a_request_that_comes_while_the_file_is_decoded_shares_it(void **state)
{
    (void)state;
    t.cache_control = "no-store";
    loop_watch_destroy(t.watch); /* what is decoded is not heard of for now */
    ask("/a.wav", RATE_HZ);
    t.wanted = 0;
    t.wait_for_files = 1;
    loop_timer_set(t.checker, 1000);
    loop_run(t.loop);
    loop_timer_cancel(t.checker);
    ask("/a.wav", RATE_HZ);
    ask("/a.wav", 16000);
    assert_int_equal(http_client_count(t.client), 0);
    assert_int_equal(loop_watch_create(&t.watch, t.loop, loader_fd(t.loader), LOOP_READABLE, on_loader, NULL),
                     STATUS_OK);
    wait_for(3);
    assert_int_equal(t.requests, 1);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(t.answers[i].sound);
}

static void what_fails_is_said_and_tried_again_by_the_next(void **state)
{
    (void)state;
    t.code = 404;
    assert_non_null(strstr(ask_and_wait("/a.wav")->why, "HTTP 404"));
    t.code = 500;
    assert_non_null(strstr(ask_and_wait("/a.wav")->why, "HTTP 500"));
    t.code = 0;
    t.cache_control = "max-age=60";
    size_t len = t.file_len;
    memset(t.file, 'x', 100);
    t.file_len = 100;
    assert_non_null(strstr(ask_and_wait("/a.wav")->why, "is not audio in a known format"));
    assert_int_equal(files_kept(), 0);
    t.file_len = len;
    serve_file(SF_FORMAT_WAV | SF_FORMAT_ALAW, 8000, 1, 0.5);
    assert_non_null(ask_and_wait("/a.wav")->sound);
    assert_int_equal(audio_cache_stats(t.cache).failed, 3);
    assert_non_null(strstr(ask_and_wait("http://127.0.0.1:1/a.wav")->why, "Connection refused"));
    assert_non_null(strstr(ask_and_wait("ftp://x/a.wav")->why, "http"));
    assert_null(ask_and_wait("no url")->sound);
    forget_answers();
    ask("/a.wav", 7); /* no rate */
    wait_for(1);
    assert_null(t.answers[0].sound);
}

static void redirects_are_followed_and_guarded(void **state)
{
    (void)state;
    assert_non_null(ask_and_wait("/moved")->sound);
    assert_int_equal(t.requests, 2);
    assert_non_null(strstr(ask_and_wait("/inside")->why, "private"));
    assert_non_null(strstr(ask_and_wait("http://192.168.7.7/a.wav")->why, "private"));
}

static void a_file_too_large_or_too_slow_is_given_up(void **state)
{
    (void)state;
    end_cache();
    start_cache((struct audio_cache_config){.bytes_max = t.file_len - 1});
    assert_null(ask_and_wait("/a.wav")->sound);
    assert_int_equal(files_kept(), 0);
    end_cache();
    start_cache((struct audio_cache_config){.bytes_max = t.file_len, .fetch_ms = 200});
    assert_non_null(ask_and_wait("/a.wav")->sound);
    t.hold = true;
    assert_null(ask_and_wait("/b.wav")->sound);
    assert_int_equal(t.held_count, 1);
    assert_int_equal(files_kept(), 1);
}

static void a_stale_file_stays_while_its_server_is_down(void **state)
{
    (void)state;
    t.cache_control = "no-cache";
    t.etag = "\"one\"";
    ask_and_wait("/a.wav");
    t.code = 503;
    assert_null(ask_and_wait("/a.wav")->sound);
    t.code = 0;
    assert_non_null(ask_and_wait("/a.wav")->sound);
    assert_int_equal(t.whole, 1);
    assert_int_equal(t.not_modified, 1);
}

static void a_recording_of_our_own_is_read_from_its_file(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s/RE1", t.dir);
    make_file(path, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1, 0.5);
    const struct answer *a = ask_and_wait("https://bridge.example/recordings/RE1");
    assert_non_null(a->sound);
    assert_int_equal(a->sound->samples, RATE_HZ / 2);
    assert_non_null(strstr(ask_and_wait("https://bridge.example/recordings/RE2")->why, "cannot be opened"));
    assert_int_equal(t.requests, 0);
    audio_cache_cancel(ask("https://bridge.example/recordings/RE1", RATE_HZ));
    assert_non_null(ask_and_wait("https://bridge.example/recordings/RE1")->sound);
}

static void a_cancelled_request_is_not_answered(void **state)
{
    (void)state;
    t.hold = true;
    struct audio_request *alone = ask("/a.wav", RATE_HZ), *one = ask("/b.wav", RATE_HZ);
    ask("/b.wav", RATE_HZ);
    loop_run(t.loop); /* until the first request has come */
    audio_cache_cancel(alone);
    audio_cache_cancel(one);
    assert_int_equal(http_client_count(t.client), 1);
    while (t.held_count < 2)
        loop_run(t.loop);
    release();
    wait_for(1);
    assert_non_null(t.answers[0].sound);
    assert_int_equal(files_kept(), 1);
    audio_cache_cancel(ask("/b.wav", RATE_HZ)); /* its answer is ready */
    audio_cache_cancel(ask("/b.wav", 16000));   /* it is being decoded */
    forget_answers();
    ask("/b.wav", 16000);
    wait_for(1);
    assert_int_equal(t.answers[0].sound->rate_hz, 16000);
}

static void files_are_held_to_a_size_on_disk(void **state)
{
    (void)state;
    char path[32];
    end_cache();
    start_cache((struct audio_cache_config){.disk_bytes_max = 3 * t.file_len});
    t.cache_control = "max-age=60";
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "/%d.wav", i);
        ask_and_wait(path);
        ask_and_wait("/0.wav"); /* used all the time: it stays */
    }
    assert_int_equal(files_kept(), 3);
    assert_int_equal(audio_cache_stats(t.cache).disk_bytes, 3 * t.file_len);
    assert_int_equal(t.requests, 10);
    ask_and_wait("/1.wav");
    assert_int_equal(t.requests, 11);
}

static void decoded_sounds_are_let_go_a_while_after_the_last_use(void **state)
{
    (void)state;
    end_cache();
    start_cache((struct audio_cache_config){.decoded_keep_ms = 40});
    t.cache_control = "max-age=60";
    ask_and_wait("/a.wav");
    struct sound *played = t.answers[0].sound;
    uint32_t refs = played->refs;
    loop_timer_set(t.checker, 200000); /* five times as long: it is in use */
    t.wanted = 0;
    loop_run(t.loop);
    assert_int_equal(played->refs, refs);
    assert_int_equal(audio_cache_stats(t.cache).decoded_bytes, played->samples * 2);
    forget_answers();
    t.wait_for_drop = true;
    loop_run(t.loop);
    t.wait_for_drop = false;
    assert_int_equal(audio_cache_stats(t.cache).decoded_bytes, 0);
    assert_non_null(ask_and_wait("/a.wav")->sound); /* decoded again from the file */
    assert_int_equal(t.requests, 1);
}

static void unused_sounds_are_held_to_a_size_in_memory(void **state)
{
    (void)state;
    char path[32];
    end_cache();
    uint64_t one = RATE_HZ / 2 * 2;
    start_cache((struct audio_cache_config){.decoded_bytes_max = 2 * one});
    t.cache_control = "max-age=60";
    struct sound *played = sound_ref(ask_and_wait("/0.wav")->sound);
    for (int i = 1; i < 10; i++) {
        snprintf(path, sizeof path, "/%d.wav", i);
        ask_and_wait(path);
        assert_in_range(audio_cache_stats(t.cache).decoded_bytes, 2 * one, 5 * one);
    }
    assert_ptr_equal(ask_and_wait("/0.wav")->sound, played); /* what is played does not count, and stays */
    assert_int_equal(t.requests, 10);
    sound_unref(played);
}

static void it_may_go_in_the_middle_of_everything(void **state)
{
    (void)state;
    t.cache_control = "max-age=60";
    ask_and_wait("/a.wav");
    t.hold = true;
    ask("/b.wav", RATE_HZ);
    ask("/a.wav", RATE_HZ);
    ask("/a.wav", 16000);
    ask("https://bridge.example/recordings/RE1", RATE_HZ);
    end_cache();
    assert_int_equal(http_client_count(t.client), 0);
    assert_int_equal(t.answer_count, 1);
    assert_int_equal(files_kept(), 0);
}

int main(void)
{
    thread_set_role(THREAD_CONTROL);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_format_that_is_promised_is_played),
        TEST(a_fresh_file_is_neither_fetched_nor_decoded_again),
        TEST(without_a_word_a_file_is_fresh_for_a_moment),
        TEST(a_stale_file_is_asked_after_with_its_validators),
        TEST(a_date_alone_validates_too),
        TEST(a_304_renews_by_what_it_says_or_as_before),
        TEST(a_stale_file_without_validators_is_fetched_whole),
        TEST(what_must_not_be_stored_is_not),
        TEST(requests_for_one_url_at_the_same_time_share_one_fetch),
        TEST(a_request_that_comes_while_the_file_is_decoded_shares_it),
        TEST(what_fails_is_said_and_tried_again_by_the_next),
        TEST(redirects_are_followed_and_guarded),
        TEST(a_file_too_large_or_too_slow_is_given_up),
        TEST(a_stale_file_stays_while_its_server_is_down),
        TEST(a_recording_of_our_own_is_read_from_its_file),
        TEST(a_cancelled_request_is_not_answered),
        TEST(files_are_held_to_a_size_on_disk),
        TEST(decoded_sounds_are_let_go_a_while_after_the_last_use),
        TEST(unused_sounds_are_held_to_a_size_in_memory),
        TEST(it_may_go_in_the_middle_of_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
