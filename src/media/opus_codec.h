/**
 * @file opus_codec.h  Opus (RFC 6716, RFC 7587) at 48 kHz mono, in voice mode (libopus).
 *
 * Sends one Opus packet of one frame, mono; what comes in may be stereo (heard as the mean of both sides), of any
 * bandwidth, and of 2.5 to 120 ms. Lost packets are made up by libopus, from the in-band FEC of the next one where it
 * has any. An encoder puts FEC in where params.fec and params.loss_percent say so and the bit rate allows it.
 *
 * Pure: libopus allocates nothing here, and keeps all it knows in the state. Thread: one at a time a state.
 */
#ifndef PARLEY_MEDIA_OPUS_CODEC_H
#define PARLEY_MEDIA_OPUS_CODEC_H

#include "media/codec.h"

extern const struct codec codec_opus;

#endif
