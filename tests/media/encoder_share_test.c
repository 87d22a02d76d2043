/**
 * A listener who starts to talk and stops again changes encoders twice. What it hears is decoded by one decoder and
 * compared with what it would have heard had its own encoder encoded everything from the start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_voice.h"
#include "media/encoder_share.h"
#include "media/g722.h"
#include "media/opus_codec.h"
#include "media/tone.h"

enum { SECONDS = 8, TALKS_FROM_MS = 1000, TALKS_TO_MS = 2000, NEVER = -1, TONE_HZ = 1013 };
enum { PAUSE_FROM_MS = 4000, PAUSE_TO_MS = 4800 }; /* of a tone that pauses */

/* A codec's encoder and decoder with a packet between them. */
struct line {
    const struct codec *codec;
    void *decoder;
    int16_t *heard;
    size_t at;
};

struct scene {
    const struct codec *codec;
    size_t frame, samples;
    int16_t *room;   /* what the others say */
    bool pauses;     /* it is a tone with a pause */
    int16_t *talker; /* what the listener adds while it talks */
    struct encoder_share share;
    struct encoder_member listener, other;
    void *reference; /* encoder of the room alone */
    struct line switched, never;
    int first_ms, returned_ms; /* first packet of the shared encoder after the talk; all from there on */
};

static void *encoder_open(const struct codec *codec)
{
    static const struct codec_params usual;
    void *state = malloc(codec_encoder_bytes(codec));
    assert_non_null(state);
    codec->encoder_init(state, &usual);
    return state;
}

static void line_open(struct line *l, const struct codec *codec, size_t samples)
{
    *l = (struct line){.codec = codec, .decoder = malloc(codec_decoder_bytes(codec))};
    l->heard = calloc(samples, sizeof(int16_t));
    assert_true(l->decoder && l->heard);
    codec->decoder_init(l->decoder);
}

static void line_close(struct line *l)
{
    free(l->decoder);
    free(l->heard);
}

static void line_put(struct line *l, const uint8_t *payload, size_t len, size_t frame)
{
    size_t samples;
    assert_int_equal(l->codec->decode(l->decoder, payload, len, l->heard + l->at, frame, &samples), STATUS_OK);
    assert_int_equal(samples, frame);
    l->at += samples;
}

static void scene_open(struct scene *s, const struct codec *codec)
{
    memset(s, 0, sizeof *s);
    s->codec = codec;
    s->frame = frame_samples(codec->rate_hz);
    s->samples = (size_t)codec->rate_hz * SECONDS;
    s->first_ms = s->returned_ms = NEVER;
    s->room = calloc(s->samples, sizeof(int16_t));
    s->talker = calloc(s->samples, sizeof(int16_t));
    assert_true(s->room && s->talker);
    encoder_share_init(&s->share, codec);
    encoder_member_init(&s->listener, encoder_open(codec));
    encoder_member_init(&s->other, encoder_open(codec));
    s->reference = encoder_open(codec);
    line_open(&s->switched, codec, s->samples);
    line_open(&s->never, codec, s->samples);
    struct made_voice voice;
    made_voice_init(&voice, codec->rate_hz, 77);
    size_t from = codec->rate_hz / 1000 * TALKS_FROM_MS, to = codec->rate_hz / 1000 * TALKS_TO_MS;
    made_voice_read(&voice, s->talker + from, to - from);
}

static void scene_close(struct scene *s)
{
    encoder_share_leave(&s->listener);
    encoder_share_leave(&s->other);
    free(s->listener.state);
    free(s->other.state);
    free(s->reference);
    free(s->room);
    free(s->talker);
    line_close(&s->switched);
    line_close(&s->never);
}

/* The packet of the reference, and the one that the listener gets: from the shared encoder or from its own. */
static void send_frame(struct scene *s, const int16_t *own, const int16_t *shared, bool takes_shared)
{
    uint8_t payload[CODEC_PAYLOAD_OUT_MAX], common[CODEC_PAYLOAD_OUT_MAX];
    size_t len = s->codec->encode(s->reference, own, s->frame, payload, sizeof payload);
    line_put(&s->never, payload, len, s->frame);
    size_t common_len = s->codec->encode(encoder_share_state(&s->share), shared, s->frame, common, sizeof common);
    if (takes_shared) {
        line_put(&s->switched, common, common_len, s->frame);
        return;
    }
    len = s->codec->encode(s->listener.state, own, s->frame, payload, sizeof payload);
    line_put(&s->switched, payload, len, s->frame);
}

static bool return_by_rule(struct scene *s, const int16_t *own, const int16_t *shared, int ms)
{
    (void)ms;
    return s->listener.share || encoder_share_return(&s->share, &s->listener, own, shared, s->frame);
}

/* As the naive would do it: a little after the talk, whatever there is to hear. */
static bool return_at_once(struct scene *s, const int16_t *own, const int16_t *shared, int ms)
{
    (void)own;
    (void)shared;
    if (s->listener.share) return true;
    if (ms < TALKS_TO_MS + ENCODER_SHARE_EQUAL_MS) return false;
    s->listener.share = &s->share;
    list_push_back(&s->share.followers, &s->listener.link);
    return true;
}

typedef bool return_fn(struct scene *s, const int16_t *own, const int16_t *shared, int ms);

static void play(struct scene *s, return_fn *try_return)
{
    int16_t mix[FRAME_SAMPLES_MAX];
    assert_true(encoder_share_return(&s->share, &s->other, s->room, s->room, s->frame));
    assert_int_equal(s->other.quiet_samples, 0);
    list_push_back(&s->share.followers, &s->listener.link); /* nothing was sent yet: it is like the other */
    s->listener.share = &s->share;
    for (size_t at = 0; at < s->samples; at += s->frame) {
        int ms = (int)(at / (s->codec->rate_hz / 1000));
        for (size_t i = 0; i < s->frame; i++)
            mix[i] = (int16_t)(s->room[at + i] + s->talker[at + i]);
        if (ms == TALKS_FROM_MS) encoder_share_leave(&s->listener);
        bool own = !s->listener.share;
        bool takes_shared = try_return(s, s->room + at, mix, ms);
        if (takes_shared && ms > TALKS_FROM_MS && s->first_ms == NEVER) s->first_ms = ms;
        if (own && s->listener.share) s->returned_ms = ms;
        send_frame(s, s->room + at, mix, takes_shared);
    }
}

/* ---- measuring ---- */

struct difference {
    double excess_db;  /* of the worst window over the codec's own residual */
    double worst_dbfs; /* that window's */
    int worst_ms;
    bool exact_until_return;
};

static double power(const int16_t *a, const int16_t *b, size_t samples)
{
    double sum = 0;
    for (size_t i = 0; i < samples; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sum / (double)samples;
}

static double dbfs(double mean_square)
{
    return 10 * log10(mean_square / (32767.0 * 32767.0 / 2) + 1e-20);
}

/* By how many samples the decoder's output is late: where it is most like what went in. */
static size_t coder_delay(const struct scene *s)
{
    size_t best = 0, n = s->codec->rate_hz;
    double least = 1e30;
    for (size_t delay = 0; delay < s->codec->rate_hz / 100; delay++) {
        double p = power(s->never.heard + 2 * n + delay, s->room + 2 * n, n);
        if (p < least) best = delay, least = p;
    }
    return best;
}

enum { AROUND = 4, FLOOR_DBFS = -76 };

/* Of speech: around each window, 20 ms to each side, the loudest; with a floor, for pauses may have none. */
static void speech_residual(const struct scene *s, double *own_dbfs, size_t windows, size_t window)
{
    size_t delay = coder_delay(s);
    for (size_t w = 0; w < windows; w++)
        own_dbfs[w] = FLOOR_DBFS;
    for (size_t w = AROUND; w + AROUND < windows; w++) {
        double own = dbfs(power(s->never.heard + w * window, s->room + w * window - delay, window));
        for (size_t near = w - AROUND; near <= w + AROUND; near++)
            own_dbfs[near] = fmax(own_dbfs[near], own);
    }
}

/*
 * A tone: what should be heard of it is the tone, as the codec passes it, and nothing in its pause. At the pause's ends
 * codecs are at their worst; there the stream that never changed says what should be heard.
 */
static void tone_residual(const struct scene *s, int16_t *ideal, double *own_dbfs, size_t windows, size_t window)
{
    size_t second = s->codec->rate_hz, from = 5 * second / 2;
    struct tone_reading r = tone_measure(s->never.heard + from, second, (uint32_t)second, TONE_HZ, from);
    double peak = 32767 * pow(10, r.level_dbfs / 20), turn = 2 * 3.14159265358979 / (double)second * TONE_HZ;
    for (size_t w = 0; w < windows; w++) {
        int ms = (int)(w * 5);
        if (s->pauses && (abs(ms - PAUSE_FROM_MS) <= 40 || abs(ms - PAUSE_TO_MS) <= 40)) continue;
        own_dbfs[w] = r.residual_dbfs;
        bool sounds = !s->pauses || ms < PAUSE_FROM_MS || ms >= PAUSE_TO_MS;
        for (size_t i = w * window; i < (w + 1) * window; i++)
            ideal[i] = (int16_t)lrint(sounds ? peak * sin(turn * (double)i + r.phase_deg / 57.29577951308) : 0);
    }
}

static struct difference measure(const struct scene *s, const int16_t *ideal, const double *own_dbfs, size_t windows,
                                 size_t window)
{
    struct difference d = {.excess_db = -200, .exact_until_return = true};
    for (size_t w = 0; w + AROUND < windows; w++) {
        bool before = s->first_ms == NEVER || (int)(w * 5) < s->first_ms;
        const int16_t *heard = s->switched.heard + w * window;
        double changed = power(heard, s->never.heard + w * window, window);
        if (before && changed > 0) d.exact_until_return = false;
        if (before) continue;
        /* Two encoders have noises of their own; and what the codec does to a tone by itself is not the change's. */
        double is = dbfs(fmin(changed, power(heard, ideal + w * window, window)));
        if (is - own_dbfs[w] <= d.excess_db) continue;
        d.excess_db = is - own_dbfs[w];
        d.worst_dbfs = is;
        d.worst_ms = (int)(w * 5);
    }
    return d;
}

static struct difference run(struct scene *s, return_fn *try_return, bool tone, const char *what)
{
    size_t window = s->codec->rate_hz / 200, windows = s->samples / window;
    double *own_dbfs = calloc(windows, sizeof *own_dbfs);
    int16_t *ideal = malloc(s->samples * sizeof *ideal);
    assert_true(own_dbfs && ideal);
    play(s, try_return);
    memcpy(ideal, s->never.heard, s->samples * sizeof *ideal);
    speech_residual(s, own_dbfs, windows, window);
    if (tone) tone_residual(s, ideal, own_dbfs, windows, window);
    struct difference d = measure(s, ideal, own_dbfs, windows, window);
    print_message("%s, %s: back from %d to %d ms; leaves at most %.1f dBFS (at %d ms), %+.1f dB over the codec's own\n",
                  s->codec->name, what, s->first_ms, s->returned_ms, d.worst_dbfs, d.worst_ms, d.excess_db);
    free(own_dbfs);
    free(ideal);
    return d;
}

static const struct codec *const codecs[] = {&codec_g722, &codec_opus};
enum { CODECS = 2 };

/* ---- tests ---- */

static void a_listener_who_talked_comes_back_in_a_pause_of_speech(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        for (uint64_t seed = 1; seed <= 6; seed++) {
            struct scene s;
            scene_open(&s, codecs[i]);
            struct made_voice voice;
            made_voice_init(&voice, codecs[i]->rate_hz, seed);
            made_voice_read(&voice, s.room, s.samples / 40 * (size_t)seed);
            made_voice_read(&voice, s.room, s.samples);
            struct difference d = run(&s, return_by_rule, false, "speech");
            assert_true(s.returned_ms >= TALKS_TO_MS + ENCODER_SHARE_EQUAL_MS);
            assert_true(d.exact_until_return);
            assert_true(d.excess_db <= 6);
            scene_close(&s);
        }
    }
}

/* In its pause there is noise up to so high, at 0 digital silence. */
static void put_tone(struct scene *s, bool pauses, uint32_t noise)
{
    struct rng rng;
    rng_init(&rng, 5);
    s->pauses = pauses;
    struct tone tone;
    uint32_t ms = s->codec->rate_hz / 1000;
    tone_init(&tone, s->codec->rate_hz, TONE_HZ, -12);
    tone_read(&tone, s->room, s->samples);
    for (uint32_t i = PAUSE_FROM_MS * ms; pauses && i < PAUSE_TO_MS * ms; i++)
        s->room[i] = (int16_t)(rng_below(&rng, 2 * noise + 1) - noise);
}

static void a_listener_who_talked_comes_back_in_the_pause_of_a_tone(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        for (int digital_silence = 0; digital_silence < 2; digital_silence++) {
            struct scene s;
            scene_open(&s, codecs[i]);
            put_tone(&s, true, digital_silence ? 0 : 8);
            struct difference d = run(&s, return_by_rule, true, "a tone that pauses");
            assert_in_range(s.first_ms, PAUSE_FROM_MS + ENCODER_SHARE_PAUSE_MS - 20, PAUSE_TO_MS);
            /* In digital silence decoders of G.722 may stay apart by a little noise, for ever. */
            if (!digital_silence) assert_in_range(s.returned_ms, s.first_ms, PAUSE_TO_MS);
            assert_true(d.exact_until_return);
            assert_true(d.excess_db <= 6);
            scene_close(&s);
        }
    }
}

static void without_a_pause_there_is_no_change(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct scene s;
        scene_open(&s, codecs[i]);
        put_tone(&s, false, 0);
        play(&s, return_by_rule);
        assert_int_equal(s.returned_ms, NEVER);
        assert_memory_equal(s.switched.heard, s.never.heard, s.samples * sizeof(int16_t));
        scene_close(&s);
    }
}

/* The measure tells a change on a running tone from one in a pause. */
static void a_change_on_a_running_tone_is_heard(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        struct scene s;
        scene_open(&s, codecs[i]);
        put_tone(&s, false, 0);
        struct difference d = run(&s, return_at_once, true, "at once on a tone");
        assert_true(d.excess_db > 6);
        scene_close(&s);
    }
}

/* Whoever leaves, the shared encoder's packets are those of one that nobody ever left. */
static void the_shared_state_outlives_whoever_brought_it(void **state)
{
    (void)state;
    for (int i = 0; i < CODECS; i++) {
        const struct codec *codec = codecs[i];
        struct encoder_share share;
        struct encoder_member members[3];
        struct made_voice voice;
        void *alone = encoder_open(codec);
        encoder_share_init(&share, codec);
        made_voice_init(&voice, codec->rate_hz, 9);
        assert_null(encoder_share_state(&share));
        for (int tick = 0; tick < 40; tick++) {
            int16_t pcm[FRAME_SAMPLES_MAX];
            uint8_t one[CODEC_PAYLOAD_OUT_MAX], other[CODEC_PAYLOAD_OUT_MAX];
            size_t frame = frame_samples(codec->rate_hz);
            made_voice_read(&voice, pcm, frame);
            if (tick < 3) encoder_member_init(&members[tick], encoder_open(codec));
            if (tick == 0) assert_true(encoder_share_return(&share, &members[0], pcm, pcm, frame));
            if (tick == 1 || tick == 2) {
                members[tick].share = &share; /* new as they are, they could follow only in a pause */
                list_push_back(&share.followers, &members[tick].link);
            }
            if (tick == 10) encoder_share_leave(&members[0]);
            if (tick == 20) encoder_share_leave(&members[2]);
            size_t len = codec->encode(alone, pcm, frame, one, sizeof one);
            assert_int_equal(codec->encode(encoder_share_state(&share), pcm, frame, other, sizeof other), len);
            assert_memory_equal(one, other, len);
            for (int m = 0; m < 3; m += 2) {
                if (tick < (m == 0 ? 10 : 20)) continue;
                assert_int_equal(codec->encode(members[m].state, pcm, frame, other, sizeof other), len);
                assert_memory_equal(one, other, len);
            }
        }
        encoder_share_leave(&members[1]);
        assert_null(encoder_share_state(&share));
        for (int m = 0; m < 3; m++)
            free(members[m].state);
        free(alone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_who_talked_comes_back_in_a_pause_of_speech),
        cmocka_unit_test(a_listener_who_talked_comes_back_in_the_pause_of_a_tone),
        cmocka_unit_test(without_a_pause_there_is_no_change),
        cmocka_unit_test(the_shared_state_outlives_whoever_brought_it),
        cmocka_unit_test(a_change_on_a_running_tone_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
