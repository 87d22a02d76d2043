/**
 * @file g711.h  G.711 for the callers: a 14-bit (mu-law) or 13-bit (A-law) companded byte a sample.
 *
 * Thread: any. ITU-T G.711.
 */
#ifndef PARLEY_LOAD_G711_H
#define PARLEY_LOAD_G711_H

#include <stdint.h>

enum g711_law { G711_MU, G711_A };

uint8_t g711_encode(enum g711_law law, int16_t sample);
int16_t g711_decode(enum g711_law law, uint8_t code);

/** The code of a zero sample: coded silence. */
uint8_t g711_silence(enum g711_law law);

#endif
