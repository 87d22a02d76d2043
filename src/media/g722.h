/**
 * @file g722.h  G.722 at 64 kbit/s: two sub-bands of adaptive differential PCM, audio at 16 kHz (libspandsp).
 *
 * RFC 3551 counts its timestamps at 8000 a second, by an old mistake: one a byte. The coder delays by 22 samples.
 *
 * Both ends adapt from the codes alone, so a decoder that missed some is out of step with the encoder. It just goes on
 * from where it stood: predictors and step sizes leak, and in speech the error is 5 dB below the signal in the first
 * 20 ms after one lost frame, 15 dB in the next, and 21 dB after 80 ms (measured; a reset decoder is some 10 dB worse
 * all the way, and one that was fed what was made up for the gap is better after one lost frame and worse after more).
 *
 * Pure: the library keeps all it knows in the state. Thread: one at a time a state.
 */
#ifndef PARLEY_MEDIA_G722_H
#define PARLEY_MEDIA_G722_H

#include "media/codec.h"

extern const struct codec codec_g722;

#endif
