/**
 * @file g722.h  G.722 at 64 kbit/s: two sub-bands of adaptive differential PCM, audio at 16 kHz (libspandsp).
 *
 * RFC 3551 counts its timestamps at 8000 a second, by an old mistake: one a byte. The coder delays by 22 samples.
 *
 * Both ends adapt from the codes alone, so a decoder that missed some is out of step with the encoder until its
 * predictors and step sizes, which leak, have found it again: in speech the error is 5 dB below the signal in the first
 * 20 ms after one lost frame, 15 dB in the next, and 21 dB after 80 ms, where the decoder just goes on from where it
 * stood. decoder_follow() makes that 9, 16 and 22 dB (a steady tone: 20 instead of 8 dB in the first 20 ms); after
 * more than one lost frame it changes little. A reset decoder would be at 1, 4 and 14 dB. (All measured.)
 *
 * Pure: the library keeps all it knows in the state. Thread: one at a time a state.
 */
#ifndef PARLEY_MEDIA_G722_H
#define PARLEY_MEDIA_G722_H

#include "media/codec.h"

extern const struct codec codec_g722;

#endif
