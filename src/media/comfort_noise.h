/**
 * @file comfort_noise.h  Comfort noise (RFC 3389): what its packets say, and noise that sounds like it.
 *
 * A packet has the level of a sender's background and, where the sender sees fit, its spectrum as reflection
 * coefficients. Noise of that level and spectrum stands for the sender until voice comes again; the next packet is
 * gone over to smoothly, from silence and back to it as well.
 *
 * The spectrum is read at the rate at which it is played. Not here: when a sender is silent (its packets say so), and
 * the making of such packets: what the bridge sends is never comfort noise.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_COMFORT_NOISE_H
#define PARLEY_MEDIA_COMFORT_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"

enum { COMFORT_NOISE_ORDER_MAX = 12 /**< coefficients that are used; a packet may have more */ };

/** What a packet says. */
struct comfort_noise_packet {
    uint8_t level;                             /**< of the noise, in dB below a square wave of full scale: 0 to 127 */
    uint8_t order;                             /**< coefficients; 0: white noise */
    float reflection[COMFORT_NOISE_ORDER_MAX]; /**< of 1 + a1/z + ..., the first one below 0 for low-pass noise */
};

/**
 * Reads a payload; any bytes are allowed.
 * @return STATUS_OK; STATUS_INVALID (empty)
 */
MUST_CHECK status comfort_noise_parse(const uint8_t *payload, size_t len, struct comfort_noise_packet *out);

/** A generator, in the caller's memory. */
struct comfort_noise {
    struct rng rng;
    uint32_t block, left;               /**< samples in one step of the going over, and still to come of this one */
    unsigned order;                     /**< of the filter: the higher one while it goes from one packet to the next */
    float aim_rms, rms;                 /**< of the noise: where it goes, and where it is */
    float gain, step;                   /**< of the next random number, and its change a sample */
    float aim[COMFORT_NOISE_ORDER_MAX]; /**< reflection coefficients: where they go ... */
    float reflection[COMFORT_NOISE_ORDER_MAX]; /**< ... and where they are */
    float memory[COMFORT_NOISE_ORDER_MAX];     /**< of the lattice */
};

/** Silent. @param seed  two generators of one seed make the same noise */
void comfort_noise_init(struct comfort_noise *c, uint32_t rate_hz, uint64_t seed);

/** From now on noise as this packet says, within some 40 ms. NULL: silence. */
void comfort_noise_set(struct comfort_noise *c, const struct comfort_noise_packet *packet);

/** The next samples, added to what is there, held at full scale where they do not fit. */
void comfort_noise_add(struct comfort_noise *c, int16_t *pcm, size_t samples);

/** True where it would add only zeroes: silence was asked for and has been reached. */
bool comfort_noise_silent(const struct comfort_noise *c);

#endif
