/**
 * @file g722.h  G.722 at 64 kbit/s: two sub-bands of adaptive differential PCM, audio at 16 kHz (libspandsp).
 *
 * RFC 3551 counts its timestamps at 8000 a second, by an old mistake: one a byte. The coder delays by 22 samples.
 *
 * Both ends adapt from the codes alone, so a decoder that missed some is out of step with the encoder; its predictors
 * and step sizes leak, and bring it back within some 20 ms.
 *
 * Pure: the library keeps all it knows in the state. Thread: one at a time a state.
 */
#ifndef PARLEY_MEDIA_G722_H
#define PARLEY_MEDIA_G722_H

#include "media/codec.h"

extern const struct codec codec_g722;

#endif
