/**
 * @file leg_encoder.h  The encoder of one leg, for codecs whose encoder remembers: made by control, run by the leg's
 * media thread.
 *
 * Codecs whose payloads join (G.722) are encoded a tick at a time, and cut into packets by leg_send.h; of the others
 * (Opus) each packet is encoded as a whole: two a tick at 10 ms, one in several ticks at 40 or 60 ms.
 *
 * Thread: media; create and destroy control.
 */
#ifndef PARLEY_ENGINE_LEG_ENCODER_H
#define PARLEY_ENGINE_LEG_ENCODER_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "media/codec.h"
#include "media/encoder_share.h"

struct leg_context;
struct leg_media;

enum { LEG_ENCODER_MS_MAX = 60 };

struct leg_encoder {
    const struct codec *codec;
    bool dtx;
    struct encoder_member member;         /**< of a share of its conference; its state is ours */
    int16_t pcm[LEG_ENCODER_MS_MAX * 48]; /**< of the packet that gathers */
    alignas(max_align_t) unsigned char state[];
};

/**
 * @param[out] out  owned by the caller; NULL where the codec's encoder remembers nothing
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status leg_encoder_create(struct leg_encoder **out, const struct codec *codec,
                                     const struct codec_params *params);

/** NULL is allowed. */
void leg_encoder_destroy(struct leg_encoder *encoder);

/** It follows no share any more; harmless where it does not follow. @param encoder  NULL is allowed */
void leg_encoder_leave(struct leg_encoder *encoder);

/**
 * Encodes with a state of its codec, its own or a shared one.
 * @param[out] packet  the payload, behind RTP_HEADER_BYTES; LEG_PAYLOAD_MAX bytes
 * @return length of the payload; 0 where it need not be sent
 */
size_t leg_encoder_encode(const struct leg_encoder *encoder, void *state, const int16_t *pcm, size_t samples,
                          uint8_t *packet);

/** The peer asks for something else now. It must not follow a share. */
void leg_encoder_change(struct leg_encoder *encoder, const struct codec_params *params);

/** A tick of what the leg hears, by its own encoder. @param pcm  at the codec's rate */
void leg_encoder_send(struct leg_encoder *encoder, struct leg_media *leg, const struct leg_context *context,
                      const int16_t *pcm);

#endif
