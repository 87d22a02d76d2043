/*
 * Delay: from the arrival of a packet at the bridge's socket to the sending of the packet that carries its first
 * sample, on a clean network, over talker phases spread evenly over 20 ms. What the talker says (chord.h) is coded and
 * decoded once more beside the bridge, as any receiver of its packets would do it: that is what the packets hold. What
 * is heard is laid against it where both are most alike, which tells for the first sample of a packet that came in in
 * which of the packets that went out it is. The look-ahead of the bridge's encoder and its resamplers are part of the
 * delay, the talker's own encoder is not.
 */
#include <math.h>
#include <stdlib.h>

#include "board.h"
#include "chord.h"
#include "scene.h"

enum { SETTLE_MS = 400, MEASURE_MS = 300, LAG_MAX_MS = 100, PHASES_MAX = 200 };

/* A talker and a listener, and up to one more pair that makes the conference's rate. */
struct way {
    const char *name, *about;
    enum codec_id from, to, third;
    double p50_ms, p95_ms;
};

static void sing(struct person *p, int16_t *pcm, uint32_t samples)
{
    chord_read(p->user, pcm, samples);
}

/* What a receiver of the packets would hear. */
static int16_t *through_codec(const struct person *p, uint16_t ptime_ms)
{
    static const struct codec_params usual;
    const struct codec *codec = p->party->codec;
    void *encoder = calloc(1, codec_encoder_bytes(codec) + 1), *decoder = calloc(1, codec_decoder_bytes(codec) + 1);
    int16_t *out = calloc(p->said_max, sizeof *out);
    size_t n = sim_samples(p->party, ptime_ms);
    if (!encoder || !decoder || !out) abort();
    if (codec->encoder_init) codec->encoder_init(encoder, &usual);
    if (codec->decoder_init) codec->decoder_init(decoder);
    for (size_t at = 0; at + n <= p->said_count; at += n) {
        uint8_t payload[SIM_PACKET_BYTES];
        size_t len = codec->encode(encoder, p->said + at, n, payload, sizeof payload), got;
        if (codec->decode(decoder, payload, len, out + at, n, &got) != STATUS_OK) abort();
    }
    free(encoder);
    free(decoder);
    return out;
}

/* Of one packet; < 0 where what is heard is not what was said. */
static double delay_ms(const struct way *way, int64_t phase_us)
{
    struct scene s;
    struct chord chord;
    scene_open(&s);
    struct person *talker = scene_join(&s, phone(way->from, phase_us), true, true, true);
    struct person *listener = scene_join(&s, phone(way->to, 0), false, false, true);
    if (way->third != CODEC_COUNT) {
        for (int i = 0; i < 2; i++)
            scene_join(&s, phone(way->third, 500), true, true, true)->mute = true;
    }
    chord_init(&chord, person_rate(talker), &s.sim.rng);
    talker->voice = sing;
    talker->user = &chord;
    int64_t first_us = talker->party->next_us;
    person_keep_said(talker, SETTLE_MS + 2 * MEASURE_MS + LAG_MAX_MS);
    scene_run_ms(&s, SETTLE_MS);
    person_listen(listener, MEASURE_MS + LAG_MAX_MS);
    scene_run_ms(&s, MEASURE_MS + LAG_MAX_MS + 100);

    /* The first packet that comes when listening has begun. */
    uint16_t in_ms = talker->party->ptime_ms, out_ms = listener->party->ptime_ms;
    int64_t packet = (listener->kept_us - first_us) / (in_ms * 1000) + 1, arrival_us = first_us + packet * in_ms * 1000;
    int16_t *held = through_codec(talker, in_ms);
    double likeness;
    size_t count = sim_samples(talker->party, MEASURE_MS);
    const int16_t *from = held + (size_t)packet * sim_samples(talker->party, in_ms);
    uint32_t lag = chord_lag(from, count, person_rate(talker), listener->kept, listener->kept_count,
                             person_rate(listener), LAG_MAX_MS * CHORD_RATE_HZ / 1000, &likeness);
    int64_t sent_us = listener->kept_us + lag * 1000 / CHORD_RATE_HZ / out_ms * out_ms * 1000;
    free(held);
    scene_close(&s);
    return likeness > 0.8 ? (double)(sent_us - arrival_us) / 1000.0 : -1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void line(const struct way *way, uint32_t phases)
{
    const char *id = board_text("delay/%s", way->name);
    const char *what = board_text("%s, %u phases", way->about, phases);
    if (!board_wants(id, what)) return;
    double delays[PHASES_MAX];
    uint32_t lost = 0;
    for (uint32_t i = 0; i < phases; i++) {
        delays[i] = delay_ms(way, 20000 * i / phases);
        lost += delays[i] < 0;
    }
    qsort(delays, phases, sizeof *delays, by_value);
    double p50 = delays[(phases + 1) / 2 - 1], p95 = delays[(phases * 95 + 99) / 100 - 1];
    board_share(id, what, board_text("p50 <= %.0f, p95 <= %.0f ms", way->p50_ms, way->p95_ms),
                lost ? board_text("%u phases not heard", lost)
                     : board_text("p50 %.1f, p95 %.1f, most %.1f ms", p50, p95, delays[phases - 1]),
                lost == 0 && p50 <= way->p50_ms && p95 <= way->p95_ms, fmax(p50 / way->p50_ms, p95 / way->p95_ms));
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {
        {"PCMU", "PCMU to PCMU", CODEC_PCMU, CODEC_PCMU, CODEC_COUNT, 15, 25},
        {"PCMU-at-16", "PCMU to PCMU, mixed at 16 kHz", CODEC_PCMU, CODEC_PCMU, CODEC_G722, 30, 40},
        {"PCMU-at-48", "PCMU to PCMU, mixed at 48 kHz", CODEC_PCMU, CODEC_PCMU, CODEC_OPUS, 30, 40},
        {"G722", "G722 to G722", CODEC_G722, CODEC_G722, CODEC_COUNT, 30, 40},
        {"opus", "opus to opus", CODEC_OPUS, CODEC_OPUS, CODEC_COUNT, 30, 40},
        {"opus-PCMU", "opus to PCMU, mixed at 48 kHz", CODEC_OPUS, CODEC_PCMU, CODEC_OPUS, 30, 40},
        {"PCMU-opus", "PCMU to opus, mixed at 48 kHz", CODEC_PCMU, CODEC_OPUS, CODEC_OPUS, 30, 40},
    };
    board_open(argc, argv, "delay", "Delay: a packet's arrival to the sending of its first sample");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        line(&ways[i], board_length(10, 40, PHASES_MAX));
    return board_close();
}
