/**
 * @file l16.h  Samples as they are, 16 bits big-endian, mono (RFC 3551 section 4.5.11), at three rates.
 *
 * Nothing is lost; silence is zeroes. The faster two do not fit 60 ms into a packet: 30 ms at 16 kHz, 10 ms at 48 kHz.
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_MEDIA_L16_H
#define PARLEY_MEDIA_L16_H

#include "media/codec.h"

extern const struct codec codec_l16_8;
extern const struct codec codec_l16_16;
extern const struct codec codec_l16_48;

#endif
