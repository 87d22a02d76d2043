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

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "media/codec.h"

struct leg_context;
struct leg_encoder;
struct leg_media;

/**
 * @param[out] out  owned by the caller; NULL where the codec's encoder remembers nothing
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status leg_encoder_create(struct leg_encoder **out, const struct codec *codec,
                                     const struct codec_params *params);

/** NULL is allowed. */
void leg_encoder_destroy(struct leg_encoder *encoder);

/** The peer asks for something else now. */
void leg_encoder_change(struct leg_encoder *encoder, const struct codec_params *params);

/** A tick of what the leg hears. @param pcm  at the codec's rate; NULL: silence */
void leg_encoder_send(struct leg_encoder *encoder, struct leg_media *leg, const struct leg_context *context,
                      const int16_t *pcm);

#endif
