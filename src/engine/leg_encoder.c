#include "engine/leg_encoder.h"

#include <stdlib.h>
#include <string.h>

#include "engine/leg_media.h"
#include "engine/leg_send.h"

status leg_encoder_create(struct leg_encoder **out, const struct codec *codec, const struct codec_params *params)
{
    struct leg_encoder *encoder = NULL;
    if (codec_encoder_bytes(codec) > 0) {
        encoder = calloc(1, sizeof *encoder + codec_encoder_bytes(codec));
        if (!encoder) return STATUS_NO_MEMORY;
        encoder->codec = codec;
        encoder->dtx = params->dtx;
        codec->encoder_init(encoder->state, params);
        encoder_member_init(&encoder->member, encoder->state);
    }
    *out = encoder;
    return STATUS_OK;
}

void leg_encoder_destroy(struct leg_encoder *encoder)
{
    free(encoder);
}

void leg_encoder_change(struct leg_encoder *encoder, const struct codec_params *params)
{
    encoder->dtx = params->dtx;
    if (encoder->codec->encoder_change) encoder->codec->encoder_change(encoder->state, params);
}

void leg_encoder_leave(struct leg_encoder *encoder)
{
    if (encoder) encoder_share_leave(&encoder->member);
}

size_t leg_encoder_encode(const struct leg_encoder *encoder, void *state, const int16_t *pcm, size_t samples,
                          uint8_t *packet)
{
    const struct codec *codec = encoder->codec;
    uint8_t *payload = packet + RTP_HEADER_BYTES;
    size_t len = codec->encode(state, pcm, samples, payload, LEG_PAYLOAD_MAX);
    bool unsent = encoder->dtx && codec->is_unsent && codec->is_unsent(payload, len);
    return unsent ? 0 : len;
}

static size_t encode(struct leg_encoder *encoder, const int16_t *pcm, size_t samples, uint8_t *packet)
{
    return leg_encoder_encode(encoder, encoder->state, pcm, samples, packet);
}

/* Whole packets, each encoded when its last sample is there. */
static void send_whole(struct leg_encoder *encoder, struct leg_media *leg, const struct leg_context *context,
                       const int16_t *pcm)
{
    uint8_t packet[RTP_HEADER_BYTES + LEG_PAYLOAD_MAX];
    uint32_t tick = frame_samples(encoder->codec->rate_hz), ptime_ms = leg->media.send_ptime_ms;
    if (ptime_ms < FRAME_MS) {
        size_t len = encode(encoder, pcm, tick / 2, packet);
        leg_send_whole(leg, context, packet, len);
        len = encode(encoder, pcm + tick / 2, tick / 2, packet);
        leg_send_later(leg, packet, len);
        return;
    }
    uint32_t gathered = leg->queued_ms / FRAME_MS * tick;
    if (ptime_ms > FRAME_MS) {
        memcpy(encoder->pcm + gathered, pcm, tick * sizeof *pcm);
        pcm = encoder->pcm;
    }
    leg->queued_ms += FRAME_MS;
    if (leg->queued_ms < ptime_ms) return;
    leg->queued_ms = 0;
    size_t len = encode(encoder, pcm, gathered + tick, packet);
    leg_send_whole(leg, context, packet, len);
}

void leg_encoder_send(struct leg_encoder *encoder, struct leg_media *leg, const struct leg_context *context,
                      const int16_t *pcm)
{
    if (!encoder->codec->joins) {
        send_whole(encoder, leg, context, pcm);
        return;
    }
    uint8_t packet[RTP_HEADER_BYTES + LEG_PAYLOAD_MAX];
    size_t len = encode(encoder, pcm, frame_samples(encoder->codec->rate_hz), packet);
    leg_send_frame(leg, context, packet, len);
}
