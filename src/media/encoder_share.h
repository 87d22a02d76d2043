/**
 * @file encoder_share.h  One encoder for all who hear the same, and the way out of it and back without a sound.
 *
 * A codec that remembers (Opus, G.722) can be encoded once for several listeners, as long as all of them have had every
 * packet from the same encoder: their decoders are then alike. One who starts to talk hears something of its own from
 * then on, so it needs an encoder of its own; that starts as a copy of the shared state, and the listener's decoder
 * notices nothing.
 *
 * The way back is harder, for the two encoders have remembered different things. It is gone only after their inputs
 * have been equal for ENCODER_SHARE_EQUAL_MS, and begins only where what is heard pauses. No pause: no way back.
 * - Opus: the member follows in the pause; the shared encoder makes that packet without reference to earlier ones
 *   (codec.encoder_cut).
 * - G.722 has no such packet. The member's encoder tries each packet of the shared one on a decoder of its own, and
 *   takes it in the place of its own where that fits, which brings decoder and shared encoder nearer to each other
 *   (codec.encoder_approach); where it does not fit, it encodes by itself, still in step with its listener's decoder.
 *   Once the two are equal bit for bit, it follows.
 *
 * Memory: every member brings a state of its own, made by control. The shared state lives in the one of some follower
 * (the home), so neither sharing nor its end needs memory: a follower's own block is otherwise unused, and takes over
 * when the home leaves.
 *
 * A share stands for one codec with one codec_params, one packet length, and one grid of packets: its members encode
 * the same samples at the same time, and for them the same input means the same packet. Codecs without a state need
 * none of this. Who hears the same, and the packets themselves, are the caller's.
 *
 * Each packet, in this order: encoder_share_leave() for those whose input differs from now on; encoder_share_return()
 * for each member that does not follow; then one encode with encoder_share_state(), which followers are sent and those
 * for whom encoder_share_return() said so; and one with encoder_member.state for each of the others.
 *
 * Pure. Thread: one at a time a share with all its members.
 */
#ifndef PARLEY_MEDIA_ENCODER_SHARE_H
#define PARLEY_MEDIA_ENCODER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "media/codec.h"

/** How long the inputs must have been equal, and how long and how far below full scale (as a sine) what is heard. */
enum { ENCODER_SHARE_EQUAL_MS = 100, ENCODER_SHARE_PAUSE_MS = 40, ENCODER_SHARE_PAUSE_DBFS = -50 };

struct encoder_member {
    void *state;                 /**< codec_encoder_bytes(), borrowed until the member is out of every share */
    struct list link;            /**< among the followers of `share` */
    struct encoder_share *share; /**< the one that it follows; NULL: it has its own encoder */
    uint32_t equal_samples;      /**< how long its input has equalled the shared one, held at what is needed */
    uint32_t quiet_samples;      /**< how long that was a pause, held likewise */
    bool approaching;            /**< its last packet was the shared one's */
};

struct encoder_share {
    const struct codec *codec;
    size_t bytes; /**< of a state */
    struct list followers;
    struct encoder_member *home; /**< the follower whose state is the shared one; NULL: nobody follows */
};

/** Nobody follows. @param codec  one with an encoder state, borrowed for the share's life */
void encoder_share_init(struct encoder_share *s, const struct codec *codec);

/** A member with its own encoder. @param state  ready to encode: after encoder_init() of the share's codec */
void encoder_member_init(struct encoder_member *m, void *state);

/** Where the shared encoder's state is at this moment; NULL where nobody follows. */
void *encoder_share_state(const struct encoder_share *s);

/**
 * From this packet on the member has its own encoder, which goes on as the shared one would have: before it talks,
 * leaves, or takes other parameters. Copies one state at most. One that does not follow has to begin its way back anew.
 */
void encoder_share_leave(struct encoder_member *m);

/**
 * Tells what a member that does not follow is about to encode, and asks for the way back: at once where the inputs are
 * equal and nobody follows yet, for then its own encoder becomes the shared one. See encoder_member.share for whether
 * it follows now.
 *
 * @param own     the packet's samples; @param shared  those of the followers; the same pointer says that they are equal
 * @return true where this packet is the shared encoder's, false where it is to be encoded by the member's own
 */
bool encoder_share_return(struct encoder_share *s, struct encoder_member *m, const int16_t *own, const int16_t *shared,
                          size_t samples);

#endif
