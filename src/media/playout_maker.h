/**
 * @file playout_maker.h  Makes samples at the end of a playout queue: of a packet, for a lost one, of a pause.
 *
 * What was lost is made up by the codec where it knows how, from the packet after the gap too where that is there (in-
 * band FEC); else the last pitch periods are repeated (conceal.h). A pause is silence, or the comfort noise that the
 * sender has described. All of them join without a step.
 *
 * Part of playout.h. Pure: memory is taken by playout_maker_init() alone. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_MAKER_H
#define PARLEY_MEDIA_PLAYOUT_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "media/codec.h"
#include "media/comfort_noise.h"
#include "media/conceal.h"
#include "media/playout_queue.h"
#include "media/playout_store.h"

struct playout_maker {
    const struct codec *codec; /**< borrowed */
    void *decoder;             /**< owned; NULL where the codec has no state */
    uint32_t ms;
    uint32_t made;              /**< samples that the codec made up since the last packet */
    bool noise;                 /**< the sender is silent, and has said how that sounds */
    uint64_t concealed_samples; /**< made up for lost and late packets */
    uint64_t guessed_samples;   /**< made up since nothing came: for what was lost, late, or never said */
    uint64_t invalid;           /**< packets that did not decode */
    struct conceal conceal;
    struct comfort_noise comfort;
};

/** A payload and its length; NULL and 0: none. */
struct playout_payload {
    const uint8_t *bytes;
    size_t len;
};

/** @return STATUS_OK, STATUS_NO_MEMORY (it may be cleared all the same) */
MUST_CHECK status playout_maker_init(struct playout_maker *m, const struct codec *codec);

void playout_maker_clear(struct playout_maker *m);

/** Goes on after silence: nothing is to be joined. The decoder keeps what it knows. */
void playout_maker_rest(struct playout_maker *m);

/** As before the first packet of a sender; keeps the counts. */
void playout_maker_reset(struct playout_maker *m);

/** True where the end of the queue is not the sender's voice. */
static inline bool playout_maker_fills(const struct playout_maker *m)
{
    return m->conceal.active || m->made > 0;
}

/** n samples for what was lost. @param next  of the packet after the gap, where the n samples reach up to it */
void playout_maker_lose(struct playout_maker *m, struct playout_queue *q, size_t n, struct playout_payload next);

/** n samples because nothing has come, and nobody knows why. */
void playout_maker_guess(struct playout_maker *m, struct playout_queue *q, size_t n);

/** Now it is known what was guessed at. @param lost  or late; false: the sender was silent, which counts for nothing */
void playout_maker_learn(struct playout_maker *m, bool lost);

/** n samples of a pause: what was heard last fades within 5 ms. */
void playout_maker_pause(struct playout_maker *m, struct playout_queue *q, size_t n);

/** A packet of comfort noise: from now on a pause sounds like that. */
void playout_maker_note_noise(struct playout_maker *m, struct playout_payload payload);

/** A packet of voice, be it not heard: noise that was described fades away, and stands for no pause any more. */
void playout_maker_note_voice(struct playout_maker *m);

/**
 * The audio of a packet.
 *
 * @param overlap   samples at its beginning that were played already, or made up
 * @param inserted  samples at the end of the queue that were made up and stand for no time: the packet may begin as
 *                  much later in itself, where it fits best
 * @param[out] samples  in the packet; unchanged where it does not decode
 * @return STATUS_OK; STATUS_INVALID (nothing was added, and it is counted)
 */
MUST_CHECK status playout_maker_decode(struct playout_maker *m, struct playout_queue *q,
                                       const struct playout_stored *stored, struct playout_payload payload,
                                       size_t overlap, size_t inserted, size_t *samples);

#endif
