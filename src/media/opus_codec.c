#include "media/opus_codec.h"

#include <assert.h>
#include <opus/opus.h>
#include <stdalign.h>
#include <string.h>

enum {
    RATE_HZ = 48000,
    STEP = RATE_HZ / 100, /* 10 ms: of less, SILK would make up as much and leave out the rest */
    COMPLEXITY = 5,
    BPS = 40000,
    LEAST_BPS = 6000,
};

/* Behind each of these lies the state of libopus. */
struct encoder {
    alignas(16) bool cut; /* the next packet stands alone */
};

struct decoder {
    alignas(16) uint32_t spare_count; /* made-up samples that were not asked for yet ... */
    int16_t spare[STEP];              /* ... at the end of this */
};

static OpusEncoder *library_encoder(struct encoder *e)
{
    return (OpusEncoder *)(void *)(e + 1);
}

static OpusDecoder *library_decoder(struct decoder *d)
{
    return (OpusDecoder *)(void *)(d + 1);
}

static size_t encoder_bytes(void)
{
    return sizeof(struct encoder) + (size_t)opus_encoder_get_size(1);
}

static size_t decoder_bytes(void)
{
    return sizeof(struct decoder) + (size_t)opus_decoder_get_size(1);
}

/* ---- encoder ---- */

static int bandwidth_for(uint32_t rate_hz)
{
    if (rate_hz == 0 || rate_hz > 24000) return OPUS_BANDWIDTH_FULLBAND;
    if (rate_hz > 16000) return OPUS_BANDWIDTH_SUPERWIDEBAND;
    if (rate_hz > 12000) return OPUS_BANDWIDTH_WIDEBAND;
    if (rate_hz > 8000) return OPUS_BANDWIDTH_MEDIUMBAND;
    return OPUS_BANDWIDTH_NARROWBAND;
}

/* What the peer says is the most that it takes (RFC 7587 section 6.1), no wish for so much. */
static int bit_rate_for(const struct codec_params *params)
{
    uint32_t most = params->bitrate_bps;
    if (most == 0 || most > BPS) return BPS;
    return most < LEAST_BPS ? LEAST_BPS : (int)most;
}

static void encoder_change(void *state, const struct codec_params *params)
{
    OpusEncoder *o = library_encoder(state);
    int failed = opus_encoder_ctl(o, OPUS_SET_MAX_BANDWIDTH(bandwidth_for(params->max_rate_hz)));
    failed |= opus_encoder_ctl(o, OPUS_SET_BITRATE(bit_rate_for(params)));
    failed |= opus_encoder_ctl(o, OPUS_SET_INBAND_FEC(params->fec));
    failed |= opus_encoder_ctl(o, OPUS_SET_PACKET_LOSS_PERC(params->loss_percent < 100 ? params->loss_percent : 100));
    failed |= opus_encoder_ctl(o, OPUS_SET_DTX(params->dtx));
    assert(failed == OPUS_OK);
    (void)failed;
}

static void encoder_init(void *state, const struct codec_params *params)
{
    struct encoder *e = state;
    memset(e, 0, sizeof *e);
    int failed = opus_encoder_init(library_encoder(e), RATE_HZ, 1, OPUS_APPLICATION_VOIP);
    failed |= opus_encoder_ctl(library_encoder(e), OPUS_SET_COMPLEXITY(COMPLEXITY));
    assert(failed == OPUS_OK);
    (void)failed;
    encoder_change(e, params);
}

static void encoder_cut(void *state)
{
    struct encoder *e = state;
    e->cut = true;
}

static size_t encode(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size)
{
    struct encoder *e = state;
    OpusEncoder *o = library_encoder(e);
    if (size > CODEC_PAYLOAD_OUT_MAX) size = CODEC_PAYLOAD_OUT_MAX;
    if (e->cut) (void)opus_encoder_ctl(o, OPUS_SET_PREDICTION_DISABLED(1));
    opus_int32 len = opus_encode(o, pcm, (int)samples, out, (opus_int32)size);
    if (e->cut) (void)opus_encoder_ctl(o, OPUS_SET_PREDICTION_DISABLED(0));
    if (len > 0) e->cut = false;
    return len > 0 ? (size_t)len : 0;
}

/* libopus: a packet of up to two bytes need not be transmitted. */
static bool is_unsent(const uint8_t *payload, size_t len)
{
    (void)payload;
    return len <= 2;
}

/* ---- decoder ---- */

static void decoder_init(void *state)
{
    struct decoder *d = state;
    memset(d, 0, sizeof *d);
    int failed = opus_decoder_init(library_decoder(d), RATE_HZ, 1);
    assert(failed == OPUS_OK);
    (void)failed;
}

static size_t duration(const uint8_t *payload, size_t len)
{
    if (len == 0 || len > CODEC_PAYLOAD_IN_MAX) return 0;
    int samples = opus_packet_get_nb_samples(payload, (opus_int32)len, RATE_HZ);
    return samples > 0 ? (size_t)samples : 0;
}

static status decode(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples, size_t *samples)
{
    struct decoder *d = state;
    size_t count = duration(payload, len);
    if (count == 0 || count > max_samples) return STATUS_INVALID;
    int decoded = opus_decode(library_decoder(d), payload, (opus_int32)len, pcm, (int)count, 0);
    if (decoded <= 0) return STATUS_INVALID;
    d->spare_count = 0;
    *samples = (size_t)decoded;
    return STATUS_OK;
}

/*
 * SILK's payload (RFC 6716 section 4.2.3 on) starts with a flag of voice for each of its frames of 20 ms, then the flag
 * that says whether the copy of what came before (LBRR) is in it.
 */
static bool has_fec(const uint8_t *payload, size_t len)
{
    const unsigned char *frames[48];
    opus_int16 sizes[48];
    if (len == 0 || len > CODEC_PAYLOAD_IN_MAX || payload[0] & 0x80) return false; /* CELT alone has none */
    int count = opus_packet_parse(payload, (opus_int32)len, NULL, frames, sizes, NULL);
    if (count <= 0 || sizes[0] == 0) return false;
    int frame = opus_packet_get_samples_per_frame(payload, RATE_HZ);
    int voice_flags = frame > RATE_HZ / 50 ? frame / (RATE_HZ / 50) : 1;
    return frames[0][0] & 0x80 >> voice_flags;
}

/* libopus makes up whole steps; an error of its would leave a hole, not noise. */
static void make_up(struct decoder *d, const uint8_t *next, size_t next_len, int16_t *pcm, size_t samples)
{
    int made = opus_decode(library_decoder(d), next, (opus_int32)next_len, pcm, (int)samples, next != NULL);
    if (made < 0) made = 0;
    memset(pcm + made, 0, (samples - (size_t)made) * sizeof *pcm);
}

static size_t take_spare(struct decoder *d, int16_t *pcm, size_t samples)
{
    size_t n = d->spare_count < samples ? d->spare_count : samples;
    memcpy(pcm, d->spare + STEP - d->spare_count, n * sizeof *pcm);
    d->spare_count -= (uint32_t)n;
    return n;
}

/* The odd part is made first where FEC follows: that has to end where the next packet begins. */
static void conceal(void *state, const uint8_t *next, size_t next_len, int16_t *pcm, size_t samples)
{
    struct decoder *d = state;
    if (next && !has_fec(next, next_len)) next = NULL;
    if (!next) next_len = 0;
    size_t done = take_spare(d, pcm, samples);
    size_t odd = (samples - done) % STEP, whole = samples - done - odd;
    if (odd > 0 && next) {
        make_up(d, NULL, 0, d->spare, STEP);
        memcpy(pcm + done, d->spare, odd * sizeof *pcm);
        done += odd;
    }
    if (whole > 0) make_up(d, next, next_len, pcm + done, whole);
    if (odd > 0 && !next) {
        make_up(d, NULL, 0, d->spare, STEP);
        d->spare_count = STEP;
        (void)take_spare(d, pcm + done + whole, odd);
    }
}

const struct codec codec_opus = {
    .id = CODEC_OPUS,
    .name = "opus",
    .clock_hz = RATE_HZ,
    .channels = 2,
    .rate_hz = RATE_HZ,
    .static_payload_type = -1,
    .max_payload_bytes = CODEC_PAYLOAD_IN_MAX,
    .packet_lengths = CODEC_10_MS | CODEC_20_MS | CODEC_40_MS | CODEC_60_MS,
    .joins = false,
    .encoder_bytes = encoder_bytes,
    .decoder_bytes = decoder_bytes,
    .encoder_init = encoder_init,
    .encoder_change = encoder_change,
    .encoder_cut = encoder_cut,
    .decoder_init = decoder_init,
    .encode = encode,
    .is_unsent = is_unsent,
    .decode = decode,
    .conceal = conceal,
    .has_fec = has_fec,
    .duration = duration,
};
