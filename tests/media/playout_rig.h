/**
 * @file playout_rig.h  A sender, a network and a playout buffer, with any codec: for tests and measuring programs.
 *
 * Time is simulated. What the sender says comes from a callback, at the codec's rate. Thread: one.
 */
#ifndef PARLEY_TESTS_MEDIA_PLAYOUT_RIG_H
#define PARLEY_TESTS_MEDIA_PLAYOUT_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "media/playout.h"

enum { RIG_IN_FLIGHT = 128, RIG_TICK_US = 20000 };

struct rig_packet {
    int64_t arrival_us;
    uint16_t seq, len;
    uint32_t timestamp;
    bool noise;
    uint8_t payload[CODEC_PAYLOAD_IN_MAX];
};

/** Fills what the sender says next. */
typedef void rig_voice_fn(void *user, int16_t *pcm, size_t samples);

struct rig {
    const struct codec *codec;
    void *encoder;
    struct playout *playout;
    struct rng rng;
    uint32_t rate_hz, frame, ptime_ms; /**< ptime_ms may be changed at any time */
    rig_voice_fn *voice;
    void *user;
    uint16_t seq;
    uint32_t timestamp;
    double send_us;      /**< when the next packet is complete, on the receiver's clock */
    double clock;        /**< length of the sender's second in ours */
    int64_t tick_us;     /**< the next tick */
    bool quiet;          /**< sends nothing, but time goes on */
    double loss;         /**< share of packets lost */
    double burst;        /**< packets lost in a row, on average; up to 1: each for itself */
    bool losing;         /**< in a burst */
    uint64_t sent, lost; /**< packets */
    uint32_t jitter_us;  /**< delays are even between 0 and this, order kept */
    int64_t last_arrival_us;
    uint32_t flying;
    struct rig_packet flights[RIG_IN_FLIGHT];
    struct playout_frame got; /**< of the last tick */
    int16_t pcm[FRAME_SAMPLES_MAX];
};

/**
 * Ends the program where there is no memory.
 * @param params    of the encoder; NULL: its own choice
 * @param phase_us  by which the sender's packets lie after the ticks
 */
void rig_open(struct rig *r, enum codec_id codec, const struct codec_params *params, int64_t phase_us);
void rig_close(struct rig *r);

/** One tick: what the sender has ready is sent, what has arrived is put, and a frame is taken, or not where unheard. */
void rig_tick(struct rig *r, bool heard);

/** A packet of comfort noise, sent now in place of audio; the sender is quiet after it. */
void rig_send_noise(struct rig *r, const uint8_t *payload, uint16_t len);

/** One step of a chain that loses `loss` of the packets, `burst` in a row on average. Keeps its state in losing. */
bool rig_draw_loss(struct rng *rng, double loss, double burst, bool *losing);

#endif
