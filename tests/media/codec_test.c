#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "made_voice.h"
#include "media/codec.h"
#include "media/g711.h"
#include "media/g722.h"
#include "media/l16.h"
#include "media/opus_codec.h"
#include "media/tone.h"

/* An encoder and the decoder for what it makes. */
struct coder {
    const struct codec *codec;
    void *encoder, *decoder;
};

static void coder_open(struct coder *c, const struct codec *codec, const struct codec_params *params)
{
    *c = (struct coder){.codec = codec};
    if (codec->encoder_bytes) {
        assert_non_null(c->encoder = malloc(codec_encoder_bytes(codec)));
        codec->encoder_init(c->encoder, params);
    }
    if (codec->decoder_bytes) {
        assert_non_null(c->decoder = malloc(codec_decoder_bytes(codec)));
        codec->decoder_init(c->decoder);
    }
}

/* One packet through both. */
static void coder_pass(struct coder *c, const int16_t *pcm, size_t count, int16_t *out)
{
    uint8_t payload[CODEC_PAYLOAD_OUT_MAX * 2];
    size_t samples = 0, len = c->codec->encode(c->encoder, pcm, count, payload, sizeof(payload));
    assert_true(len > 0);
    assert_int_equal(c->codec->decode(c->decoder, payload, len, out, count, &samples), STATUS_OK);
    assert_int_equal(samples, count);
}

static void coder_close(struct coder *c)
{
    free(c->encoder);
    free(c->decoder);
}

static void every_code_comes_back_as_itself(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        uint8_t u = g711_ulaw_encode(g711_ulaw_decode((uint8_t)code));
        /* 0x7f is the other zero of mu-law. */
        assert_int_equal(u, code == 0x7f ? 0xff : code);
        assert_int_equal(g711_alaw_encode(g711_alaw_decode((uint8_t)code)), code);
    }
}

/* ITU-T G.711 tables 1a and 2a, at the ends of some segments. */
static void known_values_are_those_of_the_recommendation(void **state)
{
    (void)state;
    assert_int_equal(g711_ulaw_decode(0xff), 0);
    assert_int_equal(g711_ulaw_decode(0x80), 32124);
    assert_int_equal(g711_ulaw_decode(0x00), -32124);
    assert_int_equal(g711_ulaw_decode(0xfe), 8);
    assert_int_equal(g711_alaw_decode(0xd5), 8);
    assert_int_equal(g711_alaw_decode(0x55), -8);
    assert_int_equal(g711_alaw_decode(0xaa), 32256);
    assert_int_equal(g711_alaw_decode(0x2a), -32256);
}

/* The formulas behind the tables: sign, segment and step of a code, and the middle of the interval it stands for. */
static void every_value_is_that_of_its_segment_and_step(void **state)
{
    (void)state;
    for (int code = 0; code < 256; code++) {
        int bits = ~code & 0xff, segment = bits >> 4 & 7, step = bits & 15;
        int u = 4 * (((2 * step + 33) << segment) - 33);
        assert_int_equal(g711_ulaw_decode((uint8_t)code), bits & 0x80 ? -u : u);
        bits = code ^ 0x55, segment = bits >> 4 & 7, step = bits & 15;
        int a = segment == 0 ? 8 * (2 * step + 1) : 8 * ((2 * step + 33) << (segment - 1));
        assert_int_equal(g711_alaw_decode((uint8_t)code), bits & 0x80 ? a : -a);
    }
}

static int distance(int a, int b)
{
    return abs(a - b);
}

static void the_code_is_within_half_a_step(void **state)
{
    (void)state;
    for (int sample = -32768; sample <= 32767; sample += 7) {
        int u = g711_ulaw_decode(g711_ulaw_encode((int16_t)sample));
        int a = g711_alaw_decode(g711_alaw_encode((int16_t)sample));
        assert_true(distance(u, sample) <= (abs(sample) + 132) / 32 + 1);
        assert_true(distance(a, sample) <= 8 || distance(a, sample) <= abs(sample) / 32 + 1);
    }
}

static void codecs_are_found_by_name_and_clock(void **state)
{
    (void)state;
    assert_ptr_equal(codec_find("pcmu", 8000, 1), &codec_pcmu);
    assert_ptr_equal(codec_find("PCMA", 8000, 0), &codec_pcma);
    assert_null(codec_find("PCMU", 16000, 1));
    assert_ptr_equal(codec_find("G722", 8000, 1), &codec_g722);
    assert_null(codec_find("G722", 16000, 1));
    assert_ptr_equal(codec_find("L16", 16000, 1), &codec_l16_16);
    assert_ptr_equal(codec_find("l16", 48000, 0), &codec_l16_48);
    assert_null(codec_find("L16", 48000, 2));
    assert_ptr_equal(codec_find("OPUS", 48000, 2), &codec_opus);
    assert_null(codec_find("opus", 48000, 1));
    for (int id = 0; id < CODEC_COUNT; id++)
        assert_int_equal(codec_by_id((enum codec_id)id)->id, id);
}

static void packets_are_of_lengths_that_the_encoder_can_send(void **state)
{
    (void)state;
    assert_int_equal(codec_packet_ms(&codec_pcmu, 50), 50);
    assert_int_equal(codec_packet_ms(&codec_l16_16, 60), 30);
    assert_int_equal(codec_packet_ms(&codec_l16_48, 20), 10);
    assert_int_equal(codec_packet_ms(&codec_opus, 30), 20);
    assert_int_equal(codec_packet_ms(&codec_opus, 5), 10);
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *c = codec_by_id((enum codec_id)id);
        struct coder coder;
        coder_open(&coder, c, &(struct codec_params){0});
        for (unsigned ms = 10; ms <= 60; ms += 10) {
            int16_t pcm[60 * 48] = {0}, back[60 * 48];
            uint8_t payload[CODEC_PAYLOAD_OUT_MAX];
            size_t samples = 0, want = ms * c->rate_hz / 1000;
            size_t len = c->encode(coder.encoder, pcm, want, payload, sizeof(payload));
            assert_int_equal(len > 0, codec_packet_ms(c, ms) == ms);
            if (len == 0) continue;
            assert_int_equal(c->duration(payload, len), want);
            assert_int_equal(c->decode(coder.decoder, payload, len, back, want, &samples), STATUS_OK);
            assert_int_equal(samples, want);
        }
        coder_close(&coder);
    }
}

static void payloads_are_coded_whole_or_not_at_all(void **state)
{
    (void)state;
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *c = codec_by_id((enum codec_id)id);
        struct coder coder;
        coder_open(&coder, c, &(struct codec_params){0});
        int16_t pcm[FRAME_SAMPLES_MAX] = {0}, back[FRAME_SAMPLES_MAX];
        uint8_t payload[2 * FRAME_SAMPLES_MAX];
        size_t samples = 7, count = c->rate_hz / 100;
        for (size_t i = 0; i < count; i++)
            pcm[i] = (int16_t)(i % 100 * 200);
        size_t len = c->encode(coder.encoder, pcm, count, payload, sizeof(payload));
        assert_true(len > 0);
        if (c->joins) assert_int_equal(c->encode(coder.encoder, pcm, count, payload, len - 1), 0);
        assert_int_equal(c->decode(coder.decoder, payload, len, back, count - 1, &samples), STATUS_INVALID);
        assert_int_equal(c->decode(coder.decoder, payload, 0, back, count, &samples), STATUS_INVALID);
        assert_int_equal(samples, 7);
        assert_int_equal(c->decode(coder.decoder, payload, len, back, count, &samples), STATUS_OK);
        assert_int_equal(samples, count);
        for (size_t i = 0; !coder.encoder && i < count; i++)
            assert_true(distance(pcm[i], back[i]) <= 8 + abs(pcm[i]) / 30);
        coder_close(&coder);
    }
}

static void silence_is_seen_without_decoding(void **state)
{
    (void)state;
    uint8_t payload[160];
    memset(payload, 0xff, sizeof(payload));
    assert_true(codec_pcmu.is_silence(payload, sizeof(payload)));
    payload[80] = 0x7f;
    assert_true(codec_pcmu.is_silence(payload, sizeof(payload)));
    payload[80] = 0xfe;
    assert_false(codec_pcmu.is_silence(payload, sizeof(payload)));
    memset(payload, 0, sizeof(payload));
    assert_true(codec_l16_16.is_silence(payload, sizeof(payload)));
    payload[sizeof(payload) - 1] = 1;
    assert_false(codec_l16_16.is_silence(payload, sizeof(payload)));
    memset(payload, 0xd5, sizeof(payload));
    payload[3] = 0x55;
    assert_true(codec_pcma.is_silence(payload, sizeof(payload)));
    for (size_t at = 0; at < 13; at++) {
        payload[at] ^= 1;
        assert_false(codec_pcma.is_silence(payload, 13));
        payload[at] ^= 1;
    }
}

enum { TONE_HZ = 1013, SECONDS = 3 };

/* A tone through one codec and then another, as a bridge at 8 kHz has it; the last second is measured. */
static struct tone_reading pass_tone(const struct codec *first, const struct codec *second, double level_dbfs)
{
    struct coder one, two;
    coder_open(&one, first, &(struct codec_params){0});
    coder_open(&two, second, &(struct codec_params){0});
    size_t rate = first->rate_hz, frame = rate / 1000 * codec_packet_ms(first, 20), at = 0;
    int16_t *heard = calloc(rate * SECONDS, sizeof(*heard));
    assert_non_null(heard);
    struct tone tone;
    tone_init(&tone, first->rate_hz, TONE_HZ, level_dbfs);
    for (; at + frame <= rate * SECONDS; at += frame) {
        int16_t pcm[FRAME_SAMPLES_MAX];
        tone_read(&tone, pcm, frame);
        coder_pass(&one, pcm, frame, pcm);
        coder_pass(&two, pcm, frame, heard + at);
    }
    struct tone_reading r = tone_measure(heard + at - rate, rate, (uint32_t)rate, TONE_HZ, at - rate);
    free(heard);
    coder_close(&one);
    coder_close(&two);
    return r;
}

static void a_tone_keeps_its_level(void **state)
{
    (void)state;
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *c = codec_by_id((enum codec_id)id);
        for (double level = -1; level >= -36; level -= level > -2 ? 11 : 12) {
            struct tone_reading r = pass_tone(c, c, level);
            print_message("%s/%u twice, %.0f dBFS: level %+.3f dB, residual %.1f dBFS\n", c->name, c->rate_hz, level,
                          r.level_dbfs - level, r.residual_dbfs);
            double may = id == CODEC_G722 || id == CODEC_OPUS ? 0.5 : 0.05;
            assert_true(r.level_dbfs - level < may && level - r.level_dbfs < may);
            assert_true(r.residual_dbfs < level - 30);
        }
    }
}

static void a_tone_keeps_its_level_from_one_law_to_the_other(void **state)
{
    (void)state;
    for (double level = -1; level >= -36; level -= level > -2 ? 11 : 12) {
        double there = pass_tone(&codec_pcmu, &codec_pcma, level).level_dbfs - level;
        double back = pass_tone(&codec_pcma, &codec_pcmu, level).level_dbfs - level;
        print_message("PCMU to PCMA, %.0f dBFS: %+.3f dB; PCMA to PCMU: %+.3f dB\n", level, there, back);
        assert_true(there < 0.3 && there > -0.3 && back < 0.3 && back > -0.3);
    }
}

static void linear_samples_pass_bit_for_bit(void **state)
{
    (void)state;
    const struct codec *l16[] = {&codec_l16_8, &codec_l16_16, &codec_l16_48};
    for (int i = 0; i < 3; i++) {
        int16_t pcm[480], back[480];
        uint8_t payload[960];
        size_t samples, count = l16[i]->rate_hz / 100;
        for (size_t k = 0; k < count; k++)
            pcm[k] = (int16_t)(k * 7919 + 32768);
        assert_int_equal(l16[i]->encode(NULL, pcm, count, payload, sizeof(payload)), 2 * count);
        assert_int_equal(payload[0] << 8 | payload[1], 0x8000); /* big-endian */
        assert_int_equal(l16[i]->decode(NULL, payload, 2 * count, back, count, &samples), STATUS_OK);
        assert_memory_equal(pcm, back, 2 * count);
        assert_int_equal(l16[i]->duration(payload, 5), 0);
        assert_int_equal(l16[i]->decode(NULL, payload, 5, back, count, &samples), STATUS_INVALID);
    }
}

/* What a follower of a shared encoder lives on. */
static void a_copied_state_goes_on_exactly(void **state)
{
    (void)state;
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *c = codec_by_id((enum codec_id)id);
        if (!c->encoder_bytes) continue;
        struct coder coder, copy;
        coder_open(&coder, c, &(struct codec_params){.fec = true, .loss_percent = 10});
        coder_open(&copy, c, &(struct codec_params){0});
        struct made_voice voice;
        made_voice_init(&voice, c->rate_hz, 3);
        for (int tick = 0; tick < 100; tick++) {
            int16_t pcm[FRAME_SAMPLES_MAX], one[FRAME_SAMPLES_MAX], two[FRAME_SAMPLES_MAX];
            size_t frame = frame_samples(c->rate_hz);
            made_voice_read(&voice, pcm, frame);
            if (tick == 37) {
                memcpy(copy.encoder, coder.encoder, codec_encoder_bytes(c));
                memcpy(copy.decoder, coder.decoder, codec_decoder_bytes(c));
            }
            coder_pass(&coder, pcm, frame, one);
            coder_pass(&copy, pcm, frame, two);
            if (tick >= 37) assert_memory_equal(one, two, frame * sizeof(*one));
        }
        coder_close(&coder);
        coder_close(&copy);
    }
}

/* Error of a tone in the 20 ms after a lost frame that was made up rightly. */
static double error_after_loss(const struct codec *c, bool told)
{
    enum { TICKS = 400 };
    struct coder coder, clean;
    struct tone tone;
    size_t frame = frame_samples(c->rate_hz), samples;
    int16_t *should = calloc(frame * TICKS, sizeof(*should)), is[FRAME_SAMPLES_MAX];
    uint8_t payload[CODEC_PAYLOAD_OUT_MAX];
    double sum = 0;
    assert_non_null(should);
    coder_open(&coder, c, &(struct codec_params){0});
    coder_open(&clean, c, &(struct codec_params){0});
    tone_init(&tone, c->rate_hz, TONE_HZ, -12);
    for (size_t tick = 0; tick < TICKS; tick++) {
        int16_t pcm[FRAME_SAMPLES_MAX], *here = should + tick * frame;
        tone_read(&tone, pcm, frame);
        size_t len = c->encode(coder.encoder, pcm, frame, payload, sizeof(payload));
        assert_int_equal(c->decode(clean.decoder, payload, len, here, frame, &samples), STATUS_OK);
        if (tick % 20 == 18) continue;
        if (tick % 20 == 19 && told) c->decoder_follow(coder.decoder, here - frame, frame);
        assert_int_equal(c->decode(coder.decoder, payload, len, is, frame, &samples), STATUS_OK);
        for (size_t i = 0; i < frame && tick % 20 == 19; i++)
            sum += ((double)is[i] - here[i]) * (is[i] - here[i]);
    }
    free(should);
    coder_close(&coder);
    coder_close(&clean);
    return sum;
}

static void a_decoder_that_is_told_what_was_played_for_a_lost_frame_is_nearer_to_its_encoder(void **state)
{
    (void)state;
    double gain_db = 10 * log10(error_after_loss(&codec_g722, false) / error_after_loss(&codec_g722, true));
    print_message("G722 after a lost frame: %.1f dB nearer\n", gain_db);
    assert_true(gain_db > 30);
}

/* Whatever comes, duration and decode agree, nothing is written past the end, and the decoder can go on. */
static void decoders_take_any_bytes(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 11);
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *c = codec_by_id((enum codec_id)id);
        struct coder coder;
        coder_open(&coder, c, &(struct codec_params){0});
        for (int round = 0; round < 3000; round++) {
            int16_t pcm[60 * 48 + 1];
            uint8_t payload[CODEC_PAYLOAD_IN_MAX];
            size_t len = rng_below(&rng, rng_below(&rng, 8) ? 200 : sizeof(payload) + 1), samples = 0;
            size_t most = c->rate_hz / 1000 * 60, gap = 1 + rng_below(&rng, (uint32_t)most);
            for (size_t i = 0; i < len; i++)
                payload[i] = (uint8_t)rng_u32(&rng);
            uint8_t *exact = malloc(len > 0 ? len : 1); /* so that a reader past its end is found */
            assert_non_null(exact);
            memcpy(exact, payload, len);
            size_t duration = c->duration(exact, len);
            pcm[most] = 0x5555;
            if (c->conceal && round % 5 == 0) c->conceal(coder.decoder, exact, len, pcm, gap);
            if (c->has_fec) (void)c->has_fec(exact, len);
            if (c->decode(coder.decoder, exact, len, pcm, most, &samples) == STATUS_OK) {
                assert_int_equal(samples, duration);
                assert_true(samples <= most);
            } else {
                assert_int_equal(samples, 0);
            }
            assert_int_equal(pcm[most], 0x5555);
            free(exact);
        }
        coder_close(&coder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_comes_back_as_itself),
        cmocka_unit_test(known_values_are_those_of_the_recommendation),
        cmocka_unit_test(every_value_is_that_of_its_segment_and_step),
        cmocka_unit_test(the_code_is_within_half_a_step),
        cmocka_unit_test(codecs_are_found_by_name_and_clock),
        cmocka_unit_test(packets_are_of_lengths_that_the_encoder_can_send),
        cmocka_unit_test(payloads_are_coded_whole_or_not_at_all),
        cmocka_unit_test(silence_is_seen_without_decoding),
        cmocka_unit_test(a_tone_keeps_its_level),
        cmocka_unit_test(a_tone_keeps_its_level_from_one_law_to_the_other),
        cmocka_unit_test(linear_samples_pass_bit_for_bit),
        cmocka_unit_test(a_copied_state_goes_on_exactly),
        cmocka_unit_test(a_decoder_that_is_told_what_was_played_for_a_lost_frame_is_nearer_to_its_encoder),
        cmocka_unit_test(decoders_take_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
