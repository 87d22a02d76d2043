/**
 * @file opus_codec.h  Opus (RFC 6716, RFC 7587) at 48 kHz mono, in voice mode (libopus).
 *
 * Sends one Opus packet a payload, mono; what comes in may be stereo (heard as the mean of both sides), of any
 * bandwidth, and of 2.5 to 120 ms. Lost packets are made up by libopus, from the in-band FEC of the next one where it
 * has any. An encoder puts FEC in where params.fec and params.loss_percent say so and the bit rate allows it: at its
 * own 40 kbit/s from 5 % on, at 24 kbit/s from 10 %. It costs 0.2 dB of log-spectral distance in speech that is not
 * lost and halves that of what is (3.8 dB made up, 1.6 with FEC). A loss_percent alone makes lost packets less felt,
 * too. More than 5 % takes from what arrives as much as it gives to what is lost, up to losses of 30 %: there is little
 * to be had from following a peer's reports.
 *
 * Complexity 5: 165 us a frame for 1.0 dB of log-spectral distance; 8 takes 310 us for 0.9, 0 takes 76 us for 1.3.
 *
 * Pure: libopus allocates nothing here, and keeps all it knows in the state. Thread: one at a time a state.
 */
#ifndef PARLEY_MEDIA_OPUS_CODEC_H
#define PARLEY_MEDIA_OPUS_CODEC_H

#include "media/codec.h"

extern const struct codec codec_opus;

#endif
