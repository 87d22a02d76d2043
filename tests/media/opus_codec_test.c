#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <opus/opus.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "made_voice.h"
#include "media/opus_codec.h"
#include "media/tone.h"

enum { RATE = 48000, FRAME = 960, TICKS = 400 };

static const struct codec *const codec = &codec_opus;

/* Some seconds of voice as packets. */
struct packets {
    uint8_t bytes[TICKS][CODEC_PAYLOAD_OUT_MAX];
    size_t len[TICKS];
    int count;
    size_t total;
};

static void *encoder_open(const struct codec_params *params)
{
    void *state = malloc(codec_encoder_bytes(codec));
    assert_non_null(state);
    codec->encoder_init(state, params);
    return state;
}

static void *decoder_open(void)
{
    void *state = malloc(codec_decoder_bytes(codec));
    assert_non_null(state);
    codec->decoder_init(state);
    return state;
}

static void encode_voice(struct packets *p, const struct codec_params *params, unsigned ms, int count)
{
    void *encoder = encoder_open(params);
    struct made_voice voice;
    made_voice_init(&voice, RATE, 21);
    p->total = 0;
    for (p->count = 0; p->count < count; p->count++) {
        int16_t pcm[3 * FRAME];
        made_voice_read(&voice, pcm, RATE / 1000 * ms);
        size_t len = codec->encode(encoder, pcm, RATE / 1000 * ms, p->bytes[p->count], CODEC_PAYLOAD_OUT_MAX);
        assert_true(len > 0);
        p->len[p->count] = len;
        p->total += len;
    }
    free(encoder);
}

static void decode(void *decoder, const struct packets *p, int i, int16_t *pcm)
{
    size_t samples;
    assert_int_equal(codec->decode(decoder, p->bytes[i], p->len[i], pcm, FRAME, &samples), STATUS_OK);
    assert_int_equal(samples, FRAME);
}

static struct packets packets;

static void the_bandwidth_is_what_the_peer_plays(void **state)
{
    (void)state;
    const struct {
        uint32_t max_rate_hz;
        int bandwidth;
    } rows[] = {{0, OPUS_BANDWIDTH_FULLBAND},          {48000, OPUS_BANDWIDTH_FULLBAND},
                {24000, OPUS_BANDWIDTH_SUPERWIDEBAND}, {16000, OPUS_BANDWIDTH_WIDEBAND},
                {12000, OPUS_BANDWIDTH_MEDIUMBAND},    {8000, OPUS_BANDWIDTH_NARROWBAND},
                {4000, OPUS_BANDWIDTH_NARROWBAND}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        encode_voice(&packets, &(struct codec_params){.max_rate_hz = rows[i].max_rate_hz}, 20, 50);
        assert_int_equal(opus_packet_get_bandwidth(packets.bytes[40]), rows[i].bandwidth);
        assert_int_equal(opus_packet_get_nb_channels(packets.bytes[40]), 1);
    }
}

static void the_bit_rate_is_ours_or_the_most_that_the_peer_takes(void **state)
{
    (void)state;
    const uint32_t rates[] = {1, 12000, 20000, 32000, 0, 64000, 128000, 510000};
    const double kept[] = {6000, 12000, 20000, 32000, 40000, 40000, 40000, 40000};
    for (int i = 0; i < 8; i++) {
        encode_voice(&packets, &(struct codec_params){.bitrate_bps = rates[i]}, 20, 300);
        double bps = (double)packets.total * 8 / 6;
        print_message("at most %u bit/s: %.0f\n", rates[i], bps);
        assert_true(bps < kept[i] * 1.1 && bps > kept[i] * 0.75);
    }
}

static bool lost(int i)
{
    return i % 7 == 3;
}

static double error_power(const int16_t *a, const int16_t *b)
{
    double sum = 0;
    for (int i = 0; i < FRAME; i++)
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    return sum;
}

/* Error of the frames made up for lost ones, against what would have been heard. */
static double conceal_error(const struct packets *p, bool use_fec)
{
    void *clean = decoder_open(), *decoder = decoder_open();
    double sum = 0;
    for (int i = 0; i + 1 < p->count; i++) {
        int16_t should[FRAME], is[FRAME];
        decode(clean, p, i, should);
        if (lost(i))
            codec->conceal(decoder, use_fec ? p->bytes[i + 1] : NULL, use_fec ? p->len[i + 1] : 0, is, FRAME);
        else
            decode(decoder, p, i, is);
        if (lost(i)) sum += error_power(is, should);
    }
    free(clean);
    free(decoder);
    return sum;
}

static int with_fec(const struct packets *p)
{
    int count = 0;
    for (int i = 0; i < p->count; i++)
        count += codec->has_fec(p->bytes[i], p->len[i]);
    return count;
}

static void expected_loss_puts_fec_into_most_packets_and_it_helps(void **state)
{
    (void)state;
    encode_voice(&packets, &(struct codec_params){.loss_percent = 10}, 20, TICKS);
    assert_int_equal(with_fec(&packets), 0);
    for (uint8_t loss = 5; loss <= 20; loss += 5) {
        encode_voice(&packets, &(struct codec_params){.fec = true, .loss_percent = loss}, 20, TICKS);
        double gain = 10 * log10(conceal_error(&packets, false) / conceal_error(&packets, true));
        print_message("%d %% loss expected: FEC in %d of %d packets; %.1f dB nearer than without\n", loss,
                      with_fec(&packets), TICKS, gain);
        assert_true(with_fec(&packets) > TICKS / 2);
        assert_true(gain > 3);
    }
    encode_voice(&packets, &(struct codec_params){.fec = true, .loss_percent = 10}, 60, TICKS / 3);
    assert_true(with_fec(&packets) > TICKS / 6);
}

static void silence_need_not_be_sent_under_dtx_only(void **state)
{
    (void)state;
    for (int dtx = 0; dtx < 2; dtx++) {
        void *encoder = encoder_open(&(struct codec_params){.dtx = dtx});
        int unsent = 0;
        for (int tick = 0; tick < 100; tick++) {
            int16_t pcm[FRAME] = {0};
            uint8_t payload[CODEC_PAYLOAD_OUT_MAX];
            size_t len = codec->encode(encoder, pcm, FRAME, payload, sizeof(payload));
            assert_true(len > 0);
            unsent += codec->is_unsent(payload, len);
        }
        if (dtx) assert_true(unsent > 50);
        if (!dtx) assert_int_equal(unsent, 0);
        free(encoder);
    }
}

/* A tone on the left only, in stereo: half of it on each ear's mean. */
static void stereo_is_heard_as_the_mean_of_both_sides(void **state)
{
    (void)state;
    int error;
    OpusEncoder *stereo = opus_encoder_create(RATE, 2, OPUS_APPLICATION_AUDIO, &error);
    assert_non_null(stereo);
    assert_int_equal(opus_encoder_ctl(stereo, OPUS_SET_BITRATE(128000)), OPUS_OK);
    void *decoder = decoder_open();
    struct tone tone;
    tone_init(&tone, RATE, 1013, -12);
    int16_t heard[RATE];
    size_t samples = 0;
    for (size_t at = 0; at + FRAME <= RATE; at += samples) {
        int16_t left[FRAME], pcm[2 * FRAME] = {0};
        uint8_t payload[CODEC_PAYLOAD_IN_MAX];
        tone_read(&tone, left, FRAME);
        for (int i = 0; i < FRAME; i++)
            pcm[2 * i] = left[i];
        int len = opus_encode(stereo, pcm, FRAME, payload, sizeof(payload));
        assert_true(len > 0);
        assert_int_equal(codec->decode(decoder, payload, (size_t)len, heard + at, FRAME, &samples), STATUS_OK);
    }
    struct tone_reading r = tone_measure(heard + RATE / 2, RATE / 2, RATE, 1013, 0);
    assert_true(fabs(r.level_dbfs + 18) < 0.5);
    opus_encoder_destroy(stereo);
    free(decoder);
}

static void packets_of_all_lengths_are_measured_and_those_up_to_60_ms_decoded(void **state)
{
    (void)state;
    const int lengths[] = {120, 240, 480, 960, 1920, 2880, 3840, 4800, 5760};
    int error;
    OpusEncoder *encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_AUDIO, &error);
    assert_non_null(encoder);
    void *decoder = decoder_open();
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int16_t pcm[5760] = {0};
        uint8_t payload[CODEC_PAYLOAD_IN_MAX];
        size_t samples = 0;
        int len = opus_encode(encoder, pcm, lengths[i], payload, sizeof(payload));
        assert_true(len > 0);
        assert_int_equal(codec->duration(payload, (size_t)len), lengths[i]);
        status result = codec->decode(decoder, payload, (size_t)len, pcm, 2880, &samples);
        assert_int_equal(result, lengths[i] <= 2880 ? STATUS_OK : STATUS_INVALID);
        assert_int_equal(samples, lengths[i] <= 2880 ? lengths[i] : 0);
    }
    opus_encoder_destroy(encoder);
    free(decoder);
}

static int step_max(const int16_t *pcm, size_t samples)
{
    int most = 0;
    for (size_t i = 1; i < samples; i++)
        most = abs(pcm[i] - pcm[i - 1]) > most ? abs(pcm[i] - pcm[i - 1]) : most;
    return most;
}

/* The playout buffer asks for what it needs at the moment, in pieces of any length. */
static void a_gap_is_filled_in_pieces_without_a_step(void **state)
{
    (void)state;
    static int16_t heard[40 * FRAME];
    void *encoder = encoder_open(&(struct codec_params){0}), *decoder = decoder_open();
    struct tone tone;
    tone_init(&tone, RATE, 400, -12);
    size_t at = 0, samples;
    for (int tick = 0; tick < 30; tick++) {
        int16_t pcm[FRAME];
        uint8_t payload[CODEC_PAYLOAD_OUT_MAX];
        tone_read(&tone, pcm, FRAME);
        size_t len = codec->encode(encoder, pcm, FRAME, payload, sizeof(payload));
        assert_int_equal(codec->decode(decoder, payload, len, heard + at, FRAME, &samples), STATUS_OK);
        at += samples;
    }
    int steady = step_max(heard + at - FRAME, FRAME);
    struct rng rng;
    rng_init(&rng, 4);
    for (size_t left = 2 * FRAME, piece; left > 0; left -= piece, at += piece) {
        piece = 1 + rng_below(&rng, 400);
        if (piece > left) piece = left;
        codec->conceal(decoder, NULL, 0, heard + at, piece);
    }
    print_message("largest step of the tone %d, of what is made up %d\n", steady,
                  step_max(heard + at - 2 * FRAME - 1, 2 * FRAME + 1));
    assert_true(step_max(heard + at - 2 * FRAME - 1, 2 * FRAME + 1) < steady * 5 / 4);
    assert_true(tone_power_dbfs(heard + at - 2 * FRAME, FRAME) > -18); /* still sounds for 20 ms */
    free(encoder);
    free(decoder);
}

/* Two packets are lost; of the gap some was made up before the next packet came. Its FEC stands for the second. */
static void fec_ends_where_the_next_packet_begins(void **state)
{
    (void)state;
    enum { BEFORE = 611 };
    encode_voice(&packets, &(struct codec_params){.fec = true, .loss_percent = 20}, 20, TICKS);
    void *clean = decoder_open(), *decoder = decoder_open();
    double right = 0, early = 0;
    for (int i = 0; i + 1 < TICKS; i++) {
        int16_t should[FRAME], is[2 * FRAME];
        decode(clean, &packets, i, should);
        if (i % 9 < 7) {
            decode(decoder, &packets, i, is);
        } else if (i % 9 == 8) {
            codec->conceal(decoder, NULL, 0, is, BEFORE);
            codec->conceal(decoder, packets.bytes[i + 1], packets.len[i + 1], is + BEFORE, 2 * FRAME - BEFORE);
            right += error_power(is + FRAME, should);
            early += error_power(is + FRAME - 100, should);
        }
    }
    print_message("as it stands %.1f dB nearer than 2 ms earlier\n", 10 * log10(early / right));
    assert_true(early > 2 * right);
    free(clean);
    free(decoder);
}

static void a_running_encoder_takes_new_parameters_without_a_sound(void **state)
{
    (void)state;
    void *encoder = encoder_open(&(struct codec_params){0}), *decoder = decoder_open();
    struct tone tone;
    struct tone_watch watch;
    tone_init(&tone, RATE, 1013, -12);
    tone_watch_init(&watch, RATE, 1013, -12);
    for (int tick = 0; tick < 200; tick++) {
        int16_t pcm[FRAME];
        uint8_t payload[CODEC_PAYLOAD_OUT_MAX];
        size_t samples;
        tone_read(&tone, pcm, FRAME);
        if (tick == 80) codec->encoder_change(encoder, &(struct codec_params){.bitrate_bps = 24000});
        if (tick == 120) codec->encoder_change(encoder, &(struct codec_params){.fec = true, .loss_percent = 15});
        size_t len = codec->encode(encoder, pcm, FRAME, payload, sizeof(payload));
        assert_int_equal(codec->decode(decoder, payload, len, pcm, FRAME, &samples), STATUS_OK);
        if (tick >= 20) tone_watch_put(&watch, pcm, samples);
    }
    print_message("largest steps: %.2f degrees, %.2f dB\n", watch.max_phase_step_deg, watch.max_level_step_db);
    assert_int_equal(watch.breaks + watch.holes, 0);
    free(encoder);
    free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bandwidth_is_what_the_peer_plays),
        cmocka_unit_test(the_bit_rate_is_ours_or_the_most_that_the_peer_takes),
        cmocka_unit_test(expected_loss_puts_fec_into_most_packets_and_it_helps),
        cmocka_unit_test(silence_need_not_be_sent_under_dtx_only),
        cmocka_unit_test(stereo_is_heard_as_the_mean_of_both_sides),
        cmocka_unit_test(packets_of_all_lengths_are_measured_and_those_up_to_60_ms_decoded),
        cmocka_unit_test(a_gap_is_filled_in_pieces_without_a_step),
        cmocka_unit_test(fec_ends_where_the_next_packet_begins),
        cmocka_unit_test(a_running_encoder_takes_new_parameters_without_a_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
